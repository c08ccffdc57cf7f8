"""What one Okta is made from: what several of its files name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from qgov.model.access_model import AccessModel, Group
from qgov.targets import directory
from qgov.targets.directory import Module
from qgov.targets.hcl import Block, Ref, Value, address

__all__ = [
    "APPLICATION",
    "ROLES",
    "SCHEMA_VERSION",
    "Module",
    "group_id",
    "modules",
    "organization_of",
    "resource",
    "server_of",
]

SCHEMA_VERSION: Final = "6.12.0"
"""The version of okta/okta whose schema the resources are written for."""

APPLICATION: Final = "okta_app_oauth.qgov"
ROLES: Final = "qgov_roles"
"""The attribute of an application's user that has the roles of all their groups."""


def modules(model: AccessModel) -> tuple[Module, ...]:
    """A root module for each Okta."""
    return directory.modules(model, "okta")


def resource(kind: str, name: str, attributes: Mapping[str, Value], *blocks: Block) -> Block:
    """A resource of this provider."""
    return Block("resource", (f"okta_{kind}", name), attributes, blocks)


def organization_of(module: Module) -> tuple[str, str]:
    """The organization, and the domain that it is one of: `northwind`, `okta.com`."""
    host = urlsplit(module.provider.issuer).hostname or ""
    name, _, domain = host.partition(".")
    return name, domain


def server_of(module: Module) -> str:
    """The id of the authorization server that the issuer is; `default` for the one of this name."""
    return module.provider.issuer.rstrip("/").rpartition("/")[2]


def group_id(group: Group) -> Value:
    """The id of a group: that which is written, or that of the group which is made."""
    return group.directory_id or Ref(f"okta_group.{address('group', group.name)}.id")
