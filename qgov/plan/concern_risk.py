"""How dangerous a change of a field is that is no access, by the first rule that fits."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from qgov.language.concerns import Concern
from qgov.plan.afresh import SPENT
from qgov.plan.directions import Direction
from qgov.plan.fields import FieldChange
from qgov.plan.risk import Risk

__all__ = ["CONCERN_RULES", "ConcernRule", "assess_field"]


class ConcernRule(Struct, frozen=True):
    """A row of the table: the rule's id, what it is about, the risk, the reason for people,
    when it fits, and whether it is about what only accompanies a new access or document."""

    id: str
    concern: Concern
    risk: Risk
    reason: str
    fits: Callable[[FieldChange], bool] = lambda _: True
    accompanies: bool = False


def _stricter(change: FieldChange) -> bool:
    return change.direction is Direction.STRICTER


def _looser(change: FieldChange) -> bool:
    return change.direction is Direction.LOOSER


def _gone(change: FieldChange) -> bool:
    return change.after is None and not _stricter(change)


def _begins(change: FieldChange) -> bool:
    """Whether it comes with the document that it is about: nothing was there to weaken."""
    return change.whole == "spec" and change.before is None


def _under(*prefixes: str) -> Callable[[FieldChange], bool]:
    """Whether a field is one of these or inside of one."""

    def fits(change: FieldChange) -> bool:
        return any(
            change.field == prefix or change.field.startswith((f"{prefix}.", f"{prefix}["))
            for prefix in prefixes
        )

    return fits


def _new_principal(change: FieldChange) -> bool:
    """Whether it comes or goes with whom it tells from others: its accesses do as well."""
    return change.whole == "spec" or change.whole.startswith("spec.serviceAccounts[")


def _of_entry(change: FieldChange) -> bool:
    """Whether it comes or goes with a binding or a project."""
    return change.whole.startswith("spec.bindings[") or (
        bool(change.whole) and ".projects[" in change.field
    )


_DEVICE: Final = re.compile(r"spec\.backends\.[^.]+")


def _new_device(change: FieldChange) -> bool:
    """Whether it comes with a device: nothing was there to weaken."""
    return change.before is None and _DEVICE.fullmatch(change.whole) is not None


_ABOUT_OTHERS: Final = ("AccessReview/", "AccessTest/", "Waiver/")
"""Documents that are rules for others."""

_OF_JOBS: Final = ("spec.retention.inputs.keep", "spec.retention.results.keep")

_SAFEGUARDS: Final = _under("spec.review", "spec.guardrails", "spec.rails")
_BOUNDS: Final = _under("spec.compliance.exceptions")

_INCLUDES: Final = re.compile(r"spec\.groups\.[^.]+\.includes")
_REQUESTS: Final = re.compile(r"spec\.groups\.[^.]+\.requests(\.|$)")


def _of_requests(change: FieldChange) -> bool:
    """Whether it is about how people ask to be in a group."""
    return _REQUESTS.match(change.field) is not None


_ACCOUNT: Final = r"spec\.clouds\.[^.]+(\.(environments|instances)\.[^.]+)?"
_WHICH_ACCOUNT: Final = re.compile(
    _ACCOUNT + r"\.(account|resultsBucket|subscription|workspace|storageAccount|instance|project)"
)
_WHOLE_ACCOUNT: Final = re.compile(_ACCOUNT)


def _another_account(change: FieldChange) -> bool:
    """Whether jobs and what they leave go to another account of a cloud than before."""
    known = change.before is not None and change.after is not None
    return known and not change.whole and _WHICH_ACCOUNT.fullmatch(change.field) is not None


def _left_account(change: FieldChange) -> bool:
    """Whether an account of a cloud goes, with nobody's access there taken away before."""
    goes = change.after is None and change.whole == change.field
    return (
        goes
        and _WHOLE_ACCOUNT.fullmatch(change.field) is not None
        and not change.before.get("closed")
    )


