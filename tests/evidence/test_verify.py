"""`qgov verify`: any changed byte, another key, other commits."""

from __future__ import annotations

import base64
import json
import lzma
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qgov.evidence.compressed import compressed, text_of
from qgov.evidence.pack import STATEMENT, read_pack, with_manifest, write_pack
from qgov.evidence.statement import StatementError, enveloped, opened, statement
from qgov.evidence.verify import Problem, _agreeing, compared, verify
from qgov.output.manifest import MANIFEST, manifest_from, manifest_text
from tests.evidence.conftest import PROVEN, Made
from tests.evidence.packs import Pair, call

pytestmark = pytest.mark.real


def problems(files: dict[str, bytes], key: bytes | None = None) -> list[Problem]:
    return verify(files, key)[0]


def test_an_honest_pack_is_verified(made: Made, tmp_path: Path) -> None:
    (tmp_path / "key.pub").write_bytes(made.key.public)
    done = call("verify", made.path, "--key", tmp_path / "key.pub")

    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(f"VERIFIED: {len(made.files)} files\n")
    assert "give --key" not in done.out


def test_without_a_key_it_only_agrees_with_itself(sparse: Made) -> None:
    done = call("verify", sparse.path)

    assert done.status == 0
    assert done.out.startswith(f"CONSISTENT: {len(sparse.files)} files\n")
    assert "says that it is signed by" in done.out


def test_json_says_the_same(sparse: Made) -> None:
    found = json.loads(call("verify", sparse.path, "--format", "json").out)

    assert found["schema"] == "qgov/pack-verification/v1"
    assert (found["sound"], found["problems"], found["key_checked"]) == (True, [], False)
    assert found["head"] == sparse.world.git("rev-parse", "change").strip()


def test_a_pack_with_fewer_cases_is_as_honest(sparse: Made) -> None:
    assert problems(sparse.files, sparse.key.public) == []


