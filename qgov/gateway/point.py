"""What an enforcement point holds: the decision point and its terms, the ledger and the logs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from threading import Lock
from typing import Any

from qgov.decision.bundle import Bundle
from qgov.decision.decision import Decision
from qgov.decision.engine import Engine, EngineError, decide_or_deny
from qgov.gateway.actors import actor_of
from qgov.gateway.audit import AuditLog
from qgov.gateway.audit_events import ProjectLabels
from qgov.gateway.ledger import Ledger
from qgov.gateway.notices import Notices
from qgov.gateway.recovery import recover
from qgov.gateway.terms import Terms, terms_of
from qgov.gateway.verdicts import Refused
from qgov.identity.identity import Authenticates, Identity

__all__ = ["EnforcementPoint"]


class EnforcementPoint:
    """An enforcement point with one bundle. Begins by putting right what a killed one left.

    `clock` gives the time and `new_id` an id that no other job has; `authenticator`, where
    tokens are signed in with, is a `qgov.identity.verifier.Verifier` of the same bundle.
    Threads may share it, processes may share the ledger and the logs. Raises AuditError,
    LedgerError, KeyError for a bundle without terms.
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
        authenticator: Authenticates | None = None,
    ) -> None:
        self.terms: Terms = terms_of(bundle)
        self.clock, self.new_id = clock, new_id
        self.ledger, self.jobs = ledger, jobs
        self.notices = Notices(admin, self.terms, new_id)
        self._engine, self._asking = engine, Lock()
        self._authenticator = authenticator
        recover(ledger, jobs, clock, new_id)
        self.accounts = ledger.adopt(self.terms.revision, self.terms.former_names())
        self.notices.activated(clock())

    def ask(self, request: Mapping[str, Any]) -> tuple[Decision, EngineError | None]:
        """One decision, or a denial and why there is none."""
        with self._asking:
            (decision,), error = decide_or_deny(self._engine, [request])
        return decision, error

    def identified(self, token: str, headers: Mapping[str, str], labels: ProjectLabels) -> Identity:
        """Whose a bearer token is now; one that is refused is written down. Raises Refused,
        AuditError, ValueError without an authenticator."""
        if self._authenticator is None:
            raise ValueError("the gateway was given no authenticator")
        now = self.clock()
        found = self._authenticator.identify(token, now=now, headers=headers)
        if isinstance(found, Identity):
            return found
        event = self.notices.refused(actor_of(found.identity), labels, found.reason, now)
        message = f"the token is refused ({found.reason}): {found.words}"
        raise Refused(found.reason, message, event)
