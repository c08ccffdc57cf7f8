"""Which of the policies can say anything to a question: Cedar tries each that it is given.

A policy is left out only where it cannot be satisfied whatever else is so: its scope does not
match, as Cedar itself says, or it asks for a part of the context that is not there, or for the
absence of one that is. What is left answers as all of them would.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

__all__ = ["Slices", "Wanted", "wanted"]

Json = dict[str, Any]

KEPT: Final = 512
"""How many sets of policies are kept: kinds of subjects, actions, parts of a context."""


class Wanted(NamedTuple):
    """The parts of the context without which a policy cannot be satisfied, and those with
    which it cannot."""

    there: frozenset[str]
    missing: frozenset[str]


def wanted(policy: Mapping[str, Any]) -> Wanted:
    """What a policy, as Cedar's JSON, asks of the context's parts."""
    there: set[str] = set()
    missing: set[str] = set()
    for condition in policy["conditions"]:
        holds = condition["kind"] == "when"
        for part in _all_of(condition["body"]) if holds else [condition["body"]]:
            negated = part["!"]["arg"] if "!" in part else None
            name = _part_of_context(part if negated is None else negated)
            if name is not None:
                (there if holds == (negated is None) else missing).add(name)
    return Wanted(frozenset(there), frozenset(missing))


def _all_of(body: Json) -> Iterator[Json]:
    if "&&" in body:
        yield from _all_of(body["&&"]["left"])
        yield from _all_of(body["&&"]["right"])
    else:
        yield body


def _part_of_context(body: Json) -> str | None:
    """The name in `context has NAME`; None for anything else."""
    has = body.get("has")
    if has is None or has["left"] != {"Var": "context"}:
        return None
    name: str = has["attr"]
    return name


class Slices:
    """The policies by the questions that they can say anything to. `cedar` is cedarpy,
    `policies` their JSON; `entities` is cedarpy's handle, which knows the groups of actions."""

    def __init__(self, cedar: Any, policies: str, entities: Any) -> None:
        self._cedar, self._entities = cedar, entities
        self._policies: dict[str, Json] = json.loads(policies)["staticPolicies"]
        self._wanted = {key: wanted(policy) for key, policy in self._policies.items()}
        self._looked_at = frozenset().union(
            *(part for each in self._wanted.values() for part in each)
        )
        self._in_scope = lru_cache(maxsize=KEPT)(self._find_in_scope)
        self._slice = lru_cache(maxsize=KEPT)(self._find_slice)

    def of(self, principal: str, action: str, resource: str, told: Collection[str]) -> Any:
        """The set of policies for questions about such types and an action, with these parts
        of the context."""
        return self._slice(principal, action, resource, self._looked_at.intersection(told))

    def _find_slice(self, principal: str, action: str, resource: str, told: frozenset[str]) -> Any:
        return self._set(
            {
                key: self._policies[key]
                for key in sorted(self._in_scope(principal, action, resource))
                if self._wanted[key].there <= told and not self._wanted[key].missing & told
            }
        )

    def _find_in_scope(self, principal: str, action: str, resource: str) -> frozenset[str]:
        """The policies whose scope matches: asked of Cedar, with each permitting all that is in
        its scope. One that is about a single subject or resource matches some of a type."""
        scopes = {
            key: {**policy, "effect": "permit", "conditions": [], **_by_type(policy)}
            for key, policy in self._policies.items()
        }
        request = {
            "principal": {"type": principal, "id": ""},
            "action": {"type": "QGov::Action", "id": action},
            "resource": {"type": resource, "id": ""},
        }
        found = self._cedar.is_authorized(request, self._set(scopes), self._entities)
        return frozenset(found.diagnostics.reasons)

    def _set(self, policies: Mapping[str, Json]) -> Any:
        text = json.dumps({"staticPolicies": policies, "templates": {}, "templateLinks": []})
        return self._cedar.PolicySet.from_json_str(text)


def _by_type(policy: Mapping[str, Any]) -> Json:
    """A policy's scope as far as types tell: what is narrower is any."""
    whose = {name: policy[name] for name in ("principal", "resource")}
    return {
        name: scope if scope["op"] == "is" and "in" not in scope else {"op": "All"}
        for name, scope in whose.items()
    }