@settings(max_examples=120)
@given(which=st.integers(0, 10**3), at=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_any_changed_byte_is_found_and_its_file_named(
    sparse: Made, which: int, at: int, bit: int
) -> None:
    path = sorted(sparse.files)[which % len(sparse.files)]
    content, here = sparse.files[path], at % len(sparse.files[path])
    flipped = content[:here] + bytes([content[here] ^ 1 << bit]) + content[here + 1 :]

    found = {problem.path for problem in problems({**sparse.files, path: flipped})}
    assert path in found
    assert path in (MANIFEST, STATEMENT) or found == {path}


@pytest.mark.parametrize("manifest", [b"", b"[", b"[]", b"{}", b'{"artifacts": 7}'])
def test_a_manifest_that_is_none_is_a_problem(sparse: Made, manifest: bytes) -> None:
    found = problems({**sparse.files, MANIFEST: manifest})

    assert Problem(MANIFEST, "is not a manifest") in found


def test_a_zip_is_as_good_as_a_folder(sparse: Made, tmp_path: Path) -> None:
    about = {path: content for path, content in sparse.files.items() if path != MANIFEST}
    write_pack(tmp_path / "pack.zip", about, json.loads(sparse.files[MANIFEST])["commit"])

    assert read_pack(tmp_path / "pack.zip") == sparse.files
    assert call("verify", tmp_path / "pack.zip").out.startswith("CONSISTENT: ")
    assert [file.name for file in tmp_path.iterdir()] == ["pack.zip"]


@pytest.mark.parametrize("path", [MANIFEST, STATEMENT])
@pytest.mark.parametrize("edit", ["\n", " "])
def test_not_even_white_space_may_change(sparse: Made, path: str, edit: str) -> None:
    files = {**sparse.files, path: sparse.files[path] + edit.encode()}

    assert path in {problem.path for problem in problems(files)}


def test_a_file_that_is_missing_more_or_renamed_is_named(sparse: Made) -> None:
    files = dict(sparse.files)
    files["plan.html"] = files.pop("plan.md")

    assert [problem.path for problem in problems(files)] == ["plan.html", "plan.md"]
    del files[STATEMENT]
    assert Problem(STATEMENT, "is missing") in problems(files)


def test_a_pack_of_another_key_or_of_none_fails(sparse: Made, tmp_path: Path) -> None:
    other = Pair.of(2)
    (tmp_path / "other.pub").write_bytes(other.public)
    done = call("verify", sparse.path, "--key", tmp_path / "other.pub")
    assert done.status == 1
    assert done.out.startswith("NOT VERIFIED: 1 problem\n")
    assert "is signed by another key" in done.out

    unsigned = resigned(sparse.files, None)
    assert problems(unsigned) == []
    assert problems(unsigned, sparse.key.public) == [Problem(STATEMENT, "is not signed")]


@pytest.mark.parametrize(
    "key",
    [
        b"",
        b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        Pair.of(1).private,
        b"\xff",
    ],
    ids=["empty", "garbage", "private", "bytes"],
)
def test_a_key_that_is_none_is_an_error(sparse: Made, tmp_path: Path, key: bytes) -> None:
    (tmp_path / "key").write_bytes(key)
    done = call("verify", sparse.path, "--key", tmp_path / "key")

    assert (done.status, done.out) == (1, "")
    assert "no public key in PEM" in done.err


def test_a_missing_key_is_an_error(sparse: Made, tmp_path: Path) -> None:
    done = call("verify", sparse.path, "--key", tmp_path / "none")

    assert (done.status, done.out) == (1, "")
    assert "No such file" in done.err


@pytest.mark.parametrize(
    "envelope",
    [
        b"",
        b"[]",
        b"{}",
        b'{"payload": 7, "payloadType": "x", "signatures": []}',
        b'{"payload": "e30=", "payloadType": "text/plain", "signatures": []}',
        b'{"payload": "!!!", "payloadType": "application/vnd.in-toto+json", "signatures": []}',
        b'{"payload": "e30=", "payloadType": "application/vnd.in-toto+json", "signatures": [7]}',
        b"[" * 100_000,
    ],
)
def test_an_envelope_that_is_none_is_a_problem(sparse: Made, envelope: bytes) -> None:
    found = problems({**sparse.files, STATEMENT: envelope})

    assert STATEMENT in {problem.path for problem in found}


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"subject": [], "predicate": {}, "_type": "x", "predicateType": "y"},
        {"subject": 7, "predicate": None},
        [],
    ],
)
def test_a_statement_about_nothing_is_a_problem(sparse: Made, said: Any) -> None:
    found = problems({**sparse.files, STATEMENT: enveloped(said, sparse.key.private)})

    assert STATEMENT in {problem.path for problem in found}


def resigned(files: dict[str, bytes], key: bytes | None, **predicate: Any) -> dict[str, bytes]:
    """The files with a statement that is about them, whatever they say."""
    about = {path: c for path, c in files.items() if path not in (MANIFEST, STATEMENT)}
    said = {**opened(files[STATEMENT])["predicate"], **predicate}
    commit = json.loads(about["pack.json"])["head"]
    return with_manifest({**about, STATEMENT: enveloped(statement(about, said), key)}, commit)


def test_a_signed_plan_that_contradicts_itself_is_found(sparse: Made) -> None:
    plan = json.loads(sparse.files["plan.json"])
    plan["summary"]["risk"] = "critical"
    edited = {**sparse.files, "plan.json": json.dumps(plan).encode()}

    assert problems(resigned(edited, sparse.key.private)) == [
        Problem("plan.json", "its digest is not of what it says")
    ]


def test_a_document_that_breaks_its_schema_is_found(made: Made) -> None:
    proven = json.loads(text_of(PROVEN, made.files[PROVEN]))
    del proven["summary"]["failed"]
    edited = {**made.files, PROVEN: compressed(json.dumps(proven).encode())}

    (found,) = problems(resigned(edited, made.key.private))
    assert found.path == PROVEN
    assert "qgov/conformance/v1" in found.message


