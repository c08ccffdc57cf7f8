"""What is asked of an evaluator of a cloud's own policies, and what it answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

__all__ = ["FULL", "Answer", "Policy", "Question", "Request"]

Policy = tuple[Mapping[str, Any], ...]
"""The statements of a policy document."""

FULL: Final[Policy] = ({"Effect": "Allow", "Action": "*", "Resource": "*"},)
"""What an administrator has, and what an organization allows where it denies nothing."""


class Request(Struct, frozen=True):
    """One call to the cloud: who does what to which resource, in whose account. `identity` are
    the policies of who asks, `guard` those of the organization, `trust` that of the resource.
    `context` is what the cloud knows besides, as its condition keys."""

    principal: str
    action: str
    resource: str
    account: str
    context: Mapping[str, str]
    identity: tuple[Policy, ...]
    guard: tuple[Policy, ...] = ()
    trust: Policy | None = None


class Question(Struct, frozen=True):
    """Something that is possible when every request of one of its `ways` is allowed; without a
    way it is not. `expect` is what the documents say. `row` and `column` are its place in a
    matrix, empty for what is a near miss."""

    name: str
    expect: bool
    ways: tuple[tuple[Request, ...], ...]
    row: str = ""
    column: str = ""


class Answer(Struct, frozen=True):
    """A question with what the evaluator says is possible."""

    question: Question
    allowed: bool

    @property
    def passed(self) -> bool:
        """Whether the cloud does what the documents say."""
        return self.allowed == self.question.expect
