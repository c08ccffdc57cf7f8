"""Artifacts are written whole, only into our own folder, and beside what others keep there."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import qgov.output.beside as beside_module
from qgov.output import MANIFEST, manifest_of, publish
from qgov.repository import RepositoryError
from tests.output.folders import (
    NOBODY,
    OLD,
    OTHERS,
    contents,
    keep_others,
    ours,
    siblings,
    unprivileged,
)

NEW = {"idp/a.json": b"9", "policy/data.json": b"{}", "docs/deep/er/x.md": "é\n".encode()}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where a folder of ours, written before, stands together with things of others."""
    folder = tmp_path / "out"
    publish(folder, OLD, "c0ffee")
    keep_others(folder)
    return folder


def manifest(folder: Path) -> Any:
    return json.loads((folder / MANIFEST).read_bytes())


# ------------------------------------------------------------------------------- what is written


def test_a_new_folder_holds_the_artifacts_and_their_manifest(tmp_path: Path) -> None:
    written = publish(tmp_path / "far" / "out", NEW, "c0ffee")

    assert written == 3
    assert ours(tmp_path / "far" / "out") == NEW
    assert manifest(tmp_path / "far" / "out") == manifest_of(NEW, "c0ffee")
    assert siblings(tmp_path / "far" / "out") == []


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir(mode=0o700)
    publish(tmp_path / "out", NEW, None)

    assert ours(tmp_path / "out") == NEW
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700
    assert siblings(tmp_path / "out") == []


def test_our_folder_is_replaced_and_what_others_keep_there_stays(out: Path) -> None:
    before = contents(out)
    (out / "empty").chmod(0o750)
    lock = (out / "terraform/.terraform.lock.hcl").stat()
    publish(out, NEW, "f00")

    assert ours(out) == NEW
    assert {path: contents(out)[path] for path in OTHERS} == OTHERS
    assert set(before) - set(contents(out)) == {"idp/b.json"}
    assert (out / "empty").stat().st_mode & 0o777 == 0o750
    assert (out / "terraform/.terraform.lock.hcl").stat().st_ino == lock.st_ino
    assert siblings(out) == []


def test_folders_that_held_only_our_files_vanish_with_them(out: Path) -> None:
    publish(out, {"policy/data.json": b"{}"}, None)

    assert not (out / "idp").exists()


def test_the_permissions_follow_the_umask_and_the_folder_that_was_there(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        publish(tmp_path / "out", NEW, None)
        assert (tmp_path / "out").stat().st_mode & 0o777 == 0o750
        (tmp_path / "out").chmod(0o700)
        publish(tmp_path / "out", OLD, None)
    finally:
        os.umask(before)

    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "out/idp/a.json").stat().st_mode & 0o777 == 0o640


def test_the_same_artifacts_give_the_same_folder(tmp_path: Path) -> None:
    publish(tmp_path / "a", NEW, "c0ffee")
    publish(tmp_path / "b", OLD, "bad")
    publish(tmp_path / "b", dict(reversed(NEW.items())), "c0ffee")

    assert contents(tmp_path / "a") == contents(tmp_path / "b")


# -------------------------------------------------------------------------------- some targets


def test_a_partial_run_keeps_the_other_artifacts(out: Path) -> None:
    written = publish(out, {"idp/a.json": b"9", "idp/c.json": b"3"}, "c0ffee", partial=True)

    assert written == 4
    assert ours(out) == {**OLD, "idp/a.json": b"9", "idp/c.json": b"3"}
    assert manifest(out) == manifest_of(ours(out), "c0ffee")
    assert {path: contents(out)[path] for path in OTHERS} == OTHERS


def test_a_partial_run_of_another_commit_belongs_to_none(out: Path) -> None:
    publish(out, {"idp/a.json": b"9"}, "f00", partial=True)

    assert manifest(out)["commit"] is None


def test_a_partial_run_does_not_vouch_for_what_was_edited_by_hand(out: Path) -> None:
    (out / "idp/b.json").write_text("edited")
    publish(out, {"idp/a.json": b"1"}, "c0ffee", partial=True)

    assert ours(out)["idp/b.json"] == b"edited"
    assert manifest(out) == manifest_of(OLD, "c0ffee")


def test_a_partial_run_does_not_read_through_a_link(out: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (out / "idp/b.json").unlink()
    (out / "idp/b.json").symlink_to(tmp_path / "secret")
    publish(out, {"idp/a.json": b"1"}, None, partial=True)

    assert "secret" not in str(manifest(out))
    assert "idp/b.json" not in {entry["path"] for entry in manifest(out)["artifacts"]}
    assert not (out / "idp/b.json").exists()


# ---------------------------------------------------------------------------- what is refused


def refused(out: Path, artifacts: dict[str, bytes] = NEW) -> str:
    before = contents(out.parent)
    with pytest.raises(RepositoryError) as error:
        publish(out, artifacts, None)
    assert contents(out.parent) == before
    assert "qgov-new" not in str(error.value)
    return str(error.value)


def test_a_folder_of_others_is_not_touched(tmp_path: Path) -> None:
    keep_others(tmp_path / "out")

    assert "not written by qgov" in refused(tmp_path / "out")


def test_a_file_or_link_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "dangling").symlink_to("nowhere")

    for name in ("file", "link", "dangling"):
        assert "is not a folder" in refused(tmp_path / name)
    assert refused(tmp_path / "file" / "out") == f"cannot write {tmp_path / 'file'}: File exists"


