"""`--reviews`: the approvals that a plan needs against those that were given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from qgov.cli.common import together
from qgov.cli.streams import say
from qgov.lazy import lazy
from qgov.plan.plan import Plan
from qgov.plan.reviews import Approvals, Given, Reviews, judge, reviewed_commit
from qgov.plan.risk import Risk
from qgov.repository import RepositoryError

__all__ = [
    "AuthorLogin",
    "MembersFile",
    "RecordFile",
    "ReviewedCommit",
    "ReviewsFile",
    "given_of",
    "judged_of",
    "tell",
]

_reviews_of: Callable[[Path], Reviews] = lazy("qgov.plan.review_files:reviews_of")
_members_of: Callable[[Path], dict[str, frozenset[str]]] = lazy("qgov.plan.review_files:members_of")
_as_record: Callable[[Plan, Approvals, Risk | None, str | None], str] = lazy(
    "qgov.render.decision_record:as_record"
)
_put_file: Callable[[Path, bytes], None] = lazy("qgov.output.one_file:put_file")
_as_text: Callable[[Approvals], str] = lazy("qgov.render.decision_record:as_text")

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
) -> Given | None:
    """What the files say; None without reviews. Raises QgovError for options that need
    others, and for all that cannot be read of the files."""
    if reviews is None:
        for path, option in ((members, "--members"), (record, "--record")):
            if path is not None:
                raise typer.BadParameter("give the reviews as well", param_hint=option)
        return None
    with together() as each:
        with each():
            given = _reviews_of(reviews)
        with each():
            if members is None:
                raise typer.BadParameter(
                    "say who is in which group with --members", param_hint="--reviews"
                )
            known = _members_of(members)
        with each():
            if author is None or not author.strip():
                raise typer.BadParameter(
                    "say who wrote the change with --author-login: their own approval does not "
                    "count",
                    param_hint="--reviews",
                )
            login = author.strip()
    return Given(given, known, login)


def judged_of(
    found: Plan, given: Given | None, root: Path, reviewed: str | None
) -> Approvals | None:
    """The approvals that the plan needs, judged; None without reviews. Raises RepositoryError
    when it is not known which commit was reviewed."""
    if given is None:
        if reviewed is not None:
            raise typer.BadParameter("give the reviews as well", param_hint="--reviewed")
        return None
    return judge(found.approvals, given, reviewed_commit(root, found.head.commit, reviewed))


def tell(
    found: Plan, judged: Approvals, fail_on: Risk | None, record: Path | None, evidence: str | None
) -> None:
    """Say which approvals there are on standard error, and write the record. `evidence` is
    the digest of the pack, where one was written. Raises RepositoryError when the record
    cannot be written."""
    if record is not None:
        text = _as_record(found, judged, fail_on, evidence)
        try:
            _put_file(record, text.encode(errors="backslashreplace"))
        except OSError as error:
            raise RepositoryError(f"cannot write {record}: {error.strerror}") from error
    say(_as_text(judged).rstrip())
