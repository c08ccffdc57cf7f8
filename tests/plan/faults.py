"""What a plan of edits must tell of them."""

from __future__ import annotations

from typing import Final

from qgov.language.concerns import Concern
from qgov.plan.plan import UNACCOUNTED, Plan
from tests.plan.edits import Edited

__all__ = ["fault"]

FILES: Final = ("policy/", "idp/", "terraform/")
"""What enforces access: each file that differs has to name its rows."""


def fault(made: Edited) -> str:
    """What is wrong with the plan of edits; empty when it tells them as it must."""
    plan = made.plan
    if any(finding.code == UNACCOUNTED for finding in plan.new_findings):
        return next(f.message for f in plan.new_findings if f.code == UNACCOUNTED)
    about = frozenset().union(*(edit.concerns for edit in made.edits))
    if about == {Concern.WORDS}:
        return _fault_of_words(made)
    if plan.verdict == "equivalent":
        return f"{sorted(about)} is equivalent"
    if not plan.access and not plan.concerns:
        return "no row"
    asked = bool(plan.approvals) and all(row.approvers for row in plan.concerns)
    # Where the base names nobody, the plan says that nobody is asked.
    if not asked and (made.reviewed or not plan.unasked):
        return "nobody is asked"
    return _fault_of_findings(made) or _fault_of_artifacts(made) or _fault_of_rows(made)


def _fault_of_words(made: Edited) -> str:
    plan = made.plan
    if plan.concerns or plan.access or plan.verdict != "equivalent":
        return "words have a row"
    silent = (p for p in made.files if p.startswith(("policy/", "idp/")) and "/realm." not in p)
    if moved := sorted(silent):
        return f"words move {moved}"
    if made.findings:
        return f"words move {sorted(made.findings)}"
    return _fault_of_artifacts(made)


def _fault_of_findings(made: Edited) -> str:
    plan = made.plan
    told = {(f.code, f.document, f.message) for f in (*plan.new_findings, *plan.fixed_findings)}
    return f"not told: {sorted(made.findings - told)}" if made.findings - told else ""


def _fault_of_artifacts(made: Edited) -> str:
    if not made.compiles:
        return ""
    told = {change.path: change for change in made.plan.artifacts}
    if told.keys() != made.files:
        return f"other files: {sorted(told.keys() ^ made.files)}"
    for path in sorted(made.files):
        change = told[path]
        if path.startswith(FILES) and not change.because:
            return f"{path} has no row"
        if not all(_is_row(made.plan, pointer) for pointer in change.because):
            return f"{path} has rows that are not there: {change.because}"
        if path.startswith(FILES[1:]):
            named = {each.resource for each in change.resources if each.because}
            if untold := made.resources(path) - named:
                return f"{path} does not tell {sorted(untold)}"
    return ""


def _is_row(plan: Plan, pointer: str) -> bool:
    _, part, number = pointer.split("/")
    return int(number) < len(getattr(plan, part))


def _fault_of_rows(made: Edited) -> str:
    """A field that changes by itself has one row, or rows of access."""
    if len(made.edits) > 1:
        return ""
    (edit,), plan = made.edits, made.plan
    if edit.is_key or len(edit.concerns) > 1:
        return ""
    fewest = 0 if edit.concerns == {Concern.ACCESS} and plan.access else 1
    found = [row.change.field for row in plan.concerns]
    return "" if fewest <= len(found) <= 1 else f"{len(found)} rows: {found}"
