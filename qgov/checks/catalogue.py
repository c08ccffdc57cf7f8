"""The catalogue of rules, found by looking into this folder."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from pathlib import Path

from qgov.checks.rule import Rule

__all__ = ["rules"]


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule of every concern, by code."""
    found = [
        value
        for concern in pkgutil.iter_modules([str(Path(__file__).parent)])
        if not concern.ispkg
        for value in vars(import_module(f"qgov.checks.{concern.name}")).values()
        if isinstance(value, Rule)
    ]
    return tuple(sorted(found, key=lambda rule: rule.code))
