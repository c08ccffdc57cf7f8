"""What a work tree or a commit has that is not read, and somebody may believe that it is:
documents in the wrong folder or under the wrong name, and files that are not checked out."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

from qgov.finding import Finding, Origin, Severity, in_order
from qgov.repository.files import (
    FOLDERS,
    ROOT_FILE,
    is_configuration,
    read_work_tree,
    shown_name,
)
from qgov.repository.git import NoRepositoryError, Repository, objects, open_repository, run
from qgov.repository.objects import prefix_of

__all__ = ["at_hand", "in_tree", "in_work_tree", "is_candidate"]

_BEGINNING: Final = 4096
_MOST_BYTES: Final = 1 << 20
_MOST_FILES: Final = 2_000
_MOST_NAMES: Final = 200_000
_ASIDE: Final = frozenset({"docs", "tests"})
"""Folders of the root that may hold examples."""

_DOCUMENT: Final = re.compile(
    rb"""(?:\A(?:\xef\xbb\xbf)?|[\r\n])\{?["']?apiVersion["']?[ \t]*:[ \t]*["']?qgov/v1\b"""
)


def at_hand(root: Path) -> tuple[dict[str, bytes], list[Finding]]:
    """The configuration in the work tree (path → bytes), and what is wrong with what lies
    there: no file at all where one of them is refused or is not checked out.

    Raises RepositoryError when `root` is not a folder or cannot be read.
    """
    files, refused = read_work_tree(root)
    try:
        repository = open_repository(root)
    except NoRepositoryError:
        return files, in_order([*refused, *_told(_walked(root), root)])
    missing = _not_checked_out(repository, root)
    findings = in_order([*refused, *missing, *in_work_tree(repository, root)])
    return ({} if missing else files), findings


def in_work_tree(repository: Repository, root: Path) -> list[Finding]:
    """The findings for documents below `root` that are not read. What git ignores does not
    count: it is in nobody else's repository."""
    prefix = prefix_of(repository, root)
    below = ("--", prefix) if prefix else ()
    listed = run(repository, "ls-files", "-z", "--cached", "--others", "--exclude-standard", *below)
    return _told((path.removeprefix(prefix) for path in _names(listed)), root)


@cache
def in_tree(repository: Repository, name: str, prefix: str) -> tuple[Finding, ...]:
    """The findings for documents in a commit or tree, below the folder `prefix`, that are not
    read."""
    below = ("--", prefix) if prefix else ()
    listed = run(repository, "ls-tree", "-r", "-z", "--full-tree", "--name-only", name, *below)
    wanted = _candidates(path.removeprefix(prefix) for path in _names(listed))
    some = [f"{prefix}{path}" for path in sorted(wanted)[:_MOST_FILES]]
    if not some:
        return ()
    listed = run(repository, "ls-tree", "-r", "-z", "-l", "--full-tree", name, "--", *some)
    blobs: dict[str, str] = {}
    for entry in _names(listed):
        meta, _, path = entry.partition("\t")
        mode, _, blob, size = meta.split()
        if mode.startswith("100") and int(size) <= _MOST_BYTES:
            blobs[path.removeprefix(prefix)] = blob
    found = objects(repository, list(blobs.values()))
    beginnings = {
        path: held.data[:_BEGINNING] for path, held in zip(blobs, found, strict=True) if held
    }
    return tuple(_findings(beginnings, len(wanted)))


def is_candidate(path: str) -> bool:
    """Whether a name (POSIX, relative to the root) is one of a document that is not read."""
    low = path.lower()
    if is_configuration(path) or not low.endswith((".yaml", ".yml")):
        return False
    if low.startswith(tuple(f"{folder}/" for folder in FOLDERS)):
        return True
    first, *more = path.split("/")
    if more and first in _ASIDE:
        return False
    return not any(part.startswith(".") or part == "node_modules" for part in (first, *more))


def _candidates(names: Iterable[str]) -> set[str]:
    """The names of documents that are not read, but for those of another configuration: below a
    folder with a `qgov.yaml` of its own, where there is one at the root as well."""
    known = frozenset(names)
    wanted = {name for name in known if is_candidate(name)}
    if ROOT_FILE not in known:
        return wanted
    roots = {name.removesuffix(ROOT_FILE) for name in wanted if name.endswith(f"/{ROOT_FILE}")}
    return {name for name in wanted if not roots.intersection(_folders(name))}


def _folders(path: str) -> Iterator[str]:
    """The folders that a path lies below, each with its slash."""
    return (path[: slash.end()] for slash in re.finditer("/", path))


def _told(names: Iterable[str], root: Path) -> list[Finding]:
    wanted = _candidates(names)
    beginnings: dict[str, bytes] = {}
    for path in sorted(wanted)[:_MOST_FILES]:
        with suppress(OSError):  # no part of the configuration: it need not be readable
            if (root / path).is_file():
                handle = os.open(root / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
                with os.fdopen(handle, "rb") as stream:
                    beginnings[path] = stream.read(_BEGINNING)
    return _findings(beginnings, len(wanted))


def _findings(beginnings: Mapping[str, bytes], candidates: int) -> list[Finding]:
    found = [_unread(path) for path, text in beginnings.items() if _DOCUMENT.search(text)]
    if candidates > _MOST_FILES:
        found.append(
            Finding(
                "QG145",
                "more YAML files lie outside of the folders that are read than were looked at for "
                "documents",
                Origin(ROOT_FILE),
                "keep the configuration in a folder of its own, and give it as --root",
                Severity.WARNING,
                detail=f"{_MOST_FILES:,} of {candidates:,}",
            )
        )
    return in_order(found)


def _unread(path: str) -> Finding:
    shown = shown_name(path)
    return Finding(
        "QG144",
        f"`{shown}` looks like a document of qgov and is not read",
        Origin(shown),
        f"only {ROOT_FILE}, and *.yaml and *.yml below {', '.join(f'{f}/' for f in FOLDERS)}, "
        "spelled like this, are read: move or rename the file, or remove it",
        Severity.WARNING,
    )


def _not_checked_out(repository: Repository, root: Path) -> list[Finding]:
    """The finding for a sparse work tree that lacks configuration: what is compiled without it
    would be as if nobody had written it."""
    paths = (ROOT_FILE, *FOLDERS)
    prefix = prefix_of(repository, root)
    wanted = [f"{prefix}{path}" for path in paths]
    listed = run(repository, "ls-files", "-z", "-t", "--", *wanted)
    tagged = (entry.partition(" ") for entry in _names(listed))
    absent = [path.removeprefix(prefix) for tag, _, path in tagged if tag == "S"]
    lacking = [p for p in absent if is_configuration(p) and not os.path.lexists(root / p)]
    if not lacking:
        return []
    first = shown_name(lacking[0])
    others = f", nor are {len(lacking) - 1} other files" if lacking[1:] else ""
    return [
        Finding(
            "QG143",
            f"`{first}` is in the repository and not checked out{others}",
            Origin(first),
            "the work tree is sparse: check out the whole configuration, for example with "
            "`git sparse-checkout disable`",
        )
    ]


def _walked(root: Path) -> Iterator[str]:
    """The names below a folder that is in no repository, without those of hidden folders."""
    left = _MOST_NAMES
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if not f.startswith(".") and f != "node_modules"]
        for name in names:
            yield (Path(folder) / name).relative_to(root).as_posix()
        left -= len(names) + len(folders)
        if left < 0:
            return


def _names(listed: bytes) -> list[str]:
    return os.fsdecode(listed).split("\0")[:-1]
