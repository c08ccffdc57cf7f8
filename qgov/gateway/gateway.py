"""The policy enforcement point: what stands between a program and a device.

For every job, in this order: refuse what policy does not mean, estimate, ask the decision
point, reserve in the ledger, write the audit event, run, settle, write the outcome. Where
one of these cannot be done the ones after it are not: a log that cannot be written runs
nothing. A job's way is in `qgov.gateway.session`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from threading import Lock
from typing import Any

from qgov.decision.bundle import Bundle
from qgov.decision.engine import Engine, EngineError, decide_or_deny
from qgov.decision.request import Decision
from qgov.gateway.audit import AuditLog
from qgov.gateway.ledger import Ledger
from qgov.gateway.notices import Notices
from qgov.gateway.recovery import recover
from qgov.gateway.session import Session
from qgov.gateway.terms import Terms, terms_of
from qgov.gateway.verdicts import Denied, GatewayError, Identity, Refused

__all__ = ["Denied", "Gateway", "GatewayError", "Identity", "Refused", "Session"]


class Gateway:
    """An enforcement point with one bundle. Begins with mending what a killed one left.

    `clock` gives the time and `new_id` an id that no other job has. Threads may share it,
    processes may share the ledger and the logs. Raises AuditError, LedgerError, KeyError for
    a bundle without terms.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        bundle: Bundle,
        ledger: Ledger,
        jobs: AuditLog,
        admin: AuditLog,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self.terms: Terms = terms_of(bundle)
        self.clock, self.new_id = clock, new_id
        self.ledger, self.jobs = ledger, jobs
        self.notices = Notices(admin, self.terms, new_id)
        self._engine, self._asking = engine, Lock()
        recover(ledger, jobs, clock, new_id)
        self.notices.activated(clock())

    def session(self, identity: Identity, scope: str, *, trace: str = "") -> Session:
        """What one subject does in one project: its jobs and steps are one trace. Raises
        ValueError for a scope that is no project's."""
        return Session(self, identity, scope, trace or self.new_id())

    def ask(self, request: Mapping[str, Any]) -> tuple[Decision, EngineError | None]:
        """One decision, or a denial and why there is none."""
        with self._asking:
            (decision,), error = decide_or_deny(self._engine, [request])
        return decision, error
