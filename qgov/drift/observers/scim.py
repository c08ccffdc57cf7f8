"""A directory by SCIM 2.0 (RFC 7644): which groups there are, what is nested in them, and who.

What a group's members may do follows from its name (its `directoryName`, where it has one), so
that a group that is not there is access that is not there, and a group inside another has the
access of both.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from qgov.drift.facts import Facts, Held, Person, Plain, Setting
from qgov.drift.observer import Asked, Effect, Need, Observation, Observer, UnreadableError
from qgov.drift.remote import MOST_PAGES, Remote, path_of, remote
from qgov.drift.undo import Fact, Step, Undo
from qgov.drift.wanted import bindings_of, held
from qgov.model.principal import group, is_group, name_of
from qgov.plan.risk import Risk

__all__ = ["OBSERVER"]

_ADDRESS: Final = "QGOV_SCIM_URL"
_TOKEN: Final = "QGOV_SCIM_TOKEN"  # noqa: S105 - the name of a variable
_PROVIDER: Final = "QGOV_SCIM_PROVIDER"
_LIST: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
_GROUP: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
_PATCH: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
_CONFIG: Final = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
_COUNT: Final = 100
_OUTSIDE: Final = frozenset({"contractor", "external", "guest", "partner"})
_SERVICES: Final = frozenset({"application", "bot", "machine", "service", "serviceaccount"})

Resource = Mapping[str, Any]


def _observe(asked: Asked) -> Iterator[Observation]:
    provider = _provider(asked)
    headers = {
        "Authorization": f"Bearer {asked.needed(_TOKEN)}",
        "Accept": "application/scim+json, application/json",
    }
    with remote(asked, asked.needed(_ADDRESS), headers) as server:
        config = server.get("/ServiceProviderConfig")
        if not isinstance(config, dict) or _CONFIG not in config.get("schemas", ()):
            raise UnreadableError(f"{server.base}: is no SCIM 2.0 service")
        groups = _listed(server, "/Groups")
        people = _listed(server, "/Users")
    bindings = held(bindings_of(asked.model, provider))
    names = [name for name, one in sorted(asked.model.groups.items()) if one.provider == provider]
    wanted = tuple(each for each in bindings if is_group(each.principal))
    called = {asked.model.groups[name].called: name for name in names}
    back = _Back(server.base, groups, people, wanted, called)
    yield Observation(
        f"scim:{provider}",
        "scim",
        Facts(held=wanted, settings={Setting("group", name, ""): True for name in names}),
        _facts(groups, people, wanted, called),
        _effect,
        undo=back,
        leave=back.leave,
    )


def _provider(asked: Asked) -> str:
    """The identity provider whose groups the directory keeps."""
    known = asked.model.organization.providers
    only = next(iter(known)) if len(known) == 1 else None
    chosen = asked.what or asked.setting(_PROVIDER) or only
    if chosen is None or chosen not in known:
        raise UnreadableError(
            f"say whose groups these are, by --source scim:NAME or {_PROVIDER}: "
            f"{', '.join(sorted(known))}"
        )
    return chosen


def _listed(server: Remote, path: str) -> list[Resource]:
    """Every resource. Raises UnreadableError where fewer are sent than were announced, or where
    their number changes meanwhile."""
    found: list[Resource] = []
    announced: int | None = None
    for _ in range(MOST_PAGES):
        page = server.get(path, startIndex=len(found) + 1, count=_COUNT)
        if not isinstance(page, dict) or _LIST not in page.get("schemas", ()):
            raise UnreadableError(f"{server.base}{path}: no list of SCIM 2.0")
        total, resources = page.get("totalResults"), page.get("Resources") or []
        if not isinstance(total, int) or not isinstance(resources, list):
            raise UnreadableError(f"{server.base}{path}: no list of SCIM 2.0")
        if announced is not None and total != announced:
            raise UnreadableError(f"{server.base}{path}: changed while it was read; try again")
        announced = total
        found += resources
        if len(found) >= announced:
            break
        if not resources:
            raise UnreadableError(f"{server.base}{path}: {announced} announced, {len(found)} sent")
    ids = {str(each.get("id")) for each in found if isinstance(each, dict)}
    if len(ids) != len(found) or len(found) != announced:
        raise UnreadableError(f"{server.base}{path}: something came twice, or has no id")
    return found


def _facts(
    groups: Iterable[Resource],
    people: Iterable[Resource],
    wanted: Iterable[Held],
    called: Mapping[str, str],
) -> Facts:
    """What was found; `called` says which group a name in the directory is."""
    known = {str(one["id"]): one for one in people}
    named = {str(one["id"]): _named(one, called) for one in groups}
    times = Counter(named.values())
    bound: dict[str, list[Held]] = defaultdict(list)
    for each in wanted:
        bound[name_of(each.principal)].append(each)
    settings: dict[Setting, Plain] = {}
    above: dict[str, set[str]] = defaultdict(set)
    members: dict[str, tuple[Person, ...]] = {}
    times = Counter(named.values())
    for one in groups:
        name = named[str(one["id"])]
        ids = [str(member.get("value", "")) for member in one.get("members") or ()]
        for id_ in ids:
            if id_ in named:
                above[id_].add(str(one["id"]))
        direct = tuple(_person(id_, known.get(id_)) for id_ in ids if id_ not in named)
        members[name] = (*members.get(name, ()), *direct)
        twice = times[name] > 1
        settings[Setting("group", f"{name} ({one['id']})" if twice else name, "")] = True
    return Facts(held=tuple(_held(named, above, bound)), settings=settings, groups=members)


def _named(one: Resource, called: Mapping[str, str]) -> str:
    """A group by the name that it has here; one that only has the name of another, by its id."""
    name = str(one.get("displayName", ""))
    other = name not in called and name in called.values()
    return f"{name} ({one['id']})" if other else called.get(name, name)


def _held(
    named: Mapping[str, str], above: dict[str, set[str]], bound: Mapping[str, list[Held]]
) -> Iterator[Held]:
    """What each group has by its name, and by those that it is inside of."""
    for id_, name in named.items():
        yield from bound.get(name, ())
        seen = {id_}
        waiting: list[tuple[str, tuple[str, ...]]] = [(one, ()) for one in sorted(above[id_])]
        while waiting:
            outer, chain = waiting.pop(0)
            if outer in seen:
                continue
            seen.add(outer)
            way = (*chain, f"being nested in the group `{named[outer]}`")
            for each in bound.get(named[outer], ()):
                yield each._replace(principal=group(name), through=way)
            waiting += [(higher, way) for higher in sorted(above[outer])]


def _person(id_: str, found: Resource | None) -> Person:
    if found is None:  # a member that the directory does not have
        return Person(id_, enabled=False)
    kind = str(found.get("userType") or "").replace(" ", "").lower()
    return Person(
        str(found.get("userName", id_)),
        enabled=found.get("active") is not False,
        external=kind in _OUTSIDE,
        service_account=kind in _SERVICES,
    )


class _Back:
    """The way back: calls of SCIM by the ids that were read. Nobody is put into a group: who is in
    one is the directory's own."""

    def __init__(
        self,
        base: str,
        groups: Iterable[Resource],
        people: Iterable[Resource],
        wanted: Iterable[Held],
        called: Mapping[str, str],
    ) -> None:
        self._base, self._called = base, {ours: theirs for theirs, ours in called.items()}
        self._groups = {str(one["id"]): one for one in groups}
        self._named = {id_: _named(one, called) for id_, one in self._groups.items()}
        self._people = {str(one["id"]): str(one.get("userName", one["id"])) for one in people}
        self._bound = {(name_of(each.principal), each.role, each.scope) for each in wanted}

    def __call__(self, fact: Fact) -> Undo:
        """The steps that undo a fact."""
        if isinstance(fact.what, Held):
            who = name_of(fact.what.principal)
            return self._apart(who, fact.what) if fact.extra else self._made(who)
        if fact.extra:
            return Undo(why_not="it may be somebody else's: delete the group in the directory")
        return self._made(fact.what.name)

    def leave(self, group_: str, person: Person) -> Undo:
        """The steps that take a member out of a group, by its name."""
        return Undo(
            tuple(
                self._without(id_, member)
                for id_, name in self._named.items()
                for member in self._members(id_)
                if name == group_ and self._people.get(member, member) == person.name
            )
        )

    def _made(self, name: str) -> Undo:
        if name in self._named.values():
            return Undo(why_not="see what differs of the group itself")
        body = {"schemas": [_GROUP], "displayName": self._called.get(name, name)}
        return Undo((self._call("POST", "/Groups", body),))

    def _apart(self, who: str, held: Held) -> Undo:
        """Take a group out of those that it has the access of."""
        return Undo(
            tuple(
                self._without(outer, inner)
                for inner, name in self._named.items()
                if name == who
                for outer in self._groups
                if inner in self._members(outer) and self._reaches(outer, held)
            )
        )

    def _reaches(self, id_: str, held: Held) -> bool:
        """Whether a group, or one that it is inside of, has what was held."""
        waiting, seen = [id_], set[str]()
        while waiting:
            one = waiting.pop()
            if (self._named[one], held.role, held.scope) in self._bound:
                return True
            seen.add(one)
            waiting += [o for o in self._groups if one in self._members(o) and o not in seen]
        return False

    def _members(self, id_: str) -> list[str]:
        return [str(member.get("value", "")) for member in self._groups[id_].get("members") or ()]

    def _without(self, group_: str, member: str) -> Step:
        path = f"members[value eq {json.dumps(member)}]"
        body = {"schemas": [_PATCH], "Operations": [{"op": "remove", "path": path}]}
        return self._call("PATCH", f"/Groups{path_of(group_)}", body)

    def _call(self, method: str, path: str, body: Mapping[str, Any]) -> Step:
        return "scim", self._base, method, path, json.dumps(body, sort_keys=True)


def _effect(setting: Setting, _wanted: Plain, found: Plain) -> Effect:
    who = f"group:{setting.name}"
    if found is None:
        return Effect(Risk.MEDIUM, "not be told by the directory", who)
    return Effect(Risk.LOW, "be told by the directory in a group of this name", who)


OBSERVER: Final = Observer(
    "scim",
    (
        Need("GET /ServiceProviderConfig", "none", "whether it is SCIM 2.0"),
        Need("GET /Groups", "to read groups", "groups, members and nested groups"),
        Need("GET /Users", "to read users", "who is disabled, external or no person"),
    ),
    _observe,
    lambda environment: bool(environment.get(_ADDRESS)),
    knows_members=True,
)