@pytest.mark.parametrize(
    "content",
    [
        b"{}",
        compressed(b"{}")[:-1],
        compressed(b"{}") + b"more",
        compressed(b"{}") + compressed(b"{}"),
        lzma.compress(b"{}", lzma.FORMAT_ALONE),
        compressed(b"not JSON"),
    ],
    ids=["plain", "cut", "more", "two", "another form", "no document"],
)
def test_what_does_not_unpack_to_a_document_is_found(sparse: Made, content: bytes) -> None:
    found = problems(resigned({**sparse.files, PROVEN: content}, sparse.key.private))
    assert found == [Problem(PROVEN, "is not JSON")]


def test_what_unpacks_to_too_much_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qgov.evidence.compressed.MOST_BYTES", 1000)
    assert text_of(PROVEN, compressed(b" " * 1000)) == b" " * 1000
    with pytest.raises(ValueError, match="too long"):
        text_of(PROVEN, compressed(b" " * 1001))


def test_a_pack_that_another_library_compressed_is_the_same_pack(sparse: Made) -> None:
    text = text_of(PROVEN, sparse.files[PROVEN])
    otherwise = {**sparse.files, PROVEN: lzma.compress(text, preset=0)}
    edited = {**sparse.files, PROVEN: compressed(text + b" ")}

    assert otherwise[PROVEN] != sparse.files[PROVEN]
    assert compared(sparse.files, resigned(otherwise, None)) == []
    assert Problem(PROVEN, "is not what the two commits give") in compared(
        sparse.files, resigned(edited, None)
    )


def test_what_a_statement_does_not_say_is_no_agreement(sparse: Made) -> None:
    said = opened(sparse.files[STATEMENT])
    about = {p: c for p, c in sparse.files.items() if p not in (MANIFEST, STATEMENT)}
    commit = json.loads(sparse.files[MANIFEST])["commit"]
    head, plan = (dict(said["predicate"]) for _ in range(2))
    del head["head"]
    plan["plan of another kind"] = plan.pop("plan")
    twice = [*said["subject"], {"name": "plan.md", "digest": {"sha256": "0" * 64}}]
    for edited in (
        {**said, "predicate": head},
        {**said, "predicate": plan},
        {**said, "predicate": {**said["predicate"], "more": 1}},
        {**said, "subject": [*twice[-1:], *twice[:-1]]},
        {**said, "subject": said["subject"][::-1]},
        {**said, "more": 1},
    ):
        files = with_manifest({**about, STATEMENT: enveloped(edited)}, commit)
        assert STATEMENT in {problem.path for problem in problems(files)}


def test_a_payload_is_written_in_one_way(sparse: Made) -> None:
    envelope = json.loads(sparse.files[STATEMENT])
    payload = base64.b64decode(envelope["payload"])
    commit = json.loads(sparse.files[MANIFEST])["commit"]
    about = {p: c for p, c in sparse.files.items() if p not in (MANIFEST, STATEMENT)}
    for edited in (payload + b" ", payload.replace(b"{", b'{"predicate":{},', 1)):
        again = {**envelope, "payload": base64.b64encode(edited).decode(), "signatures": []}
        written = (json.dumps(again, indent=2) + "\n").encode()
        files = with_manifest({**about, STATEMENT: written}, commit)
        assert Problem(STATEMENT, "is not as qgov writes it: it was changed") in problems(files)


@pytest.mark.parametrize(
    "pack", [b"[]", b"{}", b"7", b"null", b"{", b'{"base": null}'], ids=lambda text: text.decode()
)
def test_a_pack_that_says_nothing_agrees_with_nothing(sparse: Made, pack: bytes) -> None:
    about = {p: c for p, c in sparse.files.items() if p not in (MANIFEST, STATEMENT)}
    said = opened(sparse.files[STATEMENT])["predicate"]
    found = list(_agreeing({**about, MANIFEST: b"{}", "pack.json": pack}, said))

    assert {"pack.json", MANIFEST} == {problem.path for problem in found}
    assert len([p for p in found if p.path == "pack.json"]) >= len(said) - 1


def test_a_manifest_that_lists_a_file_twice_is_found(sparse: Made) -> None:
    listed = json.loads(sparse.files[MANIFEST])
    first = listed["artifacts"][0]
    twice: list[Any] = [{**first, "sha256": "0" * 64}, *listed["artifacts"]]
    again = manifest_from(twice, listed["commit"])
    again["qgov_version"] = listed["qgov_version"]

    assert Problem(MANIFEST, "lists a file twice") in problems(
        {**sparse.files, MANIFEST: manifest_text(again)}
    )


