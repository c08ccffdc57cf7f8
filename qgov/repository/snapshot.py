"""The configuration at one moment: a commit, or the work tree as it lies there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from qgov.finding import Finding, in_order
from qgov.repository.files import (
    LINK,
    NESTED,
    NO_FILE,
    RepositoryError,
    is_configuration,
    link_on,
    read_all,
    refused,
    refused_name,
    shown_name,
    unreadable,
)
from qgov.repository.git import (
    GitFailedError,
    NoRepositoryError,
    Repository,
    objects,
    open_repository,
    run,
)
from qgov.repository.objects import (
    blob_id,
    changed_paths,
    commit_time,
    commits,
    contents,
    head_of,
    no_commit,
    prefix_of,
    tree,
)

__all__ = ["EMPTY", "Snapshot", "at_ref", "at_work_tree", "default_base", "head_commit"]

_DEFAULT_BRANCHES: Final = (
    "refs/remotes/origin/HEAD",
    "refs/remotes/origin/main",
    "refs/remotes/origin/master",
    "refs/heads/main",
    "refs/heads/master",
)
"""Whole names: a tag called `main` or `origin/main` is not the default branch."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The configuration at one moment. `blobs` maps each path to git's blob id, so that
    two snapshots are compared without reading; `read` fetches the bytes of some paths.
    `commit` and `time` are None for what is not a commit: the work tree, a tree."""

    ref: str
    commit: str | None
    time: datetime | None
    blobs: Mapping[str, str]
    read: Callable[[Iterable[str]], dict[str, bytes]]
    findings: tuple[Finding, ...] = ()


EMPTY: Final = Snapshot("empty", None, None, {}, lambda _: {})
"""The repository before its first commit."""


def at_ref(repository: Repository, root: Path, ref: str) -> Snapshot:
    """The configuration at a commit, tag, branch or tree.

    Raises RepositoryError when there is no such object.
    """
    commit, bare_tree = objects(repository, [f"{ref}^{{commit}}", f"{ref}^{{tree}}"])
    found = commit or bare_tree
    if found is None:
        raise no_commit(repository, ref)
    blobs, findings = tree(repository, found.id, prefix_of(repository, root))
    return Snapshot(
        ref,
        commit.id if commit else None,
        commit_time(commit) if commit else None,
        blobs,
        lambda paths: contents(repository, {p: blobs[p] for p in paths}),
        findings,
    )


def at_work_tree(repository: Repository, root: Path) -> Snapshot:
    """The configuration as it lies in the work tree, uncommitted changes included.

    Only what git calls changed is read from disk; the rest is known by its blob. Raises
    RepositoryError when there is no work tree or a file cannot be read.
    """
    if repository.work_tree is None:
        raise RepositoryError("a bare repository has no work tree; give --head")
    prefix = prefix_of(repository, root)
    head = head_of(repository)
    committed, in_head = tree(repository, head, prefix) if head else ({}, ())
    changed = changed_paths(repository, prefix)
    try:
        found = [f for path in changed if (f := _refused_on_disk(root, path)) is not None]
        fresh = (
            {}
            if found
            else read_all(
                root,
                (path for path in changed if is_configuration(path) and (root / path).is_file()),
            )
        )
    except OSError as error:
        raise unreadable(error, root) from error
    blobs = {
        **{path: blob for path, blob in committed.items() if path not in changed},
        **{path: blob_id(data, repository.object_format) for path, data in fresh.items()},
    }
    gone = {*changed, *map(shown_name, changed)}
    findings = in_order([*(f for f in in_head if f.origin.path not in gone), *found])

    def read(paths: Iterable[str]) -> dict[str, bytes]:
        wanted = list(paths)
        stored = contents(repository, {p: committed[p] for p in wanted if p not in fresh})
        return {p: fresh[p] if p in fresh else stored[p] for p in wanted}

    return Snapshot("work tree", None, None, blobs, read, tuple(findings))


def _refused_on_disk(root: Path, path: str) -> Finding | None:
    """Why a changed path is not read as a file; None when it can be, or is gone."""
    link = link_on(root, path)
    if link is not None:
        return refused(link, LINK)
    if os.path.lexists(root / path / ".git"):
        return refused(path, NESTED)
    if not is_configuration(path) or not (root / path).exists() or (root / path).is_dir():
        return None
    return refused_name(path) if (root / path).is_file() else refused(path, NO_FILE)


def default_base(repository: Repository, head: str | None) -> str | None:
    """The commit where the change began: the merge-base of `head` (None: HEAD) with the
    default branch. None when there is no commit yet.

    Raises RepositoryError when the default branch is not known, or history is too shallow:
    a plan against the wrong commit would look like one without changes.
    """
    name = "HEAD" if head is None else head
    tip, *defaults = commits(repository, [name, *_DEFAULT_BRANCHES])
    if tip is None:
        if head is None and head_of(repository) is None:
            return None
        raise no_commit(repository, name)
    known = [
        (branch, commit.id)
        for branch, commit in zip(_DEFAULT_BRANCHES, defaults, strict=True)
        if commit is not None
    ]
    branch, default = (known or [_only_branch(repository)])[0]
    if default == tip.id:
        return default
    try:
        return run(repository, "merge-base", default, tip.id).decode().strip()
    except GitFailedError as error:
        raise RepositoryError(
            f"no common commit of {branch.split('/', 2)[2]} and {name}; fetch the "
            "whole history (fetch-depth: 0), or give --base"
        ) from error


def _only_branch(repository: Repository) -> tuple[str, str]:
    """The branch and its commit, where there is one branch here and none of a remote."""
    printed = run(
        repository,
        "for-each-ref",
        "--count=2",
        "--format=%(refname)",
        "refs/heads",
        "refs/remotes",
    )
    branches = os.fsdecode(printed).split()
    only = [name for name in branches if len(branches) == 1 and name.startswith("refs/heads/")]
    for name, commit in zip(only, commits(repository, only), strict=True):
        if commit is not None:
            return name, commit.id
    raise RepositoryError(
        "the default branch is not known (no origin/HEAD, main or master); fetch it, or give --base"
    )


def head_commit(root: Path, files: Mapping[str, bytes]) -> str | None:
    """The commit that holds exactly these files; None when HEAD is another, or none.

    Compares contents, because git's own word for "unchanged" passes over what is ignored,
    not checked out (sparse) or filtered. Raises RepositoryError when git cannot tell.
    """
    try:
        repository = open_repository(root)
    except NoRepositoryError:
        return None
    commit = head_of(repository)
    if commit is None:
        return None
    committed, odd = tree(repository, commit, prefix_of(repository, root))
    found = {path: blob_id(data, repository.object_format) for path, data in files.items()}
    return commit if found == committed and not odd else None
