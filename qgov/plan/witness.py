"""A witness: one request that the compiled policies of a plan's two sides decide differently."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from qgov.decision.decision import Decision

__all__ = ["Submitted", "Witness"]


class Submitted(Struct, frozen=True):
    """A witness sent through the gateway of one side, to the stand-in of its backend: what
    was decided of the job as it was measured, and what the device's engine received."""

    decision: Decision
    circuit_sha256: str | None
    histogram: Mapping[str, int] | None
    jobs: tuple[int, int]


class Witness(Struct, frozen=True):
    """A request and what an engine answered on both sides.

    `says` is what is special about it, for people. `at_base` is how the base was asked, where
    a rename made that something else. `of` are the principal and the scope whose witness it
    is, where it shows others for which the same changes. `submitted` is what the gateways of
    both sides (None: there is no policy) made of its circuit, where that was tried and shows
    the same; `unsubmitted` says why it does not.
    """

    request: Mapping[str, Any]
    base: Decision
    head: Decision
    says: tuple[str, ...]
    at_base: Mapping[str, Any] | None = None
    of: tuple[str, str] | None = None
    submitted: tuple[Submitted | None, Submitted | None] | None = None
    unsubmitted: str = ""
