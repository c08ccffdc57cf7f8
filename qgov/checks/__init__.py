"""Rules about the configuration: `AccessModel` → findings."""

from __future__ import annotations

from datetime import datetime
from itertools import chain

from msgspec import Struct

from qgov.checks.catalogue import rules
from qgov.checks.rule import Found, Rule
from qgov.checks.waivers import apply_waivers
from qgov.finding import Finding
from qgov.model.access_model import AccessModel

__all__ = ["Found", "Rule", "check", "judge", "rules"]


def check(model: AccessModel, now: datetime) -> list[Finding]:
    """The findings of every rule at a time (aware UTC), with waivers applied: a waived
    finding is silent, and each waiver in force is itself a finding."""
    return judge(model, now)[0]


def judge(model: AccessModel, now: datetime) -> tuple[list[Finding], list[Finding]]:
    """The same, and the findings that are silent."""
    found = (model.shared(_Judged(rule, now)) for rule in rules())
    return apply_waivers(chain.from_iterable(found), model, now)


class _Judged(Struct, frozen=True):
    """A rule at a time: it judges once what it sees alike."""

    rule: Rule
    now: datetime

    def __call__(self, model: AccessModel) -> list[Finding]:
        return self.rule.findings(model, self.now)
