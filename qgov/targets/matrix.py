"""The access matrix for people: `docs/access-matrix.md`, in GitHub-flavoured Markdown.

Who holds which role in which environment, what each role may do, and which backends and
conditions an environment has. A large organization has a page for each tenant beside it,
so that a page stays readable and a change touches the page that it is about.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from qgov.language.permissions import CATALOGUE
from qgov.language.scalars import Money, format_duration, format_instant, format_money
from qgov.model.access_model import AccessModel, Binding, Role, Tenant
from qgov.model.accesses import backends_of
from qgov.model.conditions import NONE, Conditions
from qgov.model.principal import Principal, is_group, is_workload, name_of
from qgov.model.scope import EVERYWHERE, tenant_of
from qgov.targets.sections import NO_PERMISSION, Section
from qgov.targets.target import Target

__all__ = ["ONE_PAGE", "TARGET", "escape"]

ONE_PAGE: Final = 20
"""The most tenants that share a page."""

_MARKS: Final = "⚠ high risk: held just-in-time only · own: only what the holder submitted"
_TIERS: Final = ("sandbox", "test", "production")
_COLUMNS: Final = 8  # the most roles that a table compares
_NONE: Final = "–"
_NOTICE: Final = (
    "Written by qgov from the reviewed configuration; the next compilation overwrites edits."
)
_LEGEND: Final = (
    "● standing · ◐ just-in-time: held only while an approved elevation runs · MFA, device and "
    "country are asked of people, not of workloads"
)
_ACTIVE: Final = re.compile(r"[\\`*_\[\]<>|~&$]|:(?=//)|\.(?<=www\.)", re.IGNORECASE)


def escape(text: str) -> str:
    """Free text for one line of GitHub-flavoured Markdown, a table's cell included: it shows
    as it was written and does nothing: no markup, HTML, links, formulas or entities. An
    empty comment keeps `@` and `#` from notifying somebody or linking to an issue."""
    line = " ".join(text.split())
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)
    return re.sub("([@#])", r"\1<!-- -->", _ACTIVE.sub(r"\\\g<0>", shown))


def _emit(model: AccessModel) -> dict[str, bytes]:
    return {**_main_page(model), **_pages(model)}


def _main_page(model: AccessModel) -> dict[str, bytes]:
    bindings = _by_tenant(model)
    title = escape(model.organization.metadata.title or model.organization.name)
    lines = [
        f"# Access matrix of {title}",
        "",
        _NOTICE,
        "",
        _LEGEND,
        "",
        *_whole_organization(model, bindings[""]),
        "## Tenants",
        "",
    ]
    if _has_pages(model):
        lines += _index(model, bindings)
    else:
        for name, tenant in model.tenants.items():
            lines += [
                f"### {_heading(tenant)}",
                "",
                *_tenant(model, tenant, bindings[name], _needs),
            ]
    lines += ["## Roles", "", *_roles(model)]
    return {"docs/access-matrix.md": _bytes(lines)}


def _has_pages(model: AccessModel) -> bool:
    """Whether each tenant has a page of its own."""
    return len(model.tenants) > ONE_PAGE


def _pages(
    model: AccessModel, needs: Callable[[Conditions, str], str] | None = None
) -> dict[str, bytes]:
    """The page of each tenant; what roles may do is on the main page alone. `needs` says in words
    what an environment asks for."""
    if not _has_pages(model):
        return {}
    bindings = _by_tenant(model)
    return {
        _page(name): _bytes(
            [
                f"# {_heading(tenant)}",
                "",
                _NOTICE,
                "",
                _LEGEND,
                "",
                *_tenant(model, tenant, bindings[name], needs or _needs),
                "[Roles and the whole organization](../access-matrix.md)",
            ]
        )
        for name, tenant in model.tenants.items()
    }


def _page(tenant: str) -> str:
    return f"docs/access-matrix/{tenant}.md"


def _pages_but_floors(model: AccessModel) -> dict[str, Mapping[str, object]]:
    return {path: {"page": page} for path, page in _pages(model, lambda *_: "").items()}


def _floors_of_pages(model: AccessModel) -> dict[str, Mapping[str, object]]:
    if not _has_pages(model):
        return {}
    currency = model.organization.spec.currency
    return {
        _page(name): {
            "needs": {e.name: _needs(e.floor, currency) for e in tenant.environments.values()}
        }
        for name, tenant in model.tenants.items()
    }


def _bytes(lines: Iterable[str]) -> bytes:
    return ("\n".join(lines).rstrip("\n") + "\n").encode()


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table and the blank line after it. Cells are escaped already."""
    lines = [head, ["---"] * len(head), *rows]
    return [*(f"| {' | '.join(cells)} |" for cells in lines), ""]


