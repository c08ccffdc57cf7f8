"""The one answer, and every word that it may hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct, field

__all__ = ["REASONS", "WARNINGS", "Decision"]

REASONS: Final = (
    "subject-unknown",
    "static-credential",
    "token-stale",
    "federation-mismatch",
    "mfa-missing",
    "device-unmanaged",
    "country-blocked",
    "scope-unknown",
    "tenant-mismatch",
    "no-grant",
    "not-owner",
    "elevation-required",
    "elevation-expired",
    "elevation-unapproved",
    "elevation-self-approved",
    "backend-not-entitled",
    "residency",
    "job-too-large",
    "quota-exceeded",
    "budget-exceeded",
    "approval-required",
    "approval-invalid",
    "context-missing",
)
"""Why a request is denied, in the order that the reference evaluates them."""

WARNINGS: Final = ("quota-near", "budget-near", "elevation-expiring")
"""What an allowed request is told."""


class Decision(Struct, frozen=True):
    """The answer. `reasons` lists every rule that denies, sorted; empty when allowed."""

    allow: bool
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    obligations: Mapping[str, Any] = field(default_factory=dict)
    revision: str = ""
