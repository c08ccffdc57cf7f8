"""The directories that a state of Terraform manages: their groups and who is in them, and of a
Keycloak what the admin API would tell of the same things."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from qgov.drift.facts import Facts, Person, Plain, Setting
from qgov.drift.observer import Existing
from qgov.drift.observers.terraform.document import Document, Resource
from qgov.drift.observers.terraform.identity import held_in
from qgov.drift.observers.terraform.module import seconds
from qgov.targets.hcl import Block

__all__ = ["Managed", "managed_in", "resources_of"]


class _Kind(NamedTuple):
    """How a provider of Terraform manages a directory: the product, what its resources are called,
    the group's type and the attribute of its name, and of memberships the type, the attribute of
    the group's id and that of the members (one, or a list)."""

    product: str
    prefix: str
    group: str
    name: str
    memberships: tuple[tuple[str, str, str], ...]


_KINDS: Final = (
    _Kind(
        "keycloak", "keycloak_", "keycloak_group", "name",
        (("keycloak_group_memberships", "group_id", "members"),),
    ),
    _Kind(
        "okta", "okta_", "okta_group", "name", (("okta_group_memberships", "group_id", "users"),)
    ),
    _Kind(
        "entra", "azuread_", "azuread_group", "display_name",
        (
            ("azuread_group_member", "group_object_id", "member_object_id"),
            ("azuread_group", "id", "members"),
        ),
    ),
)  # fmt: skip

_IDENTITY: Final[Mapping[str, tuple[str, str]]] = {
    "keycloak_realm": ("realm", "{realm}"),
    "keycloak_group": ("name", "{realm_id}/{id}"),
    "keycloak_role": ("name", "{realm_id}/{id}"),
    "keycloak_openid_client": ("client_id", "{realm_id}/{id}"),
    "keycloak_oidc_identity_provider": ("alias", "{realm}/{alias}"),
}
"""Of a type, the attribute that tells one from the others, and the id that it is imported by."""

_MANY: Final = "##"


class Managed(NamedTuple):
    """A directory of a state: its product, the realm of a Keycloak, what it holds, and the
    addresses of all that the state has of it."""

    product: str
    realm: str | None
    facts: Facts
    words: Mapping[Setting, str]
    resources: tuple[Resource, ...]

    def existing(self, blocks: Sequence[Block]) -> Iterator[Existing]:
        """What is there already of a compiled module, under another address."""
        own = {resource.address for resource in self.resources}
        there = {
            (one.type, one.values.get(_IDENTITY[one.type][0])): one
            for one in self.resources
            if one.type in _IDENTITY
        }
        for block in blocks:
            address, type_ = ".".join(block.labels), block.labels[0]
            if address in own or type_ not in _IDENTITY:
                continue
            attribute, id_ = _IDENTITY[type_]
            if (one := there.get((type_, block.attributes[attribute]))) is not None:
                yield Existing(address, id_.format_map(one.values))


def managed_in(document: Document) -> list[Managed]:
    """The directories of a state or of what a plan found, those of a product together. Raises
    KeyError, TypeError and AttributeError where a resource is not as its provider tells it."""
    found = []
    there = resources_of(document)
    for kind in _KINDS:
        own = [r for r in there if r.type.startswith(kind.prefix)]
        groups = {str(r.values["id"]): r for r in own if r.type == kind.group}
        realm = next((str(r.values["realm"]) for r in own if r.type == "keycloak_realm"), None)
        if not groups and realm is None:
            continue
        paths = {id_: _path(id_, groups, kind.name) for id_ in groups}
        facts = Facts(
            held=tuple(held_in({r.address: r for r in own})) if realm else (),
            settings=dict(_settings(own, groups, paths)),
            groups=_people(kind, own, paths),
        )
        found.append(Managed(kind.product, realm, facts, dict(_words(own, paths)), tuple(own)))
    return found


def resources_of(document: Document) -> list[Resource]:
    """What there is, also where a plan alone tells of it, by address."""
    found = {
        each.address: Resource(each.address, each.type, each.before, each.secret[0])
        for each in document.changes or ()
        if each.before is not None and each.actions != ("read",)
    }
    return [one for _, one in sorted({**found, **document.resources}.items())]


