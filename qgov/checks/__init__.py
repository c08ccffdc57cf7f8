"""Rules about the configuration: `AccessModel` → findings."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import zip_longest

from msgspec import Struct

from qgov.beside import beside
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
    """The same, and the findings that are silent. Of many documents every other rule judges beside
    this process."""
    judged = [_Judged(rule, now) for rule in rules()]
    with beside(lambda: _found(model, judged[1::2]), documents=len(model.documents)) as (others,):
        pairs = zip_longest(_found(model, judged[::2]), others(), fillvalue=())
        found = [finding for pair in pairs for each in pair for finding in each]
    return apply_waivers(found, model, now)


def _found(model: AccessModel, judged: Iterable[_Judged]) -> list[list[Finding]]:
    return [model.shared(rule) for rule in judged]


class _Judged(Struct, frozen=True):
    """A rule at a time: it judges once what it sees alike."""

    rule: Rule
    now: datetime

    def __call__(self, model: AccessModel) -> list[Finding]:
        return self.rule.findings(model, self.now)