def _code(name: str) -> str:
    """A metadata name: lower-case letters, digits and hyphens, so nothing to escape."""
    return f"`{name}`"


def _names(names: Iterable[str]) -> str:
    return ", ".join(map(_code, names)) or _NONE


def _by_tenant(model: AccessModel) -> dict[str, list[Binding]]:
    found: dict[str, list[Binding]] = defaultdict(list)
    for binding in model.bindings:
        found[tenant_of(binding.scope)].append(binding)
    return found


def _by_principal(bindings: Iterable[Binding]) -> dict[Principal, list[Binding]]:
    found: dict[Principal, list[Binding]] = defaultdict(list)
    for binding in bindings:
        found[binding.principal].append(binding)
    return found


def _whole_organization(model: AccessModel, bindings: Sequence[Binding]) -> list[str]:
    if not bindings:
        return []
    currency = model.organization.spec.currency
    rows = [
        (_who(model, who), _holds(held, EVERYWHERE, currency))
        for who, held in _by_principal(bindings).items()
    ]
    return [
        "## Whole organization",
        "",
        "Holds in every tenant.",
        "",
        *_table(("Who", "Role"), rows),
    ]


def _index(model: AccessModel, bindings: Mapping[str, Sequence[Binding]]) -> list[str]:
    return _table(
        ("Tenant", "Title", "Owner", "Environments", "Principals"),
        (
            (
                f"[{_code(name)}](access-matrix/{name}.md)",
                escape(tenant.metadata.title or _NONE),
                _code(tenant.spec.owner.group),
                _names(tenant.environments),
                str(len(_by_principal(bindings[name]))),
            )
            for name, tenant in model.tenants.items()
        ),
    )


def _heading(tenant: Tenant) -> str:
    title = tenant.metadata.title
    return _code(tenant.name) + (f" {_NONE} {escape(title)}" if title else "")


def _tenant(
    model: AccessModel,
    tenant: Tenant,
    bindings: Sequence[Binding],
    needs: Callable[[Conditions, str], str],
) -> list[str]:
    owner = f"Owner {_code(tenant.spec.owner.group)}"
    about = (
        f"{owner} · {tenant.isolation} · signs in at {_code(tenant.provider)} · "
        f"data in {_names(tenant.residency)}"
    )
    environments = sorted(
        tenant.environments.values(), key=lambda each: (_TIERS.index(each.tier), each.name)
    )
    columns = {each.scope: _code(each.name) for each in environments}
    if any(binding.scope == tenant.name for binding in bindings):
        columns = {tenant.name: "Whole tenant", **columns}
    currency = model.organization.spec.currency
    rows = [
        (_who(model, who), *(_holds(held, scope, currency) for scope in columns))
        for who, held in _by_principal(bindings).items()
    ]
    held = _table(("Who", *columns.values()), rows)
    return [
        about,
        "",
        *(held if rows else ["Nobody holds a role in this tenant alone.", ""]),
        *_table(
            ("Environment", "Tier", "Projects", "Backends", "Needs"),
            (
                (
                    _code(each.name),
                    each.tier,
                    _names(each.projects),
                    _names(backends_of(model, each)),
                    needs(each.floor, currency),
                )
                for each in environments
            ),
        ),
    ]


