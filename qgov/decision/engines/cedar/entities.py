"""What is looked up in Cedar's entities before Cedar is asked: which grants, elevations and
budgets a request could be about, and what an answer obliges to.

Everything is found by key, so that a decision costs the same for any number of tenants.
Nothing here decides: who is missed here is denied, and what is found is judged by Cedar.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from msgspec import Struct, field

from qgov.decision.engine import EngineError

__all__ = ["Budget", "Grant", "Known", "Project", "read_entities"]

Json = dict[str, Any]


class Grant(NamedTuple):
    """A grant; `eligible`: it is only held through an elevation."""

    name: str
    role: str
    scope: str
    permissions: frozenset[str]
    eligible: bool


class Budget(NamedTuple):
    """A budget: which one's usage counts (`of`; of a budget that counts over a window it is
    another one's), whose it is (None: everybody's), the counters that it bounds, as the usage
    calls each of them, what its exceptions add when, and whether it has an approval rule.
    `timed`: time matters to it; `selects`: it is of some backends."""

    name: str
    of: str
    group: str | None
    counters: Mapping[str, str]
    raises: tuple[Json, ...]
    approves: bool
    timed: bool
    selects: bool


class Project(NamedTuple):
    """What is found at a project: everybody's budgets and those of groups."""

    budgets: tuple[str, ...]
    group_budgets: tuple[str, ...]


class Known(Struct, frozen=True):
    """The entities by the keys that they are looked up by.

    `grants`: kind and name of the holder, and scope → grants. `elevations`: subject → the
    documents' names and terms. `groups`: those that hold grants or budgets; `approvers`:
    those whose approval counts somewhere. `patterns`: workload → the pattern of its
    token's subject. `places`: type and id of every place; `queues`: environment → queue;
    `retention`: tenant → class of records → seconds.
    """

    grants: dict[tuple[str, str, str], list[Grant]] = field(default_factory=dict)
    elevations: dict[str, list[tuple[str, Json]]] = field(default_factory=dict)
    groups: set[str] = field(default_factory=set)
    approvers: set[str] = field(default_factory=set)
    patterns: dict[str, str] = field(default_factory=dict)
    places: set[tuple[str, str]] = field(default_factory=set)
    projects: dict[str, Project] = field(default_factory=dict)
    budgets: dict[str, Budget] = field(default_factory=dict)
    queues: dict[str, str] = field(default_factory=dict)
    retention: dict[str, dict[str, int]] = field(default_factory=dict)


def read_entities(text: bytes) -> Known:
    """The entities of `entities.json`. Raises EngineError when it is no such file."""
    try:
        return _read(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise EngineError("Cedar's entities cannot be read: compile them again") from error


def _read(found: list[Json]) -> Known:
    known = Known()
    roles: dict[str, frozenset[str]] = {}
    by_kind: dict[str, list[tuple[str, Json, Json]]] = {}
    for entity in found:
        kind = entity["uid"]["type"].removeprefix("QGov::")
        row = (entity["uid"]["id"], entity["attrs"], entity.get("tags", {}))
        by_kind.setdefault(kind, []).append(row)
    for name, attrs, _ in by_kind.get("Role", ()):
        roles[name] = frozenset(map(_id, attrs["permissions"]))
    for name, attrs, _ in by_kind.get("Grant", ()):
        _add_grant(known, name, attrs, roles)
    for name, attrs, _ in by_kind.get("Elevation", ()):
        known.elevations.setdefault(attrs["terms"]["subject"], []).append((name, attrs["terms"]))
    for name, attrs, _ in by_kind.get("Workload", ()):
        if "federation" in attrs:
            known.patterns[name] = attrs["federation"]["subject"]
    for name, attrs, _ in by_kind.get("Budget", ()):
        _add_budget(known, name, attrs)
    _add_places(known, by_kind)
    return known


def _id(reference: Mapping[str, Any]) -> str:
    found: str = reference["__entity"]["id"]
    return found


def _add_grant(known: Known, name: str, attrs: Json, roles: Mapping[str, frozenset[str]]) -> None:
    kind = "group" if "group" in attrs else "workload"
    holder, scope, role = _id(attrs[kind]), _id(attrs["scope"]), _id(attrs["role"])
    grant = Grant(name, role, scope, roles[role], "eligible" in attrs)
    known.grants.setdefault((kind, holder, scope), []).append(grant)
    if kind == "group":
        known.groups.add(holder)
    if "eligible" in attrs:
        known.approvers.add(_id(attrs["eligible"]["approvers"]))


def _add_budget(known: Known, name: str, attrs: Json) -> None:
    group = _id(attrs["group"]) if "group" in attrs else None
    money, counts = attrs.get("money", {}), attrs.get("counts")
    raises, approves = tuple(money.get("raises", ())), "approval" in attrs
    counters = {each: _said(each, counts) for each in attrs["quotas"]}
    counters |= {"spent_micros": "spent_micros"} if money else {}
    timed = bool(raises) or approves or "campaign" in money
    of = counts["budget"] if counts else name
    known.budgets[name] = Budget(
        name, of, group, counters, raises, approves, timed, "backends" in attrs
    )
    if group is not None:
        known.groups.add(group)
    if "approval" in attrs:
        known.approvers.add(_id(attrs["approval"]["approvers"]))


def _said(counter: str, counts: Json | None) -> str:
    """What a request's usage calls a counter."""
    return f"{counter.partition('/')[0]}/{counts['over']}" if counts else counter


def _add_places(known: Known, by_kind: Mapping[str, list[tuple[str, Json, Json]]]) -> None:
    for kind in ("Organization", "Tenant", "Environment", "Project"):
        known.places.update((kind, name) for name, _, _ in by_kind.get(kind, ()))
    for name, _, tags in by_kind.get("Tenant", ()):
        known.retention[name] = dict(tags)
    for name, attrs, _ in by_kind.get("Environment", ()):
        if "queue" in attrs:
            known.queues[name] = attrs["queue"]
    for name, attrs, _ in by_kind.get("Project", ()):
        known.projects[name] = Project(
            tuple(map(_id, attrs["budgets"])), tuple(map(_id, attrs["group_budgets"]))
        )
