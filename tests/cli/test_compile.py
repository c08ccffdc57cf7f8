"""The output is a function of the commit alone, and --check tells whether it is current."""

from __future__ import annotations

import filecmp
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from qgov.repository import FOLDERS
from tests.cli.conftest import Call
from tests.cli.process import ENVIRONMENT, ROOT
from tests.output.folders import contents
from tests.repository.repo import commit, git, new, write

NOW = ("--now", "2026-11-23T10:00:00Z")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The worked configuration in a repository with one commit."""
    folder = new(tmp_path_factory.mktemp("worked"))
    for path in ("qgov.yaml", *FOLDERS):
        for file in (ROOT / path, *(ROOT / path).rglob("*.yaml")):
            if file.is_file():
                write(folder, {file.relative_to(ROOT).as_posix(): file.read_bytes()})
    commit(folder)
    return folder


def unequal(a: Path, b: Path) -> list[str]:
    """Paths that only one of two folders has, or whose bytes differ (`diff -r`)."""
    names = {p.relative_to(f).as_posix() for f in (a, b) for p in f.rglob("*") if p.is_file()}
    same, _, _ = filecmp.cmpfiles(a, b, names, shallow=False)
    return sorted(names - set(same))


def compiled(out: Path, cwd: Path, root: str, umask: int, environment: Mapping[str, str]) -> Path:
    """What a process writes to a folder."""
    subprocess.run(
        [sys.executable, "-m", "qgov", "compile", "--root", root, "--out", out],
        cwd=cwd,
        env={**ENVIRONMENT, **environment},
        umask=umask,
        check=True,
        capture_output=True,
    )
    return out


@pytest.fixture(scope="module")
def first(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output that the others are held to."""
    out = tmp_path_factory.mktemp("first") / "a"
    return compiled(out, repository, ".", 0o022, {"PYTHONHASHSEED": "1", "TZ": "UTC"})


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "0"},
        {"PYTHONHASHSEED": "4242"},
        {"TZ": "Pacific/Kiritimati"},
        {"TZ": "America/St_Johns", "LC_ALL": "tr_TR.UTF-8"},
        {"LC_ALL": "C", "PYTHONUTF8": "0"},
        {"LC_ALL": "en_US.UTF-8", "LANG": "de_DE"},
        {"SOURCE_DATE_EPOCH": "1795500000"},
        {"SOURCE_DATE_EPOCH": ""},
        {"HOME": "/nonexistent"},
        {"PYTHONOPTIMIZE": "2"},
        {"COLUMNS": "7"},
    ],
    ids=lambda e: "-".join(f"{k}={v}" for k, v in e.items()).replace("/", "-"),
)
def test_two_outputs_do_not_differ_in_any_byte(
    first: Path, repository: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    root = os.path.relpath(repository, tmp_path)
    other = compiled(tmp_path / "b", tmp_path, root, 0o077, environment)

    assert unequal(first, other) == []
    assert (first / "policy/opa/bundle.tar.gz").is_file()
    assert json.loads((first / "manifest.json").read_bytes())["commit"] == git(
        repository, "rev-parse", "HEAD"
    )


def test_the_order_in_which_files_are_found_changes_nothing(
    call: Call, repository: Path, tmp_path: Path
) -> None:
    files = [path for path in repository.rglob("*.yaml") if path.is_file()]
    for path in sorted(files, reverse=True):
        write(tmp_path / "copy", {path.relative_to(repository).as_posix(): path.read_bytes()})
    git(repository, "worktree", "prune")
    call("compile", "--root", repository, "--out", tmp_path / "a", *NOW)
    call("compile", "--root", tmp_path / "copy", "--out", tmp_path / "b", *NOW)

    assert unequal(tmp_path / "a", tmp_path / "b") == ["manifest.json"], "only the commit"


def test_what_was_compiled_just_now_is_current(
    call: Call, repository: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert call("compile", "--root", repository, "--out", out, *NOW).status == 0
    before = contents(tmp_path)
    result = call("compile", "--root", repository, "--out", out, "--check", *NOW)

    assert (result.status, result.out) == (0, "")
    assert "stale" not in result.err
    assert contents(tmp_path) == before


def remove(path: str) -> Callable[[Path], None]:
    return lambda out: (out / path).unlink()


def append(path: str) -> Callable[[Path], None]:
    def act(out: Path) -> None:
        with (out / path).open("ab") as file:
            file.write(b" ")

    return act


def extra(out: Path) -> None:
    listed = json.loads((out / "manifest.json").read_bytes())
    listed["artifacts"].append({"path": "idp/gone/x.json", "sha256": "0", "size": 1})
    (out / "manifest.json").write_text(json.dumps(listed))


def everything(out: Path) -> None:
    out.rename(out.with_name("elsewhere"))


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        (append("docs/access-matrix.md"), 2, "stale: docs/access-matrix.md\n"),
        (remove("policy/opa/data.json"), 2, "stale: policy/opa/data.json\n"),
        (extra, 2, "stale: idp/gone/x.json\nstale: manifest.json\n"),
        (everything, 2, "stale: manifest.json\n"),
        (append("manifest.json"), 0, ""),
        (remove("manifest.json"), 1, "not written by qgov"),
        (lambda out: (out / "manifest.json").write_text("{}"), 1, "is not a manifest of qgov"),
    ],
    ids=["changed", "missing", "extra", "nothing there", "white space", "foreign", "corrupt"],
)
def test_each_way_to_be_stale_is_told_and_nothing_is_written(
    call: Call,
    repository: Path,
    tmp_path: Path,
    change: Callable[[Path], object],
    status: int,
    said: str,
) -> None:
    call("compile", "--root", repository, "--out", tmp_path / "out", *NOW)
    change(tmp_path / "out")
    before = contents(tmp_path)
    result = call("compile", "--root", repository, "--out", tmp_path / "out", "--check", *NOW)

    assert (result.status, result.out) == (status, "")
    assert said in result.err
    assert contents(tmp_path) == before


