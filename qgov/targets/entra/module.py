"""What one Entra is made from: what several of its files name, and the widths of its columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from qgov.model.access_model import AccessModel, Group
from qgov.model.directories import directory_id
from qgov.targets import directory
from qgov.targets.directory import JustInTime, Module
from qgov.targets.hcl import Block, Ref, Value, address

__all__ = [
    "APPLICATION",
    "GROUP_NAME",
    "KNOWN",
    "MOST_ENTRIES",
    "ROLE_VALUE",
    "SCHEMA_VERSION",
    "SERVICE",
    "Module",
    "assigned",
    "group_id",
    "jit_address",
    "modules",
    "of_version_1",
    "resource",
    "same_id",
    "tenant_of",
]

SCHEMA_VERSION: Final = "3.9.0"
"""The version of hashicorp/azuread whose schema the resources are written for."""

GROUP_NAME: Final = 256
"""The most characters of a group's name."""
ROLE_VALUE: Final = 120
"""The most characters of the value of an app role."""
MOST_ENTRIES: Final = 1_200
"""The most entries of an application's manifest, all app roles among them."""
KNOWN: Final = "known"
"""The app role of a group that holds nothing standing, so that tokens tell of it all the same."""

APPLICATION: Final = "azuread_application.qgov"
SERVICE: Final = "azuread_service_principal.qgov"


def modules(model: AccessModel) -> tuple[Module, ...]:
    """A root module for each Entra."""
    return directory.modules(model, "entra")


def resource(kind: str, name: str, attributes: Mapping[str, Value], *blocks: Block) -> Block:
    """A resource of this provider."""
    return Block("resource", (f"azuread_{kind}", name), attributes, blocks)


def tenant_of(module: Module) -> str:
    """The tenant that the issuer is of; the zero id where it is none of Entra's (`QG335`)."""
    found = re.search(r"/([0-9a-f]{8}-[0-9a-f-]{27})/", module.provider.issuer)
    return found[1] if found else "00000000-0000-0000-0000-000000000000"


def of_version_1(module: Module) -> bool:
    """Whether tokens are of version 1, which are for an address and tell how people signed in."""
    return module.provider.issuer.startswith("https://sts.")


def same_id(name: str) -> str:
    """An id for an app role or a scope: the same for the same name, in every application."""
    return str(uuid5(NAMESPACE_URL, f"https://qgov/{name}"))


def group_id(module: Module, group: Group) -> Value:
    """The object id of a group: that which is written, or that of the group which is made."""
    written = directory_id(module.provider, group)
    return written or Ref(f"azuread_group.{address('group', group.name)}.object_id")


def jit_address(jit: JustInTime) -> str:
    """The Terraform name of a just-in-time group."""
    return address("jit", jit.group, jit.role, jit.scope)


def assigned(name: str, role: str, principal: Value) -> Block:
    """That a principal holds an app role, by the role's address."""
    return resource(
        "app_role_assignment",
        name,
        {
            "app_role_id": Ref(f"azuread_application_app_role.{role}.role_id"),
            "principal_object_id": principal,
            "resource_object_id": Ref(f"{SERVICE}.object_id"),
        },
    )
