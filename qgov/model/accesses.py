"""The table of accesses: who may do what, where, on which backend, on which conditions.

A finite relation that is enumerated, not sampled. Every cell lies at the level of its
permission (a job in a project, an audit log in a tenant), so that two ways of writing
the same access give the same cell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Final, NamedTuple

from msgspec import Struct

from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel, Binding, Elevation, Role
from qgov.model.conditions import Conditions
from qgov.model.fold import (
    ON_PREMISES,
    Fold,
    Grant,
    admitted,
    backends_of,
    budgets_around,
    budgets_at,
    grants,
    scopes_at,
)
from qgov.model.principal import Principal
from qgov.model.scope import EVERYWHERE, tenant_of

__all__ = [
    "ON_PREMISES",
    "AccessTable",
    "Cell",
    "Path",
    "accesses",
    "admitted",
    "backends_of",
    "budgets_around",
    "budgets_at",
    "linked_alike",
    "scopes_at",
]

_DEPTH: Final = {name: permission.level.depth for name, permission in CATALOGUE.items()}


class Cell(NamedTuple):
    """One access. `backend` is empty for permissions that run nothing."""

    principal: Principal
    permission: str
    scope: str
    backend: str


class Path(Struct, frozen=True):
    """One way to an access: the binding (and elevation) it goes through, and what it takes."""

    conditions: Conditions
    binding: Binding
    elevation: Elevation | None = None

    def has_ended(self, now: datetime) -> bool:
        """Whether its elevation, or its binding, gives nothing any more."""
        held = self.elevation
        ends = (self.conditions.expires, held.expires if held is not None else None)
        return any(end is not None and end <= now for end in ends)


class AccessTable(Mapping[Cell, tuple[Path, ...]]):
    """The table of a model. It is made one permission at a time, on first use, and kept. Paths of
    a cell are in the order of the model's bindings."""

    def __init__(self, model: AccessModel) -> None:
        self._model = model
        self._fold = Fold(model)
        self._admitted: dict[int, bool] = {}
        self._inside: dict[tuple[str, int], tuple[str, ...]] = {}
        self._parts: dict[str, dict[Cell, tuple[Path, ...]]] = {}
        self._sizes: dict[tuple[object, ...], Mapping[str, int]] = {}
        self._shared: dict[str, AccessTable] = {}

    def share(self, other: AccessTable) -> None:
        """Take from the table of another model what is the same for both, the parts of permissions
        and what holds at places: nothing is folded twice, or compared."""
        if linked_alike(self._model, other._model):
            roles = self._model.roles, other._model.roles
            self._shared = {p: other for p in CATALOGUE if _gives_alike(p, *roles)}
            self._fold.share(other._fold)
            self._inside = other._inside

    @cached_property
    def _of_role(self) -> Mapping[str, Sequence[Grant]]:
        return _by_permission(grants(self._model))

    def is_shared(self, permission: str) -> bool:
        """Whether the part about a permission is that of another table too."""
        return permission in self._shared

    def of(self, permission: str) -> Mapping[Cell, tuple[Path, ...]]:
        """The part of the table that is about one permission."""
        if permission in self._shared:
            return self._shared[permission].of(permission)
        if permission not in self._parts:
            self._parts[permission] = self._part(permission)
        return self._parts[permission]

    def sizes(self, permission: str) -> Mapping[str, int]:
        """How many cells each tenant (empty: the organization) has of one permission. They are
        counted without their conditions."""
        if permission in self._shared:
            return self._shared[permission].sizes(permission)
        # What the same roles give at places of one depth is counted once.
        giving = (
            name for name, role in self._model.roles.items() if permission in role.permissions
        )
        key = (_DEPTH[permission], CATALOGUE[permission].executes, *giving)
        if key not in self._sizes:
            self._sizes[key] = self._counted(permission)
        return self._sizes[key]

    def _part(self, permission: str) -> dict[Cell, tuple[Path, ...]]:
        found: dict[Cell, tuple[Path, ...]] = {}
        for grant in self._of_role.get(permission, ()):
            alike: dict[int, tuple[Path]] = {}  # what many cells share is held once
            shape = self._fold.shape(grant, permission)
            for scope in self._scopes(grant, permission):
                for backend, conditions in self._fold(grant, permission, scope, shape):
                    cell = Cell(grant.principal, permission, scope, backend)
                    if (way := alike.get(id(conditions))) is None:
                        way = (Path(conditions, grant.binding, grant.held),)
                        alike[id(conditions)] = way
                    found[cell] = (*found[cell], *way) if cell in found else way
        return found

    def _counted(self, permission: str) -> Mapping[str, int]:
        runs = CATALOGUE[permission].executes
        scopes: dict[Principal, Collection[str]] = {}
        for grant in self._of_role.get(permission, ()):
            more = self._scopes(grant, permission)
            known = scopes.get(grant.principal)
            scopes[grant.principal] = more if known is None else {*known, *more}
        found: dict[str, int] = defaultdict(int)
        for each in scopes.values():
            for scope in each:
                if (cells := len(self._fold.place(scope).backends) if runs else 1) > 0:
                    found[tenant_of(scope)] += cells
        return found

    def _scopes(self, grant: Grant, permission: str) -> Collection[str]:
        """Where a grant gives a permission."""
        key = grant.within, _DEPTH[permission]
        if (found := self._inside.get(key)) is None:
            found = self._inside[key] = tuple(scopes_at(self._model, *key))
        if grant.within == EVERYWHERE:
            return [s for s in found if admitted(self._model, grant.binding, s)]
        # It lies in one tenant: what admits it admits it to every place there.
        if found and (known := self._admitted.get(id(grant))) is None:
            known = self._admitted[id(grant)] = admitted(self._model, grant.binding, found[0])
        return found if found and known else ()

    def __getitem__(self, cell: Cell) -> tuple[Path, ...]:
        return self.of(cell.permission)[cell]

    def __iter__(self) -> Iterator[Cell]:
        for permission in CATALOGUE:
            yield from self.of(permission)

    def __len__(self) -> int:
        return sum(sum(self.sizes(permission).values()) for permission in CATALOGUE)


def linked_alike(one: AccessModel, other: AccessModel) -> bool:
    """Whether two models were linked from the same, their roles apart, and share it."""
    return (
        one.organization is other.organization
        and one.tenants is other.tenants
        and one.groups is other.groups
        and one.workloads is other.workloads
        and one.bindings is other.bindings
        and one.elevations is other.elevations
        and one.budgets is other.budgets
    )


def _gives_alike(permission: str, one: Mapping[str, Role], other: Mapping[str, Role]) -> bool:
    """Whether each role gives a permission as it does in the other model, if it does."""
    pairs = ((role, other[name]) for name, role in one.items())
    return all(
        role.permissions.get(permission) == was.permissions.get(permission)
        and (permission not in role.permissions or role.requires == was.requires)
        for role, was in pairs
    )


def accesses(model: AccessModel) -> AccessTable:
    """The table of a model, made once."""
    return model.once(AccessTable)


def _by_permission(grants: Iterable[Grant]) -> dict[str, list[Grant]]:
    found: dict[str, list[Grant]] = defaultdict(list)
    for grant in grants:
        for permission in grant.role.permissions:
            found[permission].append(grant)
    return found
