"""The accesses that rest on a changed field of trust: what its change lets somebody do, and
what an intent says of both."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from qgov.language.concerns import Concern
from qgov.language.documents import Document
from qgov.model.access_model import AccessModel
from qgov.model.accesses import Cell, Path
from qgov.model.principal import Principal, group, is_user, workload
from qgov.model.tenants import claims_of
from qgov.plan.concerns import ConcernRow, Reached
from qgov.plan.fields import FieldChange
from qgov.plan.plan import AccessChange, Intended
from qgov.records import replace

__all__ = ["with_reach", "with_trust"]

Table = Mapping[Cell, tuple[Path, ...]]
Models = tuple[AccessModel | None, AccessModel | None]


def with_reach(rows: Iterable[ConcernRow], tables: Iterable[Table], of: Models) -> list[ConcernRow]:
    """The rows; those of trust with the accesses of whom they identify, on either side."""
    found = list(rows)
    if not any(_identifies(row) for row in found):
        return found
    held: dict[Principal, set[Cell]] = {}
    for table in tables:
        for cell, paths in table.items():
            for holder in {_holder(cell, path) for path in paths}:
                held.setdefault(holder, set()).add(cell)
    return [_reaching(row, of, held) if _identifies(row) else row for row in found]


def with_trust(intended: Intended, rows: Iterable[ConcernRow]) -> Intended:
    """The intent's answer, where who counts as a principal is one thing with what they may do:
    whoever names the field means the accesses that change hands by it, on the conditions of
    before, and whoever means all of these the field."""
    trust = [row for row in rows if row.change.concern is Concern.TRUST]
    named = {row.cause for row in trust} - {row.cause for row in intended.fields}

    def is_meant(change: AccessChange) -> bool:
        fields = [row.cause for row in trust if row.cause in change.causes]
        return change.row.as_before and bool(fields) and named.issuperset(fields)

    gained, lost = (
        tuple(c for c in changes if not is_meant(c)) for changes in (intended.gained, intended.lost)
    )
    meant = [c for c in (*intended.gained, *intended.lost) if is_meant(c)]
    achieved = (*intended.achieved, *meant)
    outside = {cause for change in gained for cause in change.causes}
    moving = {cause for change in achieved if change.row.moved for cause in change.causes} - outside
    fields = tuple(r for r in intended.fields if not (_moves(r.change) and r.cause in moving))
    return replace(intended, achieved=achieved, gained=gained, lost=lost, fields=fields)


_MOVING: Final = re.compile(
    r"spec\.identityProviders\.[^.]+\.(type|issuer|audience|protocol|groupsClaim)"
    r"|spec\.groups\.[^.]+\.(identityProvider|directoryName|directoryId)|spec\.identityProvider"
    r"|spec\.serviceAccounts\[[^]]+\]\.federation\.(issuer|audience|subject)"
)


_OF_CLIENTS: Final = ("issuer", "audience", "type")
"""What the tokens of workloads' clients are known by as well."""


def _moves(change: FieldChange) -> bool:
    """Whether it is what a principal is known by; others may stand on the same line."""
    return _MOVING.fullmatch(change.field) is not None


def _identifies(row: ConcernRow) -> bool:
    return row.change.concern is Concern.TRUST and not row.rule.accompanies


def _holder(cell: Cell, path: Path) -> Principal:
    return path.binding.principal if is_user(cell.principal) else cell.principal


def _reaching(
    row: ConcernRow, of: Models, held: Mapping[Principal, Collection[Cell]]
) -> ConcernRow:
    who = {principal for model in of if model for principal in _identified(row.change, model)}
    holding = sorted(who & held.keys())
    cells = {cell for principal in holding for cell in held[principal]}
    return replace(row, reached=Reached(len(cells), tuple(holding)))


def _identified(change: FieldChange, model: AccessModel) -> Iterator[Principal]:
    """Whom a field of trust tells from others."""
    for place in change.places:
        match place.path[1:]:
            case ("identityProviders", str(name), *field):
                yield from (group(g.name) for g in model.groups.values() if g.provider == name)
                if not field or field[0] in _OF_CLIENTS:
                    here = {t.name for t in model.tenants.values() if t.provider == name}
                    yield from _clients(model, here)
            case ("groups", str(name), *_):
                yield group(name)
            case ("identityProvider",):
                yield from _of_tenant(model, place.document.name)
            case ("serviceAccounts", int(index), *_):
                yield workload(f"{place.document.name}/{_account(place.document, index)}")
            case _:
                pass


def _clients(model: AccessModel, tenants: Collection[str]) -> Iterator[Principal]:
    """The workloads of some tenants that have a client at their tenant's Keycloak."""
    for each in model.workloads.values():
        if each.tenant in tenants and len(claims_of(model, each)) > 1:
            yield workload(each.id)


def _of_tenant(model: AccessModel, name: str) -> Iterator[Principal]:
    yield from _clients(model, {name})
    tenant = model.tenants.get(name)
    for each in model.groups.values():
        if tenant and name in each.tenants and each.provider == tenant.provider:
            yield group(each.name)


def _account(document: Document, index: int) -> str:
    return str(document.raw["spec"]["serviceAccounts"][index]["name"])