def test_some_targets_can_be_written_and_checked_alone(
    call: Call, repository: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    some = ("compile", "--root", repository, "--out", out, *NOW, "--target", "matrix")
    assert call(*some, "--check").status == 2
    assert call(*some).err.endswith(f"wrote 1 files to {out}\n")
    assert call(*some, "--check").status == 0
    assert call("compile", "--root", repository, "--out", out, *NOW, "--check").status == 2
    assert call("compile", "--root", repository, "--out", out, *NOW).status == 0
    assert call(*some).status == 0

    assert call("compile", "--root", repository, "--out", out, *NOW, "--check").status == 0


@pytest.mark.parametrize("options", [(), ("--check",)])
def test_an_error_writes_nothing(call: Call, tmp_path: Path, options: tuple[str, ...]) -> None:
    write(tmp_path, {"root/qgov.yaml": b"kind: Nonsense\n", "root/roles/x.yaml": b"["})
    before = contents(tmp_path)
    result = call("compile", "--root", tmp_path / "root", "--out", tmp_path / "out", *options)

    assert (result.status, result.out) == (1, "")
    assert contents(tmp_path) == before


def test_an_uncommitted_change_belongs_to_no_commit(
    call: Call, repository: Path, tmp_path: Path
) -> None:
    git(tmp_path, "clone", "-q", str(repository), "clone")
    with (tmp_path / "clone" / "qgov.yaml").open("ab") as file:
        file.write(b"# a note\n")
    call("compile", "--root", tmp_path / "clone", "--out", tmp_path / "out", *NOW)

    assert json.loads((tmp_path / "out" / "manifest.json").read_bytes())["commit"] is None


def key_of(secret: int) -> str:
    """A P-256 private key in PEM."""
    key = ec.derive_private_key(secret, ec.SECP256R1())
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


SIGNED = (
    "signed policy/opa/bundle.tar.gz with the key "
    "sha256:c7610375878cb1bafebd04d4c5109248e972894c3467fa4ae8de2af275cf8a7d\n"
)


def test_a_signed_output_is_the_same_whoever_hands_over_the_key(
    call: Call, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key.pem").write_text(key_of(0xA11CE))
    some = ("compile", "--root", repository, *NOW, "--out")
    option = ("--signing-key", tmp_path / "key.pem")
    first = call(*some, tmp_path / "a", *option)
    assert (first.status, first.out) == (0, "")
    assert SIGNED in first.err
    assert call(*some, tmp_path / "plain").status == 0

    monkeypatch.setenv("QGOV_SIGNING_KEY", key_of(0xA11CE))
    assert SIGNED in call(*some, tmp_path / "b").err
    monkeypatch.setenv("QGOV_SIGNING_KEY", "not asked for: the option comes first")
    assert call(*some, tmp_path / "c", *option).status == 0

    assert unequal(tmp_path / "a", tmp_path / "b") == []
    assert unequal(tmp_path / "a", tmp_path / "c") == []
    assert unequal(tmp_path / "a", tmp_path / "plain") == [
        "manifest.json",
        "policy/opa/.signatures.json",
        "policy/opa/bundle.tar.gz",
    ]


def test_a_signed_output_is_current_for_its_key_alone(
    call: Call, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = ("compile", "--root", repository, *NOW, "--out", tmp_path / "out")
    monkeypatch.setenv("QGOV_SIGNING_KEY", key_of(0xA11CE))
    assert call(*some).status == 0
    assert call(*some, "--check").status == 0
    monkeypatch.setenv("QGOV_SIGNING_KEY", key_of(0xB0B))
    assert call(*some, "--check").status == 2
    monkeypatch.setenv("QGOV_SIGNING_KEY", "")
    unsigned = call(*some, "--check")
    assert unsigned.status == 2
    assert "stale: policy/opa/.signatures.json\n" in unsigned.err

    assert call(*some).status == 0
    assert not (tmp_path / "out/policy/opa/.signatures.json").exists()


def test_a_target_without_a_bundle_is_not_said_to_be_signed(
    call: Call, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QGOV_SIGNING_KEY", key_of(0xA11CE))
    some = ("compile", "--root", repository, *NOW, "--out", tmp_path / "out")
    result = call(*some, "--target", "matrix")
    assert result.status == 0
    assert "signed nothing: policy/opa/bundle.tar.gz is not among the targets\n" in result.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "key.pem: No such file or directory"),
        ("bait", "that is no private key in PEM: make one with `openssl"),
    ],
    ids=["no file", "garbage"],
)
def test_a_key_that_cannot_sign_stops_everything(
    call: Call,
    repository: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    text: str | None,
    said: str,
) -> None:
    file = tmp_path / "key.pem"
    if text is not None:
        file.write_text(text)
    some = ("compile", "--root", repository, *NOW, "--out", tmp_path / "out")
    result = call(*some, "--signing-key", file)
    assert (result.status, result.out) == (1, "")
    assert said in result.err
    assert "--signing-key" in result.err
    if text is not None:
        monkeypatch.setenv("QGOV_SIGNING_KEY", text)
        result = call(*some)
        assert (result.status, result.out) == (1, "")
        assert "QGOV_SIGNING_KEY" in result.err
        assert text not in result.err
    assert not (tmp_path / "out").exists()


def test_signing_without_its_library_has_a_remedy(
    call: Call, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QGOV_SIGNING_KEY", key_of(0xA11CE))
    for name in [name for name in sys.modules if name.startswith("cryptography")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    some = ("compile", "--root", repository, *NOW, "--out", tmp_path / "out")
    result = call(*some)
    assert result.status == 1
    assert "pip install 'qgov[evidence]'" in result.err