def test_the_root_of_the_file_system_is_no_output_folder() -> None:
    with pytest.raises(RepositoryError, match="cannot be an output folder"):
        publish(Path("/"), NEW, None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "7",
        '"x"',
        "{}",
        '{"schema": "qgov/manifest/v2", "artifacts": []}',
        '{"schema": "qgov/manifest/v1"}',
        '{"schema": "qgov/manifest/v1", "artifacts": 5}',
        '{"schema": "qgov/manifest/v1", "commit": null, "artifacts": [7]}',
        '{"schema": "qgov/manifest/v1", "commit": null, "artifacts": [{"path": 7, "sha256": ""}]}',
        '{"schema": "qgov/manifest/v1", "commit": null, "artifacts": [{"path": [], "sha256": ""}]}',
        '{"schema": "qgov/manifest/v1", "commit": null, "artifacts": [{"path": "a"}]}',
        pytest.param("[" * 100_000, id="deep"),
        pytest.param("\udcff", id="not-utf-8"),
        *(
            f'{{"schema": "qgov/manifest/v1", "commit": null, "artifacts": [{{"path": "{path}", '
            '"sha256": ""}]}'
            for path in (
                "../x",
                "/etc/passwd",
                "a/../../x",
                "a//b",
                "a/./b",
                "",
                "..",
                "manifest.json",
                "a\\u0000b",
            )
        ),
    ],
)
def test_a_manifest_that_is_not_ours_protects_the_folder(out: Path, text: str) -> None:
    (out / MANIFEST).write_bytes(text.encode(errors="surrogateescape"))

    with pytest.raises(RepositoryError, match="is not a manifest of qgov"):
        publish(out, NEW, None, partial=True)
    assert ours(out) == OLD


def test_a_manifest_that_is_a_link_or_a_pipe_protects_the_folder(out: Path, tmp_path: Path) -> None:
    (out / MANIFEST).rename(tmp_path / "m")
    (out / MANIFEST).symlink_to(tmp_path / "m")
    assert "is not a manifest of qgov" in refused(out)
    (out / MANIFEST).unlink()
    os.mkfifo(out / MANIFEST)

    with pytest.raises(RepositoryError, match="is not a manifest of qgov"):
        publish(out, NEW, None)


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "/x",
        "a/../../x",
        "",
        ".",
        "a//b",
        "a/",
        "a\0b",
        "manifest.json",
    ],
)
def test_an_artifact_cannot_leave_the_folder(out: Path, path: str) -> None:
    before = contents(out.parent)
    with pytest.raises(ValueError, match="not the path of an artifact"):
        publish(out, {**NEW, path: b""}, None)

    assert contents(out.parent) == before


@pytest.mark.parametrize(
    "path", ["README", "README/x", "terraform", "empty", "empty/inner", "terraform/linked/x"]
)
def test_a_file_of_others_in_the_way_of_an_artifact_is_not_lost(out: Path, path: str) -> None:
    assert "is in the way of an artifact and was not written by qgov" in refused(out, {path: b""})


def test_a_hostile_link_in_the_old_folder_is_not_followed(out: Path, tmp_path: Path) -> None:
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "a.json").write_text("theirs")
    for name in ("a.json", "b.json"):
        (out / "idp" / name).unlink()
    (out / "idp").rmdir()
    (out / "idp").symlink_to(tmp_path / "else")

    assert "idp is in the way" in refused(out)
    (out / "idp").unlink()
    (out / "policy/data.json").unlink()
    (out / "policy/data.json").symlink_to(tmp_path / "else" / "a.json")
    publish(out, NEW, None)
    assert ours(out) == NEW
    assert (tmp_path / "else" / "a.json").read_text() == "theirs"


def test_a_parent_that_cannot_be_written_is_an_error() -> None:
    with unprivileged() as folder:
        (folder / "closed").mkdir(mode=0o555)

        assert refused(folder / "closed" / "out") == (
            f"cannot write {folder / 'closed' / 'out'}: Permission denied"
        )
        assert "Permission denied" in refused(folder / "closed" / "a" / "out")


def test_what_cannot_be_read_in_the_folder_is_an_error_and_not_lost() -> None:
    with unprivileged() as folder:
        out = folder / "out"
        publish(out, OLD, None)
        (out / "private").mkdir()
        (out / "private" / "x").write_text("x")
        (out / "private").chmod(0)

        with pytest.raises(RepositoryError, match=f"cannot write {out}/private.*: Permission"):
            publish(out, NEW, None)
        (out / "private").chmod(0o755)
        assert ours(out) == {**OLD, "private/x": b"x"}
        (out / MANIFEST).chmod(0)
        with pytest.raises(RepositoryError, match=r"cannot read .*manifest.json: Permission"):
            publish(out, NEW, None)


