"""Every cell of the table of accesses is a case, and what lies beside it.

Derived from the documents, not from the engine. What is not in the table is asked for
workloads one by one, and for groups all at once: as one person who is in every group of a
provider that holds nothing there, so that a grant that was added to any of them shows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from qgov.conformance.access_path import asks, shut, sound
from qgov.conformance.case import Assertion, Case, specified
from qgov.conformance.table import Draft, Table, line_of, what
from qgov.decision.made_up import CONFORMANCE
from qgov.language.permissions import CATALOGUE, Permission
from qgov.model.access_model import AccessModel, Environment
from qgov.model.accesses import Cell, admitted, backends_of, scopes_at
from qgov.model.principal import Principal, group, is_workload, name_of, workload
from qgov.model.scope import EVERYWHERE, tenant_of

__all__ = ["allowed", "denied", "denied_cell", "nobody_else"]


def allowed(found: Table) -> Iterator[Draft]:
    """Every access of the table, by a request that meets all that its first path asks for."""
    for cell in sorted(found.cells):
        paths = found.paths(cell)
        path = next((path for path in paths if not shut(path)), paths[0])
        closed = all(map(shut, paths))
        case = Case(
            id=f"cell:{'/'.join(filter(None, cell))}",
            name=f"{path.binding.role}: {cell.principal} may {what(cell)}"
            + (", which the documents then make impossible" if closed else ""),
            request=CONFORMANCE.json(sound(path)),
            expect="allow",
            role=path.binding.role,
            scope=cell.scope,
            backend=cell.backend,
            principal=cell.principal,
            origin=line_of(path.binding),
        )
        yield Draft(case, Assertion(spares="no-grant") if closed else Assertion())


def denied(found: Table) -> Iterator[Draft]:
    """What workloads may not do, one by one: each is its own subject. So are groups that hold a
    binding that gives nothing: the tenant admits nobody who signs in where they do, or the project
    may not use the backend."""
    model, one = found.model, {binding.principal: binding for binding in found.model.bindings}
    for who in map(group, sorted(model.groups)):
        for permission in CATALOGUE.values():
            for scope in scopes_at(model, EVERYWHERE, permission.level.depth):
                backend = next(_backends(model, scope), "") if permission.executes else ""
                cell = Cell(who, permission.name, scope, backend)
                reached = scope in found.reach.get((who, permission.name), ())
                if reached or scope not in found.bound.get((who, permission.name), ()):
                    continue
                case, assertion = _denied_cell(model, cell)
                let_in = admitted(model, one[who], scope)
                yield Draft(case, assertion if let_in else Assertion("tenant-mismatch"))
    homes: dict[str, set[str]] = defaultdict(set)
    for binding in model.bindings:
        homes[binding.principal].add(tenant_of(binding.scope))
    for principal in map(workload, sorted(model.workloads)):
        for permission in CATALOGUE.values():
            for cell in _beside(model, principal, permission, homes[principal]):
                if cell not in found.cells:
                    yield Draft(*_denied_cell(model, cell))


def _beside(
    model: AccessModel, principal: Principal, permission: Permission, homes: set[str]
) -> Iterator[Cell]:
    """Jobs in every project; all else in the workload's own tenants, once in each environment.
    Elsewhere it may do nothing, even if granted."""
    level = permission.level.depth
    for scope in scopes_at(model, EVERYWHERE, level):
        environment = model.environment(scope)
        again = environment is not None and level == 3 and scope != _first_project(environment)
        home = not level or tenant_of(scope) in homes
        if permission.executes or (home and not again):
            backend = next(_backends(model, scope)) if permission.executes else ""
            yield Cell(principal, permission.name, scope, backend)


def _first_project(environment: Environment) -> str:
    return f"{environment.scope}/{environment.projects[0]}" if environment.projects else ""


def _backends(model: AccessModel, scope: str) -> Iterator[str]:
    """Those of the environment, and the first that it lacks."""
    environment = model.environment(scope)
    assert environment is not None
    yield from environment.backends
    yield from sorted(set(model.organization.backends) - set(environment.backends))[:1]


def denied_cell(model: AccessModel, cell: Cell) -> Case:
    """The case that a cell gives nothing."""
    return specified(model, *_denied_cell(model, cell))


def _denied_cell(model: AccessModel, cell: Cell) -> tuple[Case, Assertion]:
    case = Case(
        id=f"cell:{'/'.join(filter(None, cell))}",
        name=f"{cell.principal} may not {what(cell)}",
        request=CONFORMANCE.json(asks(model, cell)),
        expect="deny",
        scope=cell.scope,
        backend=cell.backend,
        principal=cell.principal,
    )
    return case, Assertion(_refusal(model, cell))


def _refusal(model: AccessModel, cell: Cell) -> str:
    """A reason why the documents give nothing in a cell."""
    environment = model.environment(cell.scope)
    if is_workload(cell.principal) and model.workloads[name_of(cell.principal)].issuer is None:
        return "federation-mismatch"
    if cell.backend and environment is not None:
        if cell.backend not in environment.backends:
            return "backend-not-entitled"
        if cell.backend not in backends_of(model, environment, cell.scope):
            return "residency"
    return "no-grant"


def nobody_else(found: Table) -> Iterator[Draft]:
    """Everywhere: the groups of one provider that hold nothing there, all at once."""
    model = found.model
    together: dict[str, list[str]] = defaultdict(list)
    for known in model.groups.values():
        if known.provider in model.organization.providers:
            together[known.provider].append(known.name)
    for permission in CATALOGUE.values():
        for scope in scopes_at(model, EVERYWHERE, permission.level.depth):
            for provider, names in sorted(together.items()):
                without = tuple(
                    name
                    for name in sorted(names)
                    if scope not in found.bound.get((group(name), permission.name), ())
                )
                for backend in _backends(model, scope) if permission.executes else ("",):
                    if without:
                        cell = Cell(group(""), permission.name, scope, backend)
                        pool = _pool(model, cell, provider, without)
                        yield Draft(pool, Assertion(_refusal(model, cell)))


def _pool(model: AccessModel, cell: Cell, provider: str, groups: tuple[str, ...]) -> Case:
    """Somebody who is in all the groups, in place of the cell's principal."""
    issuer = model.organization.providers[provider].value.issuer
    where = "/".join(filter(None, cell[1:]))
    return Case(
        id=f"nobody-else:{where}/{provider}",
        name=f"none of {len(groups)} groups of {provider} may {what(cell)}",
        request=CONFORMANCE.json(asks(model, cell, groups, issuer=issuer)),
        expect="deny",
        scope=cell.scope,
        backend=cell.backend,
        principal=f"{len(groups)} groups of {provider}",
        one_by_one=groups,
    )
