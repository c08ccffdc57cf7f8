"""What a reader may filter the report by: tenant, role and risk."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from qgov.model.scope import EVERYWHERE, tenant_of
from qgov.plan.plan import AccessChange
from qgov.plan.risk import Risk

__all__ = ["NOTHING", "Filters", "Tags", "filters_of", "roles_of", "tags_of"]

MOST_CHOICES: Final = 200

Filters = Mapping[str, Mapping[str, int]]
"""`tenants` and `roles` → name → its number on the page."""


@dataclass(frozen=True, slots=True)
class Tags:
    """What a part of the page is about; numbers, since names may hold anything."""

    risk: int
    tenants: tuple[int, ...]
    roles: tuple[int, ...]


NOTHING: Final = Tags(0, (), ())


def filters_of(changes: Iterable[AccessChange]) -> Filters:
    """What there is to filter some changes by, in alphabetical order."""
    known = list(changes)
    tenants = {name for change in known for name in _tenants(change)}
    roles = {role for change in known for role in roles_of(change)}
    return {"tenants": _numbered(tenants), "roles": _numbered(roles)}


def _numbered(names: Collection[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(sorted(names)[:MOST_CHOICES])}


def tags_of(changes: Iterable[AccessChange], filters: Filters) -> Tags:
    """What some changes are about."""
    risk: Risk | int = 0
    tenants: set[str] = set()
    roles: set[str] = set()
    for change in changes:
        risk = max(risk, change.rule.risk)
        tenants |= _tenants(change)
        roles |= roles_of(change)
    return Tags(int(risk), _numbers(tenants, filters["tenants"]), _numbers(roles, filters["roles"]))


def _numbers(names: Iterable[str], known: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(sorted(known[name] for name in names if name in known))


def _tenants(change: AccessChange) -> set[str]:
    return {tenant_of(item.cell.scope) or EVERYWHERE for item in change.row.cells}


def roles_of(change: AccessChange) -> set[str]:
    """The roles that the access is, or was, held through."""
    return {p.binding.role for i in change.row.cells for p in (i.head or i.base)}
