"""A folder as a value, so that two states of it can be compared."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = [
    "NOBODY",
    "OLD",
    "OTHERS",
    "contents",
    "keep_others",
    "ours",
    "siblings",
    "unprivileged",
]

NOBODY = 65534

OLD = {"idp/a.json": b"1", "idp/b.json": b"2", "policy/data.json": b"{}"}
"""Artifacts of an earlier run."""

OTHERS = {
    "terraform/.terraform.lock.hcl": "file:lock",
    "terraform/.terraform/modules.json": "file:[]",
    "terraform/.terraform/cache": "link:/nowhere",
    "terraform/linked": "link:.terraform",
    "README": "file:by hand",
    "empty/inner": "folder",
}
"""What others keep in the folder."""


def keep_others(out: Path) -> None:
    """Put everything of OTHERS below `out`."""
    for path, what in OTHERS.items():
        kind, _, content = what.partition(":")
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        if kind == "file":
            (out / path).write_text(content)
        elif kind == "link":
            (out / path).symlink_to(content)
        else:
            (out / path).mkdir()


def contents(folder: Path) -> dict[str, str]:
    """Every file, link and empty folder below `folder`; empty when there is none."""
    found: dict[str, str] = {}
    for top, folders, names in os.walk(folder):
        for name in (*names, *folders):
            full = Path(top, name)
            path = full.relative_to(folder).as_posix()
            if full.is_symlink():
                found[path] = f"link:{full.readlink()}"
            elif full.is_file():
                found[path] = f"file:{full.read_text(errors='surrogateescape')}"
            elif not any(full.iterdir()):
                found[path] = "folder"
    return found


def ours(folder: Path) -> dict[str, bytes]:
    """The files below `folder` that the worked examples here call artifacts."""
    return {
        path: what.removeprefix("file:").encode()
        for path, what in contents(folder).items()
        if path not in OTHERS and path != "manifest.json"
    }


def siblings(out: Path) -> list[str]:
    """What stands beside `out`."""
    return sorted(path.name for path in out.parent.iterdir() if path != out)


@contextmanager
def unprivileged() -> Iterator[Path]:
    """A folder that all may write to, and a process that may not do everything."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)  # noqa: PTH101, S103
        if os.geteuid() != 0:
            yield Path(folder)
            return
        os.seteuid(NOBODY)
        try:
            yield Path(folder)
        finally:
            os.seteuid(0)
