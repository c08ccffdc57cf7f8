"""Expectations that a reviewer wrote, turned into whole requests and asked of an engine.

A case says who, what and where; what it leaves out is as good as the model requires: a
fresh token of the right issuer and audience, MFA, a managed device, a country from which
the access is allowed, the subject's own job, a backend that the environment may use, and
an instant at which the person's elevation holds. Only what the case is about can fail it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from qgov.decision.engine import Engine
from qgov.decision.question import candidates, question
from qgov.decision.request import Decision
from qgov.language.kinds.access_test import Case
from qgov.language.scalars import Money
from qgov.model.access_model import AccessModel, AccessTest
from qgov.model.accesses import backends_of, budgets_around
from qgov.model.measures import counters
from qgov.model.resolve import in_currency
from qgov.model.scope import EVERYWHERE, contains, tenant_of

__all__ = ["Result", "request_of", "run"]

SOMEBODY: Final = "somebody@access-test.example"
SOME_TIME: Final = datetime(2026, 1, 1, tzinfo=UTC)
SOME_COUNTRY: Final = "DE"
"""Where nothing depends on it."""


@dataclass(frozen=True, slots=True)
class Result:
    """A case, the request it means, the decision, and whether that was expected."""

    test: AccessTest
    request: dict[str, Any]
    decision: Decision

    @property
    def passed(self) -> bool:
        """Whether the answer is the expected one and gives at least the expected reasons."""
        case = self.test.case
        return self.decision.allow == (case.expect == "allow") and set(case.reasons) <= set(
            self.decision.reasons
        )


def run(model: AccessModel, engine: Engine) -> tuple[Result, ...]:
    """Every case of the model's `AccessTest` documents. Raises EngineError."""
    requests = [request_of(model, test.case) for test in model.tests]
    decisions = engine.decide(requests)
    return tuple(map(Result, model.tests, requests, decisions))


def request_of(model: AccessModel, case: Case) -> dict[str, Any]:
    """The case as a whole request."""
    subject, token = _subject(model, case)
    now = case.context.time or _time(model, case)
    age = timedelta(seconds=case.context.token_age or 0)
    request: dict[str, Any] = {
        "subject": subject,
        "action": {"name": case.action.removesuffix(":own")},
        "resource": {
            "type": case.action.partition(":")[0],
            "id": "access-test",
            "properties": _properties(model, case, subject["id"]),
        },
        "context": {
            "time": now.isoformat(),
            "mfa": case.context.mfa is not False,
            "managed_device": case.context.managed_device is not False,
            "token": {**token, "issued_at": (now - age).isoformat()},
            **_job(model, case, now),
        },
    }
    request["context"]["country"] = case.context.country or _country(model, request)
    return request


def _job(model: AccessModel, case: Case, now: datetime) -> dict[str, Any]:
    """The job, what its budgets have seen, and its approvals."""
    given, amount = case.context, partial(_micros, model)
    nothing = dict.fromkeys(counters(), 0)
    return {
        "job": {
            "shots": given.job.shots,
            "circuits": given.job.circuits,
            "qubits": given.job.qubits,
            "estimated_cost_micros": amount(given.job.cost) if given.job.cost else 0,
            "estimated_qpu_seconds": given.job.qpu_seconds,
            "estimated_simulator_seconds": given.job.simulator_seconds,
        },
        "usage": {
            name: {
                "spent_micros": amount(given.spent[name]) if name in given.spent else 0,
                **nothing,
                **given.used.get(name, {}),
            }
            for name in sorted(b.name for b in budgets_around(model, case.resource.scope))
        },
        "approvals": [
            {
                "scope": case.resource.scope,
                "max_cost_micros": amount(approval.up_to),
                "approved_by": approval.approved_by,
                "approver_groups": [approval.group],
                "approved_at": (now - timedelta(seconds=approval.age or 0)).isoformat(),
                **({"requested_by": approval.requested_by} if approval.requested_by else {}),
            }
            for approval in given.approvals
        ],
    }


def _micros(model: AccessModel, money: Money) -> int:
    spec = model.organization.spec
    rates = {code: rate.rate for code, rate in spec.exchange_rates.items()}
    found = in_currency(money, spec.currency, rates)
    assert found is not None, "the link stage has refused it"
    return found


def _subject(model: AccessModel, case: Case) -> tuple[dict[str, Any], dict[str, Any]]:
    """The subject, and the parts of the token that identify it."""
    wanted = case.subject
    if wanted.workload is not None:
        known = model.workloads.get(wanted.workload)
        kind, audience = case.context.credential or "oidc", known and known.audience
        claims = {
            "issuer": known and known.issuer,
            "subject": ((known and known.subject) or "").replace("*", "any"),
        }
        return (
            {"type": "workload", "id": wanted.workload, "properties": claims},
            {"kind": kind, "audience": audience},
        )
    provider = model.organization.providers[_provider(model, case)].value
    properties = {"groups": list(wanted.groups), "issuer": provider.issuer}
    return (
        {"type": "user", "id": wanted.user or SOMEBODY, "properties": properties},
        {"kind": case.context.credential or provider.protocol, "audience": provider.audience},
    )


def _provider(model: AccessModel, case: Case) -> str:
    """The identity provider of the first group, else of the tenant, else the first one."""
    providers = model.organization.providers
    named = [model.groups[group].provider for group in case.subject.groups if group in model.groups]
    tenant = model.tenants.get(tenant_of(case.resource.scope))
    named += [tenant.provider] if tenant else []
    return next(name for name in (*named, *sorted(providers)) if name in providers)


def _time(model: AccessModel, case: Case) -> datetime:
    """The beginning of the person's elevation at the resource, else some time."""
    for held in model.elevations:
        if held.subject == case.subject.user and contains(held.scope, case.resource.scope):
            return held.not_before or held.expires - timedelta(hours=1)
    return SOME_TIME


def _properties(model: AccessModel, case: Case, subject_id: str) -> dict[str, Any]:
    scope = case.resource.scope
    labels = () if scope == EVERYWHERE else scope.split("/")
    found: dict[str, Any] = dict(zip(("tenant", "environment", "project"), labels, strict=False))
    found["owner"] = case.resource.owner or subject_id
    environment = model.environment(scope)
    allowed = backends_of(model, environment) if environment else ()
    if backend := case.resource.backend or next(iter(allowed), None):
        found["backend"] = backend
    return found


def _country(model: AccessModel, request: dict[str, Any]) -> str:
    """A country that most of the subject's candidates allow."""
    allowed = [
        c.conditions.countries
        for c in candidates(question(model, request))
        if c.conditions.countries is not None
    ]
    names = sorted({country for countries in allowed for country in countries})
    return max(
        names,
        key=lambda name: sum(name in countries for countries in allowed),
        default=SOME_COUNTRY,
    )
