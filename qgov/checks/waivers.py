"""Waivers: one rule silenced for one document until a date, and listed while it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from qgov.finding import Finding, Severity
from qgov.language.persons import approved_by_another
from qgov.language.scalars import format_instant
from qgov.model.access_model import AccessModel
from qgov.model.fact import Fact

__all__ = ["SHARED_ACCOUNT", "WAIVER_IN_FORCE", "apply_waivers", "in_force", "waivable"]

WAIVER_IN_FORCE = "QG900"
SHARED_ACCOUNT = "QG951"
"""The one rule of exceptions, clouds and guardrails that may be waived: tenants that are `shared`
may share a cloud account until each has its own."""


def waivable(model: AccessModel, rule: str, document: str) -> bool:
    """Whether a rule may be silenced for a document."""
    if rule != SHARED_ACCOUNT:
        return not rule.startswith("QG9")
    tenant = model.tenants.get(document.removeprefix("Tenant/"))
    return tenant is not None and tenant.isolation == "shared"


def in_force(model: AccessModel, now: datetime) -> dict[tuple[str, str], Fact[Any]]:
    """The waivers in force at a time, by rule and document.

    A waiver without an approver, approved by its requester, outside its window or about what
    cannot be waived silences nothing.
    """
    return {
        (waiver.value.rule, waiver.value.document): waiver
        for waiver in model.waivers
        if approved_by_another(waiver.value.approved_by, waiver.value.requested_by)
        and (waiver.value.not_before is None or waiver.value.not_before <= now)
        and now < waiver.value.expires
        and waivable(model, waiver.value.rule, waiver.value.document)
    }


def apply_waivers(
    findings: Iterable[Finding], model: AccessModel, now: datetime
) -> tuple[list[Finding], list[Finding]]:
    """The findings that no waiver in force silences with one for each waiver that does, and
    those that are silenced."""
    waivers = in_force(model, now)
    kept: list[Finding] = []
    silenced: list[Finding] = []
    for finding in findings:
        (silenced if (finding.code, finding.document) in waivers else kept).append(finding)
    counts = Counter((finding.code, finding.document) for finding in silenced)
    for key, waiver in sorted(waivers.items()):
        count = counts[key]
        kept.append(
            Finding(
                WAIVER_IN_FORCE,
                f"{key[0]} is waived for {key[1]} until {format_instant(waiver.value.expires)} "
                f"({count} finding{'s' if count != 1 else ''})",
                waiver.origin,
                "do what the rule asks for before the waiver ends",
                Severity.INFO,
                document=waiver.document,
            )
        )
    return kept, silenced
