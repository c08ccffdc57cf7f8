"""Reading git: objects, refs and the state of the work tree."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

from qgov.finding import Finding, closest, in_order
from qgov.repository import files
from qgov.repository.files import (
    FOLDERS,
    LINK,
    NESTED,
    ROOT_FILE,
    RepositoryError,
    is_configuration,
    refused,
    refused_name,
)
from qgov.repository.git import GitFailedError, Object, Repository, objects, run

__all__ = [
    "blob_id",
    "changed_paths",
    "commit_time",
    "commits",
    "contents",
    "head_of",
    "history",
    "merged_by",
    "no_commit",
    "prefix_of",
    "tree",
]


def commits(repository: Repository, names: Iterable[str]) -> list[Object | None]:
    """The commit that each name stands for, itself or through a tag; None where there is no
    such commit. Raises RepositoryError when git cannot tell."""
    return objects(repository, [f"{name}^{{commit}}" for name in names])


def head_of(repository: Repository) -> str | None:
    """The commit of HEAD; None when there is none yet."""
    (commit,) = commits(repository, ["HEAD"])
    if commit is not None:
        return commit.id
    try:
        run(repository, "rev-parse", "--verify", "--quiet", "HEAD")
    except GitFailedError as error:
        if error.status == 1:
            return None
        raise
    raise RepositoryError("the commit of HEAD is missing from the repository")


def no_commit(repository: Repository, ref: str) -> RepositoryError:
    """The error for a ref that names no commit."""
    known = run(
        repository,
        "for-each-ref",
        "--format=%(refname:short)",
        "refs/heads",
        "refs/remotes",
        "refs/tags",
    )
    remedy = closest(ref, known.decode(errors="replace").split()) or "; fetch it, or name another"
    if (repository.common_dir / "shallow").exists():
        remedy = "; this clone is shallow: fetch the whole history (fetch-depth: 0)"
    return RepositoryError(f"there is no commit `{ref}`{remedy}")


def prefix_of(repository: Repository, root: Path) -> str:
    """The path of `root` inside the repository, with a trailing slash, or empty."""
    if repository.work_tree is None:
        return ""
    try:
        relative = root.resolve().relative_to(repository.work_tree.resolve()).as_posix()
    except ValueError as error:
        raise RepositoryError(f"{root} is outside of the work tree of its repository") from error
    return "" if relative == "." else f"{relative}/"


def commit_time(commit: Object) -> datetime:
    """The committer's time, from the object itself: no setting changes how it reads."""
    lines = commit.data.split(b"\n\n", 1)[0].split(b"\n")
    written = [line.split()[-2] for line in lines if line.startswith(b"committer ")]
    try:
        return datetime.fromtimestamp(int(written[0]), UTC)
    except (IndexError, ValueError, OverflowError, OSError) as error:
        raise RepositoryError(f"the commit {commit.id} has no time that can be read") from error


def merged_by(repository: Repository, commit: str) -> list[str]:
    """A commit and its parents."""
    return run(repository, "rev-list", "--parents", "--max-count=1", commit).decode().split()


def history(repository: Repository, commit: str, prefix: str, most: int) -> list[str]:
    """The commits up to `commit` that changed the configuration, the last one first, as it was
    merged (first parents)."""
    paths = (f"{prefix}{path}" for path in (ROOT_FILE, *FOLDERS))
    limits = ("--first-parent", f"--max-count={most}")
    return run(repository, "rev-list", *limits, commit, "--", *paths).decode().split()


@cache  # what an object holds never changes, and both sides of a plan often are the same one
def tree(
    repository: Repository, name: str, prefix: str
) -> tuple[Mapping[str, str], tuple[Finding, ...]]:
    """Path → blob id of the configuration in the commit or tree of this id, and what is refused
    in it. Paths are relative to the root, which is the folder `prefix` of the repository."""
    listed = run(
        repository,
        "ls-tree",
        "-r",
        "-z",
        "--full-tree",
        name,
        "--",
        *(f"{prefix}{path}" for path in (ROOT_FILE, *FOLDERS)),
    )
    blobs: dict[str, str] = {}
    findings: list[Finding] = []
    for entry in os.fsdecode(listed).split("\0")[:-1]:
        meta, _, path = entry.partition("\t")
        path = path.removeprefix(prefix)
        mode, _, blob = meta.split(" ")
        if mode in _ODD_MODES:
            findings.append(refused(path, _ODD_MODES[mode]))
        elif is_configuration(path):
            if (finding := refused_name(path)) is not None:
                findings.append(finding)
            blobs[path] = blob
    return blobs, tuple(in_order(findings))


_ODD_MODES: Final = {"120000": LINK, "160000": NESTED}


def contents(repository: Repository, wanted: Mapping[str, str]) -> dict[str, bytes]:
    """The contents of blobs, by path."""
    found: dict[str, bytes] = {}
    stored = objects(repository, list(wanted.values()), files.MAX_TOTAL_BYTES)
    for (path, blob), content in zip(wanted.items(), stored, strict=True):
        if content is None:
            raise RepositoryError(f"the object {blob} of {path} is missing from the repository")
        found[path] = content.data
    return found


def changed_paths(repository: Repository, prefix: str) -> frozenset[str]:
    """Paths in the configuration's folders that differ from HEAD or that git does not
    know, ignored ones included: what lies there is what is meant."""
    listed = run(
        repository,
        "status",
        "--porcelain=v1",
        "-z",
        "--no-renames",
        "--untracked-files=all",
        "--ignored=traditional",
        "--ignore-submodules=dirty",
        "--",
        *(f"{prefix}{path}" for path in (ROOT_FILE, *FOLDERS)),
    )
    return frozenset(
        os.fsdecode(entry[3:]).removeprefix(prefix).rstrip("/")
        for entry in listed.split(b"\0")[:-1]
    )


def blob_id(data: bytes, algorithm: str) -> str:
    """The id that git gives a blob of these bytes."""
    digest = hashlib.new(algorithm, b"blob %d\0" % len(data), usedforsecurity=False)
    digest.update(data)
    return digest.hexdigest()
