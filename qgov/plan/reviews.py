"""The approvals that a change needs, compared with the reviews that were given.

Reviews are the platform's own JSON: GitHub's list of a pull request's reviews, or GitLab's
approvals of a merge request. Who is in which group stands in neither, and must not stand in
the repository, where a change could put its own author into a group: it is given as a third
document, from the directory or the platform.

What counts:

- of each person the last review that says something: a comment takes nothing back;
- an approval of the very commit that is planned, where the platform names it (GitHub);
- never the author's own;
- for every group that the person is in, so that one member of two groups answers for both;
- against a group, as long as it stands: a member's request for changes, of any commit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from qgov.language.persons import folded
from qgov.model.scope import EVERYWHERE
from qgov.plan.approvers import Approver
from qgov.repository import RepositoryError, merged_by, open_repository
from qgov.repository.objects import commits

__all__ = [
    "Approvals",
    "Given",
    "Outcome",
    "Required",
    "Review",
    "Reviews",
    "State",
    "judge",
    "reviewed_commit",
]


class State(StrEnum):
    """What a review says. GitLab knows approvals alone."""

    APPROVED = "approved"
    CHANGES_REQUESTED = "changes-requested"
    DISMISSED = "dismissed"


class Outcome(StrEnum):
    """What became of a required approval; only `given` lets a change pass."""

    GIVEN = "given"
    MISSING = "missing"
    REFUSED = "refused"


class Review(Struct, frozen=True):
    """The last word of a person, by login. `commit` is what they looked at, None where the
    platform does not say; `at` is the platform's own instant, as written."""

    by: str
    state: State
    commit: str | None = None
    at: str | None = None


class Reviews(Struct, frozen=True):
    """The last word of everybody, sorted by login, on `github` or `gitlab`."""

    platform: str
    last: tuple[Review, ...]


class Given(Struct, frozen=True):
    """All that the platform says of a change: its reviews, who is in which group (logins in
    lower case), and who wrote it."""

    reviews: Reviews
    members: Mapping[str, frozenset[str]]
    author: str


class Required(Struct, frozen=True):
    """A group whose approval is needed, why, and what became of that."""

    by: str
    because: tuple[str, ...]
    outcome: Outcome
    reviews: tuple[Review, ...] = ()
    refused_by: tuple[str, ...] = ()


class Approvals(Struct, frozen=True):
    """Every required approval, and the approvals that do not count: (review, why)."""

    platform: str
    author: str
    commit: str
    required: tuple[Required, ...]
    passed_over: tuple[tuple[Review, str], ...]

    @property
    def passed(self) -> bool:
        """Whether every approval that is needed was given."""
        return all(each.outcome is Outcome.GIVEN for each in self.required)


def judge(approvals: Sequence[Approver], given: Given, commit: str) -> Approvals:
    """Every approval that a plan needs against the reviews; `commit` is what was planned."""
    counting: list[Review] = []
    passed_over: list[tuple[Review, str]] = []
    known = frozenset().union(*given.members.values())
    for review in given.reviews.last:
        if review.state is State.APPROVED and (why := _void(review, given, known, commit)):
            passed_over.append((review, why))
        else:
            counting.append(review)
    reasons: dict[str, list[str]] = defaultdict(list)
    for approval in approvals:
        reasons[approval.by].append(approval.because)
    return Approvals(
        platform=given.reviews.platform,
        author=given.author,
        commit=commit,
        required=tuple(
            _required(group, because, counting, known if group == EVERYWHERE else members)
            for group, because in reasons.items()
            for members in (given.members.get(group, frozenset()),)
        ),
        passed_over=tuple(passed_over),
    )


def _void(review: Review, given: Given, known: frozenset[str], commit: str) -> str:
    """Why an approval counts for nobody; empty when it may count."""
    if folded(review.by) == folded(given.author):
        return "by the author of the change"
    if given.reviews.platform == "github" and review.commit != commit:
        return "of another commit than the one that is planned"
    if folded(review.by) not in known:
        return "by somebody in none of the groups given"
    return ""


def _required(
    group: str, because: Sequence[str], counting: Iterable[Review], members: frozenset[str]
) -> Required:
    theirs = [review for review in counting if folded(review.by) in members]
    approved = tuple(r for r in theirs if r.state is State.APPROVED)
    refused = tuple(r.by for r in theirs if r.state is State.CHANGES_REQUESTED)
    outcome = Outcome.REFUSED if refused else Outcome.GIVEN if approved else Outcome.MISSING
    return Required(group, tuple(because), outcome, approved, refused)


def reviewed_commit(root: Path, head: str | None, reviewed: str | None) -> str:
    """The commit that was reviewed: the head of the plan, or one that the head merges. Raises
    RepositoryError when it is neither, or the head is a work tree."""
    if head is None:
        raise RepositoryError("reviews are of a commit, not of a work tree; give --head")
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
