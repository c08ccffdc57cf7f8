"""Which resources of a compiled module a realm has already, by the ids that the Terraform provider
imports them by (https://registry.terraform.io/providers/keycloak/keycloak/latest/docs).

What the provider cannot import (events, the user profile, a client's scopes, the bindings of
flows) it takes over as it is: creating one of these sets what the module says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Final, TypeAlias

from qgov.drift.facts import Setting
from qgov.drift.observer import Existing
from qgov.drift.observers.keycloak.read import Realm
from qgov.targets.hcl import Block, Ref

__all__ = ["There", "words_in"]

_DEFAULT: Final = "default-roles"
_KEPT: Final = {
    "smtpServer": "smtp_server",
    "internationalizationEnabled": "internationalization",
    "loginTheme": "login_theme",
    "accountTheme": "account_theme",
    "adminTheme": "admin_theme",
    "emailTheme": "email_theme",
    "passwordPolicy": "password_policy",
}
"""Fields of a realm that no module says, to the arguments that say them."""


_Known: TypeAlias = Mapping[str, Block]
_Found: TypeAlias = tuple[tuple[str, ...], tuple[str, ...]]
"""The parts of an id below the realm, and what it holds beside."""


class There:
    """What one realm has."""

    def __init__(self, realm: Realm) -> None:
        self._realm = realm

    def __call__(self, blocks: Sequence[Block]) -> Iterator[Existing]:
        """The resources that are there already, in their order."""
        known = {".".join(block.labels): block for block in blocks}
        for address, block in known.items():
            find = self._TABLE.get(block.labels[0])
            found = find(self, block, known) if find is not None else None
            if found is not None:
                parts, others = found
                yield Existing(address, "/".join((self._realm.name, *parts)), others)

    @cached_property
    def _clients(self) -> dict[str, Mapping[str, Any]]:
        return {str(one["clientId"]): one for one in self._realm.clients}

    # ------------------------------------------------------------- what each resource stands for

    def _of_realm(self, _block: Block, _known: _Known) -> _Found:
        raw = self._realm.raw
        return (), tuple(argument for field, argument in _KEPT.items() if raw.get(field))

    def _of_group(self, block: Block, _known: _Known) -> _Found | None:
        group = self._realm.by_path.get(str(block.attributes["name"]))
        return None if group is None else ((group.id,), ())

    def _of_group_roles(self, block: Block, known: _Known) -> _Found | None:
        group = self._realm.by_path.get(_named(block.attributes["group_id"], known, "name"))
        if group is None:
            return None
        said = {_named(role, known, "name") for role in _list(block.attributes["role_ids"])}
        return (group.id,), tuple(sorted({*group.roles} - said))

    def _of_role(self, block: Block, _known: _Known) -> _Found | None:
        role = self._realm.by_label.get(str(block.attributes["name"]))
        return None if role is None else ((role.id,), ())

    def _of_default_roles(self, block: Block, _known: _Known) -> _Found | None:
        role = self._realm.by_label.get(f"{_DEFAULT}-{self._realm.name}".lower())
        if role is None:
            return None
        held = {self._realm.roles[part].label for part in role.parts if part in self._realm.roles}
        said = {*map(str, _list(block.attributes["default_roles"]))}
        return (role.id,), tuple(sorted(held - said))

    def _of_scopes(self, block: Block, _known: _Known) -> _Found:
        """The scopes of new clients, by default or where they ask."""
        which = "default" if "default_scopes" in block.attributes else "optional"
        held = {str(one["name"]) for one in self._realm.lists[f"/default-{which}-client-scopes"]}
        said = {*map(str, _list(block.attributes[f"{which}_scopes"]))}
        return (), tuple(sorted(held - said))

    def _of_client(self, block: Block, _known: _Known) -> _Found | None:
        client = self._clients.get(str(block.attributes["client_id"]))
        return None if client is None else ((client["id"],), ())

    def _of_mapper(self, block: Block, known: _Known) -> _Found | None:
        client = self._clients.get(_named(block.attributes["client_id"], known, "client_id"))
        for one in () if client is None else client.get("protocolMappers", ()):
            if client is not None and one["name"] == block.attributes["name"]:
                return ("client", client["id"], one["id"]), ()
        return None

    def _of_account_role(self, block: Block, known: _Known) -> _Found | None:
        """A role of the service account of a workload's client."""
        id_ = _named(block.attributes["service_account_user_id"], known, "client_id")
        role = self._realm.by_label.get(_named(block.attributes["role"], known, "name"))
        name = f"service-account-{id_}".lower()
        for one in () if role is None else self._realm.holders.get(role.id, ()):
            if role is not None and str(one["username"]).lower() == name:
                return (one["id"], role.id), ()
        return None

    def _of_issuer(self, block: Block, _known: _Known) -> _Found | None:
        alias = str(block.attributes["alias"])
        return ((alias,), ()) if any(b["alias"] == alias for b in self._realm.brokers) else None

    def _of_flow(self, block: Block, _known: _Known) -> _Found | None:
        id_ = self._realm.flow_ids.get(str(block.attributes["alias"]))
        return None if id_ is None else ((id_,), ())

    def _of_subflow(self, block: Block, known: _Known) -> _Found | None:
        found = self._execution(block, known)
        return None if found is None else ((*found[:1], str(found[1]["flowId"])), ())

    def _of_execution(self, block: Block, known: _Known) -> _Found | None:
        found = self._execution(block, known)
        return None if found is None else ((*found[:1], str(found[1]["id"])), ())

    def _of_config(self, block: Block, known: _Known) -> _Found | None:
        execution = _referred(block.attributes["execution_id"], known)
        found = None if execution is None else self._execution(execution, known)
        if found is None or not (id_ := found[1].get("authenticationConfig")):
            return None
        return (str(found[1]["id"]), str(id_)), ()

    def _execution(self, block: Block, known: _Known) -> tuple[str, Mapping[str, Any]] | None:
        """The flow that an execution or a subflow stands in, and it as the server tells it."""
        parent = _named(block.attributes["parent_flow_alias"], known, "alias")
        title = str(block.attributes.get("authenticator") or block.attributes["alias"])
        for alias, executions in self._realm.flows.items():
            above = [alias]
            for one in executions:
                level = one.get("level", 0)
                within = above[min(level, len(above) - 1)]
                own = one.get("providerId") or one.get("displayName")
                above = [*above[: level + 1], str(one.get("displayName"))]
                if within == parent and own == title:
                    return parent, one
        return None

    _TABLE: ClassVar[Mapping[str, Callable[[There, Block, _Known], _Found | None]]] = {
        "keycloak_realm": _of_realm,
        "keycloak_group": _of_group,
        "keycloak_group_roles": _of_group_roles,
        "keycloak_role": _of_role,
        "keycloak_default_roles": _of_default_roles,
        "keycloak_realm_default_client_scopes": _of_scopes,
        "keycloak_realm_optional_client_scopes": _of_scopes,
        "keycloak_openid_client": _of_client,
        "keycloak_openid_audience_protocol_mapper": _of_mapper,
        "keycloak_openid_group_membership_protocol_mapper": _of_mapper,
        "keycloak_openid_user_property_protocol_mapper": _of_mapper,
        "keycloak_openid_client_service_account_realm_role": _of_account_role,
        "keycloak_oidc_identity_provider": _of_issuer,
        "keycloak_authentication_flow": _of_flow,
        "keycloak_authentication_subflow": _of_subflow,
        "keycloak_authentication_execution": _of_execution,
        "keycloak_authentication_execution_config": _of_config,
    }


def _referred(value: object, known: _Known) -> Block | None:
    """The resource that a reference names."""
    if not isinstance(value, Ref):
        return None
    return known.get(".".join(value.expression.split(".")[:2]))


def _named(value: object, known: _Known, argument: str) -> str:
    """An argument of the resource that a value refers to; a text as it is."""
    block = _referred(value, known)
    return str(value) if block is None else str(block.attributes[argument])


def _list(value: object) -> list[Any]:
    return [*value] if isinstance(value, list | tuple) else []


def words_in(realm: Realm) -> dict[Setting, str]:
    """What things of a realm are called for people."""
    found = {Setting("realm", "", "displayName"): str(realm.raw.get("displayName") or "")}
    found |= {Setting("role", r.label, "description"): r.about for r in realm.roles.values()}
    found |= {Setting("group", group.path, "description"): group.about for group in realm.groups}
    for client in realm.clients:
        for field in ("name", "description"):
            found[Setting("client", str(client["clientId"]), field)] = str(client.get(field) or "")
    return {setting: text for setting, text in found.items() if text}