def _who(model: AccessModel, principal: Principal) -> str:
    name = name_of(principal)
    if is_workload(principal):
        title = model.workloads[name].spec.title
        shown = f"workload {_code(name.partition('/')[2])}"
    else:
        title = model.groups[name].title if is_group(principal) else None
        shown = _code(name)
    return shown + (f"<br>{escape(title)}" if title else "")


def _holds(bindings: Iterable[Binding], scope: str, currency: str) -> str:
    """The roles that some bindings of one principal give at a scope, or, when it is an
    environment, inside it."""
    entries = sorted(
        {
            (binding.role, _entry(binding, scope, currency))
            for binding in bindings
            if binding.scope == scope or ("/" in scope and binding.scope.startswith(f"{scope}/"))
        }
    )
    return "<br>".join(entry for _, entry in entries) or _NONE


def _entry(binding: Binding, scope: str, currency: str) -> str:
    inside = binding.scope[len(scope) + 1 :]
    eligible = binding.eligible
    notes = [] if binding.requires == NONE else [_needs(binding.requires, currency)]
    if eligible is not None:
        notes += [
            f"≤ {format_duration(eligible.max_duration_s)}",
            f"approved by {_code(eligible.approvers)}",
        ]
        notes += ["ticket"] if eligible.ticket else []
    notes += [f"until {format_instant(binding.expires)}"] if binding.expires else []
    return " ".join(
        (
            "◐" if eligible else "●",
            _code(binding.role),
            *([f"on {_code(inside)}"] if inside else []),
            *([f"({', '.join(notes)})"] if notes else []),
        )
    )


def _needs(conditions: Conditions, currency: str) -> str:
    """Conditions in words."""
    limits = conditions.job.as_json()
    cost = limits.pop("cost_micros", None)
    age, countries = conditions.max_token_age_s, conditions.countries
    words = [
        "MFA" if conditions.mfa else "",
        "managed device" if conditions.managed_device else "",
        f"token ≤ {format_duration(age)}" if age is not None else "",
        f"from {'/'.join(countries) or 'no country'}" if countries is not None else "",
        *(f"≤ {limit:,} {name.replace('_', ' ')}" for name, limit in limits.items()),
        f"≤ {format_money(Money(cost, currency))} a job" if cost is not None else "",
    ]
    return ", ".join(filter(None, words)) or _NONE


def _roles(model: AccessModel) -> list[str]:
    """What each role is for, then role × permission."""
    currency = model.organization.spec.currency
    lines = _table(
        ("Role", "Title", "Needs besides", "Never together with"),
        (
            (
                _code(name),
                escape(role.metadata.title or _NONE),
                _needs(role.requires, currency),
                _names(role.conflicts_with),
            )
            for name, role in model.roles.items()
        ),
    )
    for some in _batches(list(model.roles.values())):
        lines += _permissions(some)
    return [*lines, _MARKS]


def _batches(roles: list[Role]) -> Iterator[list[Role]]:
    for start in range(0, len(roles), _COLUMNS):
        yield roles[start : start + _COLUMNS]


def _permissions(roles: Sequence[Role]) -> list[str]:
    held = [p for p in CATALOGUE.values() if any(p.name in role.permissions for role in roles)]
    return _table(
        ("Permission", *(_code(role.name) for role in roles)),
        (
            (
                _code(p.name) + (" ⚠" if p.high_risk else ""),
                *(_mark(role.permissions.get(p.name)) for role in roles),
            )
            for p in held
        ),
    )


def _mark(own: bool | None) -> str:
    return _NONE if own is None else "own" if own else "yes"


TARGET = Target(
    "matrix",
    _emit,
    sections=(
        Section(_main_page),
        Section(_pages_but_floors, NO_PERMISSION, floors=False),
        Section(_floors_of_pages, NO_PERMISSION),
    ),
    permissions=NO_PERMISSION,
)
