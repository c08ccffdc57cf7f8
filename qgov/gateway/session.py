"""What one subject does in one project, and the way of each of its jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from qgov.decision.engine import EngineError
from qgov.decision.request import Decision, Request, seconds
from qgov.gateway.audit_events import JobFacts, ProjectLabels, Stage, job_event, step_event
from qgov.gateway.circuits import UnmeantError, Work
from qgov.gateway.estimate import amounts_of
from qgov.gateway.ledger import Moved
from qgov.gateway.ocsf import Actor
from qgov.gateway.owners import exclusively
from qgov.gateway.point import EnforcementPoint
from qgov.gateway.tables import Amounts, counts_of
from qgov.gateway.verdicts import Denied, Identity, Refused
from qgov.model.measures import COST, COUNTED

__all__ = ["Session"]

SUBMIT: Final = "job:submit"
LABELS: Final = ("tenant", "environment", "project")

HASTY: Final = 4
"""How often a decision is made anew because others spent meanwhile, before waiting in line."""

UNSUBMITTED: Final = (ValueError, TypeError, KeyError)
"""What Cirq's samplers raise for a circuit that they do not send: nothing was spent."""


class Session:
    """One subject in one project. Made by `Gateway.session`."""

    def __init__(
        self, gateway: EnforcementPoint, identity: Identity, scope: str, trace: str
    ) -> None:
        self.gateway, self.identity, self.scope, self.trace = gateway, identity, scope, trace
        labels = scope.split("/")
        if len(labels) != len(LABELS):
            raise ValueError(f"a session is in one project, {'/'.join(LABELS)}: `{scope}` is none")
        self.labels = ProjectLabels(*labels)
        self.actor = _actor(identity)
        self._step = ""

    def sampler(self, backend: str, inner: Any) -> Any:
        """A `cirq.Sampler` that runs on `inner` what is allowed on the backend."""
        from qgov.gateway.sampler import GovernedSampler  # noqa: PLC0415 - brings Cirq in

        return GovernedSampler(partial(self.job, backend), inner)

    def processor(self, backend: str, inner: Any) -> Any:
        """A `cirq_google` processor that runs on `inner` what is allowed on the backend."""
        from qgov.gateway.processor import GovernedProcessor  # noqa: PLC0415 - brings Cirq in

        return GovernedProcessor(partial(self.job, backend), inner)

    @contextmanager
    def step(self, name: str, action: str = "") -> Iterator[None]:
        """A classical step of a hybrid workflow, in the same trace and log as its jobs. With
        an action (`input:write`, `result:read`) the subject must be allowed it. Raises
        Denied, AuditError."""
        gateway = self.gateway
        began = gateway.clock()
        if action:
            decision, error = gateway.ask(self._request(action, "", began, {}, {}))
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
        facts = self._facts(job_id, backend)
        try:
            meant = work()
        except UnmeantError as error:
            event = self._tell(Stage.REFUSED, facts, error.reason)
            raise Refused(error.reason, str(error), event) from error
        terms = gateway.terms.backends.get(backend)
        estimate = amounts_of(terms, meant, device_ms) if terms else Amounts()
        facts = self._reserved(_measured(facts, meant, estimate), estimate)
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

    def _reserved(self, facts: JobFacts, estimate: Amounts) -> JobFacts:
        """The job with the decision that allowed it, made on exactly the usage it was reserved
        on. Raises Denied."""
        for _ in range(HASTY):
            if (found := self._try(facts, estimate)) is not None:
                return found
        # Others are quicker: decide in turn with everybody else who had to wait.
        while True:
            path = self.gateway.ledger.path
            with exclusively(path.with_name(f"{path.name}.turn")):
                found = self._try(facts, estimate)
            if found is not None:
                return found

    def _try(self, facts: JobFacts, estimate: Amounts) -> JobFacts | None:
        gateway, now = self.gateway, self.gateway.clock()
        budgets = gateway.terms.budgets(self.scope, self.identity.subject)
        usage = gateway.ledger.usage(budgets, now)
        job = _job(facts, estimate)
        request = self._request(SUBMIT, facts.backend, now, usage.values, job)
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
            raise Denied(decision, event, error)
        try:
            gateway.ledger.reserve(facts.job_id, budgets, estimate, now, usage, _details(facts))
        except Moved:
            return None
        try:
            gateway.notices.allowed(facts, request, estimate, now)
        except BaseException:
            gateway.ledger.release(facts.job_id)
            raise
        return facts

    def _request(
        self,
        action: str,
        backend: str,
        now: datetime,
        usage: Mapping[str, Any],
        job: Mapping[str, int],
    ) -> dict[str, Any]:
        """What is asked: the identity as the platform gave it, and what the gateway knows."""
        subject, labels = self.identity.subject, self.labels
        properties = {
            "tenant": labels.tenant,
            "environment": labels.environment,
            "project": labels.project,
            **({"backend": backend} if backend else {}),
            "owner": subject.get("id"),
        }
        return {
            "subject": subject,
            "action": {"name": action},
            "resource": {"type": action.partition(":")[0], "properties": properties},
            "context": {
                **self.identity.context,
                "time": now.isoformat(),
                "job": job,
                "usage": usage,
            },
        }

    def _facts(self, job_id: str, backend: str) -> JobFacts:
        """What is known of a job before it is looked at."""
        terms = self.gateway.terms
        known = terms.backends.get(backend)
        return JobFacts(
            job_id=job_id,
            actor=self.actor,
            labels=self.labels,
            backend=backend,
            allow=False,
            revision=terms.revision,
            provider=known.cloud if known else "",
            region=known.region if known else "",
            currency=terms.currency,
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


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _actor(identity: Identity) -> Actor:
    subject, context = identity.subject, identity.context
    properties, token = subject.get("properties", {}), context.get("token", {})
    issued = Request.from_json({"context": context}).token.issued_at
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
