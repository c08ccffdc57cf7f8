"""What a reader may filter the report by: tenant, role and risk."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from msgspec import Struct

from qgov.model.scope import EVERYWHERE, tenant_of
from qgov.plan.plan import AccessChange
from qgov.render.plan_entries import roles_of

__all__ = ["Filters", "Tags", "filters_of", "tags_of"]

MOST_CHOICES: Final = 200

Filters = Mapping[str, Mapping[str, int]]
"""`tenants` and `roles` → name → its number on the page."""


class Tags(Struct, frozen=True):
    """What a part of the page is about; numbers, since names may hold anything."""

    risk: int
    tenants: tuple[int, ...]
    roles: tuple[int, ...]


def filters_of(changes: Iterable[AccessChange]) -> Filters:
    """What there is to filter some changes by, in alphabetical order."""
    known = list(changes)
    tenants = {name for change in known for name in _tenants(change)}
    return {"tenants": _numbered(tenants), "roles": _numbered(roles_of(known))}


def _numbered(names: Collection[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(sorted(names)[:MOST_CHOICES])}


def tags_of(changes: Iterable[AccessChange], filters: Filters) -> Tags:
    """What some changes are about."""
    known = list(changes)
    tenants = {name for change in known for name in _tenants(change)}
    return Tags(
        max((int(change.rule.risk) for change in known), default=0),
        _numbers(tenants, filters["tenants"]),
        _numbers(roles_of(known), filters["roles"]),
    )


def _numbers(names: Iterable[str], known: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(sorted(known[name] for name in names if name in known))


def _tenants(change: AccessChange) -> set[str]:
    return {tenant_of(item.cell.scope) or EVERYWHERE for item in change.row.cells}
