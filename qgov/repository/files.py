"""Configuration files on disk: which they are, and what is refused instead of read."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import Final, NamedTuple

from qgov.errors import QgovError
from qgov.finding import Finding, Origin, in_order

__all__ = [
    "FOLDERS",
    "LINK",
    "NESTED",
    "NO_FILE",
    "ROOT_FILE",
    "Oddity",
    "RepositoryError",
    "TooMuchError",
    "is_configuration",
    "link_on",
    "read_all",
    "read_work_tree",
    "refused",
    "refused_name",
    "require_folder",
    "shown_name",
    "unreadable",
]

FOLDERS: Final = ("budgets", "roles", "tenants", "tests/access")
ROOT_FILE: Final = "qgov.yaml"
MAX_TOTAL_BYTES: Final = 512 * 1024 * 1024
_LABEL = r"(?!\.{1,2}(?:/|\Z))[\w .@+=,-]+"
_PATH = re.compile(rf"{_LABEL}(?:/{_LABEL})*")
_INSIDE: Final = tuple(f"{folder}/" for folder in FOLDERS)


class RepositoryError(QgovError):
    """The world outside is not as needed: no repository, no such ref, an unreadable file."""


class TooMuchError(RepositoryError):
    """More bytes than a configuration may have."""

    def __init__(self) -> None:
        super().__init__(f"the configuration has more than {MAX_TOTAL_BYTES} bytes")


class Oddity(NamedTuple):
    """Why something in a configuration folder is not read."""

    what: str
    remedy: str


LINK: Final = Oddity("is a link", "put the file itself into the repository")
NO_FILE: Final = Oddity("is not a regular file", "put a file there")
NESTED: Final = Oddity("is a repository of its own", "put its files into this repository")


def is_configuration(path: str) -> bool:
    """Whether a path (POSIX, relative to the root) is one of a configuration file."""
    return path == ROOT_FILE or (path.startswith(_INSIDE) and path.endswith((".yaml", ".yml")))


def refused_name(path: str) -> Finding | None:
    """The finding for a name that could mislead a reader or lead elsewhere."""
    if _PATH.fullmatch(path):
        return None
    shown = shown_name(path)
    return Finding(
        "QG141",
        f"the file name `{shown}` has characters that are not allowed",
        Origin(shown),
        "use letters, digits, and . _ - + = , @ in file names",
    )


def shown_name(path: str) -> str:
    """A path that may hold anything, in printable characters."""
    return path.encode("unicode_escape").decode()


def refused(path: str, oddity: Oddity) -> Finding:
    """The finding for what stands at `path` and is no file."""
    return refused_name(path) or Finding(
        "QG140", f"`{path}` {oddity.what}", Origin(path), oddity.remedy
    )


def read_work_tree(root: Path) -> tuple[dict[str, bytes], list[Finding]]:
    """Every configuration file below `root` with its bytes, and what was refused; both
    sorted by path, and no file at all when one was refused.

    Raises RepositoryError when `root` is not a folder or a file cannot be read.
    """
    require_folder(root)
    try:
        found = sorted(_walk(root), key=itemgetter(0))
        findings = [refused(path, oddity) for path, oddity in found if oddity is not None]
        findings += [
            f for path, oddity in found if oddity is None if (f := refused_name(path)) is not None
        ]
        if findings:
            return {}, in_order(findings)
        return read_all(root, (path for path, _ in found)), []
    except TooMuchError:
        return {}, [
            Finding(
                "QG142",
                f"the configuration has more than {MAX_TOTAL_BYTES} bytes",
                Origin(ROOT_FILE),
                "split the repository",
            )
        ]
    except OSError as error:
        raise unreadable(error, root) from error


def require_folder(root: Path) -> None:
    """Raises RepositoryError when there is no such folder."""
    if not os.path.isdir(root):  # noqa: PTH112 - does not raise where we may not look
        raise RepositoryError(f"there is no folder {root}; give another --root")


def unreadable(error: OSError, root: Path) -> RepositoryError:
    """The error for a file below `root` that cannot be read."""
    return RepositoryError(f"cannot read {error.filename or root}: {error.strerror}")


def read_all(root: Path, paths: Iterable[str]) -> dict[str, bytes]:
    """The files' bytes. Raises OSError, also for what became a link after we looked."""
    files: dict[str, bytes] = {}
    left = MAX_TOTAL_BYTES
    for path in paths:
        handle = os.open(root / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as stream:
            left -= os.fstat(handle).st_size
            if left < 0:
                raise TooMuchError
            files[path] = stream.read()
    return files


def _walk(root: Path) -> Iterator[tuple[str, Oddity | None]]:
    """Every configuration file, and what else is not read and why; links are not followed."""
    if os.path.lexists(root / ROOT_FILE):
        yield ROOT_FILE, _oddity(root / ROOT_FILE)
    pending: list[str] = []
    for folder in FOLDERS:
        link = link_on(root, folder)
        if link is not None:
            yield link, LINK
        elif (root / folder).exists():
            pending.append(folder)
    while pending:
        folder = pending.pop()
        with os.scandir(root / folder) as entries:
            for entry in entries:
                path = f"{folder}/{entry.name}"
                if entry.name == ".git":
                    yield folder, NESTED
                elif entry.is_symlink():
                    yield path, LINK
                elif entry.is_dir():
                    pending.append(path)
                elif is_configuration(path):
                    yield path, None if entry.is_file() else NO_FILE


def link_on(root: Path, path: str) -> str | None:
    """The first part of the way to `path` that is a link."""
    parts = path.split("/")
    ways = ("/".join(parts[: i + 1]) for i in range(len(parts)))
    return next((way for way in ways if (root / way).is_symlink()), None)


def _oddity(file: Path) -> Oddity | None:
    if file.is_symlink():
        return LINK
    return None if file.is_file() else NO_FILE
