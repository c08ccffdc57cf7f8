"""The way of a job: meant, decided, reserved, begun; and what is done to it afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from qgov.decision.decision import Decision
from qgov.decision.engine import EngineError
from qgov.gateway.audit_events import SUBMIT, JobFacts, Stage
from qgov.gateway.circuits import Submission, UnmeantError, Work, submission
from qgov.gateway.estimate import UnpricedError, amounts_of
from qgov.gateway.ledger import Moved, Usage
from qgov.gateway.owners import exclusively
from qgov.gateway.participant import Participant
from qgov.gateway.running import Running
from qgov.gateway.tables import Amounts, Counting, counts_of
from qgov.gateway.verdicts import Denied, GatewayError, Refused
from qgov.model.measures import COST, COUNTED
from qgov.records import replace

__all__ = ["Enforcement"]

HASTY: Final = 4
"""How often a decision is made anew because others spent meanwhile, before waiting in line."""

_SPENT: Final = "budget-exceeded"


class Enforcement(Participant):
    """What lets a subject's jobs run, and what it does to them, or refuses it."""

    def meant(self, backend: str, program: Any, params: Any, repetitions: Any) -> Submission:
        """What is decided on from now on, whatever becomes of the caller's circuits. Raises
        Refused, AuditError."""
        try:
            found = submission(program, params, repetitions)
            _ = found.work  # written down while nothing has run
        except UnmeantError as error:
            raise self.refusal(backend, error.reason, str(error)) from error
        return found

    def refusal(self, backend: str, reason: str, message: str) -> Refused:
        """Written down; to be raised. Raises AuditError."""
        facts = self._facts(self._gateway.new_id(), backend)
        return Refused(reason, message, self._tell(Stage.REFUSED, facts, reason))

    def allowed(self, backend: str, meant: Submission) -> None:
        """Ask whether all of it may run now, and reserve nothing. Raises Denied, Refused,
        AuditError, LedgerError."""
        facts, estimate = self._estimated(backend, meant)
        self._decided(facts, estimate)

    @contextmanager
    def job(self, backend: str, meant: Submission) -> Iterator[str]:
        """Inside, a job runs to its end; gives its id. Raises as `begin` does."""
        running = self.begin(backend, meant)
        try:
            yield running.facts.job_id
        except BaseException as error:
            event = running.failed(type(error).__name__)
            if isinstance(error, GatewayError):
                error.event = event
            raise
        running.succeeded()

    def begin(self, backend: str, meant: Submission) -> Running:
        """A job that may run from now on: it is allowed, reserved and written down. Raises
        Denied, Refused, AuditError, LedgerError."""
        gateway = self._gateway
        facts, estimate = self._estimated(backend, meant)
        job_id = facts.job_id
        facts = self._reserved(facts, estimate)
        start = gateway.clock()
        try:
            self._tell(Stage.STARTED, facts, start=start)
        except BaseException:
            gateway.ledger.release(job_id)
            raise
        try:
            gateway.ledger.mark_started(job_id)
        except BaseException as error:
            # The log says that it starts, so it has to say that it did not.
            self._tell(Stage.FAILED, facts, type(error).__name__, start, Amounts(jobs=0))
            gateway.ledger.release(job_id)
            raise
        return Running(facts, estimate, start, gateway.ledger, gateway.clock, self._tell)

    @contextmanager
    def access(self, action: str, job: JobFacts) -> Iterator[None]:
        """Inside, the subject does something to a job of its own that needs a permission
        (`result:read`, `job:cancel`). Raises Denied, Refused, AuditError."""
        self.renew()
        began = self._gateway.clock()
        decision, error = self._gateway.ask(self._request(action, "", began, {}, {}))
        facts = replace(
            self._facts(job.job_id, job.backend),
            operation=action,
            allow=decision.allow,
            reasons=decision.reasons,
            warnings=decision.warnings,
        )
        if not decision.allow:
            event = self._tell(Stage.DENIED, facts)
            self._gateway.notices.denied(self.actor, self.labels, decision, began)
            raise Denied(decision, event, error)
        self._tell(Stage.STARTED, facts, start=began)
        try:
            yield
        except BaseException as failure:
            self._tell(Stage.FAILED, facts, type(failure).__name__, began)
            raise
        self._tell(Stage.SUCCEEDED, facts, start=began)

    def _estimated(self, backend: str, meant: Submission) -> tuple[JobFacts, Amounts]:
        """A new job and what it is estimated to take. Raises Refused, AuditError."""
        try:
            self.renew()
        except Refused as error:
            raise self.refusal(backend, error.reason, str(error)) from error
        terms = self._gateway.terms.backends.get(backend)
        try:
            estimate = Amounts()
            if terms is not None:
                estimate = amounts_of(terms, meant.work, meant.device_ms, meant.gates)
        except UnpricedError as error:
            reason = "gate-without-price"
            raise self.refusal(backend, reason, f"{error} ({reason})") from error
        except (ValueError, OverflowError) as error:
            why = "the job takes more than can be counted (beyond-measure)"
            raise self.refusal(backend, "beyond-measure", why) from error
        facts = self._facts(self._gateway.new_id(), backend)
        return _measured(facts, meant.work, estimate), estimate

    def _reserved(self, facts: JobFacts, estimate: Amounts) -> JobFacts:
        """The job with the decision that allowed it, made on exactly the usage it was reserved
        on. Raises Denied."""
        gateway = self._gateway
        facts, request, now = self._taken(facts, estimate)
        try:
            gateway.ledger.flush()  # nobody waits in line for it
            gateway.notices.allowed(facts, request, estimate, now)
        except BaseException:
            gateway.ledger.release(facts.job_id)
            raise
        return facts

    def _taken(
        self, facts: JobFacts, estimate: Amounts
    ) -> tuple[JobFacts, dict[str, Any], datetime]:
        """The job, reserved, what was asked, and when."""
        for _ in range(HASTY):
            if (found := self._try(facts, estimate)) is not None:
                return found
        # Others are quicker: decide in turn with everybody else who had to wait.
        while True:
            path = self._gateway.ledger.path
            with exclusively(path.with_name(f"{path.name}.turn")):
                found = self._try(facts, estimate)
            if found is not None:
                return found

    def _try(
        self, facts: JobFacts, estimate: Amounts
    ) -> tuple[JobFacts, dict[str, Any], datetime] | None:
        gateway = self._gateway
        facts, request, budgets, usage, now = self._decided(facts, estimate)
        try:
            gateway.ledger.reserve(
                facts.job_id,
                budgets,
                estimate,
                now,
                usage,
                _details(facts),
                gateway.accounts,
                flushed=False,
            )
        except Moved:
            return None
        return facts, request, now

    def _decided(
        self, facts: JobFacts, estimate: Amounts
    ) -> tuple[JobFacts, dict[str, Any], dict[str, Counting], Usage, datetime]:
        """The job with its decision, what was asked, on which usage of which budgets, and when.
        Raises Denied."""
        gateway, now = self._gateway, self._gateway.clock()
        budgets = gateway.terms.budgets(self.scope, self._identity.subject, facts.backend)
        usage = gateway.ledger.usage(budgets, now, gateway.accounts)
        request = self._request(SUBMIT, facts.backend, now, usage.values, _job(facts, estimate))
        decision, error = gateway.ask(request)
        if decision.allow and decision.obligations.get("budgets") != sorted(budgets):
            error = EngineError("the decision names other budgets than the bundle")
            decision = Decision(False, ("context-missing",), revision=decision.revision)
        facts = replace(
            facts,
            allow=decision.allow,
            reasons=decision.reasons,
            warnings=decision.warnings,
            queue=decision.obligations.get("queue") or "",
        )
        if not decision.allow:
            event = self._tell(Stage.DENIED, facts)
            gateway.notices.denied(self.actor, self.labels, decision, now)
            closed = gateway.terms.closed(budgets, now) if _SPENT in decision.reasons else ""
            raise Denied(decision, event, error, closed)
        return facts, request, budgets, usage, now


