"""Functions that few calls need, imported with their module when they are first called."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

__all__ = ["lazy", "named"]


def named(where: str) -> Any:
    """What `package.module:name` names, imported now."""
    module, _, name = where.partition(":")
    return getattr(import_module(module), name)


def lazy(where: str) -> Callable[..., Any]:
    """A stand-in for the function at `package.module:name`, which is imported when called."""

    def call(*positional: Any, **keywords: Any) -> Any:
        return named(where)(*positional, **keywords)

    return call
