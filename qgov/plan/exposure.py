"""Cost exposure: the most that a month can cost before every hard stop holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from qgov.model.access_model import AccessModel
from qgov.model.accesses import accesses
from qgov.model.scope import matches, tenant_of

__all__ = ["Exposure", "exposure"]


@dataclass(frozen=True, slots=True)
class Exposure:
    """`amount_micros` of the organization's currency; `unbounded` are the projects that
    can reach a priced backend without any hard stop, and are not in the amount."""

    amount_micros: int
    currency: str
    unbounded: tuple[str, ...] = ()


def exposure(model: AccessModel) -> Exposure:
    """The exposure of the tenants in a model.

    Projects that can spend are put under the tightest budget first; a wider budget then
    caps the sum of what lies inside it. Exact where budgets nest, an upper bound where
    they cross. A budget for one group bounds only that group and is left out.
    """
    spending = _spending_projects(model)
    caps: dict[frozenset[str], int] = {}
    held: dict[str, set[frozenset[str]]] = {scope: set() for scope in spending}
    for stop, scopes in _tightest_first(model, spending):
        inside = {group for scope in scopes for group in held[scope] if group <= scopes}
        if sum(caps[group] for group in inside) <= stop and all(held[s] for s in scopes):
            continue
        for group in inside:
            del caps[group]
            for scope in group:
                held[scope].discard(group)
        caps[scopes] = stop
        for scope in scopes:
            held[scope].add(scopes)
    return Exposure(
        sum(caps.values()),
        model.organization.spec.currency,
        tuple(sorted(scope for scope in spending if not held[scope])),
    )


def _tightest_first(
    model: AccessModel, spending: Iterable[str]
) -> list[tuple[int, frozenset[str]]]:
    """The hard stop of every budget with the projects under it, narrowest first."""
    everywhere = sorted(spending)
    of_tenant: dict[str, list[str]] = defaultdict(list)
    for scope in everywhere:
        of_tenant[tenant_of(scope)].append(scope)
    found: list[tuple[int, frozenset[str]]] = []
    for budget in model.budgets.values():
        stop, tenant = budget.stop_micros, tenant_of(budget.scope)
        if stop is None or budget.group is not None:
            continue
        scopes = frozenset(
            scope
            for scope in (of_tenant[tenant] if tenant else everywhere)
            if matches(budget.scope, scope)
        )
        if scopes:
            found.append((stop + budget.raised_micros, scopes))
    return sorted(found, key=lambda item: (len(item[1]), item[0], sorted(item[1])))


def _spending_projects(model: AccessModel) -> set[str]:
    priced = {
        name for name, fact in model.organization.backends.items() if fact.value.price is not None
    }
    return {cell.scope for cell in accesses(model).of("job:submit") if cell.backend in priced}
