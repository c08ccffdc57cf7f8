"""What a bundle says of the model, beside what the documents compile to.

Decisions show every difference that anybody could use. This shows the others too: a condition
dropped from a role that every floor asks for anyway, a grant to a group that no document knows.
Each is named, and grants that were added are asked like any other cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from qgov.conformance.access_path import asks
from qgov.conformance.case import Assertion, Case, specified
from qgov.decision.bundle import Bundle
from qgov.decision.made_up import CONFORMANCE
from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel
from qgov.model.accesses import Cell, scopes_at
from qgov.model.principal import Principal
from qgov.records import replace
from qgov.targets.opa.data import model_data

__all__ = ["Difference", "Grant", "added_grants", "differences", "grant_cases", "grants"]

_ABSENT: Final = object()


class Difference(NamedTuple):
    """A place of the bundle's data, what the documents say there, and what the bundle says;
    None where one of them says nothing."""

    place: str
    documents: Any
    bundle: Any


class Grant(NamedTuple):
    """What a bundle grants: a role to a principal at a scope, to a group of this issuer."""

    principal: Principal
    role: str
    scope: str
    issuer: str | None
    permissions: tuple[str, ...]


def differences(model: AccessModel, bundle: Bundle) -> list[Difference]:
    """Where the bundle's data is not what the documents compile to."""
    given = bundle.data.get("qgov", {})
    found = given.get("model") if isinstance(given, Mapping) else None
    return list(_differing("", model_data(model), found))


def _differing(place: str, wanted: Any, given: Any) -> Iterator[Difference]:
    if isinstance(wanted, Mapping) and isinstance(given, Mapping):
        for name in sorted({*wanted, *given}):
            inside = f"{place}/{name}" if place else name
            yield from _differing(inside, wanted.get(name, _ABSENT), given.get(name, _ABSENT))
    elif _plain(wanted) != _plain(given):
        yield Difference(place, *(None if x is _ABSENT else _plain(x) for x in (wanted, given)))


def _plain(value: Any) -> Any:
    """The value as JSON has it: tuples are lists, and mappings dictionaries."""
    if isinstance(value, Mapping):
        return {name: _plain(child) for name, child in value.items()}
    return [_plain(child) for child in value] if isinstance(value, list | tuple) else value


def grants(bundle: Bundle) -> list[Grant]:
    """Every grant in a bundle's data; what has another form than qgov writes is left out."""
    data = _at(bundle.data, "qgov", "model")
    parts = [data]
    for shard in _at(data, "tenants").values():
        parts += shard.values() if isinstance(shard, Mapping) else ()
    roles = _at(data, "roles")
    return [grant for part in parts for grant in _granted(_at(part, "grants"), roles)]


def _granted(granted: Mapping[str, Any], roles: Mapping[str, Any]) -> Iterator[Grant]:
    for principal, held in granted.items():
        issuer = held.get("issuer") if isinstance(held, Mapping) else None
        for scope, given in _at(held, "at").items():
            for grant in given if isinstance(given, list) else ():
                role = grant.get("role") if isinstance(grant, Mapping) else None
                if isinstance(role, str):
                    permissions = tuple(sorted(_at(roles, role, "permissions")))
                    yield Grant(Principal(principal), role, scope, issuer, permissions)


def _at(value: Any, *names: str) -> Mapping[str, Any]:
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def added_grants(model: AccessModel, bundle: Bundle) -> list[Grant]:
    """The grants that no document gives."""
    known = {(b.principal, b.role, b.scope) for b in model.bindings}
    return [g for g in grants(bundle) if (g.principal, g.role, g.scope) not in known]


def grant_cases(model: AccessModel, bundle: Bundle) -> list[Case]:
    """For every grant that was added, what it gives where it lies: nothing."""
    found = []
    for grant in added_grants(model, bundle):
        for permission in (p for p in grant.permissions if p in CATALOGUE):
            level = CATALOGUE[permission].level.depth
            scope = next(scopes_at(model, grant.scope, level), None)
            if scope is not None:
                found.append(_grant_case(model, grant, permission, scope))
    return found


def _grant_case(model: AccessModel, grant: Grant, permission: str, scope: str) -> Case:
    environment = model.environment(scope)
    backends = environment.backends if environment and CATALOGUE[permission].executes else ()
    backend = next(iter(backends), "")
    cell = Cell(grant.principal, permission, scope, backend)
    where = "/".join(filter(None, (scope, backend)))
    case = Case(
        id=f"grant:{grant.principal}/{grant.role}@{grant.scope}/{permission}/{where}",
        name=f"{grant.role}: {grant.principal} holds no {permission} on {scope} by documents, "
        f"though the bundle grants the role on {grant.scope}",
        request=CONFORMANCE.json(asks(model, cell, issuer=grant.issuer)),
        expect="deny",
        role=grant.role,
        scope=scope,
        backend=backend,
        principal=grant.principal,
    )
    # By another binding the documents may give the same: then there is nothing to refuse.
    found = specified(model, case, Assertion(spares="subject-unknown"))
    return replace(found, contradiction="")
