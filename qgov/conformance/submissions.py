"""Which circuits are submitted: for each role and backend one that must run, where the
documents let the role run anything there, and one that must not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from qgov.conformance.access_path import AccessPath, asks, shut, sound
from qgov.conformance.case import Case, Submission
from qgov.conformance.job_misses import approved
from qgov.conformance.table import Table, line_of
from qgov.decision.deviations import NO_MFA, having
from qgov.decision.made_up import CONFORMANCE
from qgov.decision.request import Request
from qgov.decision.request_parts import MAX_COUNT
from qgov.model.access_model import AccessModel, Binding
from qgov.model.accesses import Cell, scopes_at
from qgov.model.conditions import JobLimits
from qgov.model.principal import is_group, name_of
from qgov.model.scope import EVERYWHERE, contains, tenant_of
from qgov.records import replace

__all__ = ["REPETITIONS", "submissions"]

SUBMIT: Final = "job:submit"
REPETITIONS: Final = 200
"""Enough for the histogram, few enough for a simulator of 2^n amplitudes."""


def submissions(found: Table) -> list[Case]:
    """The cases that are submitted, by id. Their requests are what is sent to the gateway:
    it measures the job itself."""
    paths: dict[tuple[str, str], list[AccessPath]] = defaultdict(list)
    for cell in sorted(found.cells):
        if cell.permission == SUBMIT:
            for path in found.paths(cell):
                paths[path.binding.role, cell.backend].append(path)
    cases = []
    for role in sorted({binding.role for binding in found.model.bindings}):
        for backend in sorted(found.model.organization.backends):
            able = sorted((w for w in paths[role, backend] if _able(w)), key=_plainest)
            cases += [_runs(able[0]), _misses(able[0])] if able else []
            cases += [] if able else _never(found, role, backend)
    return sorted(cases, key=lambda case: case.id)


def _able(path: AccessPath) -> bool:
    """Whether the path lets a circuit run that is not free, where its backend is none."""
    free = path.backend not in path.model.organization.prices
    return not shut(path) and (free or path.has_money_at(path.time))


def _plainest(path: AccessPath) -> tuple[bool, bool, str, str]:
    eligible = path.conditions.eligible is not None or path.path.elevation is not None
    return eligible, not path.alone, path.scope, path.principal


def _sent(path: AccessPath) -> Request:
    """What the path allows, no matter what the job costs."""
    request = sound(path)
    if path.approval_rules:
        request = replace(request, approvals=(approved(path, request, MAX_COUNT),))
    return request


def _runs(path: AccessPath) -> Case:
    says = f"{path.binding.role}: {path.principal} runs a circuit on {path.scope} on {path.backend}"
    return _case(path, "ran", says, _sent(path))


def _misses(path: AccessPath) -> Case:
    """The nearest miss: without a second factor, or where none is asked for with a key."""
    request = _sent(path)
    who = f"{path.binding.role}: {path.principal} is refused on {path.scope} on {path.backend}"
    if path.conditions.mfa and path.alone:
        without = NO_MFA.change(request)
        return _case(path, "refused", f"{who} {NO_MFA.says}", without, NO_MFA.denies)
    return _case(path, "refused", f"{who} with an API key", _KEY(request), "static-credential")


_KEY: Final = having(token={"kind": "api-key"})
"""With an API key instead of a token."""


def _case(path: AccessPath, verdict: str, says: str, request: Request, *reasons: str) -> Case:
    role, limits = path.binding.role, path.conditions.job
    return Case(
        id=f"submission:{role}/{path.backend}/{verdict}",
        name=says,
        request=CONFORMANCE.json(request),
        expect="allow" if verdict == "ran" else "deny",
        reasons=reasons,
        role=role,
        scope=path.scope,
        backend=path.backend,
        principal=path.principal,
        origin=line_of(path.binding),
        submission=_submission(path.model, role, path.backend, limits),
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
    request = asks(model, Cell(binding.principal, SUBMIT, scope, backend))
    says = f"{role}: {binding.principal} runs nothing on {scope} on {backend}"
    reasons: tuple[str, ...] = ()
    if may:
        request = _KEY(request)
        says, reasons = f"{says} with an API key", ("static-credential",)
    return [
        Case(
            id=f"submission:{role}/{backend}/refused",
            name=says,
            request=CONFORMANCE.json(request),
            expect="deny",
            reasons=reasons,
            role=role,
            scope=scope,
            backend=backend,
            principal=binding.principal,
            origin=line_of(binding),
            submission=_submission(model, role, backend, JobLimits()),
        )
    ]


def _may(found: Table, binding: Binding, scope: str, backend: str) -> bool:
    """Whether the binding's principal may run jobs there, through any other role."""
    return Cell(binding.principal, SUBMIT, scope, backend) in found.cells


def _federated(model: AccessModel, binding: Binding) -> bool:
    if is_group(binding.principal):
        return True
    workload = model.workloads.get(name_of(binding.principal))
    return workload is not None and workload.issuer is not None


def _projects(model: AccessModel, binding: Binding) -> Iterator[str]:
    tenant = tenant_of(binding.scope)
    for scope in scopes_at(model, tenant or EVERYWHERE, 3):
        if contains(binding.scope, scope):
            yield scope


def _far(model: AccessModel, scope: str, backend: str) -> bool:
    environment = model.environment(scope)
    return environment is None or backend not in environment.backends
