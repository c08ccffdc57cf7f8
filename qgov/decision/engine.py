"""What an engine is: something that answers requests, or says that it could not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Protocol, Self

from msgspec import Struct

from qgov.decision.decision import Decision
from qgov.decision.request_parts import RequestJson
from qgov.errors import QgovError
from qgov.model.access_model import AccessModel

__all__ = [
    "UNANSWERED",
    "Closing",
    "Engine",
    "EngineError",
    "EngineKind",
    "Settings",
    "decide_or_deny",
    "in_turn",
]


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

    def decide(self, requests: Sequence[RequestJson]) -> list[Decision]:
        """One decision for each request, in order. Raises EngineError."""
        ...

    def __enter__(self) -> Self:
        """Ready the engine."""
        ...

    def __exit__(self, *_: object) -> None:
        """Let it go."""
        ...


class Closing:
    """Half of an engine: a context manager that lets go at its end of what `close` lets go."""

    def close(self) -> None:
        """Let go of processes and connections; here there are none. May be called again."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def in_turn(
    answer: Callable[[RequestJson], Decision], requests: Iterable[RequestJson]
) -> list[Decision]:
    """The answers to one request after the other. Raises EngineError with those given before."""
    answered: list[Decision] = []
    try:
        for request in requests:
            answered.append(answer(request))  # noqa: PERF401 - kept when one fails
    except EngineError as error:
        raise EngineError(str(error), answered) from error
    return answered


class Settings(Struct, frozen=True):
    """What an engine may need to know of its surroundings.

    `opa` is OPA's program, `opa_url` a server that answers instead of one started here,
    `bundle_key` the PEM public key that the bundle must be signed with; `deadline_s`
    bounds one answer, in seconds.
    """

    opa: str = "opa"
    opa_url: str | None = None
    bundle_key: bytes | None = None
    deadline_s: float = 5.0


class EngineKind(Struct, frozen=True):
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
    engine: Engine, requests: Sequence[RequestJson]
) -> tuple[list[Decision], EngineError | None]:
    """The engine's decisions; from the first that it failed to give, denials and the error."""
    try:
        return engine.decide(requests), None
    except EngineError as error:
        denied = [UNANSWERED] * (len(requests) - len(error.answered))
        return [*error.answered, *denied], error
