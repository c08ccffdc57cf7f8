"""Who is given which role of Azure: the least that carries what the bindings give.

Azure's roles are about a whole workspace. So who may submit is given one only where they may use
every device of the workspace, and standing only where they may use each at all times; reading is
given where it is held for all of the workspace. Who may submit may then also read and cancel what
everybody submits there: that is said (`controls.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from qgov.model.access_model import Binding, Role, Workload
from qgov.model.conditions import NONE, Conditions
from qgov.model.floors import required
from qgov.model.principal import Principal, is_group
from qgov.model.scope import EVERYWHERE, contains
from qgov.targets.azure.module import Module

__all__ = [
    "CONTRIBUTOR",
    "GIVEN",
    "Entitlement",
    "Terms",
    "confined",
    "distrust",
    "eligible",
    "standing",
    "terms",
    "whole",
]


class Given(NamedTuple):
    """A role of Azure: its GUID, what it is assigned at, the permissions that it needs (held
    for all of the workspace and of everybody's), and the name that people know."""

    guid: str
    on: str
    permissions: frozenset[str]
    title: str


CONTRIBUTOR: Final = "contributor"
"""The role that `job:submit` asks for."""

GIVEN: Final[Mapping[str, Given]] = {
    CONTRIBUTOR: Given(
        "c1410b24-3e69-4857-8f86-4d0a2e603250",
        "workspace",
        frozenset({"job:submit"}),
        "Quantum Workspace Data Contributor",
    ),
    "reader": Given(
        "27af9d98-85b7-4dad-bc1b-df53a7fc8877",
        "workspace",
        frozenset({"job:read", "result:read"}),
        "Quantum Workspace Data Reader",
    ),
    "audit-reader": Given(
        "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
        "audit",
        frozenset({"audit:read"}),
        "Storage Blob Data Reader",
    ),
    "cost-reader": Given(
        "72fafb9e-0641-4937-9268-a91bfd8191a3",
        "group",
        frozenset({"budget:read"}),
        "Cost Management Reader",
    ),
}
"""Label → a built-in role. Neither Contributor nor Owner, which could change the workspace."""

_LONGEST_S: Final = 23 * 3600 + 1800  # of an activation, in steps of half an hour
_STEP_S: Final = 1800


@dataclass(frozen=True, eq=False)
class Entitlement:
    """A role of Azure that a principal holds, and the bindings that give it."""

    given: str
    principal: Principal
    bindings: tuple[Binding, ...]
    conditions: Conditions
    """What all of them ask for together."""


class Terms(NamedTuple):
    """What one role's activations take in a workspace, for everybody: Azure keeps one policy
    for each. The longest in seconds."""

    approvers: str
    longest_s: int
    ticket: bool
    mfa: bool


def whole(module: Module, binding: Binding) -> bool:
    """Whether a binding holds for all that is in the workspace."""
    scope = module.tenant.name if binding.scope == EVERYWHERE else binding.scope
    return contains(scope, module.scope)


def distrust(known: Workload) -> str | None:
    """Why no federated credential can say who a workload is; None when one can."""
    if known.issuer is None or known.subject is None:
        return "it has no federation"
    if "*" in known.subject:
        return "it is known by a pattern, and a federated credential compares subjects exactly"
    return None


def standing(module: Module) -> list[Entitlement]:
    """What is held at all times: by groups, and by workloads that a credential can know."""
    return [each for each in _entitlements(module)[False] if _assignable(module, each)]


def eligible(module: Module) -> list[Entitlement]:
    """What groups may activate, where the workspace can hold the terms."""
    agreed = terms(module)
    return [
        each
        for each in _entitlements(module)[True]
        if is_group(each.principal) and agreed.get(each.given) is not None
    ]


def _assignable(module: Module, held: Entitlement) -> bool:
    known = module.model.workload_of(held.principal)
    return known is None or distrust(known) is None


@lru_cache(maxsize=1)
def _entitlements(module: Module) -> Mapping[bool, list[Entitlement]]:
    """What is held, by whether it is held just-in-time."""
    found = _bindings(module)
    held: dict[bool, list[Entitlement]] = {False: [], True: []}
    for (just_in_time, given, principal), some in sorted(found.items(), key=lambda each: each[0]):
        if given == CONTRIBUTOR and not _reaches_all(module, just_in_time, principal):
            continue
        asked = NONE
        for binding in some:
            asked &= _asked(module, binding)
        held[just_in_time].append(Entitlement(given, principal, tuple(some), asked))
    return held


@lru_cache(maxsize=1)
def _bindings(module: Module) -> Mapping[tuple[bool, str, Principal], list[Binding]]:
    """(whether just-in-time, role of Azure, principal) → the bindings that ask for it."""
    found: dict[tuple[bool, str, Principal], list[Binding]] = {}
    for binding in module.bindings:
        role = module.model.roles[binding.role]
        for given in _given(module, role, binding):
            key = (binding.eligible is not None, given, binding.principal)
            found.setdefault(key, []).append(binding)
    return found


def _reaches_all(module: Module, just_in_time: bool, principal: Principal) -> bool:
    """Whether a principal may use every device of the workspace: at all times, or while they are
    elevated."""
    found = _bindings(module)
    some = list(found.get((False, CONTRIBUTOR, principal), ()))
    if just_in_time:
        some += found.get((True, CONTRIBUTOR, principal), ())
    reached = frozenset[str]().union(*(module.devices_of(binding.scope) for binding in some))
    return reached == module.devices


def confined(module: Module) -> list[Binding]:
    """The bindings that would open devices which they do not give, so that they give no role."""
    return [
        binding
        for (just_in_time, given, principal), some in sorted(
            _bindings(module).items(), key=lambda each: each[0]
        )
        if given == CONTRIBUTOR and not _reaches_all(module, just_in_time, principal)
        for binding in some
    ]


def _given(module: Module, role: Role, binding: Binding) -> Iterator[str]:
    """The roles of Azure that a binding gives."""
    everybodys = {name for name, own in role.permissions.items() if not own}
    for label, given in GIVEN.items():
        if label == CONTRIBUTOR:
            if "job:submit" in role.permissions:
                yield label
        elif given.on == "audit" and module.workspace.audit_storage_account is None:
            continue
        elif given.permissions <= everybodys and whole(module, binding):
            yield label


def _asked(module: Module, binding: Binding) -> Conditions:
    """What a binding asks for, wherever in the workspace: the strictest environment decides."""
    model = module.model
    scope = module.tenant.name if binding.scope == EVERYWHERE else binding.scope
    floor = model.floor(scope)
    for environment in module.tenant.environments.values():
        if contains(scope, environment.scope) and contains(module.scope, environment.scope):
            floor &= environment.floor
    role = model.roles[binding.role]
    return required(floor, role, binding, model.workload_of(binding.principal))


@lru_cache(maxsize=1)
def terms(module: Module) -> Mapping[str, Terms | None]:
    """Role of Azure → the terms of its activations, the strictest of all bindings; None where
    these name different approvers, or one asks for less than half an hour: neither can be held."""
    found: dict[str, list[Entitlement]] = {}
    for held in _entitlements(module)[True]:
        if is_group(held.principal):
            found.setdefault(held.given, []).append(held)
    return {given: _together(some) for given, some in found.items()}


def _together(some: list[Entitlement]) -> Terms | None:
    all_of = [b.eligible for held in some for b in held.bindings if b.eligible is not None]
    approvers = {each.approvers for each in all_of}
    shortest = min(each.max_duration_s for each in all_of)
    if len(approvers) > 1 or shortest < _STEP_S:
        return None
    longest = min(shortest // _STEP_S * _STEP_S, _LONGEST_S)
    ticket = any(each.ticket for each in all_of)
    return Terms(approvers.pop(), longest, ticket, any(held.conditions.mfa for held in some))
