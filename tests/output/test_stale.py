"""What is stale in a folder is named, and looking changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from qgov.output import MANIFEST, publish, stale_paths
from qgov.repository import RepositoryError
from tests.output.folders import OLD, contents, keep_others, unprivileged


def remove(out: Path) -> None:
    (out / "idp/a.json").unlink()


def edit(out: Path) -> None:
    (out / "idp/a.json").write_bytes(b"7")


def link(out: Path) -> None:
    (out / "idp/a.json").rename(out / "moved")
    (out / "idp/a.json").symlink_to("../moved")


def link_the_folder(out: Path) -> None:
    (out / "idp").rename(out / "moved")
    (out / "idp").symlink_to("moved")


def forget(out: Path) -> None:
    listed = json.loads((out / MANIFEST).read_bytes())
    listed["artifacts"] = [e for e in listed["artifacts"] if e["path"] != "idp/a.json"]
    (out / MANIFEST).write_text(json.dumps(listed))


def vouch(out: Path) -> None:
    listed = (out / MANIFEST).read_text()
    (out / MANIFEST).write_text(listed.replace('"size": 1', '"size": 2'))


def disown(out: Path) -> None:
    (out / MANIFEST).unlink()


@pytest.mark.parametrize(
    ("change", "stale"),
    [
        (keep_others, []),
        (remove, ["idp/a.json"]),
        (edit, ["idp/a.json"]),
        (link, ["idp/a.json"]),
        (link_the_folder, ["idp/a.json", "idp/b.json"]),
        (forget, [MANIFEST]),
        (vouch, [MANIFEST]),
        (disown, None),
    ],
    ids=[
        "others",
        "missing",
        "changed",
        "linked",
        "linked-folder",
        "unlisted",
        "edited",
        "foreign",
    ],
)
def test_each_way_to_be_stale_is_seen(
    tmp_path: Path, change: Callable[[Path], None], stale: list[str] | None
) -> None:
    out = tmp_path / "out"
    publish(out, OLD, "c0ffee")
    change(out)
    before = contents(tmp_path)

    if stale is None:
        with pytest.raises(RepositoryError, match="not written by qgov"):
            stale_paths(out, OLD, partial=False)
    else:
        assert stale_paths(out, OLD, partial=False) == stale
    assert contents(tmp_path) == before


def test_what_is_missing_is_stale_with_its_manifest(tmp_path: Path) -> None:
    assert stale_paths(tmp_path / "out", OLD, partial=False) == [
        "idp/a.json",
        "idp/b.json",
        MANIFEST,
        "policy/data.json",
    ]
    assert list(tmp_path.iterdir()) == []


def test_what_is_ours_and_no_longer_emitted_is_stale_unless_it_was_not_asked_for(
    tmp_path: Path,
) -> None:
    publish(tmp_path, OLD, None)
    fewer = {"idp/a.json": b"1"}

    assert stale_paths(tmp_path, fewer, partial=False) == [
        "idp/b.json",
        MANIFEST,
        "policy/data.json",
    ]
    assert stale_paths(tmp_path, fewer, partial=True) == []
    assert stale_paths(tmp_path, {"idp/a.json": b"2"}, partial=True) == ["idp/a.json", MANIFEST]


def test_another_commit_with_the_same_artifacts_is_not_stale(tmp_path: Path) -> None:
    publish(tmp_path, OLD, "c0ffee")

    assert stale_paths(tmp_path, OLD, partial=False) == []


def test_what_cannot_be_read_is_an_error_and_not_current() -> None:
    with unprivileged() as folder:
        publish(folder / "out", OLD, None)
        (folder / "out/idp/a.json").chmod(0)

        with pytest.raises(RepositoryError, match=r"cannot read .*a.json: Permission denied"):
            stale_paths(folder / "out", OLD, partial=False)
