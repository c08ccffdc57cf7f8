"""The configuration at one moment: a commit, or the work tree as it lies there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from msgspec import Struct

from qgov.finding import Finding, in_order
from qgov.records import replace
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
    history,
    merged_by,
    no_commit,
    prefix_of,
    tree,
)
from qgov.repository.strays import in_tree, in_work_tree

__all__ = [
    "EMPTY",
    "Snapshot",
    "at_base",
    "at_last",
    "at_ref",
    "at_work_tree",
    "default_base",
    "head_commit",
    "prefix_at",
]

_DEFAULT_BRANCHES: Final = (
    "refs/remotes/origin/HEAD",
    "refs/remotes/origin/main",
    "refs/remotes/origin/master",
    "refs/heads/main",
    "refs/heads/master",
)
"""Whole names: a tag called `main` or `origin/main` is not the default branch."""


_MOST_CHANGES: Final = 30
"""How many changes of the configuration are gone back for one that can be read."""


class Snapshot(Struct, frozen=True):
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
    prefix = prefix_of(repository, root)
    blobs, findings = tree(repository, found.id, prefix)
    return Snapshot(
        ref,
        commit.id if commit else None,
        commit_time(commit) if commit else None,
        blobs,
        lambda paths: contents(repository, {p: blobs[p] for p in paths}),
        tuple(in_order([*findings, *in_tree(repository, found.id, prefix)])),
    )


def at_base(repository: Repository, root: Path, base: str, head: str | None) -> Snapshot:
    """The configuration that a change to `head` (None: HEAD, under the work tree) is compared
    with when `base` is asked for: `base` itself where `head` was made on it, else where the two
    parted, and `ref` says so. What `base` has got since then would look undone.

    Raises RepositoryError when there is no such object, or no common commit.
    """
    name = "HEAD" if head is None else head
    wanted, tip = commits(repository, [base, name])
    if wanted is None or tip is None:  # a tree has no history, and HEAD may have no commit yet
        return at_ref(repository, root, base)
    began = _parted(repository, (base, wanted.id), (name, tip.id), "name a commit before both")
    if began == wanted.id:
        return at_ref(repository, root, base)
    return replace(at_ref(repository, root, began), ref=f"the merge base of {base} and {name}")


def at_last(
    repository: Repository, root: Path, before: Snapshot, fits: Callable[[Snapshot], bool]
) -> Snapshot | None:
    """The configuration at the last commit up to `before` that fits; `ref` says that it is. None
    where there is none among the last changes of it, or `before` is no commit."""
    if before.commit is None:
        return None
    prefix = prefix_of(repository, root)
    for commit in history(repository, before.commit, prefix, _MOST_CHANGES):
        found = at_ref(repository, root, commit)
        if fits(found):
            return replace(found, ref=f"the last readable commit before {before.ref}")
    return None


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
    findings = in_order(
        [
            *(f for f in in_head if f.origin.path not in gone),
            *found,
            *in_work_tree(repository, root),
        ]
    )

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
    return _parted(repository, (branch.split("/", 2)[2], default), (name, tip.id), "give --base")


def _parted(repository: Repository, base: tuple[str, str], head: tuple[str, str], or_: str) -> str:
    """The last commit that both have; each is a name and a commit. There may be several where
    branches were merged crosswise: then what `head` was made on, if that is a merge."""
    if base[1] == head[1]:
        return base[1]
    try:
        found = run(repository, "merge-base", "--all", base[1], head[1]).decode().split()
    except GitFailedError as error:
        raise RepositoryError(
            f"no common commit of {base[0]} and {head[0]}; fetch the whole history "
            f"(fetch-depth: 0), or {or_}"
        ) from error
    if len(found) == 1:
        return found[0]
    made_on = merged_by(repository, head[1])[1:2]
    return next((commit for commit in found if commit in made_on), found[0])


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


def prefix_at(root: Path) -> str:
    """The path of `root` from the top of its git repository, with a trailing slash; empty at
    the top, and where there is no repository. Raises RepositoryError when git cannot tell."""
    try:
        return prefix_of(open_repository(root), root)
    except NoRepositoryError:
        return ""


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
