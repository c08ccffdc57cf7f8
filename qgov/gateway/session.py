"""What one subject does in one project, and the way of each of its jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from qgov.decision.engine import EngineError
from qgov.decision.request import Decision, seconds
from qgov.gateway.audit_events import JobFacts, ProjectLabels, Stage, job_event, step_event
from qgov.gateway.circuits import UnmeantError, Work
from qgov.gateway.estimate import amounts_of
from qgov.gateway.ledger import Moved
from qgov.gateway.ocsf import Actor
from qgov.gateway.owners import exclusively
from qgov.gateway.tables import Amounts
from qgov.gateway.verdicts import Denied, Identity, Refused

if TYPE_CHECKING:
    from qgov.gateway.gateway import Gateway

__all__ = ["Session"]

LABELS: Final = ("tenant", "environment", "project")

HASTY: Final = 4
"""How often a decision is made anew because others spent meanwhile, before waiting in line."""

UNSUBMITTED: Final = (ValueError, TypeError, KeyError)
"""What Cirq's samplers raise for a circuit that they do not send: nothing was spent."""


class Session:
    """One subject in one project. Made by `Gateway.session`."""

    def __init__(self, gateway: Gateway, identity: Identity, scope: str, trace: str) -> None:
        self.gateway, self.identity, self.scope, self.trace = gateway, identity, scope, trace
        labels = scope.split("/")
        if len(labels) != len(LABELS):
            raise ValueError(f"a session is in one project, {'/'.join(LABELS)}: `{scope}` is none")
        self.labels = ProjectLabels(*labels)
        self.actor = _actor(identity)
        self._step = ""

    def sampler(self, backend: str, inner: Any) -> Any:
        """A `cirq.Sampler` that runs on `inner` what is allowed on the backend."""
        from qgov.gateway.sampler import GovernedSampler

        return GovernedSampler(self, backend, inner)

    def processor(self, backend: str, inner: Any) -> Any:
        """A `cirq_google` processor that runs on `inner` what is allowed on the backend."""
        from qgov.gateway.processor import GovernedProcessor

        return GovernedProcessor(self, backend, inner)

    @contextmanager
    def step(self, name: str, action: str = "") -> Iterator[None]:
        """A classical step of a hybrid workflow, in the same trace and log as its jobs. With
        an action (`input:write`, `result:read`) the subject must be allowed it. Raises
        Denied, AuditError."""
        gateway = self.gateway
        began = gateway.clock()
        if action:
            decision, error = gateway.ask(self._request(action, "", began, {}))
            if not decision.allow:
                raise Denied(decision, self._tell_step(Stage.DENIED, name, began), error)
        self._tell_step(Stage.STARTED, name, began)
        outer, self._step = self._step, name
        try:
            yield
        except BaseException as error:
            self._tell_step(Stage.FAILED, name, began, type(error).__name__)
            raise
        finally:
            self._step = outer
        self._tell_step(Stage.SUCCEEDED, name, began)

    @contextmanager
    def job(
        self,
        backend: str,
        work: Callable[[], Work],
        *,
        device_ms: Callable[[], int] = lambda: 0,
    ) -> Iterator[str]:
        """Inside, a job may run: it is allowed, reserved and written down; gives its id.
        Raises Denied, Refused, AuditError, LedgerError. `work` says what the job is,
        `device_ms` how long Cirq estimates it to take."""
        gateway, job_id = self.gateway, self.gateway.new_id()
        try:
            meant = work()
        except UnmeantError as error:
            event = self._tell(Stage.REFUSED, self._facts(job_id, backend, None), error.reason)
            raise Refused(error.reason, str(error), event) from error
        terms = gateway.terms.backends.get(backend)
        estimate = amounts_of(terms, meant, device_ms) if terms else Amounts()
        decision = self._reserved(job_id, backend, meant, estimate)
        facts = self._facts(job_id, backend, meant, decision, estimate)
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
        try:
            yield job_id
        except UNSUBMITTED as error:
            gateway.ledger.release(job_id)
            self._tell(Stage.REFUSED, facts, type(error).__name__, start, Amounts(jobs=0))
            raise
        except BaseException as error:
            # Nobody knows what was spent, so it counts as if it had run.
            gateway.ledger.settle(job_id, estimate, gateway.clock())
            self._tell(Stage.FAILED, facts, type(error).__name__, start, estimate)
            raise
        gateway.ledger.settle(job_id, estimate, gateway.clock())
        self._tell(Stage.SUCCEEDED, facts, start=start, actual=estimate)

    def _reserved(self, job_id: str, backend: str, work: Work, estimate: Amounts) -> Decision:
        """The decision that allowed the job, made on exactly the usage it was reserved on.
        Raises Denied."""
        for _ in range(HASTY):
            if (found := self._try(job_id, backend, work, estimate)) is not None:
                return found
        # Others are quicker: decide in turn with everybody else who had to wait.
        while True:
            path = self.gateway.ledger.path
            with exclusively(path.with_name(f"{path.name}.turn")):
                found = self._try(job_id, backend, work, estimate)
            if found is not None:
                return found

    def _try(self, job_id: str, backend: str, work: Work, estimate: Amounts) -> Decision | None:
        gateway, now = self.gateway, self.gateway.clock()
        budgets = gateway.terms.budgets(self.scope, self.identity.subject)
        usage = gateway.ledger.usage(budgets, now)
        request = self._request("job:submit", backend, now, usage.values, work, estimate)
        decision, error = gateway.ask(request)
        if decision.allow and decision.obligations.get("budgets") != sorted(budgets):
            error = EngineError("the decision names other budgets than the bundle")
            decision = Decision(False, ("context-missing",), revision=decision.revision)
        facts = self._facts(job_id, backend, work, decision, estimate)
        if not decision.allow:
            event = self._tell(Stage.DENIED, facts)
            gateway.notices.denied(self.actor, self.labels, decision, now)
            raise Denied(decision, event, error)
        try:
            gateway.ledger.reserve(
                job_id, budgets, estimate, now, usage, _details(facts, gateway.terms.currency)
            )
        except Moved:
            return None
        try:
            gateway.notices.allowed(facts, request, estimate, now)
        except BaseException:
            gateway.ledger.release(job_id)
            raise
        return decision

    def _request(
        self,
        action: str,
        backend: str,
        now: datetime,
        usage: Mapping[str, Any],
        work: Work | None = None,
        estimate: Amounts | None = None,
    ) -> dict[str, Any]:
        labels = dict(
            zip(("tenant", "environment", "project"), self.scope.split("/"), strict=False)
        )
        job = {}
        if work is not None and estimate is not None:
            job = {
                "shots": work.shots,
                "circuits": work.circuits,
                "qubits": work.width,
                "estimated_cost_micros": estimate.cost_micros,
                "estimated_qpu_seconds": -(-estimate.qpu_ms // 1000),
                "estimated_simulator_seconds": -(-estimate.simulator_ms // 1000),
            }
        return {
            "subject": self.identity.subject,
            "action": {"name": action},
            "resource": {
                "type": action.partition(":")[0],
                "properties": {
                    **labels,
                    **({"backend": backend} if backend else {}),
                    "owner": self.identity.subject.get("id"),
                },
            },
            "context": {
                **self.identity.context,
                "time": now.isoformat(),
                "job": job,
                "usage": usage,
            },
        }

    def _facts(
        self,
        job_id: str,
        backend: str,
        work: Work | None,
        decision: Decision | None = None,
        estimate: Amounts | None = None,
    ) -> JobFacts:
        terms = self.gateway.terms
        known = terms.backends.get(backend)
        obliged = decision.obligations if decision else {}
        return JobFacts(
            job_id=job_id,
            actor=self.actor,
            labels=self.labels,
            backend=backend,
            allow=decision is not None and decision.allow,
            revision=terms.revision,
            reasons=decision.reasons if decision else (),
            warnings=decision.warnings if decision else (),
            provider=known.cloud if known else "",
            region=known.region if known else "",
            circuits_sha256=work.sha256 if work else "",
            shots=work.shots if work else 0,
            circuits=work.circuits if work else 0,
            width=work.width if work else 0,
            currency=terms.currency,
            estimated_cost_micros=estimate.cost_micros if estimate else None,
            estimated_qpu_ms=estimate.qpu_ms if estimate else None,
            queue=obliged.get("queue") or "",
            trace_id=self.trace,
            step=self._step,
        )

    def _tell(
        self,
        stage: Stage,
        facts: JobFacts,
        error: str = "",
        start: datetime | None = None,
        actual: Amounts | None = None,
    ) -> str:
        now = self.gateway.clock()
        event = job_event(
            stage,
            facts,
            uid=self.gateway.new_id(),
            time_ms=_ms(now),
            start_ms=_ms(start) if start else None,
            end_ms=_ms(now) if actual is not None else None,
            actual_cost_micros=actual.cost_micros if actual else None,
            actual_qpu_ms=actual.qpu_ms if actual else None,
            error=error.replace("-", "_"),
        )
        return self.gateway.jobs.append(event).uid

    def _tell_step(self, stage: Stage, name: str, began: datetime, error: str = "") -> str:
        now = self.gateway.clock()
        ended = stage in (Stage.SUCCEEDED, Stage.FAILED)
        event = step_event(
            stage,
            name,
            actor=self.actor,
            labels=self.labels,
            trace_id=self.trace,
            uid=self.gateway.new_id(),
            time_ms=_ms(now),
            start_ms=_ms(began),
            end_ms=_ms(now) if ended else None,
            error=error,
        )
        return self.gateway.jobs.append(event).uid


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _actor(identity: Identity) -> Actor:
    subject, context = identity.subject, identity.context
    properties, token = subject.get("properties", {}), context.get("token", {})
    issued = token.get("issued_at")
    return Actor(
        uid=str(subject.get("id", "")),
        kind="workload" if subject.get("type") == "workload" else "user",
        groups=tuple(map(str, properties.get("groups", ()))),
        issuer=str(properties.get("issuer") or ""),
        mfa=context.get("mfa"),
        managed_device=context.get("managed_device"),
        credential=str(token.get("kind") or ""),
        token_issued_ms=1000 * seconds(issued) if issued else None,
        country=str(context.get("country") or ""),
    )


def _details(facts: JobFacts, currency: str) -> dict[str, str | int]:
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
        "currency": currency,
        "trace_id": facts.trace_id,
    }
