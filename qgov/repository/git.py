"""Git, called as a program: `run` prints, `objects` reads; nothing else here starts it.

GitPython 3.2 would not do: it reads no repository with SHA-256 ids or reftables, believes
replaced objects, asks for one object at a time, and takes longer to import than all of a
plan's calls together (`docs/performance.md`). The tests hold it against us where it can read.

The repository's own `.git` is trusted, as git itself trusts it (`safe.directory`); its
hooks and its file-system monitor are switched off nevertheless.
"""

from __future__ import annotations

import math
import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final, NamedTuple

from msgspec import Struct

from qgov.repository.files import RepositoryError, TooMuchError, require_folder

__all__ = [
    "GitFailedError",
    "NoRepositoryError",
    "Object",
    "Repository",
    "objects",
    "open_repository",
    "run",
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

_ELSEWHERE: Final = frozenset({"GIT_COMMON_DIR", "GIT_DIR", "GIT_PREFIX", "GIT_WORK_TREE"})
"""Variables that lead git to another repository than the folder's. A hook has them set."""

_HEADER: Final = re.compile(rb"([0-9a-f]+) [a-z]+ ([0-9]+)\n")


class GitFailedError(RepositoryError):
    """A git command that failed, with git's own reason; `status` is its exit status."""

    def __init__(self, command: str, status: int, said: bytes) -> None:
        lines = said.decode(errors="replace").strip().splitlines()
        fatal = [line for line in lines if line.startswith("fatal: ")]
        self.reason = (fatal or lines or [f"status {status}"])[0].removeprefix("fatal: ")
        self.status = status
        super().__init__(f"git {command} failed: {self.reason}")


class NoRepositoryError(RepositoryError):
    """There is no git repository, or no git to read it with."""


class Object(NamedTuple):
    """An object of the repository."""

    id: str
    data: bytes


class Repository(Struct, frozen=True):
    """Where a repository lies. `work_tree` is None for a bare one; `object_format` is the hash
    of its ids, `sha1` or `sha256`."""

    git_dir: Path
    common_dir: Path
    work_tree: Path | None
    object_format: str


def open_repository(root: Path) -> Repository:
    """The git repository that holds `root`. Raises NoRepositoryError when there is none,
    GitFailedError when git refuses to read it."""
    try:
        require_folder(root)
        printed = _run(
            root.absolute(),
            "rev-parse",
            "--show-object-format",
            "--is-bare-repository",
            "--is-inside-work-tree",
            "--show-prefix",
            "--absolute-git-dir",
            "--git-common-dir",
        )
    except GitFailedError as error:
        if error.reason.startswith("not a git repository"):
            raise NoRepositoryError(
                f"{root} is not in a git repository; run git init, or give another --root"
            ) from error
        raise
    lines = os.fsdecode(printed).split("\n")[:-1]
    if len(lines) != 6:
        raise RepositoryError(f"the path of the repository that holds {root} has a line break")
    object_format, bare, inside, prefix, git_dir, common_dir = lines
    work_tree: Path | None = Path(git_dir).parent
    if bare == "true":
        work_tree = None
    elif inside == "true":
        # Where `core.worktree` has the files elsewhere, they are read below the root all the same.
        work_tree = Path(root.resolve(), *[".."] * prefix.count("/")).resolve()
    return Repository(Path(git_dir), root.absolute() / common_dir, work_tree, object_format)


def run(repository: Repository, *arguments: str) -> bytes:
    """What a git command prints. Raises GitFailedError."""
    return _run(repository.work_tree or repository.git_dir, *arguments)


def objects(
    repository: Repository, names: Sequence[str], most_bytes: float = math.inf
) -> list[Object | None]:
    """The objects of these names (ids, refs, `main^{tree}`), None for each that there is not,
    in one process. Raises GitFailedError when git cannot tell, TooMuchError for more than
    `most_bytes` together."""
    if not names:
        return []
    # A line is a name. None that git knows has a line break in it, or ends at a NUL.
    lines = [name if {"\n", "\0"}.isdisjoint(name) else "" for name in names]
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as said:
        asked.write(os.fsencode("".join(f"{line}\n" for line in lines)))
        asked.seek(0)
        with _started(
            repository.work_tree or repository.git_dir,
            ("cat-file", "--batch", "--buffer"),
            stdin=asked,
            stderr=said,
        ) as process:
            assert process.stdout is not None
            found = _answers(process.stdout, len(lines), most_bytes)
        if len(found) < len(lines):
            said.seek(0)
            raise GitFailedError("cat-file", process.returncode, said.read())
    return found


def _answers(stream: IO[bytes], count: int, most_bytes: float) -> list[Object | None]:
    """What `cat-file --batch` answers: fewer than `count` where it gave up."""
    found: list[Object | None] = []
    while len(found) < count and (line := stream.readline()):
        header = _HEADER.fullmatch(line)
        if header is None:
            found.append(None)
            continue
        size = int(header[2])
        most_bytes -= size
        if most_bytes < 0:
            raise TooMuchError
        data = stream.read(size)
        if stream.read(1) != b"\n":
            break
        found.append(Object(header[1].decode(), data))
    return found


def _run(folder: Path, *arguments: str) -> bytes:
    with _started(folder, arguments, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        printed, said = process.communicate()
    if process.returncode:
        raise GitFailedError(arguments[0], process.returncode, said)
    return printed


def _started(
    folder: Path, arguments: Sequence[str], stdin: int | IO[bytes], stderr: int | IO[bytes]
) -> subprocess.Popen[bytes]:
    user = os.environ  # noqa: TID251 - what git is to do as its user says
    kept = {name: value for name, value in user.items() if name not in _ELSEWHERE}
    try:
        return subprocess.Popen(  # noqa: S603 - no shell, and arguments of our own
            ["git", "-C", str(folder), *_SAFELY, *arguments],  # noqa: S607 - the user's git
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env={**kept, "LC_ALL": "C"},
        )
    except OSError as error:
        raise NoRepositoryError("the program `git` is needed and was not found") from error
