"""What one root module is made from, and what its files share.

IBM Cloud knows instances, and nothing of environments and projects inside one: what it is told is
cut to that.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from qgov.language.kinds.clouds import IbmAccount, IbmInstance
from qgov.model.access_model import (
    AccessModel,
    Binding,
    Elevation,
    Environment,
    Role,
    Tenant,
    Workload,
)
from qgov.model.accesses import admitted, backends_of
from qgov.model.floors import required
from qgov.model.renames import Renames, renames
from qgov.model.scope import EVERYWHERE, contains
from qgov.model.tenants import ibm_instances
from qgov.targets.cloud import inside
from qgov.targets.hcl import Block, Value, address
from qgov.targets.ibm.actions import actions_of

__all__ = ["WIDTH", "Entitlement", "Instance", "Module", "modules", "named", "resource"]

WIDTH: Final = 250
"""Characters of a description."""


@dataclass(frozen=True, eq=False)
class Instance:
    """An instance and what runs in it: the environments of its tenant whose jobs use a device of
    IBM in its region, the scopes of the projects that may, and these devices by their backends."""

    tenant: str
    name: str
    at: tuple[str, ...]
    spec: IbmInstance
    environments: tuple[Environment, ...]
    projects: tuple[str, ...]
    backends: tuple[str, ...]
    devices: tuple[str, ...]

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from all others."""
        return (self.tenant, self.name) if self.name else (self.tenant,)

    @property
    def title(self) -> str:
        """What IBM calls it, and `qauvern` too."""
        return "qgov-" + "-".join(self.key)

    @property
    def address(self) -> str:
        """Its label in Terraform."""
        return address("instance", *self.key)

    @property
    def account(self) -> str:
        """The IBM Cloud account that it belongs to."""
        return self.spec.instance.split(":")[6].removeprefix("a/")

    def whole(self, scope: str) -> bool:
        """Whether everything that runs in it lies in a scope."""
        return all(contains(scope, environment.scope) for environment in self.environments)

    def serves(self, scope: str) -> bool:
        """Whether it runs jobs of a scope."""
        return any(contains(scope, place) or contains(place, scope) for place in self.projects)


@dataclass(frozen=True, eq=False)
class Entitlement:
    """What one role gives at one scope. `instances` are those that run jobs of the scope, each
    with whether everything that runs there lies in it; `max_token_age_s` is the shortest that any
    of its bindings asks for."""

    role: Role
    scope: str
    instances: tuple[tuple[Instance, bool], ...]
    bindings: tuple[Binding, ...]
    max_token_age_s: int | None

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from all others in the tenant."""
        return (self.role.name, self.scope)

    @property
    def about(self) -> str:
        """What it is, in one line."""
        return f"{self.role.name} at {self.scope}"


@dataclass(frozen=True, eq=False)
class Module:
    """What one root module is made from."""

    model: AccessModel
    tenant: Tenant
    instances: tuple[Instance, ...]
    entitlements: tuple[Entitlement, ...]
    workloads: tuple[Workload, ...]
    elevations: tuple[Elevation, ...]
    renames: Renames

    @property
    def ibm(self) -> IbmAccount:
        """What the tenant says of all instances."""
        found = self.tenant.spec.clouds.ibm
        assert found is not None
        return found

    @property
    def account(self) -> str:
        """The account of the first instance, which has those of all."""
        return self.instances[0].account

    def former(self, held: Entitlement) -> tuple[str, str]:
        """What an entitlement was before its role or scope was renamed, as its key is."""
        return (self.renames.role(held.role.name), self.renames.scope(held.scope))

    def elevated(self, held: Entitlement) -> list[Elevation]:
        """The elevations by which somebody holds it for a while."""
        eligible = {id(b) for b in held.bindings if b.eligible is not None}
        return [
            each
            for each in self.elevations
            if each.scope == held.scope and any(id(b) in eligible for b in each.through)
        ]


def modules(model: AccessModel) -> Iterator[Module]:
    """A root module for each tenant that has an IBM Quantum instance."""
    former = renames(model)
    for tenant, bindings, workloads, elevations in inside(model, "ibm"):
        if instances := tuple(_instances(model, tenant)):
            held = tuple(_entitlements(model, tenant, instances, bindings))
            yield Module(model, tenant, instances, held, workloads, elevations, former)


def _instances(model: AccessModel, tenant: Tenant) -> Iterator[Instance]:
    backends = model.organization.backends
    for name, spec, at in ibm_instances(tenant.spec):
        used: dict[str, str] = {}
        served: dict[str, Environment] = {}
        projects = []
        for environment in tenant.environments.values():
            if spec.environments and environment.name not in spec.environments:
                continue
            for project in environment.projects:
                place = f"{environment.scope}/{project}"
                devices = {
                    backend: target
                    for backend in backends_of(model, environment, place)
                    if backends[backend].value.cloud == "ibm"
                    and backends[backend].value.region == spec.region
                    and (target := backends[backend].value.target) is not None
                }
                if devices:
                    used |= devices
                    served[environment.name] = environment
                    projects.append(place)
        found = tuple(sorted(used))
        targets = tuple(sorted(set(used.values())))
        where = (tuple(served.values()), tuple(projects))
        yield Instance(tenant.name, name, at, spec, *where, found, targets)


def _entitlements(
    model: AccessModel,
    tenant: Tenant,
    instances: Iterable[Instance],
    bindings: Iterable[Binding],
) -> Iterator[Entitlement]:
    held: dict[tuple[str, str], list[Binding]] = {}
    for binding in bindings:
        scope = tenant.name if binding.scope == EVERYWHERE else binding.scope
        if admitted(model, binding, scope):
            held.setdefault((binding.role, scope), []).append(binding)
    for (role_name, scope), all_of in sorted(held.items()):
        role = model.roles[role_name]
        given = tuple(
            (instance, instance.whole(scope))
            for instance in instances
            if instance.serves(scope) and actions_of(role, whole=instance.whole(scope))
        )
        if given:
            ages = [_age(model, tenant, scope, role, binding) for binding in all_of]
            youngest = min((age for age in ages if age is not None), default=None)
            yield Entitlement(role, scope, given, tuple(all_of), youngest)


def _age(
    model: AccessModel, tenant: Tenant, scope: str, role: Role, binding: Binding
) -> int | None:
    floor = model.floor(scope)
    for environment in tenant.environments.values():
        if contains(scope, environment.scope):
            floor &= environment.floor
    return required(floor, role, binding, model.workload_of(binding.principal)).max_token_age_s


def named(what: str, *key: str) -> str:
    """A name of its own in an account: `qgov-WHAT-DIGEST`, within the 100 characters that IBM
    keeps. The description says the rest. 80 bits of digest: no two are alike."""
    digest = hashlib.sha256("\0".join(key).encode()).digest()
    return f"qgov-{what}-{base64.b32encode(digest[:10]).decode().lower()}"


def resource(kind: str, name: str, attributes: Mapping[str, Value], *blocks: Block) -> Block:
    """A resource of this provider."""
    return Block("resource", (f"ibm_{kind}", name), attributes, blocks)
