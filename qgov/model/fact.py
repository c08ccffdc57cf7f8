"""A value of a document that knows where it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from qgov.finding import Origin
from qgov.language.documents import Document

__all__ = ["Fact", "Written", "origin_of"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fact(Generic[T]):
    """A named value of a document that knows where it stands."""

    name: str
    value: T
    source: Document = field(compare=False, repr=False)
    path: tuple[str | int, ...] = field(default=(), compare=False)

    @property
    def origin(self) -> Origin:
        """The place of the fact's key, or the document's start."""
        return self.source.key(*self.path) if self.path else self.source.start

    def at(self, *path: str | int) -> Origin:
        """The place of a value inside the fact."""
        return self.source.at(*self.path, *path)

    def written(self, *path: str | int) -> Origin | None:
        """The place of a value inside the fact; None when it is a default that nobody wrote."""
        value: Any = self.source.raw
        for step in (*self.path, *path):
            if not isinstance(value, list) and step not in (value or ()):
                return None
            value = value[step]
        return self.at(*path)

    @property
    def document(self) -> str:
        """`Kind/name` of the document that says it."""
        return self.source.id


Written = Fact[Any] | Origin
"""Where something is written: in a document that was loaded, or elsewhere."""


def origin_of(written: Written) -> Origin:
    """The place, looked up only when asked for: most facts are never shown."""
    return written if isinstance(written, Origin) else written.at()
