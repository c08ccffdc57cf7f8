"""What one Keycloak is made from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from qgov.language.kinds.organization import IdentityProvider
from qgov.model.access_model import AccessModel, Binding, Group, Workload
from qgov.model.renames import Renames, renames

__all__ = ["WIDTH", "Module", "modules", "short"]

WIDTH: Final = 255
"""The most characters of a name, a description or one value of an attribute in Keycloak."""


@dataclass(frozen=True, slots=True)
class Module:
    """What one realm, and the root module that makes it, are made from."""

    model: AccessModel
    name: str
    provider: IdentityProvider
    groups: tuple[Group, ...]
    bindings: tuple[Binding, ...]
    workloads: tuple[Workload, ...]
    renames: Renames


def modules(model: AccessModel) -> Iterator[Module]:
    """A root module for each Keycloak. A group is its provider's, a workload its tenant's."""
    workload_provider = {w.id: model.tenants[w.tenant].provider for w in model.workloads.values()}
    bindings: dict[str, list[Binding]] = defaultdict(list)
    workloads: dict[str, list[Workload]] = defaultdict(list)
    for binding in model.bindings:
        if (group := model.group_of(binding.principal)) is not None:
            bindings[group.provider].append(binding)
        elif (holder := model.workload_of(binding.principal)) is not None:
            bindings[workload_provider[holder.id]].append(binding)
    for id_, workload in sorted(model.workloads.items()):
        workloads[workload_provider[id_]].append(workload)
    former = renames(model)
    for name, fact in sorted(model.organization.providers.items()):
        if fact.value.type == "keycloak":
            yield Module(
                model,
                name,
                fact.value,
                tuple(group for _, group in sorted(model.groups.items()) if group.provider == name),
                tuple(bindings[name]),
                tuple(workloads[name]),
                former,
            )


def short(text: str) -> str:
    """A text within the width of Keycloak's columns."""
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"
