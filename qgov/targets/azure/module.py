"""What one root module is made from, and what its files share.

Azure knows workspaces, and nothing of environments, projects and devices inside them: what it is
told is cut to that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from qgov.language.kinds.azure import AzureWorkspace
from qgov.language.kinds.tenant import Retention
from qgov.model.access_model import AccessModel, Binding, Environment, Tenant, Workload
from qgov.model.accesses import admitted, backends_of
from qgov.model.renames import Renames, renames
from qgov.model.scope import EVERYWHERE, contains
from qgov.model.tenants import azure_workspaces, environments_of
from qgov.targets.hcl import Block, Value

__all__ = ["KEPT", "Module", "modules", "provider_of", "resource"]

KEPT: Final = Block("lifecycle", (), {"prevent_destroy": True})
"""What must not vanish with whatever it holds."""

_TARGET: Final = re.compile(r"(?P<provider>[a-z][a-z0-9-]*)\.[a-z0-9][a-z0-9.-]*")


def provider_of(model: AccessModel, backend: str) -> str | None:
    """The provider of a device in Azure Quantum: `ionq` of `ionq.qpu.forte-1`; None when a
    backend is not one of Azure, or has no such target."""
    spec = model.organization.backends[backend].value
    match = _TARGET.fullmatch(spec.target or "") if spec.cloud == "azure" else None
    return match["provider"] if match else None


@dataclass(frozen=True, eq=False)
class Module:
    """What one root module is made from. It is itself alone, so that what is made of it is made
    once."""

    model: AccessModel
    tenant: Tenant
    own: str
    """The environment whose workspace it is; empty: of all that have none of their own."""
    at: tuple[str, ...]
    """Where in `clouds` the workspace is written."""
    workspace: AzureWorkspace
    bindings: tuple[Binding, ...]
    """Those that hold where jobs may use a device of the workspace."""
    environments: tuple[Environment, ...]
    """Those whose jobs run in the workspace."""
    projects: tuple[frozenset[str], ...]
    """The projects (scopes) with devices, of this workspace first and then of each other one of
    the tenant."""
    workloads: tuple[Workload, ...]
    renames: Renames

    @property
    def name(self) -> str:
        """`TENANT` or `TENANT-ENVIRONMENT`. Both are labels, so two modules may share a name;
        each has its own resource group."""
        return f"{self.tenant.name}-{self.own}" if self.own else self.tenant.name

    @property
    def scope(self) -> str:
        """What all that is in the workspace lies in: the tenant, or the environment that has it
        for its own. Of what is narrower Azure knows nothing."""
        return f"{self.tenant.name}/{self.own}" if self.own else self.tenant.name

    def devices_of(self, scope: str) -> frozenset[str]:
        """The backends of the workspace that jobs of a scope may use."""
        inside = self.tenant.name if scope == EVERYWHERE else scope
        return frozenset(_devices(_Place(self.model, self.environments), inside))

    @cached_property
    def devices(self) -> frozenset[str]:
        """The backends that jobs may use in the workspace."""
        return self.devices_of(self.scope)

    @cached_property
    def providers(self) -> tuple[str, ...]:
        """Whose devices jobs may use."""
        found = {provider_of(self.model, name) for name in self.devices}
        return tuple(sorted(each for each in found if each is not None))

    @property
    def subscription(self) -> str:
        """The id of the subscription."""
        return f"/subscriptions/{self.workspace.subscription}"

    @property
    def group(self) -> str:
        """The id of the resource group."""
        return f"{self.subscription}/resourceGroups/{self.workspace.resource_group}"

    def role(self, guid: str) -> str:
        """The id of a role definition."""
        return f"{self.subscription}/providers/Microsoft.Authorization/roleDefinitions/{guid}"

    def is_immutable(self, kept: Retention | None) -> bool:
        """Whether the store of a class of records is one that nobody may change."""
        store = self.model.organization.stores.get(kept.store) if kept else None
        return store is not None and store.value.immutable

    def own_key(self, kept: Retention | None) -> bool:
        """Whether the store of a class of records is encrypted with the tenant's own key."""
        store = self.model.organization.stores.get(kept.store) if kept else None
        return store is not None and store.value.encryption == "customer-key"

    @cached_property
    def results(self) -> Retention | None:
        """How long results live, and where."""
        return self.tenant.spec.retention.results

    @cached_property
    def audit(self) -> Retention | None:
        """How long the record of who did what lives, and where."""
        return self.tenant.spec.retention.audit_logs


class _Place(NamedTuple):
    """A workspace before anything is known of it but what runs there."""

    model: AccessModel
    environments: tuple[Environment, ...]


def modules(model: AccessModel) -> Iterator[Module]:
    """A root module for each Azure Quantum workspace of a tenant."""
    former = renames(model)
    everywhere = [b for b in model.bindings if b.scope == EVERYWHERE]
    inside: dict[str, list[Binding]] = {}
    for binding in model.bindings:
        if binding.scope != EVERYWHERE:
            inside.setdefault(binding.scope.partition("/")[0], []).append(binding)
    workloads: dict[str, list[Workload]] = {}
    for _, workload in sorted(model.workloads.items()):
        workloads.setdefault(workload.tenant, []).append(workload)
    for name, tenant in sorted(model.tenants.items()):
        found = azure_workspaces(tenant.spec)
        places = [
            _Place(model, tuple(environments_of(tenant, own, "azure"))) for own, _, _ in found
        ]
        bindings = [*inside.get(name, ()), *everywhere]
        for place, (own, workspace, at) in zip(places, found, strict=True):
            others = [each for each in places if each is not place]
            yield Module(
                model,
                tenant,
                own,
                at,
                workspace,
                tuple(b for b in bindings if _holds(place, name, b)),
                place.environments,
                tuple(frozenset(_projects(each)) for each in (place, *others)),
                tuple(workloads.get(name, ())),
                former,
            )


def _holds(place: _Place, tenant: str, binding: Binding) -> bool:
    """Whether a binding gives something where jobs may use a device of the workspace, to who can
    be known there."""
    scope = tenant if binding.scope == EVERYWHERE else binding.scope
    workload = place.model.workload_of(binding.principal)
    known = workload is None or workload.issuer is not None
    return known and admitted(place.model, binding, scope) and any(_devices(place, scope))


def _devices(place: _Place, scope: str) -> Iterator[str]:
    """The devices that jobs of a scope may use. An environment without projects has no jobs."""
    for environment in place.environments:
        for at in (f"{environment.scope}/{project}" for project in environment.projects):
            if contains(scope, at) or contains(at, scope):
                for backend in backends_of(place.model, environment, at):
                    if provider_of(place.model, backend) is not None:
                        yield backend


def _projects(place: _Place) -> Iterator[str]:
    """The scopes of the projects whose jobs may use a device."""
    for environment in place.environments:
        for at in (f"{environment.scope}/{project}" for project in environment.projects):
            found = backends_of(place.model, environment, at)
            if any(provider_of(place.model, name) for name in found):
                yield at


def resource(kind: str, name: str, attributes: Mapping[str, Value], *blocks: Block) -> Block:
    """A resource of hashicorp/azurerm."""
    return Block("resource", (f"azurerm_{kind}", name), attributes, blocks)
