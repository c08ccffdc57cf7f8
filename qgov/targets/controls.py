"""What enforces each control: `docs/controls.md`, for people, and what nothing enforces.

The tables are those of the clouds' own targets. What a tenant asks for is in its accesses, and
whoever can submit to a cloud by its own rights is bound only by what the cloud enforces itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from qgov import targets
from qgov.finding import Finding, Severity
from qgov.model.access_model import AccessModel, Role, Tenant
from qgov.model.accesses import accesses
from qgov.model.caps import mixed
from qgov.model.conditions import NO_LIMITS, Conditions
from qgov.model.scope import tenant_of
from qgov.targets.control import Control, Controls, Kind, Where
from qgov.targets.sections import Section
from qgov.targets.target import Target

__all__ = ["TARGET", "enforced", "unenforced"]

_NOTICE: Final = (
    "Written by qgov from the reviewed configuration; the next compilation overwrites edits."
)
_LEGEND: Final = (
    "*native*: the cloud itself enforces it, whichever way somebody comes · *native in part*: some "
    "of it · *gateway only*: only who comes through the gateway is bound · *nobody*: neither"
)
_BOUND: Final = frozenset({Where.NATIVE, Where.PARTLY})
_OWN: Final = {
    "job:read": Kind.OWN_JOBS,
    "job:cancel": Kind.OWN_JOBS,
    "result:read": Kind.OWN_RESULTS,
}
_PERMISSIONS: Final = frozenset({"job:submit", *_OWN})
"""Those that say who asks a cloud for what; a cloud enforces the same whoever may do what."""

Place = tuple[str, str]  # a tenant, and a cloud that it has an account in


def _tables() -> dict[str, Controls]:
    """Cloud → what it enforces."""
    known = targets.targets().values()
    return dict(sorted((cloud, t) for each in known for cloud, t in each.controls.items()))


def enforced(model: AccessModel) -> Mapping[Place, Mapping[Kind, Control]]:
    """(tenant, cloud) → what the cloud enforces there, for each cloud with an open account."""
    return model.shared(_enforced)


def _enforced(model: AccessModel) -> dict[Place, dict[Kind, Control]]:
    tables = _tables()
    return {
        (name, cloud): {
            kind: row if isinstance(row, Control) else row(model, tenant)
            for kind, row in table.items()
        }
        for name, tenant in sorted(model.tenants.items())
        for cloud, table in tables.items()
        if _is_open(getattr(tenant.spec.clouds, cloud, None))
    }


def _is_open(account: object) -> bool:
    """Whether a tenant has an account and uses it: what is closed lets nobody in."""
    return account is not None and not getattr(account, "closed", False)


def unenforced(model: AccessModel) -> dict[Place, list[Kind]]:
    """(tenant, cloud) → what the tenant asks for of jobs there and the cloud does not enforce;
    where nobody may submit, nothing is asked for."""
    asked = model.once(_asked)
    return {
        place: [kind for kind in Kind if kind in asked[place] and found[kind].where not in _BOUND]
        for place, found in enforced(model).items()
        if place in asked
    }


def _asked(model: AccessModel) -> dict[Place, frozenset[Kind]]:
    """(tenant, cloud) → the floors and limits of the accesses there."""
    found: dict[Place, set[Kind]] = defaultdict(set)
    seen: dict[Place, set[int]] = defaultdict(set)  # conditions are shared by many accesses
    clouds = {name: fact.value.cloud for name, fact in model.organization.backends.items()}
    own = {name: [*_own(role)] for name, role in model.roles.items()}
    for cell, paths in accesses(model).of("job:submit").items():
        place = tenant_of(cell.scope), clouds[cell.backend]
        kinds, known = found[place], seen[place]
        for path in paths:
            kinds.update(own[path.binding.role])
            if id(path.conditions) not in known:
                known.add(id(path.conditions))
                kinds.update(_of(model, path.conditions, place[1]))
    for (name, _), kinds in found.items():
        kinds.update(_of_records(model.tenants[name]))
    return {place: frozenset(kinds) for place, kinds in found.items()}


def _own(role: Role) -> Iterator[Kind]:
    """What a role gives of one's own alone."""
    return (kind for permission, kind in _OWN.items() if role.permissions.get(permission))


