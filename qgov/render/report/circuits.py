"""What `qgov conform` proved, as a matrix of roles and backends."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from qgov.conformance.report import failed

__all__ = ["Proof", "Tally", "proof_of"]

MOST_FAILURES: Final = 20
MOST_DIFFERENCES: Final = 20
MOST_ROLES: Final = 60
MOST_BACKENDS: Final = 30
MOST_SAID: Final = 300


@dataclass(frozen=True, slots=True)
class Tally:
    """Submissions of one role to one backend."""

    ran: int
    refused: int
    failed: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A case that was not as the documents say."""

    where: str
    id: str
    name: str
    problems: tuple[str, ...]
    engine: str
    origin: str


@dataclass(frozen=True, slots=True)
class Proof:
    """A run of conformance. `rows` are roles with a tally for each backend, or None."""

    passed: bool
    cases: int
    wrong: int
    ran: int
    refused: int
    engine: str
    revision: str
    backends: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Tally | None, ...]], ...]
    left: int
    failures: tuple[Failure, ...]
    more_failures: int
    differences: tuple[tuple[str, str, str], ...]
    more_differences: int


def proof_of(document: Mapping[str, Any]) -> Proof:
    """The view of a `qgov/conformance/v1` document."""
    summary, matrix = document["summary"], document["matrix"]
    tallies = _tallies(document)
    backends = tuple(matrix["backends"][:MOST_BACKENDS])
    roles = matrix["roles"][:MOST_ROLES]
    wrong = [case for case in document["cases"] if case["result"] == "failed"]
    # What was allowed and should not have been is the worst.
    wrong.sort(key=lambda c: (not c["decision"]["allow"], not c["submitted"], c["id"], c["engine"]))
    differences = document["bundle"]["differences"]
    return Proof(
        passed=not failed(document),
        cases=summary["passed"] + summary["failed"],
        wrong=summary["failed"],
        ran=summary["submitted"] - summary["refused"],
        refused=summary["refused"],
        engine=document["engine"],
        revision=document["revision"],
        backends=backends,
        rows=tuple((role, tuple(tallies.get((role, b)) for b in backends)) for role in roles),
        left=len(matrix["backends"]) - len(backends) + len(matrix["roles"]) - len(roles),
        failures=tuple(map(_failure, wrong[:MOST_FAILURES])),
        more_failures=len(wrong[MOST_FAILURES:]),
        differences=tuple(
            (d["place"], _said(d["documents"]), _said(d["bundle"]))
            for d in differences[:MOST_DIFFERENCES]
        ),
        more_differences=len(differences[MOST_DIFFERENCES:]),
    )


def _tallies(document: Mapping[str, Any]) -> dict[tuple[str, str], Tally]:
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for case in document["cases"]:
        if case["submitted"]:
            how = "ran" if case["decision"]["allow"] else "refused"
            counts[case["role"], case["backend"]][
                how if case["result"] == "passed" else "failed"
            ] += 1
    return {key: Tally(n["ran"], n["refused"], n["failed"]) for key, n in counts.items()}


def _failure(case: Mapping[str, Any]) -> Failure:
    return Failure(
        f"{case['role'] or case['principal'] or 'nobody'} on {case['scope']}",
        case["id"],
        case["name"],
        tuple(_said(problem) for problem in case["problems"]),
        case["engine"],
        case["origin"],
    )


def _said(value: object) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= MOST_SAID else f"{text[:MOST_SAID]}…"