def test_a_folder_that_cannot_be_exchanged_whole_says_so(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> bool:
        raise OSError(errno.EBUSY, "Device or resource busy", "temporary")

    monkeypatch.setattr(beside_module, "_exchanged", busy)

    assert refused(out) == (
        f"{out} cannot be replaced as a whole (a mount?); give a folder below it as --out"
    )


# ------------------------------------------------------------------------------- odd places


def test_a_linked_parent_is_fine(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    publish(tmp_path / "link" / "out", OLD, None)
    publish(tmp_path / "link" / "out", NEW, None)

    assert ours(tmp_path / "real" / "out") == NEW


def test_the_folder_can_be_named_from_within(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(out)
    publish(Path(), NEW, None)
    assert ours(out) == NEW
    monkeypatch.chdir(out / "docs")
    publish(Path(".."), OLD, None)

    assert ours(out) == OLD
    assert siblings(out) == []


def test_hard_links_are_not_needed(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    publish(out, NEW, None)

    assert {path: contents(out)[path] for path in OTHERS} == OTHERS


def test_locks_are_not_needed(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    (out.parent / ".out.qgov-new-left").mkdir()
    monkeypatch.setattr(fcntl, "flock", refuse)
    publish(out, NEW, None)

    assert ours(out) == NEW
    # Without locks nobody can tell whether the run that made it lives.
    assert siblings(out) == [".out.qgov-new-left"]


@pytest.mark.parametrize("system", ["darwin", "old-libc", "old-kernel"])
def test_systems_that_cannot_exchange_folders_do_it_in_two_steps(
    out: Path, monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    class Library:
        def __init__(self, *_: object, **__: object) -> None:
            if system == "old-kernel":
                self.renameat2 = lambda *_: -1

    if system == "darwin":
        monkeypatch.setattr(sys, "platform", system)
    else:
        monkeypatch.setattr(ctypes, "CDLL", Library)
        monkeypatch.setattr(ctypes, "get_errno", lambda: errno.ENOSYS)
    publish(out, NEW, None)

    assert ours(out) == NEW
    assert {path: contents(out)[path] for path in OTHERS} == OTHERS
    assert siblings(out) == []


def test_another_error_of_the_system_is_reported(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Library:
        def __init__(self, *_: object, **__: object) -> None:
            self.renameat2 = lambda *_: -1

    monkeypatch.setattr(ctypes, "CDLL", Library)
    monkeypatch.setattr(ctypes, "get_errno", lambda: errno.EACCES)

    assert refused(out) == f"cannot write {out}: Permission denied"


# ------------------------------------------------------------------------------ several at once


def test_what_dead_runs_left_is_cleared_up_and_nothing_else(out: Path) -> None:
    (out.parent / ".out.qgov-new-dead").mkdir()
    (out.parent / ".out.qgov-new-dead" / "new").mkdir()
    (out.parent / ".out.qgov-new-file").write_text("")
    (out.parent / ".out.qgov-new-link").symlink_to(out)
    (out.parent / ".other.qgov-new-x").mkdir()
    publish(out, NEW, None)

    assert siblings(out) == [".other.qgov-new-x", ".out.qgov-new-file", ".out.qgov-new-link"]


def test_the_old_folder_is_put_back_only_where_it_is_missing(out: Path) -> None:
    aside = out.parent / ".out.qgov-new-dead"
    aside.mkdir()
    out.rename(aside / "old")
    publish(out, NEW, None)

    assert ours(out) == NEW
    assert {path: contents(out)[path] for path in OTHERS} == OTHERS
    aside.mkdir()
    (aside / "old").mkdir()
    (aside / "old" / "stale").write_text("")
    publish(out, OLD, None)
    assert ours(out) == OLD
    assert siblings(out) == []


def test_in_a_shared_folder_another_user_cannot_slip_us_an_old_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aside = tmp_path / ".out.qgov-new-dead"
    (aside / "old").mkdir(parents=True)
    (aside / "old" / "evil").write_text("")
    monkeypatch.setattr(os, "geteuid", lambda: NOBODY)
    publish(tmp_path / "out", NEW, None)

    assert ours(tmp_path / "out") == NEW
    assert siblings(tmp_path / "out") == [aside.name]


def test_runs_at_the_same_time_leave_one_of_them_whole(tmp_path: Path) -> None:
    versions = [{f"{part}/{i}.json": str(i).encode() for part in range(20)} for i in range(8)]
    script = (
        "import sys; from pathlib import Path; from qgov.output import publish\n"
        "i = int(sys.argv[2])\n"
        "artifacts = {f'{part}/{i}.json': str(i).encode() for part in range(20)}\n"
        "for _ in range(15): publish(Path(sys.argv[1]), artifacts, None)\n"
    )

    def run(i: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", script, tmp_path / "out", str(i)],
            check=False,
            capture_output=True,
            text=True,
        )

    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(run, range(8)))

    assert [r.stderr for r in runs] == [""] * 8
    assert ours(tmp_path / "out") in versions
    assert manifest(tmp_path / "out") == manifest_of(ours(tmp_path / "out"), None)
    assert siblings(tmp_path / "out") == []
