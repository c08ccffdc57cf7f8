"""What one root module is made from, and what its files share.

Azure knows workspaces, and nothing of environments, projects and devices inside them: what it is
told is cut to that.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from qgov.language.kinds.azure import AzureWorkspace
from qgov.language.kinds.tenant import Retention
from qgov.model.access_model import AccessModel, Binding, Environment
from qgov.model.accesses import admitted, backends_of
from qgov.model.renames import renames
from qgov.model.scope import EVERYWHERE, contains
from qgov.model.tenants import azure_workspaces, environments_of
from qgov.targets.cloud import Account, inside, places, with_devices
from qgov.targets.hcl import Block, Value

__all__ = ["Module", "modules", "provider_of", "resource"]

_TARGET: Final = re.compile(r"(?P<provider>[a-z][a-z0-9-]*)\.[a-z0-9][a-z0-9.-]*")


def provider_of(model: AccessModel, backend: str) -> str | None:
    """The provider of a device in Azure Quantum: `ionq` of `ionq.qpu.forte-1`; None when a
    backend is not one of Azure, or has no such target."""
    spec = model.organization.backends[backend].value
    match = _TARGET.fullmatch(spec.target or "") if spec.cloud == "azure" else None
    return match["provider"] if match else None


@dataclass(frozen=True, eq=False)
class Module(Account):
    """What one root module is made from: a workspace. Two may share a name, since each has its own
    resource group; of what is narrower than its scope Azure knows nothing."""

    workspace: AzureWorkspace
    bindings: tuple[Binding, ...]
    """Those that hold where jobs may use a device of the workspace."""

    def devices_of(self, scope: str) -> frozenset[str]:
        """The backends of the workspace that jobs of a scope may use."""
        at = self.tenant.name if scope == EVERYWHERE else scope
        return frozenset(_devices(self.model, self.environments, at))

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


def modules(model: AccessModel) -> Iterator[Module]:
    """A root module for each Azure Quantum workspace of a tenant."""
    former = renames(model)
    for tenant, bindings, workloads, _ in inside(model, "azure"):
        found = azure_workspaces(tenant.spec)
        served = [tuple(environments_of(tenant, own, "azure")) for own, _, _ in found]
        used = [with_devices(model, each, provider_of) for each in served]
        for index, (own, workspace, at) in enumerate(found):
            yield Module(
                model,
                tenant,
                own,
                at,
                served[index],
                (used[index], *used[:index], *used[index + 1 :]),
                workloads,
                former,
                workspace,
                tuple(b for b in bindings if _holds(model, served[index], tenant.name, b)),
            )


def _holds(
    model: AccessModel, environments: Collection[Environment], tenant: str, binding: Binding
) -> bool:
    """Whether a binding gives something where jobs may use a device of the workspace, to who can
    be known there."""
    scope = tenant if binding.scope == EVERYWHERE else binding.scope
    workload = model.workload_of(binding.principal)
    known = workload is None or workload.issuer is not None
    return known and admitted(model, binding, scope) and any(_devices(model, environments, scope))


def _devices(
    model: AccessModel, environments: Collection[Environment], scope: str
) -> Iterator[str]:
    """The devices that jobs of a scope may use."""
    for environment, at in places(environments):
        if contains(scope, at) or contains(at, scope):
            for backend in backends_of(model, environment, at):
                if provider_of(model, backend) is not None:
                    yield backend


def resource(kind: str, name: str, attributes: Mapping[str, Value], *blocks: Block) -> Block:
    """A resource of hashicorp/azurerm."""
    return Block("resource", (f"azurerm_{kind}", name), attributes, blocks)
