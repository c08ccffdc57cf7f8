"""Models in which exactly that is bound which a system holds, so that a plan's difference can be
taken of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from qgov.drift.facts import Facts, Held
from qgov.model.access_model import AccessModel, Binding, Role
from qgov.model.conditions import NONE, Eligibility
from qgov.model.principal import Principal
from qgov.records import replace

__all__ = ["Key", "as_model", "chains_of", "differing", "key_of", "reviewed_in"]

Key: TypeAlias = tuple[Principal, str, str, bool]
"""(principal, role, scope, whether it is held just in time)."""


def differing(
    model: AccessModel, wanted: Facts, found: Facts
) -> tuple[dict[Key, Held], dict[Key, Held]]:
    """What is held on both sides by those whose part is not the same: work in proportion to the
    difference."""
    base, head = _by_key(wanted.held), _by_key(found.held)
    meant = {name: role.permissions for name, role in model.roles.items()} | {**wanted.roles}
    redefined = {name for name, held in found.roles.items() if meant.get(name) != held}
    who = {key[0] for key in {*base} ^ {*head}}
    who |= {key[0] for key in {*base, *head} if key[1] in redefined}
    return (
        {key: held for key, held in base.items() if key[0] in who},
        {key: held for key, held in head.items() if key[0] in who},
    )


def chains_of(held: Iterable[Held]) -> dict[Key, tuple[str, ...]]:
    """The chain that each thing is held through: the shortest step by step, others in a word."""
    found: dict[Key, list[Held]] = defaultdict(list)
    for each in held:
        if each not in found[each.what]:
            found[each.what].append(each)
    return {
        key: (*chains[0].through, *(f"also {', '.join(h.through)}" for h in chains[1:]))
        for key, chains in ((key, sorted(every, key=_length)) for key, every in found.items())
    }


def _by_key(held: Iterable[Held]) -> dict[Key, Held]:
    """What is held, by the shortest chain."""
    found: dict[Key, Held] = {}
    for each in held:
        if (other := found.get(each.what)) is None or _length(each) < _length(other):
            found[each.what] = each
    return found


def _length(held: Held) -> tuple[int, tuple[str, ...]]:
    return len(held.through), held.through


def key_of(binding: Binding) -> Key:
    """What a binding gives."""
    return binding.principal, binding.role, binding.scope, binding.eligible is not None


def reviewed_in(model: AccessModel) -> dict[Key, list[Binding]]:
    """The bindings of a model by what they give."""
    found: dict[Key, list[Binding]] = defaultdict(list)
    for binding in model.bindings:
        found[key_of(binding)].append(binding)
    return found


def as_model(
    model: AccessModel,
    held: Mapping[Key, Held],
    roles: Mapping[str, Mapping[str, bool]],
    reviewed: Mapping[Key, list[Binding]],
) -> AccessModel:
    """The model in which exactly this is bound. What was reviewed keeps its conditions; what was
    not has none but the floors, which hold for whoever comes."""
    known = {**model.roles}
    like = next(iter(model.roles.values()), None)
    for name, permissions in roles.items():
        was = known.get(name)
        known[name] = (
            replace(was, permissions=permissions)
            if was is not None
            else Role(name, permissions, NONE, (), False, like.metadata, like.source)  # type: ignore[union-attr]
        )
    bindings: list[Binding] = []
    for key in held:
        principal, role, scope, eligible = key
        if role not in known:
            continue
        if key in reviewed:
            bindings += reviewed[key]
        else:
            terms = _terms(model, principal, role, scope) if eligible else None
            if not eligible or terms is not None:
                bindings.append(
                    Binding(principal, role, scope, terms, NONE, model.organization.source)
                )
    return replace(model, roles=known, bindings=tuple(bindings), elevations=())


def _terms(model: AccessModel, principal: Principal, role: str, scope: str) -> Eligibility | None:
    """The terms of an eligible binding that nobody reviewed: those of the first that is like it."""
    alike = [b for b in model.bindings if b.eligible is not None]
    alike.sort(key=lambda b: (b.role != role, b.scope != scope, b.principal != principal))
    return alike[0].eligible if alike else None