def test_a_statement_about_other_commits_is_found(sparse: Made) -> None:
    found = problems(resigned(sparse.files, sparse.key.private, head="0" * 40))

    assert {problem.path for problem in found} == {MANIFEST, "plan.json", "pack.json"}


def test_an_honest_pack_is_made_again_byte_for_byte(made: Made, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    made.world.git("clone", "--quiet", ".", str(clone))
    (tmp_path / "key.pub").write_bytes(made.key.public)
    done = call(
        *("verify", made.path, "--key", tmp_path / "key.pub", "--rebuild", "--root", clone),
    )

    assert done.status == 0, done.out
    assert "every byte is the same" in done.out


def test_a_pack_made_from_other_commits_is_found_out(made: Made, tmp_path: Path) -> None:
    """It is signed and agrees with itself: only who makes it again can tell."""
    honest = {path: c for path, c in made.files.items() if path not in (MANIFEST, STATEMENT)}
    forged = dict(honest)
    report, plan = honest["report.html"], json.loads(honest["plan.json"])
    forged["report.html"] = report.replace(b"atlas-guests", b"atlas-leads ")
    forged["plan.json"] = json.dumps(plan, indent=1).encode()
    files = resigned({**forged, STATEMENT: made.files[STATEMENT]}, made.key.private)
    assert problems(files, made.key.public) == []
    head = json.loads(files["pack.json"])["head"]
    write_pack(tmp_path / "pack", {path: c for path, c in files.items() if path != MANIFEST}, head)
    done = call("verify", tmp_path / "pack", "--rebuild", "--root", made.world.root)

    assert done.status == 1
    assert "report.html" in done.out
    assert "plan.json" in done.out
    assert "plan.md" not in done.out


def test_a_rebuild_that_lacks_the_commits_says_so(sparse: Made, tmp_path: Path) -> None:
    sparse.world.git("init", "--quiet", str(tmp_path / "other"))
    done = call("verify", sparse.path, "--rebuild", "--root", tmp_path / "other")

    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("error: ")


def test_another_version_does_not_pretend_to_rebuild(
    sparse: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qgov.__version__", "9.9.9")
    done = call("verify", sparse.path, "--rebuild", "--root", sparse.world.root)

    assert (done.status, done.out) == (1, "")
    assert "this is 9.9.9" in done.err


def test_a_tampered_pack_is_not_rebuilt(sparse: Made, tmp_path: Path) -> None:
    shutil.copytree(sparse.path, tmp_path / "pack")
    (tmp_path / "pack" / "plan.md").write_text("nothing changes\n")
    done = call("verify", tmp_path / "pack", "--rebuild", "--root", "/nowhere")

    assert done.status == 1
    assert done.out.startswith("NOT VERIFIED: 1 problem\n  plan.md  is not as the manifest lists")


def test_what_was_made_again_is_compared_whole() -> None:
    said = enveloped({"a": 1})
    one = {STATEMENT: said, MANIFEST: b"1", "x": b"1", "y": b""}
    other = {STATEMENT: enveloped({"a": 2}), MANIFEST: b"2", "x": b"2", "z": b""}

    assert [problem.path for problem in compared(one, other)] == ["x", "y", "z", STATEMENT]


def test_only_ed25519_keys_sign() -> None:
    for pem in (b"", b"nonsense", Pair.of(1).public):
        with pytest.raises(StatementError, match="no private key in PEM"):
            enveloped({}, pem)


def test_verifying_loads_no_client_of_a_cloud_and_no_judge_of_what_follows(made: Made) -> None:
    script = (
        "import sys; from qgov.cli import run; status = run(sys.argv[1:]);"
        "print(*{'boto3.session', 'botocore.session', 'jsonschema'} & sys.modules.keys());"
        "import boto3; print(callable(boto3.client)); sys.exit(status)"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, "verify", str(made.path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.splitlines()[-2:] == ["", "True"]
