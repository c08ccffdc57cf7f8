"""Expectations that a reviewer wrote, turned into whole requests and asked of an engine.

A case says who, what and where; what it leaves out is as good as the model requires: a
fresh token of the right issuer and audience, MFA, a managed device, a country from which
the access is allowed, the subject's own job, a backend that the environment may use, and
an instant at which the person's elevation holds. Only what the case is about can fail it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from msgspec import Struct

from qgov.decision.decision import Decision
from qgov.decision.deviations import NO_MFA, UNMANAGED_DEVICE, from_country, token_aged
from qgov.decision.engine import Engine
from qgov.decision.made_up import (
    ACCESS_TEST,
    SOME_COUNTRY,
    SOME_TIME,
    Asker,
    asked,
    person,
    unused,
    workload,
)
from qgov.decision.question import candidates, question
from qgov.decision.request import Request
from qgov.decision.request_parts import GivenApproval, JobSize, Used
from qgov.language.kinds.access_test import Case
from qgov.language.scalars import Money
from qgov.model.access_model import AccessModel, AccessTest
from qgov.model.accesses import backends_of
from qgov.model.resolve import in_currency, rates_of
from qgov.model.scope import contains, tenant_of
from qgov.records import replace

__all__ = ["AccessTestResult", "request_of", "run"]

MIDNIGHT: Final = SOME_TIME.replace(hour=0)


class AccessTestResult(Struct, frozen=True):
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


def run(model: AccessModel, engine: Engine) -> tuple[AccessTestResult, ...]:
    """Every case of the model's `AccessTest` documents. Raises EngineError."""
    requests = [ACCESS_TEST.json(request_of(model, test.case)) for test in model.tests]
    decisions = engine.decide(requests)
    return tuple(map(AccessTestResult, model.tests, requests, decisions))


def request_of(model: AccessModel, case: Case) -> Request:
    """The case as a whole request."""
    given, scope = case.context, case.resource.scope
    now = given.time or _time(model, case)
    backend = case.resource.backend or _backend(model, scope)
    permission = case.action.removesuffix(":own")
    who = _asker(model, case)
    request = asked(model, who, permission, scope, backend, ACCESS_TEST, now)
    request = replace(
        request,
        resource=replace(request.resource, owner=case.resource.owner or who.subject.id),
        elevations=None,
        approvals=tuple(_approvals(model, case, now)),
        job=_job(model, case),
        usage=_usage(model, case),
    )
    request = token_aged(given.token_age or 0)(request)
    if given.mfa is False:
        request = NO_MFA.change(request)
    if given.managed_device is False:
        request = UNMANAGED_DEVICE.change(request)
    return from_country(given.country or _country(model, request)).change(request)


def _asker(model: AccessModel, case: Case) -> Asker:
    wanted = case.subject
    if wanted.workload is not None:
        who = workload(model, wanted.workload)
    else:
        name, tenant = wanted.user or ACCESS_TEST.somebody, tenant_of(case.resource.scope)
        who = person(model, name, tuple(wanted.groups), tenant)
    kind = case.context.credential or who.token.kind
    return who._replace(token=replace(who.token, kind=kind))


def _job(model: AccessModel, case: Case) -> JobSize:
    given = case.context.job
    return JobSize(
        given.shots,
        given.circuits,
        given.qubits,
        _micros(model, given.cost) if given.cost else 0,
        given.qpu_seconds,
        given.simulator_seconds,
    )


def _usage(model: AccessModel, case: Case) -> Used:
    """What the budgets around the resource have seen."""
    given, amount = case.context, partial(_micros, model)
    return {
        name: {
            **nothing,
            **({"spent_micros": amount(given.spent[name])} if name in given.spent else {}),
            **given.used.get(name, {}),
        }
        for name, nothing in unused(model, case.resource.scope).items()
    }


def _approvals(model: AccessModel, case: Case, now: datetime) -> Iterator[GivenApproval]:
    for given in case.context.approvals:
        yield GivenApproval(
            scope=case.resource.scope,
            max_cost_micros=_micros(model, given.up_to),
            requested_by=given.requested_by,
            approved_by=given.approved_by,
            approver_groups=(given.group,),
            approved_at=now - timedelta(seconds=given.age or 0),
        )


def _micros(model: AccessModel, money: Money) -> int:
    spec = model.organization.spec
    found = in_currency(money, spec.currency, rates_of(spec))
    assert found is not None, "the link stage has refused it"
    return found


def _time(model: AccessModel, case: Case) -> datetime:
    """The beginning of the person's elevation at the resource, else some time."""
    for held in model.elevations:
        if held.subject == case.subject.user and contains(held.scope, case.resource.scope):
            return held.not_before or held.expires - timedelta(hours=1)
    return MIDNIGHT


def _backend(model: AccessModel, scope: str) -> str:
    """The first backend that is allowed there; empty where there is none."""
    environment = model.environment(scope)
    return next(iter(backends_of(model, environment, scope)), "") if environment else ""


def _country(model: AccessModel, request: Request) -> str:
    """A country that most of the subject's candidates allow."""
    allowed: Counter[str] = Counter()
    for candidate in candidates(question(model, request.to_json())):
        allowed.update(candidate.conditions.countries or ())
    return min(allowed, key=lambda name: (-allowed[name], name), default=SOME_COUNTRY)
