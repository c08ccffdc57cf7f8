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
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from qgov.model.principal import is_group, name_of
from qgov.model.scope import EVERYWHERE
from qgov.plan.approvals import Approver

__all__ = [
    "MAX_BYTES",
    "Approvals",
    "Given",
    "Outcome",
    "Required",
    "Review",
    "Reviews",
    "ReviewsError",
    "State",
    "judge",
    "read_members",
    "read_reviews",
]

MAX_BYTES: Final = 16 * 1024 * 1024
"""The most that is read of a file."""


class ReviewsError(ValueError):
    """A document that is not what the platform gives; the message says where and why."""


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


@dataclass(frozen=True, slots=True)
class Review:
    """The last word of a person, by login. `commit` is what they looked at, None where the
    platform does not say; `at` is the platform's own instant, as written."""

    by: str
    state: State
    commit: str | None = None
    at: str | None = None


@dataclass(frozen=True, slots=True)
class Reviews:
    """The last word of everybody, sorted by login, on `github` or `gitlab`."""

    platform: str
    last: tuple[Review, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """All that the platform says of a change: its reviews, who is in which group (logins in
    lower case), and who wrote it."""

    reviews: Reviews
    members: Mapping[str, frozenset[str]]
    author: str


@dataclass(frozen=True, slots=True)
class Required:
    """A group whose approval is needed, why, and what became of that."""

    by: str
    because: tuple[str, ...]
    outcome: Outcome
    reviews: tuple[Review, ...] = ()
    refused_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Approvals:
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


# ------------------------------------------------------------------------ the platforms' JSON

_Login = Annotated[str, StringConstraints(min_length=1, max_length=255)]
_Commit = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$")]
_Text = Annotated[str, StringConstraints(max_length=100)]


class _Json(BaseModel):
    # The platforms add fields whenever they like; those that count are read strictly.
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, defer_build=True)


class _GitHubUser(_Json):
    login: _Login


class _GitHubReview(_Json):
    id: Annotated[int, Field(ge=0)]
    user: _GitHubUser | None  # null: the account is gone
    state: _Text
    commit_id: _Commit | None = None
    submitted_at: _Text | None = None


class _GitLabUser(_Json):
    username: _Login


class _GitLabApproval(_Json):
    user: _GitLabUser
    approved_at: _Text | None = None


class _GitLabApprovals(_Json):
    approved_by: list[_GitLabApproval]


_LATER: Final = ConfigDict(strict=True, defer_build=True)  # most plans read no reviews
_GITHUB: Final = TypeAdapter(list[_GitHubReview], config=_LATER)
_GITHUB_PAGES: Final = TypeAdapter(list[list[_GitHubReview]], config=_LATER)
_GITLAB: Final = TypeAdapter(_GitLabApprovals)
_MEMBERS: Final = TypeAdapter(
    dict[Annotated[str, StringConstraints(min_length=1, max_length=255)], list[_Login]],
    config=_LATER,
)
_STATES: Final = {
    "APPROVED": State.APPROVED,
    "CHANGES_REQUESTED": State.CHANGES_REQUESTED,
    "DISMISSED": State.DISMISSED,
}
_SILENT: Final = frozenset({"COMMENTED", "PENDING"})


def read_reviews(data: bytes) -> Reviews:
    """The reviews that a platform's answer holds.

    `data` is GitHub's `GET /repos/{owner}/{repo}/pulls/{number}/reviews` (an array, or an
    array of its pages) or GitLab's `GET /projects/{id}/merge_requests/{iid}/approvals` (an
    object). Raises ReviewsError for anything else.
    """
    start = data.lstrip()
    if start.startswith(b"{"):
        return Reviews("gitlab", tuple(_gitlab(_read(_GITLAB, data, "GitLab's approvals"))))
    if not start.startswith(b"["):
        raise ReviewsError("neither GitHub's array of reviews nor GitLab's object of approvals")
    if start[1:].lstrip().startswith(b"["):
        pages = _read(_GITHUB_PAGES, data, "pages of GitHub's reviews")
        reviews = [review for page in pages for review in page]
    else:
        reviews = _read(_GITHUB, data, "GitHub's reviews")
    return Reviews("github", tuple(_github(reviews)))


def read_members(data: bytes) -> dict[str, frozenset[str]]:
    """Group → the logins of its members, in lower case, as platforms compare them.

    `data` is a JSON object of arrays. Raises ReviewsError for anything else.
    """
    members = _read(_MEMBERS, data, "an object of groups, each an array of logins")
    return {
        name_of(who) if is_group(who) else who: frozenset(login.casefold() for login in logins)
        for who, logins in members.items()
    }


def _read(shape: TypeAdapter[Any], data: bytes, what: str) -> Any:
    if len(data) > MAX_BYTES:
        raise ReviewsError(f"more than {MAX_BYTES:,} bytes")
    try:
        return shape.validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in first["loc"])
        at = f" at {where.lstrip('.')[:100]}" if where else ""
        raise ReviewsError(f"not {what}{at}: {first['msg']}") from error


def _github(reviews: Iterable[_GitHubReview]) -> list[Review]:
    last: dict[str, Review] = {}
    # Ids grow with time; the order of the pages is the caller's.
    for review in sorted(reviews, key=lambda r: r.id):
        if review.user is None or review.state in _SILENT:
            continue
        if review.state not in _STATES:
            raise ReviewsError(f"review {review.id} is in a state that is not known")
        last[review.user.login.casefold()] = Review(
            review.user.login, _STATES[review.state], review.commit_id, review.submitted_at
        )
    return [last[login] for login in sorted(last)]


def _gitlab(approvals: _GitLabApprovals) -> list[Review]:
    found = {
        each.user.username.casefold(): Review(
            each.user.username, State.APPROVED, None, each.approved_at
        )
        for each in approvals.approved_by
    }
    return [found[login] for login in sorted(found)]


# ------------------------------------------------------------------------------- the judgment


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
    if review.by.casefold() == given.author.casefold():
        return "by the author of the change"
    if given.reviews.platform == "github" and review.commit != commit:
        return "of another commit than the one that is planned"
    if review.by.casefold() not in known:
        return "by somebody in none of the groups given"
    return ""


def _required(
    group: str, because: Sequence[str], counting: Iterable[Review], members: frozenset[str]
) -> Required:
    theirs = [review for review in counting if review.by.casefold() in members]
    approved = tuple(r for r in theirs if r.state is State.APPROVED)
    refused = tuple(r.by for r in theirs if r.state is State.CHANGES_REQUESTED)
    outcome = Outcome.REFUSED if refused else Outcome.GIVEN if approved else Outcome.MISSING
    return Required(group, tuple(because), outcome, approved, refused)
