"""Which circuits are submitted: for each role and backend one that must run, where the
documents let the role run anything there, and one that must not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from qgov.conformance.case import Case, Submission
from qgov.conformance.job_misses import approval
from qgov.conformance.table import Table
from qgov.conformance.ways import Way, altered, asks, shut, sound
from qgov.decision.request import MAX_COUNT
from qgov.model.access_model import AccessModel, Binding
from qgov.model.accesses import Cell, scopes_at
from qgov.model.conditions import JobLimits
from qgov.model.scope import EVERYWHERE, contains, tenant_of

__all__ = ["REPETITIONS", "submissions"]

SUBMIT: Final = "job:submit"
REPETITIONS: Final = 200
"""Enough for the histogram, few enough for a simulator of 2^n amplitudes."""


def submissions(found: Table) -> list[Case]:
    """The cases that are submitted, by id. Their requests are what is sent to the gateway:
    it measures the job itself."""
    ways: dict[tuple[str, str], list[Way]] = defaultdict(list)
    for cell in sorted(found.cells):
        if cell.permission == SUBMIT:
            for way in found.ways(cell):
                ways[way.binding.role, cell.backend].append(way)
    cases = []
    for role in sorted({binding.role for binding in found.model.bindings}):
        for backend in sorted(found.model.organization.backends):
            able = sorted((w for w in ways[role, backend] if not shut(w)), key=_plainest)
            cases += [_runs(able[0]), _misses(able[0])] if able else []
            cases += [] if able else _never(found, role, backend)
    return sorted(cases, key=lambda case: case.id)


def _plainest(way: Way) -> tuple[bool, bool, str, str]:
    eligible = way.conditions.eligible is not None or way.path.elevation is not None
    return eligible, not way.alone, way.scope, way.principal


def _runs(way: Way) -> Case:
    request = sound(way)
    if way.approval_rules:
        given = [approval(way, MAX_COUNT, way.time)]
        request = altered(request, {("context", "approvals"): given})
    says = f"{way.binding.role}: {way.principal} runs a circuit on {way.scope} on {way.backend}"
    return _case(way, "ran", says, request)


def _misses(way: Way) -> Case:
    """The nearest miss: without a second factor, or where none is asked for with a key."""
    request = _runs(way).request
    who = f"{way.binding.role}: {way.principal} is refused on {way.scope} on {way.backend}"
    if way.conditions.mfa and way.alone:
        without = altered(request, {("context", "mfa"): False})
        return _case(way, "refused", f"{who} without a second factor", without, "mfa-missing")
    key = altered(request, {("context", "token", "kind"): "api-key"})
    return _case(way, "refused", f"{who} with an API key", key, "static-credential")


def _case(way: Way, verdict: str, says: str, request: dict[str, Any], *reasons: str) -> Case:
    role, limits = way.binding.role, way.conditions.job
    return Case(
        id=f"submission:{role}/{way.backend}/{verdict}",
        name=says,
        request=request,
        expect="allow" if verdict == "ran" else "deny",
        reasons=reasons,
        role=role,
        scope=way.scope,
        backend=way.backend,
        principal=way.principal,
        origin=f"{way.binding.origin.path}:{way.binding.origin.line}",
        submission=_submission(way.model, role, way.backend, limits),
    )


def _submission(model: AccessModel, role: str, backend: str, limits: JobLimits) -> Submission:
    width = JobLimits(qubits=model.organization.backends[backend].value.qubits)
    bound = limits & width & model.organization.backend_limits[backend]
    repetitions = min(REPETITIONS, bound.shots if bound.shots is not None else REPETITIONS)
    return Submission(role, backend, repetitions, min(3, bound.qubits or 3))


def _never(found: Table, role: str, backend: str) -> list[Case]:
    """A role that runs nothing on a backend is refused there, where it reaches it at all: by
    somebody who holds no other role that may, or else with an API key."""
    model = found.model
    places = [
        (_may(found, binding, scope, backend), _far(model, scope, backend), index, scope)
        for index, binding in enumerate(model.bindings)
        if binding.role == role and _federated(model, binding)
        for scope in _projects(model, binding)
    ]
    if not places:
        return []
    may, _, index, scope = min(places)
    binding = model.bindings[index]
    kind, _, name = binding.principal.partition(":")
    groups = (name,) if kind == "group" else ()
    request = asks(model, binding.principal, groups, SUBMIT, scope, backend)
    says = f"{role}: {binding.principal} runs nothing on {scope} on {backend}"
    reasons: tuple[str, ...] = ()
    if may:
        request = altered(request, {("context", "token", "kind"): "api-key"})
        says, reasons = f"{says} with an API key", ("static-credential",)
    return [
        Case(
            id=f"submission:{role}/{backend}/refused",
            name=says,
            request=request,
            expect="deny",
            reasons=reasons,
            role=role,
            scope=scope,
            backend=backend,
            principal=binding.principal,
            origin=f"{binding.origin.path}:{binding.origin.line}",
            submission=_submission(model, role, backend, JobLimits()),
        )
    ]


def _may(found: Table, binding: Binding, scope: str, backend: str) -> bool:
    """Whether the binding's principal may run jobs there, through whatever other role."""
    return Cell(binding.principal, SUBMIT, scope, backend) in found.cells


def _federated(model: AccessModel, binding: Binding) -> bool:
    workload = model.workloads.get(binding.principal.removeprefix("workload:"))
    return binding.principal.startswith("group:") or (
        workload is not None and workload.issuer is not None
    )


def _projects(model: AccessModel, binding: Binding) -> Iterator[str]:
    tenant = tenant_of(binding.scope)
    for scope in scopes_at(model, tenant or EVERYWHERE, 3):
        if contains(binding.scope, scope):
            yield scope


def _far(model: AccessModel, scope: str, backend: str) -> bool:
    environment = model.environment(scope)
    return environment is None or backend not in environment.backends
