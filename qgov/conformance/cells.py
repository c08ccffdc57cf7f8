"""Every cell of the table of accesses is a case, and what lies beside it.

Derived from the documents, not from the engine. What is not in the table is asked for
workloads one by one, and for groups all at once: as one person who is in every group of a
provider that holds nothing there, so that a grant that was added to any of them shows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from qgov.conformance.case import Case, Claim, specified
from qgov.conformance.table import Draft, Table, line_of, what
from qgov.conformance.ways import asks, shut, sound
from qgov.language.permissions import CATALOGUE, Permission
from qgov.model import principal as principals
from qgov.model.access_model import AccessModel, Environment
from qgov.model.accesses import Cell, backends_of, scopes_at
from qgov.model.principal import Principal
from qgov.model.scope import EVERYWHERE, contains, tenant_of

__all__ = ["allowed", "denied", "denied_cell", "nobody_else"]


def allowed(found: Table) -> Iterator[Draft]:
    """Every access of the table, by a request that meets all that its first way asks for."""
    for cell in sorted(found.cells):
        ways = found.ways(cell)
        way = next((way for way in ways if not shut(way)), ways[0])
        closed = all(map(shut, ways))
        case = Case(
            id=f"cell:{'/'.join(filter(None, cell))}",
            name=f"{way.binding.role}: {cell.principal} may {what(cell)}"
            + (", which the documents then make impossible" if closed else ""),
            request=sound(way),
            expect="allow",
            role=way.binding.role,
            scope=cell.scope,
            backend=cell.backend,
            principal=cell.principal,
            origin=line_of(way.binding),
        )
        yield Draft(case, Claim(spares="no-grant") if closed else Claim())


def denied(found: Table) -> Iterator[Draft]:
    """What workloads may not, one by one: each is its own subject. So are groups that hold
    a binding and nothing by it, because they sign in where the tenant admits nobody."""
    model, bound = found.model, _Bound(found.model)
    for group in map(principals.group, sorted(model.groups)):
        for permission in CATALOGUE.values():
            for scope in scopes_at(model, EVERYWHERE, permission.level.depth):
                backend = next(_backends(model, scope), "") if permission.executes else ""
                cell = Cell(group, permission.name, scope, backend)
                reached = scope in found.reach.get((group, permission.name), ())
                if not reached and bound(group, permission.name, scope):
                    case, _ = _denied_cell(model, cell)
                    yield Draft(case, Claim("tenant-mismatch"))
    homes: dict[str, set[str]] = defaultdict(set)
    for binding in model.bindings:
        homes[binding.principal].add(tenant_of(binding.scope))
    for principal in map(principals.workload, sorted(model.workloads)):
        for permission in CATALOGUE.values():
            for cell in _beside(model, principal, permission, homes[principal]):
                if cell not in found.cells:
                    yield Draft(*_denied_cell(model, cell))


def _beside(
    model: AccessModel, principal: Principal, permission: Permission, homes: set[str]
) -> Iterator[Cell]:
    """Jobs in every project; all else in the workload's own tenants, once in each
    environment. Elsewhere it may nothing, whatever it was granted."""
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
    """Those of the environment, and the first that it has not."""
    environment = model.environment(scope)
    assert environment is not None
    yield from environment.backends
    yield from sorted(set(model.organization.backends) - set(environment.backends))[:1]


def denied_cell(model: AccessModel, cell: Cell) -> Case:
    """The case that a cell gives nothing."""
    return specified(model, *_denied_cell(model, cell))


def _denied_cell(model: AccessModel, cell: Cell) -> tuple[Case, Claim]:
    kind, _, name = cell.principal.partition(":")
    groups = (name,) if kind == "group" else ()
    case = Case(
        id=f"cell:{'/'.join(filter(None, cell))}",
        name=f"{cell.principal} may not {what(cell)}",
        request=asks(model, cell.principal, groups, cell.permission, cell.scope, cell.backend),
        expect="deny",
        scope=cell.scope,
        backend=cell.backend,
        principal=cell.principal,
    )
    return case, Claim(_refusal(model, cell))


def _refusal(model: AccessModel, cell: Cell) -> str:
    """A reason why the documents give nothing in a cell."""
    environment, workload = model.environment(cell.scope), None
    if cell.principal.startswith("workload:"):
        workload = model.workloads[cell.principal.removeprefix("workload:")]
    if workload is not None and workload.issuer is None:
        return "federation-mismatch"
    if cell.backend and environment is not None:
        if cell.backend not in environment.backends:
            return "backend-not-entitled"
        if cell.backend not in backends_of(model, environment):
            return "residency"
    return "no-grant"


class _Bound:
    """Whether a binding gives a principal a permission somewhere, of use to it or not."""

    def __init__(self, model: AccessModel) -> None:
        self._held: dict[tuple[str, str], list[str]] = defaultdict(list)
        for binding in model.bindings:
            for permission in model.roles[binding.role].permissions:
                self._held[binding.principal, permission].append(binding.scope)

    def __call__(self, principal: str, permission: str, scope: str) -> bool:
        held = self._held.get((principal, permission), ())
        return any(contains(outer, scope) for outer in held)


def nobody_else(found: Table) -> Iterator[Draft]:
    """Everywhere: the groups of one provider that hold nothing there, all at once."""
    model, bound = found.model, _Bound(found.model)
    together: dict[str, list[str]] = defaultdict(list)
    for group in model.groups.values():
        if group.provider in model.organization.providers:
            together[group.provider].append(group.name)
    for permission in CATALOGUE.values():
        for scope in scopes_at(model, EVERYWHERE, permission.level.depth):
            for provider, names in sorted(together.items()):
                without = tuple(
                    name
                    for name in sorted(names)
                    if not bound(principals.group(name), permission.name, scope)
                )
                for backend in _backends(model, scope) if permission.executes else ("",):
                    if without:
                        pool = _pool(model, permission.name, scope, backend, provider, without)
                        cell = Cell(Principal(""), permission.name, scope, backend)
                        yield Draft(pool, Claim(_refusal(model, cell)))


def _pool(
    model: AccessModel,
    permission: str,
    scope: str,
    backend: str,
    provider: str,
    groups: tuple[str, ...],
) -> Case:
    issuer = model.organization.providers[provider].value.issuer
    where = "/".join(filter(None, (permission, scope, backend)))
    return Case(
        id=f"nobody-else:{where}/{provider}",
        name=f"none of {len(groups)} groups of {provider} may "
        f"{what(Cell(Principal(''), permission, scope, backend))}",
        request=asks(model, "group:", groups, permission, scope, backend, issuer=issuer),
        expect="deny",
        scope=scope,
        backend=backend,
        principal=f"{len(groups)} groups of {provider}",
        one_by_one=groups,
    )