CONCERN_RULES: Final[tuple[ConcernRule, ...]] = (
    ConcernRule(
        "trust-of-new-principal",
        Concern.TRUST,
        Risk.MEDIUM,
        "comes or goes with whom it identifies",
        _new_principal,
        accompanies=True,
    ),
    ConcernRule(
        "requests-narrower",
        Concern.TRUST,
        Risk.LOW,
        "fewer people may ask to be in a group, or for less long",
        lambda c: _of_requests(c) and _stricter(c),
    ),
    ConcernRule(
        "requests-wider",
        Concern.TRUST,
        Risk.HIGH,
        "others may ask to be in a group, or let them in, or stay for longer",
        _of_requests,
    ),
    ConcernRule(
        "trust-stricter",
        Concern.TRUST,
        Risk.MEDIUM,
        "who signs in has to show more",
        _stricter,
    ),
    ConcernRule(
        "trust-weaker",
        Concern.TRUST,
        Risk.CRITICAL,
        "who signs in has to show less",
        lambda c: _looser(c) and not c.whole,
    ),
    ConcernRule(
        "trust-moved",
        Concern.TRUST,
        Risk.CRITICAL,
        "somebody else may count as a principal",
    ),
    ConcernRule(
        "safeguard-weakened",
        Concern.RULES,
        Risk.CRITICAL,
        "what judges and stops the next change is weaker or another",
        lambda c: not _stricter(c) and not _begins(c) and (_SAFEGUARDS(c) or _BOUNDS(c)),
    ),
    ConcernRule(
        "rules-of-document",
        Concern.RULES,
        Risk.MEDIUM,
        "comes or goes with the document that it is about",
        lambda c: c.whole == "spec" and not c.document.startswith(_ABOUT_OTHERS),
        accompanies=True,
    ),
    ConcernRule(
        "rules-of-entry",
        Concern.RULES,
        Risk.MEDIUM,
        "comes or goes with the binding or project that it is about",
        _of_entry,
        accompanies=True,
    ),
    ConcernRule(
        "rules-stricter",
        Concern.RULES,
        Risk.LOW,
        "changes are judged as hard, or harder",
        _stricter,
    ),
    ConcernRule(
        "access-test-changed",
        Concern.RULES,
        Risk.MEDIUM,
        "what was expected of the policy is no longer tested",
        lambda c: c.document.startswith("AccessTest/"),
    ),
    ConcernRule(
        "waiver-wider",
        Concern.RULES,
        Risk.HIGH,
        "a rule is silenced, for longer or for something else",
        lambda c: c.document.startswith("Waiver/"),
    ),
    ConcernRule("rules-changed", Concern.RULES, Risk.HIGH, "a rule is weaker or another"),
    ConcernRule(
        "group-wider",
        Concern.ACCESS,
        Risk.HIGH,
        "more people are in a group, and approve or answer as it does, though no access moves",
        lambda c: _INCLUDES.fullmatch(c.field) is not None and not _stricter(c),
    ),
    ConcernRule("access-unmoved", Concern.ACCESS, Risk.LOW, "no access moves by it today"),
    ConcernRule(
        "spend-afresh",
        Concern.MONEY,
        Risk.HIGH,
        "what was spent no longer counts: the spend starts afresh",
        lambda c: c.field == SPENT,
    ),
    ConcernRule("money-stricter", Concern.MONEY, Risk.LOW, "less can be spent", _stricter),
    ConcernRule(
        "money-unbounded",
        Concern.MONEY,
        Risk.HIGH,
        "a bound of what can be spent or used is gone",
        lambda c: _looser(c) and _gone(c),
    ),
    ConcernRule(
        "money-read-anew",
        Concern.MONEY,
        Risk.LOW,
        "a price or rate was read on another day",
        lambda c: c.field.endswith(".asOf"),
    ),
    ConcernRule(
        "money-changed",
        Concern.MONEY,
        Risk.MEDIUM,
        "more, or other things, can be spent or used",
    ),
    ConcernRule(
        "records-of-document",
        Concern.RECORDS,
        Risk.MEDIUM,
        "comes or goes with the document that it is about",
        lambda c: c.whole == "spec",
        accompanies=True,
    ),
    ConcernRule(
        "records-of-project",
        Concern.RECORDS,
        Risk.MEDIUM,
        "comes or goes with the project that it is about",
        _of_entry,
        accompanies=True,
    ),
    ConcernRule(
        "records-of-device",
        Concern.RECORDS,
        Risk.HIGH,
        "a device comes, and records may lie where it is",
        _new_device,
    ),
    ConcernRule(
        "records-lifetime",
        Concern.RECORDS,
        Risk.MEDIUM,
        "what jobs are given or return is kept for longer, or goes sooner",
        lambda c: c.field in _OF_JOBS,
    ),
    ConcernRule("records-stricter", Concern.RECORDS, Risk.LOW, "records are safer", _stricter),
    ConcernRule(
        "audit-sink-changed",
        Concern.RECORDS,
        Risk.CRITICAL,
        "audit events may go elsewhere or be lost",
        lambda c: not _begins(c) and _under("spec.auditSinks")(c),
    ),
    ConcernRule(
        "audit-account-moved",
        Concern.RECORDS,
        Risk.HIGH,
        "the record of who did what lands in another account",
        lambda c: not c.whole and c.field.endswith(".auditStorageAccount"),
    ),
    ConcernRule(
        "records-weaker", Concern.RECORDS, Risk.HIGH, "records are kept less safely", _looser
    ),
    ConcernRule("records-changed", Concern.RECORDS, Risk.MEDIUM, "records are kept otherwise"),
    ConcernRule(
        "incident-response-gone",
        Concern.OPERATIONS,
        Risk.HIGH,
        "nobody acts when something goes wrong",
        lambda c: _under("spec.incidentResponse")(c) and _gone(c),
    ),
    ConcernRule(
        "former-name-gone",
        Concern.OPERATIONS,
        Risk.HIGH,
        "where a gateway skips the bundle that renamed it, its spend starts afresh",
        lambda c: (
            c.document.startswith("Budget/")
            and c.field == "metadata.previously"
            and c.before is not None
            and not {*c.before} <= {*(c.after or ())}
        ),
    ),
    ConcernRule(
        "operations-of-document",
        Concern.OPERATIONS,
        Risk.LOW,
        "comes or goes with the document that it is about",
        lambda c: c.whole == "spec",
        accompanies=True,
    ),
    ConcernRule(
        "operations-of-device",
        Concern.OPERATIONS,
        Risk.MEDIUM,
        "a device comes, and jobs may go to it",
        _new_device,
    ),
    ConcernRule(
        "account-moved",
        Concern.OPERATIONS,
        Risk.HIGH,
        "jobs and what they leave go to another account",
        _another_account,
    ),
    ConcernRule(
        "account-left",
        Concern.OPERATIONS,
        Risk.MEDIUM,
        "an account goes before it is closed: who has access there keeps it",
        _left_account,
    ),
    ConcernRule(
        "operations-looser", Concern.OPERATIONS, Risk.MEDIUM, "operations are bounded less", _looser
    ),
    ConcernRule("operations-changed", Concern.OPERATIONS, Risk.LOW, "operations are otherwise"),
)
"""The table; of each concern the last row fits everything, and words have none."""


def assess_field(change: FieldChange) -> ConcernRule:
    """The rule that sets the risk of a changed field that is more than words."""
    return next(
        rule for rule in CONCERN_RULES if rule.concern is change.concern and rule.fits(change)
    )
