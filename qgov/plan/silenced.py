"""What a change silences: findings that only a waiver of its own hides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from qgov.checks.waivers import in_force
from qgov.finding import Finding, Severity
from qgov.language.scalars import format_instant
from qgov.plan.sides import Side
from qgov.records import replace

__all__ = ["newly_silenced"]


def newly_silenced(
    base: Side, head: Side, silenced: Iterable[Finding], now: datetime
) -> Iterator[Finding]:
    """Those of the findings which waivers hide at the head that a new, longer or wider waiver
    hides. They are warnings, whatever they were: who approves the waiver decides."""
    before = in_force(base.model, now) if base.model else {}
    after = in_force(head.model, now) if head.model else {}
    for finding in silenced:
        key = (finding.code, finding.document)
        old, new = before.get(key), after[key]
        if finding.severity is Severity.INFO or (
            old is not None and old.value.expires >= new.value.expires
        ):
            continue
        until = format_instant(new.value.expires)
        message = f"{finding.message} (waived by this change until {until})"
        yield replace(finding, message=message, severity=Severity.WARNING)
