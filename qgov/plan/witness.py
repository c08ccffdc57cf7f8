"""A witness: one request that the compiled policies of a plan's two sides decide differently."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qgov.decision.request import Decision

__all__ = ["Witness"]


@dataclass(frozen=True, slots=True)
class Witness:
    """A request and what an engine answered on both sides.

    `says` is what is special about it, for people. `at_base` is how the base was asked, where
    a rename made that something else. `of` are the principal and the scope whose witness it
    is, where it shows others for which the same changes.
    """

    request: Mapping[str, Any]
    base: Decision
    head: Decision
    says: tuple[str, ...]
    at_base: Mapping[str, Any] | None = None
    of: tuple[str, str] | None = None

    def as_json(self) -> dict[str, Any]:
        """The object of the plan's contract."""
        found: dict[str, Any] = {
            "request": self.request,
            "base": self.base.as_json(),
            "head": self.head.as_json(),
            "says": list(self.says),
        }
        if self.at_base is not None:
            found["request_at_base"] = self.at_base
        if self.of is not None:
            found["of"] = {"principal": self.of[0], "scope": self.of[1]}
        return found
