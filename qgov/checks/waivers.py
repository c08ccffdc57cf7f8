"""Waivers: one rule silenced for one document until a date, and listed while it is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from qgov.finding import Finding, Severity
from qgov.language.scalars import format_instant
from qgov.model.access_model import AccessModel

__all__ = ["WAIVER_IN_FORCE", "apply_waivers"]

WAIVER_IN_FORCE = "QG900"


def apply_waivers(findings: Iterable[Finding], model: AccessModel, now: datetime) -> list[Finding]:
    """The findings that no waiver in force silences, and one for each waiver that does.

    A waiver without an approver, approved by its requester, outside its window or about an
    exception's own rules (QG9xx) silences nothing.
    """
    in_force = {
        (waiver.value.rule, waiver.value.document): waiver
        for waiver in model.waivers
        if waiver.value.approved_by
        and waiver.value.approved_by != waiver.value.requested_by
        and (waiver.value.not_before is None or waiver.value.not_before <= now)
        and now < waiver.value.expires
        and not waiver.value.rule.startswith("QG9")
    }
    kept: list[Finding] = []
    silenced: dict[tuple[str, str], int] = {}
    for finding in findings:
        key = (finding.code, finding.document)
        if key in in_force:
            silenced[key] = silenced.get(key, 0) + 1
        else:
            kept.append(finding)
    for key, waiver in sorted(in_force.items()):
        count = silenced.get(key, 0)
        kept.append(
            Finding(
                WAIVER_IN_FORCE,
                f"{key[0]} is waived for {key[1]} until {format_instant(waiver.value.expires)} "
                f"({count} finding{'s' if count != 1 else ''})",
                waiver.origin,
                "mend what the rule asks for before the waiver ends",
                Severity.INFO,
                document=waiver.document,
            )
        )
    return kept
