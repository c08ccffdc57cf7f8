"""What a configuration says, as tables: one subject each, a row for each fact.

The same table is CSV and Markdown in the pack and a part of its report, so a cell is plain text,
which each output escapes for itself. To add a table, add a row to `_TABLES`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from msgspec import Struct

from qgov.checks.catalogue import rules_by_control
from qgov.checks.controls import FRAMEWORKS
from qgov.language.periods import per_words, period
from qgov.language.permissions import CATALOGUE
from qgov.language.scalars import Money, format_duration, format_instant, format_money
from qgov.model.access_model import AccessModel, Budget
from qgov.model.accesses import ON_PREMISES, Cell, Path, accesses
from qgov.model.conditions import Conditions, JobLimits, earliest
from qgov.model.tenants import retention_of
from qgov.render.conditions import approvals

__all__ = ["Row", "Table", "as_csv", "tables"]

Row = tuple[str, ...]


class Table(Struct, frozen=True):
    """One subject. `name` is the stem of its file; a row has a cell for each column."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def tables(model: AccessModel | None) -> tuple[Table, ...]:
    """Every table of a configuration; without rows for the empty repository."""
    return tuple(
        Table(name, title, tuple(columns.split(", ")), tuple(make(model)) if model else ())
        for name, title, columns, make in _TABLES
    )


