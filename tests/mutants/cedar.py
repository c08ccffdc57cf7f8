"""Mutants of Cedar's policies: one condition dropped or inverted, one number changed.

Cedar's own parser gives each policy as JSON and takes it back; a mutant that its validator
refuses is none.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, Final, NamedTuple

from tests.mutants import rego

__all__ = ["CedarMutant", "mutants"]

SWAPPED: Final = {**rego.SWAPPED, "containsAll": "containsAny", "containsAny": "containsAll"}
JOINED: Final = ("&&", "||")
DECIDE: Final = frozenset(
    {"!", "has", "is", "in", "contains", "containsAll", "containsAny"}
    | {"<", "<=", ">", ">=", "==", "!="}
)
"""What is true or false."""


class CedarMutant(NamedTuple):
    """A changed policy set. `id` names the policy by its annotation and the expression;
    `alone` is the changed policy without the others."""

    id: str
    kind: str
    text: str
    alone: str


class _Edit(NamedTuple):
    kind: str
    what: str
    expression: Any


def mutants(text: str) -> list[CedarMutant]:
    """Every mutant of the policies, in their order."""
    import cedarpy

    whole = json.loads(cedarpy.policies_to_json_str(text))
    policies = whole["staticPolicies"]

    def written(policy: dict[str, Any]) -> str:
        alone = {**whole, "staticPolicies": {"policy": policy}}
        return str(cedarpy.policies_from_json_str(json.dumps(alone)))

    texts = {key: written(policy) for key, policy in policies.items()}
    seen: Counter[str] = Counter()
    found = []
    for key, policy in policies.items():
        for edit in _edits(policy):
            base = f"cedar {policy['annotations']['id']}: {edit.kind}: {edit.what[:90]}"
            seen[base] += 1
            unique = base if seen[base] == 1 else f"{base} #{seen[base]}"
            changed = "" if edit.expression is None else written(edit.expression)
            found.append(
                CedarMutant(unique, edit.kind, "\n".join({**texts, key: changed}.values()), changed)
            )
    return found


def _edits(policy: dict[str, Any]) -> Iterator[_Edit]:
    yield _Edit("rule dropped", "", None)
    for part in ("principal", "action", "resource"):
        if policy[part] != {"op": "All"}:
            yield _Edit("condition dropped", part, {**policy, part: {"op": "All"}})
    for index, condition in enumerate(policy["conditions"]):

        def put(body: Any, index: int = index) -> dict[str, Any]:
            changed = deepcopy(policy)
            changed["conditions"][index]["body"] = body
            return changed

        shortened = deepcopy(policy)
        del shortened["conditions"][index]
        yield _Edit("condition dropped", condition["kind"], shortened)
        yield from _inside(condition["body"], put)


Put = Callable[[Any], dict[str, Any]]


def _inside(node: Any, put: Put) -> Iterator[_Edit]:
    """The edits of an expression; `put` puts another in its place."""
    ((operator, value),) = node.items()
    yield from _here(node, operator, value, put)
    for name in ("left", "right", "arg", "if", "then", "else"):
        if isinstance(value, dict) and isinstance(value.get(name), dict):

            def inner(new: Any, name: str = name) -> dict[str, Any]:
                return put({operator: {**value, name: new}})

            yield from _inside(value[name], inner)


def _here(node: Any, operator: str, value: Any, put: Put) -> Iterator[_Edit]:
    shown = said(node)
    if operator in JOINED:
        for side, other in (("left", "right"), ("right", "left")):
            if operator not in value[side]:  # of a chain, one link after the other
                yield _Edit("condition dropped", said(value[side]), put(value[other]))
    elif operator in DECIDE:
        negated = value["arg"] if operator == "!" else {"!": {"arg": node}}
        yield _Edit("condition negated", shown, put(negated))
    if operator in SWAPPED:
        yield _Edit("operator changed", shown, put({SWAPPED[operator]: value}))
    for other in _others(value) if operator == "Value" else ():
        yield _Edit("constant changed", f"{shown} to {other}", put({"Value": other}))
    for index, child in enumerate(value) if operator == "Set" else ():
        rest = [*value[:index], *value[index + 1 :]]
        yield _Edit("constant changed", f"{shown} without {said(child)}", put({"Set": rest}))


def _others(value: Any) -> tuple[Any, ...]:
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, int):
        return value + 1, value - 1
    return (f"{value}~",) if isinstance(value, str) else ()


def said(node: Any) -> str:
    """An expression as Cedar writes it, without the brackets."""
    ((operator, value),) = node.items()
    if operator == "Var":
        return str(value)
    if operator == "Value":
        return json.dumps(value)
    if operator == "Set":
        return f"[{', '.join(map(said, value))}]"
    if operator == "!":
        return f"!({said(value['arg'])})"
    if operator == ".":
        return f"{said(value['left'])}.{value['attr']}"
    if operator == "has":
        return f"{said(value['left'])} has {value['attr']}"
    if operator == "is":
        return f"{said(value['left'])} is {value['entity_type']}"
    if operator.startswith("contains"):
        return f"{said(value['left'])}.{operator}({said(value['right'])})"
    if isinstance(value, dict) and "left" in value and "right" in value:
        return f"{said(value['left'])} {operator} {said(value['right'])}"
    return json.dumps(node)
