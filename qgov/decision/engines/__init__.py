"""The engines that can answer requests, found by looking into this folder."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from qgov.decision.engine import EngineKind

__all__ = ["engines"]


@cache
def engines() -> dict[str, EngineKind]:
    """Every engine by name, sorted. None of them imports its policy engine before it starts."""
    found: dict[str, EngineKind] = {}
    for module in pkgutil.iter_modules(__path__):
        kind: EngineKind = import_module(f"{__name__}.{module.name}").ENGINE
        found[kind.name] = kind
    return dict(sorted(found.items()))
