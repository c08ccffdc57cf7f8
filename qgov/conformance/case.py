"""What a case is, what became of it, and when that is what was expected."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, NamedTuple

from msgspec import Struct

from qgov.decision.decision import Decision
from qgov.decision.reference import decide
from qgov.model.access_model import AccessModel
from qgov.records import replace

__all__ = [
    "Assertion",
    "Case",
    "Jobs",
    "Result",
    "Submission",
    "problems_with",
    "shard_of",
    "specified",
]

Verdict = Literal["allow", "deny"]


class Assertion(NamedTuple):
    """What a case's name asserts, so that the specification can contradict it: it denies for
    `denies`, or at least not for `spares`. Both empty: it allows."""

    denies: str = ""
    spares: str = ""


class Submission(NamedTuple):
    """A case that runs through the gateway: a circuit for the backend, by this role."""

    role: str
    backend: str
    repetitions: int
    width: int


class Case(Struct, frozen=True):
    """A request and the decision that the documents ask for.

    `origin` is the line that the case comes from, `PATH:LINE`. All `reasons` must be given and,
    when `exact`, no others. `contradiction` says how the specification disagrees with the case's
    name: a bug in qgov, no matter what an engine answers.
    """

    id: str
    name: str
    request: Mapping[str, Any]
    expect: Verdict
    reasons: tuple[str, ...] = ()
    source: str = "derived"
    role: str = ""
    scope: str = ""
    backend: str = ""
    principal: str = ""
    origin: str = ""
    exact: bool = True
    contradiction: str = ""
    submission: Submission | None = None
    one_by_one: tuple[str, ...] = ()
    """Groups that the request names all at once; which of them is at fault is asked
    afterwards."""


class Jobs(NamedTuple):
    """How many jobs the device's engine listed before and after."""

    before: int
    after: int


class Result(Struct, frozen=True):
    """A case and what an engine made of it; `problems` is empty when it passed.

    For a case that was submitted: the circuit's digest, what was measured, the engine's
    jobs and the audit events by their ids.
    """

    case: Case
    engine: str
    decision: Decision
    problems: tuple[str, ...] = ()
    circuit_sha256: str | None = None
    histogram: Mapping[str, int] | None = None
    jobs: Jobs | None = None
    audit: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether it is as expected."""
        return not self.problems


def specified(model: AccessModel, case: Case, assertion: Assertion) -> Case:
    """The case with the specification's decision as its expectation."""
    decision = decide(model, case.request)
    return replace(
        case,
        expect="allow" if decision.allow else "deny",
        reasons=decision.reasons,
        contradiction=_contradiction(decision, assertion),
    )


def _contradiction(decision: Decision, assertion: Assertion) -> str:
    said = "allows it" if decision.allow else f"denies it for {', '.join(decision.reasons)}"
    if assertion.denies and assertion.denies not in decision.reasons:
        return f"the specification {said}, the documents deny it for {assertion.denies}"
    if assertion.spares and assertion.spares in decision.reasons:
        return f"the specification {said}, the documents do not"
    if assertion == Assertion() and not decision.allow:
        return f"the specification {said}, the documents allow it"
    return ""


def problems_with(case: Case, decision: Decision) -> tuple[str, ...]:
    """What is wrong with a decision."""
    found = []
    if case.contradiction:
        found.append(f"a bug of qgov: {case.contradiction}")
    expected, given = set(case.reasons), set(decision.reasons)
    if decision.allow != (case.expect == "allow"):
        found.append(f"expected {_said(case.expect, case.reasons)}, got {_decided(decision)}")
    elif not expected <= given or (case.exact and expected != given):
        found.append(
            f"denied, but for {', '.join(decision.reasons)} instead of {', '.join(case.reasons)}"
        )
    return tuple(found)


def _decided(decision: Decision) -> str:
    return _said("allow" if decision.allow else "deny", decision.reasons)


def _said(verdict: str, reasons: Iterable[str]) -> str:
    return f"{verdict} ({listed})" if (listed := ", ".join(reasons)) else verdict


_SHARDS: Final = 1 << 32


def shard_of(case_id: str, of: int) -> int:
    """Which of the shards 1 to `of` a case is in, by its id alone."""
    digest = hashlib.sha256(case_id.encode()).digest()
    return int.from_bytes(digest[:4]) * of // _SHARDS + 1
