"""The catalogue of rules, found by looking into this folder."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path

from qgov.checks.rule import Rule

__all__ = ["rules", "rules_by_control"]


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule of every concern, by code."""
    # Not pkgutil.iter_modules, which would also read through the folder of examples.
    files = [path for path in Path(__file__).parent.iterdir() if path.suffix == ".py"]
    found = [
        value
        for file in files
        if file.stem != "__init__"
        for value in vars(import_module(f"qgov.checks.{file.stem}")).values()
        if isinstance(value, Rule)
    ]
    return tuple(sorted(found, key=lambda rule: rule.code))


def rules_by_control() -> dict[tuple[str, str], list[Rule]]:
    """(framework, control) → the rules that serve it."""
    found: dict[tuple[str, str], list[Rule]] = {}
    for rule in rules():
        for control in rule.controls:
            framework, _, id_ = control.partition(":")
            found.setdefault((framework, id_), []).append(rule)
    return found
