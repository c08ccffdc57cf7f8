"""What is made of a model, each once; and of models that differ in their roles alone, what looks at
no role, once for all of them.

What was looked at is noticed, and not declared: what a function makes of a model without a look at
its roles, it makes of every model that is the same but for them, because it reads the same of both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self, TypeVar, cast

__all__ = ["Derivable", "Derived", "noticed"]

T = TypeVar("T")


class Derived:
    """What was made of a model: that which is its `own`, and that which all models `alike` share.
    `looks` is how often something was read that these do not have in common."""

    __slots__ = ("alike", "looks", "own")

    def __init__(self, other: Derived | None = None) -> None:
        """Of a model by itself, or of one that shares with another."""
        self.own: dict[Callable[..., Any], Any] = {}
        self.alike: dict[Callable[..., Any], Any] = {} if other is None else other.alike
        self.looks = 0


class Derivable:
    """A model that knows what was made of it."""

    __slots__ = ()
    _derived: Derived

    def once(self, derive: Callable[[Self], T]) -> T:
        """What a function makes of the model: made on first use, then kept. It may look at more
        when it is used, so whoever asks for it counts as having looked."""
        known = self._derived
        known.looks += 1
        if derive not in known.own:
            known.own[derive] = derive(self)
        return cast("T", known.own[derive])

    def shared(self, derive: Callable[[Self], T]) -> T:
        """The same of a function whose value is whole when it is returned, and does not hold the
        model: where it looks at no role, it is called once for all models that are alike."""
        known = self._derived
        if derive in known.alike:
            return cast("T", known.alike[derive])
        if derive in known.own:
            known.looks += 1
            return cast("T", known.own[derive])
        found, looked = self.watched(derive)
        (known.own if looked else known.alike)[derive] = found
        return found

    def watched(self, derive: Callable[[Self], T]) -> tuple[T, bool]:
        """The same, not kept; and whether it looked at a role."""
        before = self._derived.looks
        found = derive(self)
        return found, self._derived.looks != before

    def is_alike(self, other: Self) -> bool:
        """Whether the models are the same but for their roles, as one was made of the other."""
        return self._derived.alike is other._derived.alike

    def forget(self) -> None:
        """Let go all that was made of the model alone."""
        self._derived.own.clear()

    def look(self) -> None:
        """Say that something was read that models which are alike do not have in common."""
        self._derived.looks += 1


def noticed(field: Any) -> property:
    """A field of a model whose reading is noticed."""

    def read(model: Derivable) -> Any:
        model.look()
        return field.__get__(model)

    return property(read, field.__set__)
