"""The pack of two commits: the same bytes anywhere, and all or nothing."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from qgov.evidence.compressed import text_of
from qgov.evidence.pack import MOST_FILES, PackError, read_pack, zipped
from qgov.evidence.proof import ENGINE
from qgov.gateway.audit import verify as verify_log
from tests.evidence.conftest import INTENT, Made
from tests.evidence.packs import GAIN, call, process, world_of

pytestmark = pytest.mark.real

EXPECTED = {
    "README.md",
    "artifacts.json",
    "audit/admin.jsonl",
    "audit/jobs-allowed.jsonl",
    "audit/jobs-refused.jsonl",
    "conformance.json.xz",
    "conformance.xml",
    "controls.md",
    "findings.sarif",
    "incident-response.md",
    "intent.md",
    "manifest.json",
    "oscal/assessment-results.json",
    "oscal/component-definition.json",
    "pack.json",
    "plan.json",
    "plan.md",
    "policies.md",
    "report.html",
    "statement.dsse.json",
    *(
        f"tables/{name}.csv"
        for name in ("access", "access-before", "authentication", "controls", "quotas")
    ),
    *(f"tables/{name}.csv" for name in ("residency", "retention", "roles", "vendors")),
}


def loaded(made: Made, path: str) -> Any:
    return json.loads(text_of(path, made.files[path]))


def test_a_pack_holds_everything_that_the_reviewer_keeps(made: Made) -> None:
    assert set(made.files) == EXPECTED
    assert "wrote the evidence of" in made.called.err
    assert made.called.out.startswith("MORE PERMISSIVE: 1 group gains 2 permissions")


def test_its_plan_is_the_plan_of_the_two_commits_whatever_they_were_called(made: Made) -> None:
    base, head = (made.world.git("rev-parse", name).strip() for name in ("main", "change"))
    plan = loaded(made, "plan.json")

    assert (plan["base"], plan["head"]) == (
        {"ref": base, "commit": base},
        {"ref": head, "commit": head},
    )
    assert {a["witness"]["head"]["allow"] for a in plan["access"]} == {True}
    assert plan["intent"]["outside"] == []
    assert plan["author"]["id"] == "mei@acme.example"
    assert made.files["intent.md"].decode() == INTENT


def test_its_circuits_ran_and_its_sample_logs_verify(made: Made, tmp_path: Path) -> None:
    proven = loaded(made, "conformance.json.xz")
    assert proven["engine"] == ENGINE
    assert proven["summary"]["failed"] == 0
    assert 0 < proven["summary"]["refused"] < proven["summary"]["submitted"]
    for name, stage in (("jobs-allowed", "succeeded"), ("jobs-refused", "denied")):
        log = tmp_path / f"{name}.jsonl"
        log.write_bytes(made.files[f"audit/{name}.jsonl"])
        assert verify_log(log, "jobs").sound
        assert stage in log.read_text()


def test_its_artifacts_are_those_of_compile(made: Made, tmp_path: Path) -> None:
    done = call(
        *("compile", "--root", made.world.root, "--out", tmp_path / "out"),
        *("--now", "2026-11-23T10:00:00Z"),
    )
    assert done.status == 0
    assert made.files["artifacts.json"] == (tmp_path / "out" / "manifest.json").read_bytes()


@pytest.mark.no_cover
def test_another_machine_makes_the_same_bytes(made: Made, tmp_path: Path) -> None:
    clone = tmp_path / "elsewhere" / "clone"
    made.world.git("clone", "--quiet", ".", str(clone))
    (tmp_path / "request.md").write_text(INTENT)
    done = process(
        *("plan", "--root", clone, "--base", made.world.git("rev-parse", "main").strip()),
        *("--head", "HEAD", "--evidence", tmp_path / "pack.zip"),
        *("--intent", tmp_path / "request.md", "--author", "mei@acme.example"),
        *("--author-group", "atlas-leads", "--horizon", "30d"),
        cwd=tmp_path,
        QGOV_EVIDENCE_KEY=made.key.private.decode(),
        PYTHONHASHSEED="7",
        TZ="XXX-13:45",
        LC_ALL="C",
    )
    assert done.status == 0, done.err
    assert read_pack(tmp_path / "pack.zip") == made.files
    with zipfile.ZipFile(tmp_path / "pack.zip") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_an_intent_from_a_pipe_is_read_but_once(made: Made, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, INTENT.encode())
    os.close(writing)
    done = call(
        *("plan", "--root", made.world.root, "--base", "main", "--evidence", tmp_path / "pack"),
        *("--intent", f"/dev/fd/{reading}"),
    )
    os.close(reading)

    assert done.status == 0, done.err
    assert (tmp_path / "pack" / "intent.md").read_text() == INTENT


@pytest.mark.parametrize("dirty", ["changed", "untracked"])
def test_a_pack_is_about_commits(tmp_path: Path, dirty: str) -> None:
    world = world_of(tmp_path / "repository")
    if dirty == "changed":
        (world.root / "roles" / "reader.yaml").write_text(GAIN["roles/reader.yaml"] + "# more\n")
    else:
        (world.root / "roles" / "more.yaml").write_text(
            GAIN["roles/reader.yaml"].replace("{name: reader}", "{name: more}")
        )
    done = call("plan", "--root", world.root, "--base", "main", "--evidence", tmp_path / "pack")

    assert done.status == 1
    assert "the work tree has changes: commit them, or give --head" in done.err
    assert done.out == ""
    assert not (tmp_path / "pack").exists()


def test_somebody_elses_folder_is_left_alone(made: Made, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "notes").write_text("mine")
    done = call(
        *("plan", "--root", made.world.root, "--base", "main"),
        *("--evidence", tmp_path / "theirs"),
    )

    assert done.status == 1
    assert "was not written by qgov" in done.err
    assert [each.name for each in (tmp_path / "theirs").iterdir()] == ["notes"]


def test_a_key_that_is_none_is_refused_before_the_work(
    made: Made, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("QGOV_EVIDENCE_KEY", "hunter2")
    done = call(
        *("plan", "--root", made.world.root, "--base", "main", "--evidence", tmp_path / "pack"),
    )

    assert (done.status, done.out) == (1, "")
    assert "that is no private key in PEM" in done.err
    assert "hunter2" not in done.err
    assert not (tmp_path / "pack").exists()


# ----------------------------------------------------------------------------- reading


def entry(name: str, content: bytes = b"") -> zipfile.ZipInfo:
    found = zipfile.ZipInfo(name)
    found.file_size = len(content)
    return found


@pytest.mark.parametrize("name", ["../out", "/etc/passwd", "a/../../b", "a\\..\\b", "a//b"])
def test_a_zip_whose_entries_lead_out_of_it_is_not_read(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "pack.zip", "w") as archive:
        archive.writestr("manifest.json", "{}")
        archive.writestr(entry(name), b"x")
    with pytest.raises(PackError, match="leads out of it"):
        read_pack(tmp_path / "pack.zip")


def test_a_zip_that_says_a_name_twice_is_not_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "pack.zip", "w") as archive:
        archive.writestr("manifest.json", "{}")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("manifest.json", "[]")
    with pytest.raises(PackError, match="twice"):
        read_pack(tmp_path / "pack.zip")


def test_a_zip_of_zeros_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qgov.evidence.pack.MOST_BYTES", 1000)
    with zipfile.ZipFile(tmp_path / "pack.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b"\0" * 1001)
    with pytest.raises(PackError, match="more than"):
        read_pack(tmp_path / "pack.zip")


def test_more_files_than_a_pack_has_are_not_read(tmp_path: Path) -> None:
    many = {f"{number}": b"" for number in range(MOST_FILES + 1)}
    (tmp_path / "pack.zip").write_bytes(zipped(many))
    with pytest.raises(PackError, match="more than"):
        read_pack(tmp_path / "pack.zip")


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_link_in_a_pack_is_not_followed(tmp_path: Path, kind: str) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "manifest.json").write_text("{}")
    (tmp_path / "secret").mkdir()
    target = tmp_path / "secret" if kind == "folder" else Path("/etc/hostname")
    (tmp_path / "pack" / "link").symlink_to(target)
    with pytest.raises(PackError, match="a pack has no links"):
        read_pack(tmp_path / "pack")


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"not a zip", "cannot be read"), (b"", "cannot be read"), (zipped({}), "has no manifest")],
)
def test_what_is_no_pack_is_said_to_be_none(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "pack.zip").write_bytes(content)
    done = call("verify", tmp_path / "pack.zip")

    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("error: ")
    assert why in done.err


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.zip")
    done = call("verify", tmp_path / "pipe.zip")

    assert (done.status, done.out) == (1, "")
    assert "is neither a file nor a folder" in done.err


def test_an_empty_folder_and_a_missing_one_are_no_packs(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        done = call("verify", path)
        assert (done.status, done.out) == (1, "")
        assert done.err.startswith("error: ")


# ---------------------------------------------------------------------------- the zip is its bytes


FILES = {"a": b"one", "b/c": b"", "manifest.json": b"{}"}


def packed(**more: Any) -> bytes:
    """A zip of FILES by the library, like ours but for what is given of each entry."""
    comment, method = more.pop("comment_", b""), more.pop("method", zipfile.ZIP_STORED)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name in more.pop("order", sorted(FILES)):
            entry = zipfile.ZipInfo(name, more.get("date_time", (1980, 1, 1, 0, 0, 0)))
            entry.create_system = more.get("create_system", 3)
            entry.external_attr = more.get("external_attr", 0o100644 << 16)
            entry.extra, entry.comment = more.get("extra", b""), more.get("comment", b"")
            archive.writestr(entry, FILES[name], compress_type=method)
        archive.comment = comment
    return held.getvalue()


def test_a_zip_like_ours_is_read(tmp_path: Path) -> None:
    assert packed() == zipped(FILES)
    (tmp_path / "pack.zip").write_bytes(packed())

    assert read_pack(tmp_path / "pack.zip") == FILES


@pytest.mark.parametrize(
    "content",
    [
        packed(comment_=b"and more"),
        packed(external_attr=0o100755 << 16),
        packed(external_attr=0o104644 << 16),
        packed(create_system=0),
        packed(date_time=(1980, 1, 1, 0, 0, 2)),
        packed(comment=b"x"),
        packed(extra=b"\x01\x00\x00\x00"),
        packed(order=("b/c", "a", "manifest.json")),
        packed(method=zipfile.ZIP_DEFLATED),
        b"#!/bin/sh\n" + zipped(FILES),
        zipped({**FILES, "a": b"two"}) + zipped(FILES),
        zipped(FILES) + b"\0",
        zipped(FILES).replace(b"one", b"onE", 1),
        zipped(FILES)[:-1],
        zipped(FILES).replace(b"PK\x01\x02", b"PK\x01\x03", 1),
    ],
    ids=[
        *("comment", "executable", "set-uid", "system", "time", "entry-comment", "extra", "order"),
        *("deflated", "prefix", "two-zips", "suffix", "content", "cut", "directory"),
    ],
)
def test_a_zip_is_exactly_the_one_of_its_files(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pack.zip").write_bytes(content)
    with pytest.raises(PackError):
        read_pack(tmp_path / "pack.zip")


@pytest.mark.parametrize("at", range(0, len(zipped(FILES)), 3))
def test_no_byte_of_a_zip_may_change(tmp_path: Path, at: int) -> None:
    content = bytearray(zipped(FILES))
    content[at] ^= 0x41
    (tmp_path / "pack.zip").write_bytes(content)
    with pytest.raises(PackError):
        read_pack(tmp_path / "pack.zip")