def _of(model: AccessModel, asked: Conditions, cloud: str) -> Iterator[Kind]:
    budgets = [model.budgets[name] for name in asked.budgets]
    apart = any(each.quotas or each.group or mixed(model, each, cloud) for each in budgets)
    for kind, is_asked in (
        (Kind.SECOND_FACTOR, asked.mfa),
        (Kind.SIGN_IN_AGE, asked.max_token_age_s is not None),
        (Kind.MANAGED_DEVICE, asked.managed_device),
        (Kind.COUNTRY, asked.countries is not None),
        (Kind.ELEVATION, asked.eligible is not None),
        (Kind.JOB_SIZE, asked.job != NO_LIMITS),
        (Kind.APPROVALS, bool(asked.approvals)),
        (Kind.MONEY, any(each.stop_micros is not None for each in budgets)),
        (Kind.QUOTAS, apart),
    ):
        if is_asked:
            yield kind


def _of_records(tenant: Tenant) -> Iterator[Kind]:
    kept = tenant.spec.retention
    yield Kind.RESIDENCY
    if kept.results is not None:
        yield Kind.RETENTION
    if kept.inputs is not None:
        yield Kind.INPUTS
    if kept.audit_logs is not None:
        yield Kind.AUDIT


def _unsupported(model: AccessModel) -> list[Finding]:
    return [
        Finding(
            "QG969",
            f"who submits to `{cloud}` without the gateway is not bound in `{name}` by all that "
            "it asks for",
            model.tenants[name].source.source.start,  # no file is read again for its line
            "let people reach the cloud through the gateway alone, or accept it: docs/controls.md "
            "says what is enforced where",
            Severity.WARNING,
            document=f"Tenant/{name}",
            detail="; ".join(kinds),
        )
        for (name, cloud), kinds in unenforced(model).items()
        if kinds
    ]


def _emit(model: AccessModel) -> dict[str, bytes]:
    found, open_ = enforced(model), unenforced(model)
    lines = ["# What enforces each control", "", _NOTICE, "", _LEGEND, ""]
    lines += ["## By tenant", ""]
    lines += ["| tenant | cloud | asked for, and not enforced by the cloud |", "|---|---|---|"]
    for name, cloud in found:
        left = " · ".join(open_.get((name, cloud), ())) or "–"
        lines.append(f"| `{name}` | [`{cloud}`](#{cloud}) | {left} |")
    clouds: dict[str, dict[str, Mapping[Kind, Control]]] = defaultdict(dict)
    for (name, cloud), rows in found.items():
        clouds[cloud][name] = rows
    for cloud, tenants in sorted(clouds.items()):
        lines += ["", f"## {cloud}", "", *_of_cloud(tenants)]
    return {"docs/controls.md": ("\n".join(lines) + "\n").encode()}


def _of_cloud(tenants: Mapping[str, Mapping[Kind, Control]]) -> Iterator[str]:
    """What a cloud enforces: a row for each control, one more for those where it is otherwise."""
    yield "| control | where | how | tenants |"
    yield "|---|---|---|---|"
    for kind in Kind:
        rows: dict[Control, list[str]] = defaultdict(list)
        for name, found in tenants.items():
            rows[found[kind]].append(name)
        for row, names in sorted(rows.items(), key=lambda each: each[1]):
            whom = "all" if len(rows) == 1 else ", ".join(f"`{name}`" for name in names)
            yield f"| {kind} | {row.where} | {row.how} | {whom} |"


TARGET = Target(
    "controls",
    _emit,
    _unsupported,
    sections=(Section(_emit, _PERMISSIONS),),
    permissions=_PERMISSIONS,
)
