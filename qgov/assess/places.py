"""The places of a model that the measures count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final, Protocol

from qgov.assess.item import Evidence, Line
from qgov.checks.facts import effective, environments, high_risk, spending
from qgov.finding import Origin
from qgov.model.access_model import AccessModel, Binding, Budget, Tenant
from qgov.model.principal import is_workload
from qgov.model.scope import EVERYWHERE, tenant_of

__all__ = [
    "STREAMS",
    "able_to_spend",
    "elevating",
    "holders",
    "line_of",
    "moneyed",
    "of_tier",
    "people",
    "projects",
    "providers",
    "readers",
    "requested",
    "risky",
    "streams",
]

STREAMS: Final = ("jobs", "admin")
Places = list[tuple[str, Line]]


class _Placed(Protocol):
    @property
    def origin(self) -> Origin: ...


def line_of(placed: _Placed) -> Line:
    """The place of a fact of the model."""
    return lambda: placed.origin


def providers(model: AccessModel) -> Places:
    """Every identity provider."""
    return [(name, line_of(fact)) for name, fact in model.organization.providers.items()]


def of_tier(model: AccessModel, *tiers: str) -> Places:
    """The environments of some tiers."""
    return [(e.scope, line_of(e)) for _, e in environments(model) if e.tier in tiers]


def people(model: AccessModel) -> list[Binding]:
    """The bindings that are not a workload's."""
    return [b for b in model.bindings if not is_workload(b.principal)]


def projects(
    model: AccessModel, backends: Iterable[str] | None = None
) -> Iterator[tuple[str, Line, Tenant]]:
    """Every project, or those that reach one of some backends, with its line."""
    wanted = None if backends is None else frozenset(backends)
    for tenant, environment in environments(model):
        if wanted is None or not wanted.isdisjoint(environment.backends):
            for index, project in enumerate(environment.projects):
                path = ("environments", environment.name, "projects", index)
                yield f"{environment.scope}/{project}", partial(tenant.source.at, *path), tenant


def able_to_spend(model: AccessModel) -> Places:
    """The projects whose jobs may cost money or occupy a QPU."""
    return [(scope, at) for scope, at, _ in projects(model, spending(model))]


def moneyed(model: AccessModel) -> list[Budget]:
    """The budgets that have money."""
    return [budget for budget in model.budgets.values() if budget.limit_micros is not None]


def risky(model: AccessModel) -> list[Binding]:
    """The bindings of people that give a high-risk permission where it has an effect."""
    roles = {name: high_risk(role) for name, role in model.roles.items()}
    return [b for b in people(model) if any(effective(p, b.scope) for p in roles[b.role])]


def elevating(model: AccessModel) -> list[Binding]:
    """The eligible bindings."""
    return [binding for binding in model.bindings if binding.eligible is not None]


def requested(model: AccessModel) -> Places:
    """How people ask to be in each group for which that is written."""
    source = model.organization.source
    return [
        (name, partial(source.at, "groups", name, "requests"))
        for name, spec in model.organization.spec.groups.items()
        if spec.requests is not None
    ]


def holders(model: AccessModel, *permissions: str) -> list[Binding]:
    """The bindings of groups that give any of some permissions where it has an effect."""
    return [
        binding
        for binding in people(model)
        if any(
            p in model.roles[binding.role].permissions and effective(p, binding.scope)
            for p in permissions
        )
    ]


def readers(model: AccessModel, permission: str, what: str) -> list[Evidence]:
    """For each tenant, whether some group holds a permission all the time, somewhere in it."""
    held = [binding for binding in holders(model, permission) if binding.eligible is None]
    everywhere = next((b for b in held if b.scope == EVERYWHERE), None)
    inside = {tenant_of(binding.scope): binding for binding in reversed(held)}
    found = []
    for name, tenant in model.tenants.items():
        binding = everywhere or inside.get(name)
        if binding is None:
            found.append(Evidence(False, f"nobody sees {what} of `{name}`", line_of(tenant.source)))
        else:
            says = f"`{binding.principal}` sees {what} of `{name}`"
            found.append(Evidence(True, says, line_of(binding)))
    return found


def streams(model: AccessModel, *types: str) -> list[Evidence]:
    """For each stream of audit events, whether a sink of one of the types takes it somewhere."""
    found = []
    for stream in STREAMS:
        taking = [
            (sink, sink.value.endpoint if sink.value.type == "siem" else sink.value.store)
            for sink in model.organization.audit_sinks.values()
            if stream in sink.value.streams and sink.value.type in types
        ]
        sink = next((sink for sink, where in taking if where is not None), None)
        if sink is not None:
            found.append(
                Evidence(True, f"`{stream}` goes to the sink `{sink.name}`", line_of(sink))
            )
        elif taking:
            says = f"the sink `{taking[0][0].name}` takes `{stream}` nowhere"
            found.append(Evidence(False, says, line_of(taking[0][0])))
        else:
            says = f"no {' or '.join(types)} sink takes the stream `{stream}`"
            found.append(Evidence(False, says, line_of(model.organization.source)))
    return found
