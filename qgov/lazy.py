"""What few calls need, imported when it is first used: our own functions, and modules that
libraries import at once."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

__all__ = ["lazy", "named", "postpone"]


def named(where: str) -> Any:
    """What `package.module:name` names, imported now."""
    module, _, name = where.partition(":")
    return getattr(import_module(module), name)


def lazy(where: str) -> Callable[..., Any]:
    """A stand-in for the function at `package.module:name`, which is imported when called."""

    def call(*positional: Any, **keywords: Any) -> Any:
        return named(where)(*positional, **keywords)

    return call


def postpone(name: str) -> None:
    """Have a module, where it is installed, loaded when somebody uses it, and not when somebody
    imports it."""
    if name in sys.modules or find_spec(name) is None:
        return
    later = ModuleType(name)

    def found(attribute: str) -> Any:
        if sys.modules.get(name) is later:
            del sys.modules[name]
        return getattr(import_module(name), attribute)

    later.__getattr__ = found  # type: ignore[method-assign]
    sys.modules[name] = later
