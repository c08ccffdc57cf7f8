"""The admin calls that undo a difference of a realm, by the ids that were read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, Final

from qgov.drift.facts import Held, Person, Plain, Setting, label_of
from qgov.drift.observers.keycloak.access import account_of, accounts_in
from qgov.drift.observers.keycloak.read import Realm, Role
from qgov.drift.observers.keycloak.settings import MASKED, executions_of
from qgov.drift.remote import path_of
from qgov.drift.undo import Fact, Field, Step, Undo
from qgov.language.persons import folded
from qgov.language.scalars import format_duration
from qgov.model.principal import Principal, is_group, is_user, name_of

__all__ = ["Back"]

_ADMIN: Final = "realm-management/"
_BY_TERRAFORM: Final = "is not there any more: apply the compiled Terraform, which makes it"
_DEFAULT: Final = "default-roles"

_DURATIONS: Final = {"ssoSessionMaxLifespan": "sessionLifetime"}
"""Fields of a realm, in seconds, to the field of the identity provider that says them."""


class Back:
    """The way back in one realm. `base` is the server's address; `jit` are the just-in-time groups
    by path: whose binding, role and scope."""

    def __init__(
        self,
        provider: str,
        base: str,
        realm: Realm,
        jit: Mapping[str, tuple[Principal, str, str]],
    ) -> None:
        self._provider, self._base, self._realm, self._jit = provider, base, realm, jit

    def __call__(self, fact: Fact) -> Undo:
        """The steps that undo a fact."""
        if isinstance(fact.what, Setting):
            return self._setting(fact.what, fact)
        return self._elevated(fact.what, fact) if fact.elevated else self._held(fact.what, fact)

    @cached_property
    def _clients(self) -> dict[str, str]:
        return {one["clientId"]: one["id"] for one in self._realm.clients}

    @cached_property
    def _services(self) -> dict[str, Principal]:
        return accounts_in(self._realm)

    def _call(self, method: str, path: str, body: Any = None) -> Step:
        text = "" if body is None else json.dumps(body, ensure_ascii=True, sort_keys=True)
        at = f"{path_of('admin', 'realms', self._realm.name)}{path}"
        return "keycloak", self._base, self._realm.name, method, at, text

    # ------------------------------------------------------------------------------- who has what

    def _held(self, held: Held, fact: Fact) -> Undo:
        if held.eligible:
            return Undo(why_not="it follows from a just-in-time group: see what differs of that")
        label = f"qgov:{held.role}:{held.scope}" if not held.role.startswith(_ADMIN) else held.role
        role = self._realm.by_label.get(label)
        if role is None:
            return Undo(why_not=f"the role `{label}` {_BY_TERRAFORM}")
        holders = self._holders(held.principal, role, extra=fact.extra)
        if not holders:
            why = "it is not given directly: see what differs of what it goes through"
            return Undo(why_not=why if fact.extra else f"who should hold it {_BY_TERRAFORM}")
        below = "/realm" if not role.client else f"/clients{path_of(self._clients[role.client])}"
        method = "DELETE" if fact.extra else "POST"
        return Undo(
            tuple(
                self._call(method, f"{holder}/role-mappings{below}", [_named(role)])
                for holder in holders
            )
        )

    def _holders(self, who: Principal, role: Role, *, extra: bool) -> list[str]:
        """Where a role is given to somebody directly, or should be."""
        if is_group(who):
            group = self._realm.by_path.get(name_of(who))
            if group is None or (extra and role.label not in group.roles):
                return []
            return [f"/groups{path_of(group.id)}"]
        if not extra:
            return []
        return [
            f"/users{path_of(account['id'])}"
            for account in self._realm.holders.get(role.id, ())
            if self._is(account, who)
        ]

    def _is(self, account: Mapping[str, Any], who: Principal) -> bool:
        is_ = account_of(self._realm, self._services, account)
        return folded(is_) == folded(who) or (is_user(is_) and label_of(is_) == who)

    def leave(self, path: str, person: Person) -> Undo:
        """The steps that take a member out of a group, by its path."""
        group = self._realm.by_path.get(path)
        return Undo(
            tuple(
                self._call("DELETE", f"/users{path_of(member['id'])}/groups{path_of(group.id)}")
                for member in group.members
                if member["username"] == person.name
            )
            if group
            else ()
        )

    def _elevated(self, held: Held, fact: Fact) -> Undo:
        groups = [
            self._realm.by_path[path]
            for path, (_, role, scope) in self._jit.items()
            if (role, scope) == (held.role, held.scope) and path in self._realm.by_path
        ]
        if not fact.extra:
            return Undo(why_not="put the person of the elevation into the just-in-time group again")
        steps = tuple(
            self._call("DELETE", f"/users{path_of(member['id'])}/groups{path_of(group.id)}")
            for group in groups
            for member in group.members
            if self._is(member, held.principal)
        )
        return Undo(steps, "" if steps else "nobody is in the just-in-time group any more")

    # ----------------------------------------------------------------------------------- settings

    def _setting(self, setting: Setting, fact: Fact) -> Undo:
        if setting.kind in ("realm", "events") and setting.field:
            return self._field(setting, fact)
        if setting.kind == "execution":
            return self._execution(setting, fact)
        if (setting.kind, setting.field) == ("role", "composites"):
            return self._composites(setting, fact)
        if setting.field or not fact.extra:
            return Undo(why_not="it is undone in the admin console, or by the compiled Terraform")
        path = next((path for name, path in self._things(setting.kind) if name == setting.name), "")
        if not path:
            return Undo(why_not="it is undone in the admin console")
        return Undo((self._call("DELETE", path),))

    def _field(self, setting: Setting, fact: Fact) -> Undo:
        name, wanted = setting.field, fact.wanted
        field = None
        if setting.kind == "realm" and name in _DURATIONS and type(fact.found) is int:
            field = Field(self._provider, _DURATIONS[name], format_duration(fact.found))
        top = self._realm.raw if setting.kind == "realm" else self._realm.lists["/events/config"]
        if name not in top or wanted is None or isinstance(top[name], dict):
            return Undo(why_not="it is undone in the admin console", field=field)
        path = "" if setting.kind == "realm" else "/events/config"
        body = list(wanted) if isinstance(wanted, tuple) else wanted
        if isinstance(top[name], str) and not isinstance(wanted, str):
            return Undo(why_not="it is undone in the admin console", field=field)
        return Undo((self._call("PUT", path, {name: body}),), field=field)

    def _execution(self, setting: Setting, fact: Fact) -> Undo:
        """A step of signing in, or a field of it."""
        named = (each[1:] for each in executions_of(self._realm) if each[0] == setting.name)
        alias, one = next(named, ("", {}))
        config = self._realm.configs.get(str(one.get("authenticationConfig")))
        if one and fact.extra and not setting.field:
            path = path_of("authentication", "executions", one["id"])
            return Undo((self._call("DELETE", path),))
        if one and setting.field == "requirement":
            path = f"{path_of('authentication', 'flows', alias)}/executions"
            return Undo((self._call("PUT", path, {**one, "requirement": fact.wanted}),))
        known = {} if config is None else config["config"]
        if setting.field in known and fact.wanted is not None and MASKED not in known.values():
            value = json.dumps(fact.wanted) if type(fact.wanted) is bool else str(fact.wanted)
            body = {**(config or {}), "config": {**known, setting.field: value}}
            path = path_of("authentication", "config", str(one["authenticationConfig"]))
            return Undo((self._call("PUT", path, body),))
        return Undo(why_not="it is undone in the admin console, or by the compiled Terraform")

    def _composites(self, setting: Setting, fact: Fact) -> Undo:
        own = setting.name
        if own == _DEFAULT:
            own = next((n for n in self._realm.by_label if n.lower() == self._default), own)
        role = self._realm.by_label.get(own)
        wanted, found = _labels(fact.wanted), _labels(fact.found)
        if role is None or (unknown := sorted({*wanted, *found} - self._realm.by_label.keys())):
            what = own if role is None else unknown[0]
            return Undo(why_not=f"the role `{what}` {_BY_TERRAFORM}")
        path = f"/roles-by-id{path_of(role.id)}/composites"
        changes = (("DELETE", found - wanted), ("POST", wanted - found))
        return Undo(
            tuple(
                self._call(
                    method, path, [_named(self._realm.by_label[label]) for label in sorted(labels)]
                )
                for method, labels in changes
                if labels
            )
        )

    @property
    def _default(self) -> str:
        return f"{_DEFAULT}-{self._realm.name}".lower()

    def _things(self, kind: str) -> Iterable[tuple[str, str]]:
        """The things of a kind by name, each with its place below the realm."""
        find = _THINGS.get(kind)
        return () if find is None else find(self._realm)


def _named(role: Role) -> dict[str, str]:
    return {"id": role.id, "name": role.name}


def _labels(value: Plain) -> set[str]:
    return {str(each) for each in value} if isinstance(value, tuple) else set()


def _of(things: Iterable[Mapping[str, Any]], name: str, key: str, *below: str) -> Any:
    return ((str(one[name]), path_of(*below, str(one[key]))) for one in things)


_THINGS: Final[Mapping[str, Callable[[Realm], Iterable[tuple[str, str]]]]] = {
    "group": lambda realm: ((g.path, path_of("groups", g.id)) for g in realm.groups),
    "role": lambda realm: ((r.label, path_of("roles-by-id", r.id)) for r in realm.roles.values()),
    "client": lambda realm: _of(realm.clients, "clientId", "id", "clients"),
    "client scope": lambda realm: _of(realm.scopes, "name", "id", "client-scopes"),
    "identity provider": lambda realm: _of(
        realm.brokers, "alias", "alias", "identity-provider", "instances"
    ),
    "workflow": lambda realm: _of(
        (one for one in realm.lists["/workflows"] if one.get("name") and one.get("id")),
        "name", "id", "workflows",
    ),
    "organization": lambda realm: _of(
        realm.lists["/organizations"], "name", "id", "organizations"
    ),
    "initial access token": lambda realm: _of(
        realm.lists["/clients-initial-access"], "id", "id", "clients-initial-access"
    ),
    "default group": lambda realm: (
        (one["path"].removeprefix("/"), path_of("default-groups", one["id"]))
        for one in realm.lists["/default-groups"]
        if "id" in one
    ),
}  # fmt: skip
"""What is taken away as a whole."""
