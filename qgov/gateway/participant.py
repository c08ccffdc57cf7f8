"""Who asks the enforcement point: what is asked in its name, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import datetime
from typing import Any, Final

from qgov.gateway.actors import actor_of
from qgov.gateway.audit_events import JobFacts, ProjectLabels, Stage, job_event, step_event
from qgov.gateway.point import EnforcementPoint
from qgov.gateway.tables import Amounts
from qgov.identity.identity import Identity

__all__ = ["Participant", "labels_of"]

LABELS: Final = ("tenant", "environment", "project")


def labels_of(scope: str) -> ProjectLabels:
    """The project that a scope is. Raises ValueError for another one."""
    labels = scope.split("/")
    if len(labels) != len(LABELS):
        raise ValueError(f"a session is in one project, {'/'.join(LABELS)}: `{scope}` is none")
    return ProjectLabels(*labels)


class Participant:
    """One subject in one project, in one trace. `again` gives its identity anew, where that can
    change. Raises ValueError for a scope that is no project's."""

    def __init__(
        self,
        gateway: EnforcementPoint,
        identity: Identity,
        scope: str,
        trace: str,
        again: Callable[[], Identity] | None = None,
    ) -> None:
        self.labels = labels_of(scope)
        # Copied: who has the session changes nothing about who acts in it.
        self._identity = deepcopy(identity)
        self._gateway = gateway
        self.scope, self.trace = scope, trace
        self.actor = actor_of(self._identity)
        self._again = again
        self._step = ""

    def renew(self) -> None:
        """Make sure of who acts, before a decision. Raises Refused, AuditError."""
        if self._again is not None:
            self._identity = self._again()
            self.actor = actor_of(self._identity)

    def _request(
        self,
        action: str,
        backend: str,
        now: datetime,
        usage: Mapping[str, Any],
        job: Mapping[str, int],
    ) -> dict[str, Any]:
        """What is asked: the identity as the platform gave it, and what the gateway knows."""
        subject, labels = self._identity.subject, self.labels
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
                **self._identity.context,
                "time": now.isoformat(),
                "job": job,
                "usage": usage,
            },
        }

    def _facts(self, job_id: str, backend: str) -> JobFacts:
        """What is known of a job before it is looked at."""
        terms = self._gateway.terms
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
        now = self._gateway.clock()
        event = job_event(
            stage,
            facts,
            uid=self._gateway.new_id(),
            time_ms=_ms(now),
            start_ms=_ms(start) if start else None,
            end_ms=_ms(now) if actual is not None else None,
            actual_cost_micros=actual.cost_micros if actual else None,
            actual_qpu_ms=actual.qpu_ms if actual else None,
            error=error.replace("-", "_"),
        )
        return self._gateway.jobs.append(event).uid

    def _tell_step(self, stage: Stage, name: str, began: datetime, error: str = "") -> str:
        now = self._gateway.clock()
        ended = stage in (Stage.SUCCEEDED, Stage.FAILED)
        event = step_event(
            stage,
            name,
            actor=self.actor,
            labels=self.labels,
            trace_id=self.trace,
            uid=self._gateway.new_id(),
            time_ms=_ms(now),
            start_ms=_ms(began),
            end_ms=_ms(now) if ended else None,
            error=error,
        )
        return self._gateway.jobs.append(event).uid


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
