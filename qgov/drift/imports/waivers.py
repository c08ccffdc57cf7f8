"""Waivers of what exists and a rule refuses."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from qgov.drift.imports.said import Leave, Note, Why
from qgov.drift.imports.yaml_text import document
from qgov.language.scalars import format_instant

__all__ = ["waiver"]

_WAIVED: Final = timedelta(days=90)
"""How long they hold."""


def waiver(rule: str, about: str, leave: Leave, now: datetime) -> tuple[str, bytes, Note]:
    """The document that waives a rule for another (`Kind/name`): its path, its text, and what is
    assumed."""
    kind, _, of = about.partition("/")
    name = f"imported-{rule.lower()}-{kind.lower()}-{of}"[:63].rstrip("-")
    until = format_instant(now + _WAIVED)
    spec = {
        "rule": rule,
        "document": about,
        "reason": "It ran before it was reviewed; corrected or argued for by then.",
        "ticket": leave.ticket,
        "requestedBy": leave.requested_by,
        "approvedBy": leave.approved_by,
        "notBefore": format_instant(now),
        "expires": until,
    }
    note = Note(
        Why.ASSUMED,
        f"the rule {rule} is waived for {about} until {until}",
        f"it refuses what exists, and `{leave.approved_by}` approved that",
        "correct what it refuses, and take the waiver away",
    )
    folder = f"tenants/{of}" if kind == "Tenant" else "tenants"
    return f"{folder}/waivers/{name}.yaml", document("Waiver", name, spec), note
