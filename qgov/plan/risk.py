"""How dangerous a change of access is, by the first rule of a table that fits."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Final

from msgspec import Struct

from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel
from qgov.model.conditions import Conditions
from qgov.model.scope import EVERYWHERE, depth
from qgov.plan.changes import Change, Row

__all__ = ["RULES", "Risk", "RiskRule", "assess"]


class Risk(IntEnum):
    """Comparable; written in lower case."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    def __str__(self) -> str:
        return self.name.lower()


class _Seen(Struct, frozen=True):
    """What the rules look at, worked out once for a row."""

    row: Row
    gains: bool
    high_risk: bool
    production: bool
    qpu: bool
    everywhere: bool

    def dropped(self, holds: Callable[[Conditions], object]) -> bool:
        """Whether every way required it before and some way does not now."""
        before, after = self.row.before, self.row.after
        return (
            bool(before) and bool(after) and all(map(holds, before)) and not all(map(holds, after))
        )

    @property
    def standing(self) -> bool:
        return any(c.eligible is None and c.elevation is None for c in self.row.after)


class RiskRule(Struct, frozen=True):
    """A row of the table: the rule's id, the risk, the reason for people, when it fits."""

    id: str
    risk: Risk
    reason: str
    fits: Callable[[_Seen], bool]


_OVERSIGHT: Final = frozenset({"audit:read", "access:review", "policy:write", "log:read"})

RULES: Final[tuple[RiskRule, ...]] = (
    RiskRule(
        "principal-moved",
        Risk.CRITICAL,
        "somebody else counts as this principal",
        lambda s: s.row.moved is not None and s.row.moved.lets_in,
    ),
    RiskRule(
        "standing-high-risk",
        Risk.CRITICAL,
        "a high-risk permission is held all the time",
        lambda s: s.gains and s.high_risk and s.standing,
    ),
    RiskRule(
        "mfa-dropped-high-risk",
        Risk.CRITICAL,
        "a high-risk permission no longer needs a second factor",
        lambda s: s.high_risk and s.dropped(lambda c: c.mfa),
    ),
    RiskRule(
        "everywhere",
        Risk.CRITICAL,
        "the right to run jobs in every tenant",
        lambda s: s.gains and s.everywhere and CATALOGUE[s.row.permission].executes,
    ),
    RiskRule(
        "mfa-dropped",
        Risk.HIGH,
        "a second factor is no longer needed",
        lambda s: s.dropped(lambda c: c.mfa),
    ),
    RiskRule(
        "just-in-time-dropped",
        Risk.HIGH,
        "what needed an approval is held all the time",
        lambda s: s.dropped(lambda c: c.eligible or c.elevation),
    ),
    RiskRule(
        "spending-unbounded",
        Risk.HIGH,
        "paid hardware without any budget",
        lambda s: s.gains and s.qpu and any(not c.budgets for c in s.row.after),
    ),
    RiskRule(
        "approval-dropped",
        Risk.HIGH,
        "expensive jobs no longer need an approval",
        lambda s: s.qpu and s.dropped(lambda c: c.approval),
    ),
    RiskRule(
        "just-in-time-high-risk",
        Risk.HIGH,
        "a high-risk permission, just in time",
        lambda s: s.gains and s.high_risk,
    ),
    RiskRule(
        "production-qpu",
        Risk.HIGH,
        "the right to run jobs on quantum hardware in production",
        lambda s: s.gains and s.qpu and s.production,
    ),
    RiskRule(
        "device-dropped",
        Risk.HIGH,
        "production from unmanaged devices",
        lambda s: s.production and s.dropped(lambda c: c.managed_device),
    ),
    RiskRule("production", Risk.MEDIUM, "access to production", lambda s: s.gains and s.production),
    RiskRule(
        "qpu", Risk.MEDIUM, "the right to run jobs on quantum hardware", lambda s: s.gains and s.qpu
    ),
    RiskRule(
        "whole-tenant",
        Risk.MEDIUM,
        "a permission over a whole tenant or more",
        lambda s: s.gains and depth(s.row.scope) <= 1,
    ),
    RiskRule(
        "oversight-lost",
        Risk.MEDIUM,
        "somebody can no longer watch or undo",
        lambda s: s.row.change is Change.REVOKED and s.row.permission in _OVERSIGHT,
    ),
    RiskRule(
        "conditions-weaker",
        Risk.MEDIUM,
        "the same access on weaker conditions",
        lambda s: s.row.change in (Change.WIDENED, Change.CHANGED),
    ),
    RiskRule("non-production", Risk.LOW, "access outside production", lambda s: s.gains),
    RiskRule("access-reduced", Risk.LOW, "less access than before", lambda _: True),
)
"""The table, most dangerous first; the last row fits everything."""


def assess(row: Row, base: AccessModel | None, head: AccessModel | None) -> RiskRule:
    """The rule that sets a row's risk. What is production, or quantum hardware, on either
    side is treated as such: a change cannot lower its risk by calling things otherwise."""
    models = [model for model in (base, head) if model is not None]
    tiers = {
        e.tier
        for model in models
        for item in row.cells
        if (e := model.environment(item.cell.scope)) is not None
    }
    classes = {
        model.organization.backends[name].value.backend_class
        for model in models
        for name in row.backends
        if name in model.organization.backends
    }
    seen = _Seen(
        row,
        gains=row.change in (Change.GRANTED, Change.WIDENED, Change.CHANGED),
        high_risk=CATALOGUE[row.permission].high_risk,
        production="production" in tiers,
        qpu="qpu" in classes,
        everywhere=any(
            (path.elevation or path.binding).scope == EVERYWHERE
            for item in row.cells
            for path in item.head
            if path not in item.base
        ),
    )
    return next(rule for rule in RULES if rule.fits(seen))
