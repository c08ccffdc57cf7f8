"""`--reviews`: the approvals that a plan needs against those that were given."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from qgov.cli.common import GATE, say

if TYPE_CHECKING:
    from qgov.plan.plan import Plan
    from qgov.plan.reviews import Approvals, Given

__all__ = [
    "AuthorLogin",
    "MembersFile",
    "RecordFile",
    "ReviewedCommit",
    "ReviewsFile",
    "decided",
    "given_of",
    "judged_of",
]

T = TypeVar("T")

ReviewsFile = Annotated[
    Path | None,
    typer.Option(
        "--reviews",
        metavar="FILE",
        help="The reviews given, as GitHub's or GitLab's JSON: exit 3 while an approval is "
        "missing.",
    ),
]
MembersFile = Annotated[
    Path | None,
    typer.Option(
        "--members",
        metavar="FILE",
        help="Who is in which group, for --reviews: JSON, {group: [login, …]}.",
    ),
]
AuthorLogin = Annotated[
    str | None,
    typer.Option(
        "--author-login",
        metavar="LOGIN",
        show_default="--author",
        help="The author's login, whose own approval never counts.",
    ),
]
ReviewedCommit = Annotated[
    str | None,
    typer.Option(
        "--reviewed",
        metavar="COMMIT",
        show_default="the head",
        help="What was reviewed, where the head is its merge.",
    ),
]
RecordFile = Annotated[
    Path | None,
    typer.Option("--record", metavar="FILE", help="Write who approved what to a file (JSON)."),
]


def given_of(
    reviews: Path | None, members: Path | None, author: str | None, record: Path | None = None
) -> tuple[Given | None, bool]:
    """What the files say, and whether there is something wrong with one, which is then on
    standard error. Raises typer.BadParameter for options that need others, OSError for a
    file that cannot be read."""
    from qgov.plan.reviews import Given, read_members, read_reviews

    if reviews is None:
        for path, option in ((members, "--members"), (record, "--record")):
            if path is not None:
                raise typer.BadParameter("give the reviews as well", param_hint=option)
        return None, False
    if members is None:
        raise typer.BadParameter("say who is in which group with --members", param_hint="--reviews")
    if author is None or not author.strip():
        raise typer.BadParameter(
            "say who wrote the change with --author-login: their own approval does not count",
            param_hint="--reviews",
        )
    said, known = _read(reviews, read_reviews), _read(members, read_members)
    if said is None or known is None:
        return None, True
    return Given(said, known, author.strip()), False


def _read(file: Path, reader: Callable[[bytes], T]) -> T | None:
    from qgov.plan.reviews import MAX_BYTES, ReviewsError
    from qgov.render.text import plain

    with file.open("rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    try:
        return reader(data)
    except ReviewsError as error:
        say(f"PLAN FAILED: {plain(str(file))} cannot be used\nerror: {plain(str(error))}")
        return None


def judged_of(
    found: Plan, given: Given | None, root: Path, reviewed: str | None
) -> Approvals | None:
    """The approvals that the plan needs, judged; None without reviews. Raises RepositoryError
    when it is not known which commit was reviewed."""
    from qgov.plan.reviews import judge
    from qgov.repository import RepositoryError

    if given is None:
        if reviewed is not None:
            raise typer.BadParameter("give the reviews as well", param_hint="--reviewed")
        return None
    if found.head.commit is None:
        raise RepositoryError("reviews are of a commit, not of a work tree; give --head")
    return judge(found.approvals, given, _commit(root, found.head.commit, reviewed))


def _commit(root: Path, head: str, reviewed: str | None) -> str:
    """The reviewed commit: the head, or one that it merges."""
    from qgov.repository import RepositoryError, merged_by, open_repository
    from qgov.repository.objects import commits

    if reviewed is None:
        return head
    repository = open_repository(root)
    (commit,) = commits(repository, [reviewed])
    if commit is None or commit.id not in merged_by(repository, head):
        raise RepositoryError(
            f"--reviewed {reviewed} is neither the head ({head[:12]}) nor merged by it; "
            "plan what was reviewed"
        )
    return commit.id


def decided(
    status: int,
    found: Plan,
    judged: Approvals | None,
    record: Path | None,
    fail_on: str | None,
    evidence: str | None = None,
) -> int:
    """Say which approvals there are on standard error, write the record, and return the exit
    status: that of the plan, or of a gate. `evidence` is the digest of the pack, where one was
    written. Raises RepositoryError when the record cannot be written."""
    from qgov.plan.risk import Risk
    from qgov.render.decision_record import as_record, as_text

    if judged is None:
        return status
    if record is not None:
        most = Risk[fail_on.upper()] if fail_on else None
        _put(record, as_record(found, judged, most, evidence))
    say(as_text(judged).rstrip())
    return status if judged.passed or status == 1 else GATE


def _put(file: Path, text: str) -> None:
    """The whole file or nothing, in one step."""
    from qgov.repository import RepositoryError

    name = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(text.encode(errors="backslashreplace"))
        fresh = Path(name)
        fresh.chmod(0o644)
        fresh.replace(file)
    except OSError as error:
        raise RepositoryError(f"cannot write {file}: {error.strerror}") from error
    finally:
        # Gone already where it took its place.
        if name is not None:
            Path(name).unlink(missing_ok=True)
