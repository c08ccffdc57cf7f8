"""Rules about the configuration, found by looking into this folder."""

from __future__ import annotations

import pkgutil
from datetime import datetime
from functools import cache
from importlib import import_module

from qgov.checks.rule import Found, Rule
from qgov.checks.waivers import apply_waivers
from qgov.finding import Finding
from qgov.model.access_model import AccessModel

__all__ = ["Found", "Rule", "check", "rules"]

_NOT_CONCERNS = frozenset({"controls", "facts", "guide", "rule", "waivers"})


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, by code."""
    found = [
        rule
        for module in pkgutil.iter_modules(__path__)
        if module.name not in _NOT_CONCERNS
        for rule in import_module(f"{__name__}.{module.name}").RULES
    ]
    return tuple(sorted(found, key=lambda rule: rule.code))


def check(model: AccessModel, now: datetime) -> list[Finding]:
    """The findings of every rule at a time (aware UTC), with waivers applied: a waived
    finding is silent, and each waiver in force is itself a finding."""
    findings = [finding for rule in rules() for finding in rule.findings(model, now)]
    return apply_waivers(findings, model, now)
