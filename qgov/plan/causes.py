"""Which lines of YAML caused a change of access.

An access rests on facts: a binding, a permission of a role, floors, a project, a backend's
entitlement. The same facts are looked up on both sides; those that differ are the causes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, Final

from pydantic.alias_generators import to_camel

from qgov.finding import Origin
from qgov.language.kinds.base import Floor
from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel, Binding, Budget, Fact
from qgov.model.accesses import Cell, Path
from qgov.model.conditions import Conditions
from qgov.model.scope import matches, tenant_of
from qgov.plan.changes import Change, Row

__all__ = ["Cause", "Lines", "causes"]


@dataclass(frozen=True, slots=True)
class Cause:
    """A line, and the side on which it stands: `head`, or `base` for what is gone."""

    side: str
    path: str
    line: int


Key = tuple[str, ...]
Place = Callable[[], Origin | None]
"""Looks up where a fact is written, if it is; asked only of the facts that differ."""

Facts = Iterator[tuple[Key, tuple[Any, Place]]]
"""What a fact is → its value and its place."""

_NO_FLOOR: Final = Floor.model_validate({})
_CONDITIONS: Final = tuple((name, to_camel(name)) for name in Floor.model_fields)
_ENABLING: Final = frozenset({"elevation", "binding", "permission", "project", "entitlement"})
"""Facts without which there is no access; the others only say what it takes."""

_ALL: Final = frozenset(field.name for field in fields(Conditions))
_OF_FLOOR: Final = {"max_token_age": "max_token_age_s"}
_OF_FACT: Final = {
    "workload": frozenset({"max_token_age_s"}),
    "permission": frozenset({"own_only"}),
    "elevation": frozenset({"elevation"}),
    "backend": frozenset({"job", "approval"}),
    "budget": frozenset({"budgets", "approval"}),
    "approval": frozenset({"approval"}),
}
"""The conditions that a fact decides; a fact that is not listed may decide any."""


class Lines:
    """Looks facts up in one side's model (None: the empty repository)."""

    def __init__(self, model: AccessModel | None) -> None:
        self.model = model
        self._bindings: dict[tuple[str, str, str], Binding] = {}
        self._budgets: dict[str, list[Budget]] = defaultdict(list)
        for binding in model.bindings if model else ():
            self._bindings[binding.principal, binding.role, binding.scope] = binding
        for budget in model.budgets.values() if model else ():
            self._budgets[tenant_of(budget.scope)].append(budget)
        self._elevations = {e.name: e for e in model.elevations} if model else {}

    def facts(self, cell: Cell, paths: tuple[Path, ...]) -> dict[Key, tuple[Any, Place]]:
        """Every fact that an access rests on, through the given paths of either side."""
        if self.model is None:
            return {}
        found: dict[Key, tuple[Any, Place]] = {}
        for path in paths:
            found.update(self._through(self.model, path, cell.permission))
        found.update(self._place(self.model, cell.scope))
        if CATALOGUE[cell.permission].executes:
            found.update(self._job(self.model, cell))
            for path in paths:
                found.update(self._money(cell.scope, path.binding.principal))
        return found

    def holds(self, key: Key) -> bool:
        """Whether what contains a fact exists on this side: a project's tenant, a role."""
        if key[0] == "permission":
            return self.model is not None and key[1] in self.model.roles
        if key[0] in ("project", "entitlement"):
            return self.model is not None and tenant_of(key[1]) in self.model.tenants
        return True

    def _through(self, model: AccessModel, path: Path, permission: str) -> Facts:
        key = (path.binding.principal, path.binding.role, path.binding.scope)
        if (binding := self._bindings.get(key)) is not None:
            yield (
                ("binding", *key),
                ((binding.eligible, binding.requires), partial(binding.source.at)),
            )
        if (role := model.roles.get(path.binding.role)) is not None:
            if permission in role.permissions:
                yield (
                    ("permission", role.name),
                    (role.permissions[permission], partial(role.permission_origin, permission)),
                )
            yield from _floor(
                ("requires", role.name), role.source.value.requires, role.source, "requires"
            )
        elevation = self._elevations.get(path.elevation.name) if path.elevation else None
        if elevation is not None:
            yield (
                ("elevation", elevation.name),
                (
                    (elevation.not_before, elevation.expires, elevation.approved_by),
                    partial(elevation.source.at, "expires"),
                ),
            )
        workload = model.workloads.get(path.binding.principal.removeprefix("workload:"))
        if workload is not None:
            yield (
                ("workload", workload.id),
                (workload.max_token_age_s, partial(_written, workload.source, "maxTokenLifetime")),
            )

    def _place(self, model: AccessModel, scope: str) -> Facts:
        organization = model.organization
        yield from _floor(("floor",), organization.spec.floors, organization.source, "floors")
        tenant, environment = model.tenants.get(tenant_of(scope)), model.environment(scope)
        if tenant is None:
            return
        source = tenant.source
        yield ("tenant", tenant.name), (True, partial(source.source.at, "metadata", "name"))
        yield from _floor(("floor", tenant.name), tenant.spec.floors, source, "floors")
        if environment is None:
            return
        name, tier = environment.name, environment.tier
        spec = tenant.spec.environments[name]
        yield ("tier", environment.scope), (tier, partial(source.at, "environments", name, "tier"))
        if tier in organization.spec.tiers:
            yield from _floor(
                ("floor of", tier),
                organization.spec.tiers[tier].floors,
                organization.source,
                "tiers",
                tier,
                "floors",
            )
        yield from _floor(
            ("floor", environment.scope), spec.floors, source, "environments", name, "floors"
        )
        project = scope.rpartition("/")[2]
        if project in spec.project_names:
            place = spec.project_names.index(project)
            yield (
                ("project", scope),
                (project, partial(source.at, "environments", name, "projects", place)),
            )

    def _job(self, model: AccessModel, cell: Cell) -> Facts:
        environment = model.environment(cell.scope)
        if environment is None:
            return
        tenant = model.tenants[tenant_of(cell.scope)]
        name, backend = environment.name, cell.backend
        listed = tenant.spec.environments[name].backends
        if backend in listed:
            yield (
                ("entitlement", environment.scope, backend),
                (
                    True,
                    partial(
                        tenant.source.at, "environments", name, "backends", listed.index(backend)
                    ),
                ),
            )
        yield ("residency", tenant.name), (tenant.residency, partial(tenant.source.at, "residency"))
        if (fact := model.organization.backends.get(backend)) is not None:
            yield (
                ("backend", backend),
                (
                    (fact.value.jurisdiction, fact.value.backend_class, fact.value.limits),
                    lambda: fact.origin,
                ),
            )

    def _money(self, scope: str, principal: str) -> Facts:
        for budget in (*self._budgets[tenant_of(scope)], *self._budgets[""]):
            if matches(budget.scope, scope) and (
                budget.group is None or principal == f"group:{budget.group}"
            ):
                yield (
                    ("budget", budget.name),
                    ((budget.scope, budget.group), partial(budget.source.source.key, "spec")),
                )
                yield (
                    ("approval", budget.name),
                    (
                        (budget.approval, budget.approval_classes),
                        partial(_written, budget.source, "approval"),
                    ),
                )


