"""Reading git: objects, refs and the state of the work tree, by the program itself.

The repository's own `.git` is trusted, as git itself trusts it (`safe.directory`); its
hooks and its file-system monitor are switched off nevertheless.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from configparser import Error as ConfigError
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from qgov.finding import Finding, closest, in_order
from qgov.repository import files
from qgov.repository.files import (
    FOLDERS,
    LINK,
    NESTED,
    ROOT_FILE,
    RepositoryError,
    TooMuchError,
    is_configuration,
    refused,
    refused_name,
    require_folder,
)

if TYPE_CHECKING:
    from git import Repo

__all__ = [
    "GitFailedError",
    "blob_id",
    "changed_paths",
    "commit_time",
    "contents",
    "find",
    "git",
    "head_of",
    "no_commit",
    "object_format",
    "open_repository",
    "prefix_of",
    "tree",
]

_SAFELY: Final = (
    "--no-optional-locks",
    "--no-replace-objects",
    "--literal-pathspecs",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
)
"""How every git command runs: it writes nothing, not even a fresher index, believes no
replacement of an object, and takes paths as they are written."""


class GitFailedError(RepositoryError):
    """A git command that failed."""

    def __init__(self, message: str, status: object) -> None:
        super().__init__(message)
        self.status = status


def open_repository(root: Path) -> Repo:
    """The git repository that holds `root`. Raises RepositoryError when there is none."""
    require_folder(root)
    try:
        from git import GitError, Repo
    except ImportError as error:
        raise RepositoryError("the program `git` is needed and was not found") from error
    try:
        return Repo(root.absolute(), search_parent_directories=True, expand_vars=False)
    except (GitError, OSError, ValueError, ConfigError) as error:
        raise RepositoryError(f"{root} is not in a git repository") from error


def _command(repo: Repo, *arguments: str) -> list[str]:
    # GitPython expands variables in the name of the folder that it runs in.
    return ["git", "-C", str(repo.working_dir), *_SAFELY, *arguments]


def git(repo: Repo, *arguments: str) -> bytes:
    """What a git command prints. Raises GitFailedError with its own reason."""
    from git.exc import CommandError

    try:
        return bytes(
            repo.git.execute(
                _command(repo, *arguments),
                stdout_as_string=False,
                strip_newline_in_stdout=False,
            )
        )
    except CommandError as error:
        said = str(error.stderr).strip().removeprefix("stderr: '").removesuffix("'").splitlines()
        fatal = [line for line in said if line.startswith("fatal: ")]
        reason = (fatal or said or [f"status {error.status}"])[0].removeprefix("fatal: ")
        raise GitFailedError(f"git {arguments[0]} failed: {reason}", error.status) from error


def find(repo: Repo, name: str) -> str | None:
    """The id of an object; None when there is no such object. Raises RepositoryError when
    git cannot tell."""
    try:
        found = git(repo, "rev-parse", "--verify", "--quiet", "--end-of-options", name)
    except GitFailedError as error:
        if error.status == 1:
            return None
        raise
    # `^main` is a revision too, and no object.
    return None if found.startswith(b"^") else found.decode().strip()


def head_of(repo: Repo) -> str | None:
    """The commit of HEAD; None when there is none yet."""
    commit = find(repo, "HEAD^{commit}")
    if commit is None and find(repo, "HEAD") is not None:
        raise RepositoryError("the commit of HEAD is missing from the repository")
    return commit


def no_commit(repo: Repo, ref: str) -> RepositoryError:
    """The error for a ref that names no commit."""
    known = git(
        repo, "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/remotes", "refs/tags"
    )
    return RepositoryError(
        f"there is no commit `{ref}`{closest(ref, known.decode(errors='replace').split())}"
    )


def prefix_of(repo: Repo, root: Path) -> str:
    """The path of `root` inside the repository, with a trailing slash, or empty."""
    if not repo.working_tree_dir:
        return ""
    try:
        relative = root.resolve().relative_to(Path(repo.working_tree_dir).resolve()).as_posix()
    except ValueError as error:
        raise RepositoryError(f"{root} is outside of the work tree of its repository") from error
    return "" if relative == "." else f"{relative}/"


def commit_time(repo: Repo, commit: str) -> datetime:
    """The committer's time, from the object itself: no setting changes how it reads."""
    lines = git(repo, "cat-file", "commit", commit).split(b"\n\n", 1)[0].split(b"\n")
    written = [line.split()[-2] for line in lines if line.startswith(b"committer ")]
    try:
        return datetime.fromtimestamp(int(written[0]), UTC)
    except (IndexError, ValueError, OverflowError, OSError) as error:
        raise RepositoryError(f"the commit {commit} has no time that can be read") from error


def tree(repo: Repo, name: str, prefix: str) -> tuple[dict[str, str], list[Finding]]:
    """Path → blob id of the configuration in a commit or tree, and what is refused in it.
    Paths are relative to the root, which is the folder `prefix` of the repository."""
    key = (str(repo.git_dir), name, prefix)
    if key not in _LISTED:
        _LISTED[key] = _tree(repo, name, prefix)
    blobs, findings = _LISTED[key]
    return dict(blobs), list(findings)


_LISTED: Final[dict[tuple[str, str, str], tuple[dict[str, str], list[Finding]]]] = {}
"""What an object holds never changes, and both sides of a plan often are the same one."""


def _tree(repo: Repo, name: str, prefix: str) -> tuple[dict[str, str], list[Finding]]:
    listed = git(
        repo,
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
    return blobs, in_order(findings)


_ODD_MODES: Final = {"120000": LINK, "160000": NESTED}


def contents(repo: Repo, wanted: Mapping[str, str]) -> dict[str, bytes]:
    """The contents of blobs, by path, in one process."""
    if not wanted:
        return {}
    found: dict[str, bytes] = {}
    left = files.MAX_TOTAL_BYTES
    with tempfile.TemporaryFile() as names:
        names.write("".join(f"{blob}\n" for blob in wanted.values()).encode())
        names.seek(0)
        process = repo.git.execute(
            _command(repo, "cat-file", "--batch", "--buffer"), istream=names, as_process=True
        )
        output = process.stdout
        assert output is not None
        for path, blob in wanted.items():
            head = output.readline().split()
            if len(head) != 3:
                raise RepositoryError(f"the object {blob} of {path} is missing from the repository")
            left -= int(head[2])
            if left < 0:
                raise TooMuchError
            found[path] = output.read(int(head[2]))
            output.read(1)
    return found


def changed_paths(repo: Repo, prefix: str) -> frozenset[str]:
    """Paths in the configuration's folders that differ from HEAD or that git does not
    know, ignored ones included: what lies there is what is meant."""
    listed = git(
        repo,
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


def object_format(repo: Repo) -> str:
    """The hash of the repository's object ids: `sha1` or `sha256`."""
    return git(repo, "rev-parse", "--show-object-format").decode().strip()


def blob_id(data: bytes, algorithm: str) -> str:
    """The id that git gives a blob of these bytes."""
    digest = hashlib.new(algorithm, b"blob %d\0" % len(data), usedforsecurity=False)
    digest.update(data)
    return digest.hexdigest()
