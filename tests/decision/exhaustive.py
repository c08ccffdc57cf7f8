"""A finite set of requests that stands for all requests about one tenant.

A request has some thirty attributes, and each matters only by the side of a boundary on which
it lies (`tests.decision.deviations`). Of their product this takes

- `cells`: every principal × permission × scope × backend of the tenant, held or not, asked in
  the best way;
- `singles`: for each way to an access the sound request and every single deviation from it;
  where budgets ask for approvals, again with a dear job and what is about its money;
- `pairs`: for one way of each role (for jobs, of each role and environment) every two
  deviations together.

Ways that differ in nothing but names are one (`_likeness`). An engine that is too slow for
all of it has a smaller `Extent`: the singles of the ways that have pairs, all of them, and
of the cells and pairs a sample that is the same in every run.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import combinations
from random import Random
from typing import Any, Final

from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel
from qgov.model.accesses import Cell, Path, accesses, scopes_at
from qgov.model.conditions import Conditions
from qgov.model.principal import group, workload
from qgov.model.scope import tenant_of
from tests.decision.deviations import Deviation, Situation, changed, deviations
from tests.decision.sound import dear, lenient, sound

__all__ = ["ALL", "TENANTS", "Extent", "Named", "requests_about", "situations"]

TENANTS: Final = ("aurora", "borealis", "helix", "meridian")

Named = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Extent:
    """How much to take: of the cells and pairs at most so many, of the ways all or
    those that have pairs."""

    cells: int | None = None
    every_way: bool = True
    pairs: int | None = None


ALL: Final = Extent()


def requests_about(model: AccessModel, tenant: str, extent: Extent = ALL) -> dict[str, list[Named]]:
    """The requests by kind, each with its name; no request twice."""
    ways = [*situations(model, tenant)]
    few = [*_representatives(ways).values()]
    made = {
        "cells": _cells(model, tenant, extent.cells),
        "singles": _singles(ways if extent.every_way else few),
        "pairs": _pairs(few, extent.pairs),
    }
    seen: set[str] = set()
    return {kind: [*_new(requests, seen)] for kind, requests in made.items()}


def _new(requests: Iterable[Named], seen: set[str]) -> Iterator[Named]:
    for name, request in requests:
        text = json.dumps(request, sort_keys=True)
        if text not in seen:
            seen.add(text)
            yield name, request


def _fewest(names: Iterable[str], most: int | None) -> list[str]:
    """So many of the names: those with the least digests, in this order."""
    return sorted(names, key=lambda name: sha256(name.encode()).digest())[:most]


def _cells(model: AccessModel, tenant: str, most: int | None) -> Iterator[Named]:
    conditions = Conditions(countries=_countries(model, tenant)[:1] or None)
    cells = {" ".join(filter(None, cell)): cell for cell in _every_cell(model, tenant)}
    for name in _fewest(cells, most):
        yield name, lenient(model, cells[name], conditions)


def _every_cell(model: AccessModel, tenant: str) -> Iterator[Cell]:
    principals = [group(name) for name, g in model.groups.items() if g.provider]
    principals += [workload(name) for name in model.workloads]
    for permission in CATALOGUE.values():
        for scope in scopes_at(model, "*", permission.level.depth):
            if tenant_of(scope) not in (tenant, ""):
                continue
            backends: tuple[str, ...] = ("",)
            if permission.executes:
                backends = tuple(model.organization.backends)
            for principal in principals:
                for backend in backends:
                    yield Cell(principal, permission.name, scope, backend)


def _countries(model: AccessModel, tenant: str) -> tuple[str, ...]:
    floors = (e.floor.countries for e in model.tenants[tenant].environments.values())
    named = [set(floor) for floor in floors if floor is not None]
    return tuple(sorted(set.intersection(*named))) if named else ()


def situations(model: AccessModel, tenant: str) -> Iterator[tuple[str, Situation]]:
    """Each way with its sound requests, by name."""
    ways: dict[tuple[object, ...], tuple[Cell, Path]] = {}
    for cell, paths in sorted(accesses(model).items()):
        if tenant_of(cell.scope) not in (tenant, ""):
            continue
        for path in paths:
            ways.setdefault(_likeness(model, cell, path), (cell, path))
    for cell, path in ways.values():
        for kind, make in (("cheap", sound), ("dear", dear)):
            request = make(model, cell, path)
            if request is not None:
                through = f"{path.binding.role} on {path.binding.scope}"
                name = f"{' '.join(filter(None, cell))} through {through}, {kind}"
                yield name, Situation(model, cell, path, request)


def _likeness(model: AccessModel, cell: Cell, path: Path) -> tuple[object, ...]:
    """What a policy can see of a way but names that stand for themselves: the role, the
    environment, the conditions, the permission's kind, and the backend's."""
    fact = model.organization.backends.get(cell.backend)
    return (
        path.binding.role,
        _environment(cell),
        path.binding.scope == cell.scope,
        path.conditions,
        cell.principal.partition(":")[0],
        CATALOGUE[cell.permission].level,
        CATALOGUE[cell.permission].executes,
        fact and (fact.value.backend_class, fact.value.jurisdiction),
    )


def _environment(cell: Cell) -> str:
    return "/".join(cell.scope.split("/")[:2])


def _representatives(ways: list[tuple[str, Situation]]) -> dict[object, tuple[str, Situation]]:
    """One way of each role and, for jobs, each environment; for the rest, each level."""
    found: dict[object, tuple[str, Situation]] = {}
    for name, at in ways:
        permission = CATALOGUE[at.cell.permission]
        where = _environment(at.cell) if permission.executes else permission.level
        dear = name.endswith("dear")
        key = (at.path.binding.role, where, permission.executes, at.path.conditions.own_only, dear)
        found.setdefault(key, (name, at))
    return found


def _singles(ways: list[tuple[str, Situation]]) -> Iterator[Named]:
    for name, at in ways:
        yield f"{name}: sound", at.request
        for change in _telling(name, at):
            yield f"{name}: {change.name}", changed(at.request, change)


OF_MONEY: Final = ("context.job.estimated_cost", "context.approvals", "context.usage", "resource.")
"""What is asked again of a dear job, and when and by whom it is submitted."""


def _telling(name: str, at: Situation) -> list[Deviation]:
    about = (*OF_MONEY, "context.time", "subject.id")
    return [
        change
        for change in deviations(at)
        if not name.endswith("dear") or any(path.startswith(about) for path, _ in change.values)
    ]


def _pairs(few: list[tuple[str, Situation]], most: int | None) -> Iterator[Named]:
    share = None if most is None else -(-most // len(few))
    for name, at in few:
        changes = _telling(name, at)
        pairs = [*combinations(range(len(changes)), 2)]
        if share is not None:
            pairs = Random(name).sample(pairs, min(share, len(pairs)))  # noqa: S311 - no secret
        for one, other in ((changes[i], changes[j]) for i, j in pairs):
            if not one.meets(other):
                yield f"{name}: {one.name}; {other.name}", changed(at.request, one, other)