def _floor(key: Key, floor: Floor | None, source: Fact[Any], *path: str | int) -> Facts:
    """Each condition of a floor by itself, at its own line."""
    for name, written in _CONDITIONS:
        yield (
            (*key, name),
            (getattr(floor or _NO_FLOOR, name), partial(_written, source, *path, written)),
        )


def _written(source: Fact[Any], *path: str | int) -> Origin | None:
    """Where a value stands; None when it is a default that nobody wrote."""
    value: Any = source.source.raw
    for step in (*source.path, *path):
        if not isinstance(value, list) and step not in (value or ()):
            return None
        value = value[step]
    return source.at(*path)


def causes(row: Row, base: Lines, head: Lines) -> tuple[Cause, ...]:
    """The lines that differ among all that the row's accesses rest on, head first."""
    found: set[Cause] = set()
    for item in row.cells:
        paths = (*item.base, *item.head)
        before, after = base.facts(item.cell, paths), head.facts(item.cell, paths)
        came, gone = _news(after, before), _news(before, after)
        differ = {key for key in after.keys() & before.keys() if before[key][0] != after[key][0]}
        if row.change in (Change.GRANTED, Change.REVOKED):
            # What an access came or went with is its cause; a condition that changed in
            # the same commit is not, nor what came or went with the whole tenant or role.
            came = _enabling(came, base) or came
            gone = _enabling(gone, head) or gone
            differ = set() if came or gone else differ
        else:
            differing = _differing(row)
            came, gone, differ = (
                {key for key in keys if _bears(key, differing)} for keys in (came, gone, differ)
            )
        for key in came | differ | gone:
            # What is no longer written stands on the base's side alone.
            side, place = ("head", after[key][1]()) if key in after else ("base", None)
            if place is None and key in before:
                side, place = "base", before[key][1]()
            if place is not None:
                found.add(Cause(side, place.path, place.line))
    if not found:
        # A rename or a reordering of equal bindings: name the way itself.
        side = "head" if any(item.head for item in row.cells) else "base"
        found = {
            Cause(side, p.binding.origin.path, p.binding.origin.line)
            for item in row.cells
            for p in (item.head or item.base)
        }
    return tuple(sorted(found, key=lambda c: (c.side != "head", c.path, c.line)))


def _differing(row: Row) -> frozenset[str]:
    """The conditions that are not the same on both sides; all where there are several ways."""
    if len(row.before) != 1 or len(row.after) != 1:
        return _ALL
    old, new = row.before[0], row.after[0]
    return frozenset(name for name in _ALL if getattr(old, name) != getattr(new, name))


def _bears(key: Key, differing: frozenset[str]) -> bool:
    """Whether a fact can be why these conditions differ."""
    if key[0] in ("floor", "floor of", "requires"):
        return _OF_FLOOR.get(key[-1], key[-1]) in differing
    return not differing.isdisjoint(_OF_FACT.get(key[0], _ALL))


def _news(mine: Mapping[Key, Any], other: Mapping[Key, Any]) -> set[Key]:
    """The facts that only one side has; a budget's approval rule is told with the budget."""
    found = mine.keys() - other.keys()
    return {key for key in found if key[0] != "approval" or ("budget", key[1]) not in found}


def _enabling(keys: set[Key], other: Lines) -> set[Key]:
    """The facts that make or break an access. What came or went with its tenant or role is
    told by that tenant or role alone."""
    enabling = {key for key in keys if key[0] in _ENABLING}
    return (
        {key for key in enabling if other.holds(key)}
        or {key for key in keys if key[0] == "tenant"}
        or enabling
    )
