"""The systems that can be read, found by looking into this folder."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from qgov.drift.observer import Observer
from qgov.errors import QgovError

__all__ = ["observers"]


@cache
def observers() -> dict[str, Observer]:
    """Every observer by name, sorted. Raises QgovError where what they read with is not
    installed."""
    found: dict[str, Observer] = {}
    for module in pkgutil.iter_modules(__path__):
        try:
            observer: Observer = import_module(f"{__name__}.{module.name}").OBSERVER
        except ModuleNotFoundError as error:
            raise QgovError(f"{error.name} is not installed: qgov[drift]") from error
        found[observer.name] = observer
    return dict(sorted(found.items()))