def _path(id_: str, groups: Mapping[str, Resource], name: str) -> str:
    """A group by the groups that it lies in; an end to circles is the group itself."""
    parts: list[str] = []
    seen: set[str] = set()
    while id_ in groups and id_ not in seen:
        seen.add(id_)
        parts.append(str(groups[id_].values[name]))
        id_ = str(groups[id_].values.get("parent_id") or "")
    return "/".join(reversed(parts))


def _people(
    kind: _Kind, own: Sequence[Resource], paths: Mapping[str, str]
) -> dict[str, tuple[Person, ...]]:
    """The members of those groups that a membership says the members of."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for type_, group, members in kind.memberships:
        for each in own:
            said = each.values.get(members) if each.type == type_ else None
            if said is None or (path := paths.get(str(each.values[group]))) is None:
                continue
            found[path] |= dict.fromkeys(map(str, said if isinstance(said, list) else [said]))
    return {path: tuple(map(Person, names)) for path, names in found.items()}


# ------------------------------------------------------------- a Keycloak, as its admin API tells


def _settings(
    own: Sequence[Resource], groups: Mapping[str, Resource], paths: Mapping[str, str]
) -> Iterator[tuple[Setting, Plain]]:
    clients = {r.values["id"]: r.values for r in own if r.type == "keycloak_openid_client"}
    for id_, path in paths.items():
        yield from _thing("group", path, _attributes(groups[id_].values))
    for each in own:
        values = each.values
        if each.type == "keycloak_role":
            client = clients.get(values.get("client_id"))
            label = f"{client['client_id']}/{values['name']}" if client else str(values["name"])
            yield from _thing("role", label, _attributes(values))
        elif each.type == "keycloak_openid_client":
            age = values.get("access_token_lifespan")
            more = {"access.token.lifespan": _age(age)} if age else {}
            yield from _thing("client", values["client_id"], {**_extra(values), **more})
        elif each.type == "keycloak_oidc_identity_provider":
            known = {name: values.get(name) for name in ("issuer",)}
            more = {"clientId": values.get("client_id"), "jwksUrl": values.get("jwks_url")}
            yield from _thing("identity provider", values["alias"], {**known, **more})
        elif each.type == "keycloak_realm":
            yield from _thing("realm", "", dict(_lifetimes(values)))
        elif each.type.endswith("_protocol_mapper") and values.get("client_id") in clients:
            client_id = clients[values["client_id"]]["client_id"]
            name = f"client {client_id} {values['name']}"
            yield from _thing("mapper", name, {"claim.name": values.get("claim_name")})


def _words(own: Sequence[Resource], paths: Mapping[str, str]) -> Iterator[tuple[Setting, str]]:
    """What things are called for people."""
    for each in own:
        values = each.values
        if each.type == "keycloak_realm" and values.get("display_name"):
            yield Setting("realm", "", "displayName"), str(values["display_name"])
        elif each.type == "keycloak_openid_client":
            for field in ("name", "description"):
                if values.get(field):
                    yield Setting("client", str(values["client_id"]), field), str(values[field])
        elif values.get("description"):
            kind = "role" if each.type == "keycloak_role" else "group"
            name = paths.get(str(values["id"])) if kind == "group" else str(values["name"])
            if name is not None:
                yield Setting(kind, name, "description"), str(values["description"])


def _thing(kind: str, name: str, fields: Mapping[str, Any]) -> Iterator[tuple[Setting, Plain]]:
    yield Setting(kind, name, ""), True
    for field, value in fields.items():
        yield Setting(kind, name, field), value


def _attributes(values: Mapping[str, Any]) -> dict[str, Plain]:
    said = values.get("attributes") or {}
    return {name: tuple(str(text).split(_MANY)) for name, text in said.items()}


def _extra(values: Mapping[str, Any]) -> dict[str, Plain]:
    return {str(name): str(value) for name, value in (values.get("extra_config") or {}).items()}


def _lifetimes(values: Mapping[str, Any]) -> Iterator[tuple[str, Plain]]:
    for field, name in (
        ("ssoSessionMaxLifespan", "sso_session_max_lifespan"),
        ("accessTokenLifespan", "access_token_lifespan"),
    ):
        if values.get(name):
            yield field, _age(values[name])


def _age(value: Any) -> Plain:
    """Seconds, which the provider writes as a duration or as digits."""
    return int(value) if str(value).isdecimal() else seconds(str(value))
