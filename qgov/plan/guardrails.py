"""Guardrails of the organization, judged over the accesses of the head.

Those of the base are judged too, even when the change removes them: a change cannot take
away the guardrail that it runs into.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from qgov.checks.guardrails import covered, satisfies, told
from qgov.language.kinds.guardrail import Guardrail
from qgov.model.access_model import AccessModel

__all__ = ["GuardrailResult", "guardrails"]


class GuardrailResult(Struct, frozen=True):
    """A guardrail and whether it holds; None where only tenants that were not loaded could
    tell. `removed` says that the change takes it away; `broken_by` is one access."""

    kind: str
    name: str
    holds: bool | None
    removed: bool
    broken_by: str = ""


def guardrails(
    base: AccessModel | None, head: AccessModel | None, now: datetime, *, whole: bool
) -> list[GuardrailResult]:
    """Every guardrail of either side, judged on the head; those that the base broke
    already and the change removes are left out."""
    if head is None:
        return []
    kept = list(_rails(head))
    found = [_judge(head, kind, rail, now, whole, removed=False) for kind, rail in kept]
    for kind, rail in _rails(base) if base else ():
        if (kind, rail) in kept or base is None:
            continue
        if _judge(base, kind, rail, now, whole, removed=True).holds is not False:
            found.append(_judge(head, kind, rail, now, whole, removed=True))
    return sorted(found, key=lambda r: (r.kind, r.name, r.removed))


def _rails(model: AccessModel) -> Iterator[tuple[str, Guardrail]]:
    for kind, facts in (("always", model.organization.always), ("never", model.organization.never)):
        for fact in facts:
            yield kind, fact.value


def _judge(
    model: AccessModel, kind: str, rail: Guardrail, now: datetime, whole: bool, *, removed: bool
) -> GuardrailResult:
    matching = covered(model, rail, now)
    if kind == "never":
        example = told(min(matching)) if matching else ""
        return GuardrailResult(kind, rail.name, not matching, removed, example)
    holds = True if satisfies(matching, rail) else False if whole else None
    return GuardrailResult(kind, rail.name, holds, removed)
