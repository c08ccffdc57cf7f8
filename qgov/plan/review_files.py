"""Reviews as the platforms give them: GitHub's list of a pull request's reviews, GitLab's
approvals of a merge request, and who is in which group."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from qgov.errors import QgovError, under
from qgov.language.persons import folded
from qgov.plan.reviews import Review, Reviews, State

__all__ = ["MAX_BYTES", "ReviewsError", "members_of", "read_members", "read_reviews", "reviews_of"]

T = TypeVar("T")

MAX_BYTES: Final = 16 * 1024 * 1024
"""The most that is read of a file."""


class ReviewsError(QgovError):
    """A document that is not what the platform gives; the message says where and why."""


_Login = Annotated[str, StringConstraints(min_length=1, max_length=255)]
_Commit = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$")]
_Text = Annotated[str, StringConstraints(max_length=100)]


class _Json(BaseModel):
    # The platforms add fields whenever they like; those that count are read strictly.
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


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


_GITHUB: Final = TypeAdapter(list[_GitHubReview])
_GITHUB_PAGES: Final = TypeAdapter(list[list[_GitHubReview]])
_GITLAB: Final = TypeAdapter(_GitLabApprovals)
_MEMBERS: Final = TypeAdapter(
    dict[Annotated[str, StringConstraints(min_length=1, max_length=255)], list[_Login]],
    config=ConfigDict(strict=True),
)
_STATES: Final = {
    "APPROVED": State.APPROVED,
    "CHANGES_REQUESTED": State.CHANGES_REQUESTED,
    "DISMISSED": State.DISMISSED,
}
_SILENT: Final = frozenset({"COMMENTED", "PENDING"})


def reviews_of(file: Path) -> Reviews:
    """The reviews that a file holds. Raises OSError, and ReviewsError for something else."""
    return _read_file(file, read_reviews)


def members_of(file: Path) -> dict[str, frozenset[str]]:
    """Who is in which group, by a file. Raises OSError, and ReviewsError for something else."""
    return _read_file(file, read_members)


def _read_file(file: Path, reader: Callable[[bytes], T]) -> T:
    with file.open("rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    with under(f"PLAN FAILED: {file} cannot be used"):
        return reader(data)


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
        group.removeprefix("group:"): frozenset(map(folded, logins))
        for group, logins in members.items()
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
        last[folded(review.user.login)] = Review(
            review.user.login, _STATES[review.state], review.commit_id, review.submitted_at
        )
    return [last[login] for login in sorted(last)]


def _gitlab(approvals: _GitLabApprovals) -> list[Review]:
    found = {
        folded(each.user.username): Review(
            each.user.username, State.APPROVED, None, each.approved_at
        )
        for each in approvals.approved_by
    }
    return [found[login] for login in sorted(found)]
