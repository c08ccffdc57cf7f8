"""What `qgov conform` proved, as a matrix of roles and backends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from qgov.conformance.report import failed
from qgov.render.conformance import tallies

__all__ = ["ProofView", "proof_of", "said"]

MOST_ROLES: Final = 60
MOST_BACKENDS: Final = 30
MOST_SAID: Final = 300

Tally = Mapping[str, int]
"""Submissions of one role to one backend that `ran`, were `refused`, or `failed`."""


class ProofView(Struct, frozen=True):
    """A run of conformance. `rows` are roles with a tally for each backend, or None; `left`
    counts the roles and backends besides. `failures` are its cases, the worst first."""

    passed: bool
    document: Mapping[str, Any]
    backends: Sequence[str]
    rows: tuple[tuple[str, tuple[Tally | None, ...]], ...]
    left: int
    failures: Sequence[Mapping[str, Any]]


def proof_of(document: Mapping[str, Any]) -> ProofView:
    """The view of a `qgov/conformance/v1` document."""
    tally_of = tallies(document)
    every_backend, every_role = document["matrix"]["backends"], document["matrix"]["roles"]
    backends, roles = every_backend[:MOST_BACKENDS], every_role[:MOST_ROLES]
    wrong = [case for case in document["cases"] if case["result"] == "failed"]
    # What was allowed and should not have been is the worst.
    wrong.sort(key=lambda c: (not c["decision"]["allow"], not c["submitted"], c["id"], c["engine"]))
    return ProofView(
        passed=not failed(document),
        document=document,
        backends=backends,
        rows=tuple((role, tuple(tally_of.get((role, b)) for b in backends)) for role in roles),
        left=len(every_backend) - len(backends) + len(every_role) - len(roles),
        failures=wrong,
    )


def said(value: object) -> str:
    """A value that a case or the bundle has, in words."""
    text = "nothing" if value is None else str(value)
    return text if len(text) <= MOST_SAID else f"{text[:MOST_SAID]}…"