def as_csv(table: Table) -> bytes:
    """A table as CSV (RFC 4180, UTF-8). A cell that a spreadsheet would take for a formula
    begins with an apostrophe, and shows as text."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(table.columns)
    writer.writerows([_inert(cell) for cell in row] for row in table.rows)
    return text.getvalue().encode(errors="backslashreplace")


def _inert(cell: str) -> str:
    flat = " ".join(cell.split())
    return f"'{flat}" if flat.startswith(("=", "+", "-", "@")) else flat


def _access(model: AccessModel) -> Iterator[Row]:
    currency = model.organization.spec.currency
    for cell, paths in sorted(accesses(model).items()):
        for path in paths:
            yield _path(cell, path, currency)


def _path(cell: Cell, path: Path, currency: str) -> Row:
    c, held = path.conditions, path.elevation
    end = earliest(c.expires, held.expires if held else None)
    return (
        *cell,
        "elevated" if held else "just in time" if c.eligible else "standing",
        format_instant(end) if end else "",
        c.eligible.approvers if c.eligible else "",
        *_sign_in(c),
        _yes(c.own_only),
        _job(c.job, currency),
        ", ".join(c.budgets),
        ", ".join(approvals(c, currency)),
        path.binding.role,
        str(path.binding.origin),
    )


def _sign_in(c: Conditions) -> Row:
    return (
        _yes(c.mfa),
        _yes(c.managed_device),
        "" if c.max_token_age_s is None else format_duration(c.max_token_age_s),
        "" if c.countries is None else ", ".join(c.countries) or "none",
    )


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"


def _job(limits: JobLimits, currency: str) -> str:
    found = limits.as_json()
    cost = found.pop("cost_micros", None)
    words = [f"{name.replace('_', ' ')} {limit:,}" for name, limit in found.items()]
    return ", ".join([*words, *([format_money(Money(cost, currency))] if cost is not None else [])])


def _roles(model: AccessModel) -> Iterator[Row]:
    currency = model.organization.spec.currency
    for role in model.roles.values():
        for permission, own in sorted(role.permissions.items()):
            yield (
                role.name,
                role.metadata.title or "",
                permission,
                _yes(own),
                _yes(CATALOGUE[permission].high_risk),
                *_sign_in(role.requires),
                _job(role.requires.job, currency),
                ", ".join(role.conflicts_with),
                str(role.permission_origin(permission)),
            )


def _authentication(model: AccessModel) -> Iterator[Row]:
    for tenant in model.tenants.values():
        provider = model.organization.providers[tenant.provider].value
        for environment in tenant.environments.values():
            yield (
                environment.scope,
                environment.tier,
                tenant.provider,
                provider.protocol,
                provider.login,
                provider.mfa,
                *_sign_in(environment.floor),
                str(environment.origin),
            )


def _quotas(model: AccessModel) -> Iterator[Row]:
    currency = model.organization.spec.currency
    for budget in model.budgets.values():
        on = ", ".join(budget.backends) or "every"
        common = (budget.name, budget.scope, budget.group or "everybody", on, budget.owner)
        where = str(budget.source.origin)
        if budget.limit_micros is not None:
            stop = budget.stop_at
            limit = _amount(budget.limit_micros, budget.source.value.budget.limit, currency)
            yield (
                *common,
                "money",
                period(budget.period).words if budget.period else "",
                limit,
                _shares(budget.warn_at),
                "never" if stop is None else _share(stop),
                where,
            )
        for quota in budget.quotas:
            counted = (quota.measure, per_words(quota.window), f"{quota.limit:,}")
            yield (*common, *counted, _shares(quota.warn_at), "100%", where)
        if budget.approval is not None:
            yield (*common, "approval", "per job", _approval(budget, currency), "", "", where)


def _amount(micros: int, written: Money, currency: str) -> str:
    """What an amount is worth in the organization's currency, and as it was written where that
    is another."""
    worth = format_money(Money(micros, currency))
    return worth if written.currency == currency else f"{worth} ({format_money(written)})"


def _approval(budget: Budget, currency: str) -> str:
    rule = budget.approval
    assert rule is not None
    return (
        f"above {_amount(rule.above_micros, budget.source.value.approval.above, currency)} on "
        f"{', '.join(budget.approval_classes)}, by {rule.approvers}, "
        f"valid {format_duration(rule.valid_for_s)}"
    )


def _share(basis_points: int) -> str:
    return f"{basis_points / 100:g}%"


def _shares(found: Iterable[int]) -> str:
    return ", ".join(map(_share, found))


def _retention(model: AccessModel) -> Iterator[Row]:
    for tenant in model.tenants.values():
        for records, kept in retention_of(tenant.spec.retention):
            store = model.organization.stores[kept.store].value
            yield (
                tenant.name,
                records,
                format_duration(kept.keep),
                kept.store,
                store.type,
                store.jurisdiction,
                store.owner,
                store.encryption,
                _yes(store.immutable),
                str(tenant.source.source.at("spec", "retention", records)),
            )


def _residency(model: AccessModel) -> Iterator[Row]:
    for tenant in model.tenants.values():
        for environment in tenant.environments.values():
            for name in environment.backends:
                backend = model.organization.backends[name].value
                inside = backend.jurisdiction in (*tenant.residency, ON_PREMISES)
                yield (
                    environment.scope,
                    name,
                    backend.vendor,
                    backend.region,
                    backend.jurisdiction,
                    ", ".join(tenant.residency),
                    _yes(inside),
                    str(environment.origin),
                )


def _vendors(model: AccessModel) -> Iterator[Row]:
    operated: dict[str, list[str]] = {}
    for name, backend in model.organization.backends.items():
        operated.setdefault(backend.value.vendor, []).append(name)
    for name, vendor in model.organization.vendors.items():
        yield (
            name,
            vendor.value.title,
            vendor.value.country,
            vendor.value.reviewed.isoformat(),
            format_duration(vendor.value.review_every),
            ", ".join(operated.get(name, ())),
            str(vendor.origin),
        )


def _controls(_model: AccessModel) -> Iterator[Row]:
    """Each control with the rules that serve it, which `qgov validate` checks."""
    order = list(FRAMEWORKS)
    for (framework, id_), by in sorted(
        rules_by_control().items(), key=lambda item: (order.index(item[0][0]), item[0][1])
    ):
        yield FRAMEWORKS[framework], id_, str(len(by)), ", ".join(rule.code for rule in by)


_TABLES: Final[tuple[tuple[str, str, str, Callable[[AccessModel], Iterable[Row]]], ...]] = (
    (
        "access",
        "Who may do what",
        (
            "principal, permission, scope, backend, held, until, approvers, mfa, managed device, "
            "token age, countries, own jobs only, job limits, budgets, job approval, role, source"
        ),
        _access,
    ),
    (
        "roles",
        "Role definitions",
        (
            "role, title, permission, own only, high risk, mfa, managed device, token age, "
            "countries, job limits, never together with, source"
        ),
        _roles,
    ),
    (
        "authentication",
        "Sign-in and MFA policy",
        (
            "scope, tier, provider, protocol, login, provider mfa, mfa, managed device, token age, "
            "countries, source"
        ),
        _authentication,
    ),
    (
        "quotas",
        "Budgets and quotas",
        (
            "budget, scope, counts, backends, owner, measure, period, limit, warns at, stops at, "
            "source"
        ),
        _quotas,
    ),
    (
        "retention",
        "Retention of records",
        "tenant, records, kept, store, type, jurisdiction, owner, encryption, immutable, source",
        _retention,
    ),
    (
        "residency",
        "Where jobs are processed",
        "scope, backend, vendor, region, jurisdiction, residency, inside, source",
        _residency,
    ),
    (
        "vendors",
        "Vendors in the chain",
        "vendor, title, country, reviewed, review every, operates, source",
        _vendors,
    ),
    (
        "controls",
        "Controls and the rules that serve them",
        "framework, control, rules, codes",
        _controls,
    ),
)
"""(stem, title, columns, what makes the rows)."""