def _measured(facts: JobFacts, work: Work, estimate: Amounts) -> JobFacts:
    return replace(
        facts,
        circuits_sha256=work.sha256,
        shots=work.shots,
        circuits=work.circuits,
        width=work.width,
        estimated_cost_micros=estimate.cost_micros,
        estimated_qpu_ms=estimate.qpu_ms,
    )


def _job(facts: JobFacts, estimate: Amounts) -> dict[str, int]:
    """The job of a request."""
    counts = counts_of(estimate)
    return {
        "shots": facts.shots,
        "circuits": facts.circuits,
        "qubits": facts.width,
        COST.attribute: estimate.cost_micros,
        COUNTED["qpuSeconds"]: counts["qpuSeconds"],
        COUNTED["simulatorSeconds"]: counts["simulatorSeconds"],
    }


def _details(facts: JobFacts) -> dict[str, str | int]:
    """What recovery needs to tell of a job whose process died."""
    return {
        "subject": facts.actor.uid,
        "kind": facts.actor.kind,
        "issuer": facts.actor.issuer,
        **facts.labels._asdict(),
        "backend": facts.backend,
        "revision": facts.revision,
        "circuits_sha256": facts.circuits_sha256,
        "shots": facts.shots,
        "circuits": facts.circuits,
        "width": facts.width,
        "currency": facts.currency,
        "trace_id": facts.trace_id,
    }
