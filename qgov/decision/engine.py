"""What an engine is: something that answers requests, or says that it could not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Protocol, Self

from qgov.decision.request import Decision, Request
from qgov.errors import QgovError
from qgov.model.access_model import AccessModel

__all__ = ["UNANSWERED", "Engine", "EngineError", "EngineKind", "Settings", "decide_or_deny"]


class EngineError(QgovError):
    """An engine crashed, ran out of time or answered nonsense.

    `answered` are the decisions that it had given before, in the order of the requests.
    Whoever asked on behalf of a job treats the rest as denied (`decide_or_deny`).
    """

    def __init__(self, message: str, answered: Sequence[Decision] = ()) -> None:
        super().__init__(message)
        self.answered = tuple(answered)


class Engine(Protocol):
    """A policy engine with a policy in it. Use it as a context manager."""

    @property
    def name(self) -> str:
        """What it is called on the command line."""
        ...

    def decide(self, requests: Sequence[Request]) -> list[Decision]:
        """One decision for each request, in order. Raises EngineError."""
        ...

    def __enter__(self) -> Self:
        """Ready the engine."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let it go."""
        ...


@dataclass(frozen=True, slots=True)
class Settings:
    """What an engine may need to know of its surroundings.

    `opa` is OPA's program, `opa_url` a server that answers instead of one started here,
    `bundle_key` the PEM public key that the bundle must be signed with; `deadline_s`
    bounds one answer, in seconds.
    """

    opa: str = "opa"
    opa_url: str | None = None
    bundle_key: bytes | None = None
    deadline_s: float = 5.0


@dataclass(frozen=True, slots=True)
class EngineKind:
    """An engine that can be started: each is one file of `engines/` that ends in `ENGINE`.

    `start` gets the model, of which only the reference makes use, and the compiled
    artifacts by path, of which it reads those in `needs`. Raises EngineError.
    """

    name: str
    start: Callable[[AccessModel, Mapping[str, bytes], Settings], Engine]
    needs: tuple[str, ...] = ()


UNANSWERED: Final = Decision(
    allow=False,
    reasons=("context-missing",),
    obligations={"queue": None, "audit_stream": "admin", "retention": {}, "budgets": []},
)
"""The decision where there is none: what a decision needs was missing, hence denied."""


def decide_or_deny(
    engine: Engine, requests: Sequence[Request]
) -> tuple[list[Decision], EngineError | None]:
    """The engine's decisions; from the first that it failed to give, denials and the error."""
    try:
        return engine.decide(requests), None
    except EngineError as error:
        denied = [UNANSWERED] * (len(requests) - len(error.answered))
        return [*error.answered, *denied], error
