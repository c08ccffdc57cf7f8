"""What the gateway tells the admin stream: policies activated, sign-ins refused, thresholds
reached, approvals used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from qgov.decision.decision import Decision
from qgov.gateway.audit import AuditLog
from qgov.gateway.audit_events import (
    BUNDLE,
    JobFacts,
    ProjectLabels,
    Threshold,
    approval_used,
    authentication_failed,
    bundle_activated,
    threshold_reached,
)
from qgov.gateway.ocsf import Actor
from qgov.gateway.tables import Amounts, counts_of
from qgov.gateway.terms import Terms, Thresholds
from qgov.gateway.verification import events

__all__ = ["Notices"]

SIGN_IN: Final = frozenset(
    {"subject-unknown", "static-credential", "token-stale", "federation-mismatch", "mfa-missing"}
)
"""Reasons that mean that the platform did not accept who asked."""


class Notices:
    """Writes to the admin stream. Everything raises AuditError when it cannot."""

    def __init__(self, admin: AuditLog, terms: Terms, new_id: Callable[[], str]) -> None:
        self._admin, self._terms, self._new_id = admin, terms, new_id

    def activated(self, now: datetime) -> None:
        """Another bundle than the last one decides from now on."""
        before, after = _last_revision(self._admin.path), self._terms.revision
        if before != after:
            uid = self._new_id()
            self._admin.append(bundle_activated(before, after, uid=uid, time_ms=_ms(now)))

    def denied(
        self, actor: Actor, labels: ProjectLabels, decision: Decision, now: datetime
    ) -> None:
        """A job was denied; said here when it was for who asked, not for what."""
        reasons = [reason for reason in decision.reasons if reason in SIGN_IN]
        if reasons:
            uid = self._new_id()
            self._admin.append(
                authentication_failed(actor, reasons, uid=uid, time_ms=_ms(now), labels=labels)
            )

    def refused(self, actor: Actor, labels: ProjectLabels, reason: str, now: datetime) -> str:
        """A token was refused. Gives the event's uid."""
        uid = self._new_id()
        self._admin.append(
            authentication_failed(actor, [reason], uid=uid, time_ms=_ms(now), labels=labels)
        )
        return uid

    def allowed(
        self, facts: JobFacts, request: Mapping[str, Any], estimate: Amounts, now: datetime
    ) -> None:
        """A job was allowed and reserved: thresholds that it reached, approvals it needed."""
        usage = request["context"]["usage"]
        scope = "/".join(facts.labels)
        added = {"spent_micros": estimate.cost_micros, **counts_of(estimate)}
        for threshold in self._terms.thresholds(scope, usage, now):
            used = usage[threshold.budget].get(threshold.measure, 0)
            more = added[threshold.measure.partition("/")[0]]
            for reached in self._reached(threshold, used, more):
                self._admin.append(
                    threshold_reached(
                        reached,
                        uid=self._new_id(),
                        time_ms=_ms(now),
                        actor=facts.actor,
                        job_id=facts.job_id,
                    )
                )
        for budget, rule in self._terms.approvals(scope, usage, facts.backend).items():
            given = _approval(rule, request, estimate.cost_micros)
            if given is not None:
                self._admin.append(
                    approval_used(
                        str(given.get("approved_at", "")),
                        str(given["approved_by"]),
                        budget=budget,
                        job_id=facts.job_id,
                        cost_micros=estimate.cost_micros,
                        currency=self._terms.currency,
                        actor=facts.actor,
                        uid=self._new_id(),
                        time_ms=_ms(now),
                    )
                )

    def _reached(self, threshold: Thresholds, used: int, more: int) -> list[Threshold]:
        limit = threshold.stop or threshold.warn or 0
        return [
            Threshold(
                threshold.budget,
                threshold.measure,
                used + more,
                limit,
                100 * at // limit if limit else 100,
                hard,
                self._terms.currency if threshold.measure == "spent_micros" else "",
            )
            for at, hard in ((threshold.warn, False), (threshold.stop, True))
            if at is not None and used < at <= used + more
        ]


def _approval(
    rule: Mapping[str, Any], request: Mapping[str, Any], cost: int
) -> Mapping[str, Any] | None:
    """The first approval given that is one by the rule; None where none was needed."""
    if cost <= rule["above"]:
        return None
    return next(
        (
            given
            for given in request["context"].get("approvals") or ()
            if rule["approvers"] in given.get("approver_groups", ())
            and given.get("max_cost_micros", -1) >= cost
        ),
        None,
    )


def _last_revision(path: Path) -> str:
    """The revision that was activated last; empty before the first."""
    last = ""
    for event in events(path):
        if (event.get("class_uid"), event.get("activity_id")) == BUNDLE[:2]:
            last = event.get("entity_result", {}).get("version", last)
    return last


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
