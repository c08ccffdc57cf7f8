"""What the enforcement point reads in the bundle beside the policy: prices, and the budgets
that a job is counted against."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from fractions import Fraction
from functools import lru_cache, partial
from hashlib import sha256
from typing import Any, Final, NamedTuple

from msgspec import Struct

from qgov.decision.bundle import Bundle
from qgov.gateway.tables import Counting
from qgov.language.periods import is_window, period
from qgov.model.price import Price
from qgov.model.principal import name_of

__all__ = ["BackendTerms", "Terms", "Thresholds", "terms_of"]


KEPT: Final = 4096
"""Of how many projects the budgets are kept."""


class BackendTerms(Struct, frozen=True):
    """A backend. `overhead_s` is seconds for each circuit; without a price it is free,
    without a pace its time is estimated otherwise."""

    name: str
    backend_class: str
    cloud: str
    region: str
    price: Price | None
    overhead_s: int | None
    shots_per_second: int | None


class Thresholds(NamedTuple):
    """What a budget or quota warns and stops at, in the unit of `measure`, which is
    `spent_micros` or one like `shots/day`."""

    budget: str
    measure: str
    warn: int | None
    stop: int | None


class Terms(Struct, frozen=True):
    """The bundle's data, looked up by name. `around`: project → the budgets around it."""

    revision: str
    currency: str
    backends: Mapping[str, BackendTerms]
    model: Mapping[str, Any]
    around: Callable[[str], Mapping[str, Any]]

    def budgets(self, scope: str, subject: Mapping[str, Any], backend: str) -> dict[str, Counting]:
        """The budgets that a subject's jobs in a project on a backend are counted against, and
        over what. The decision names the same ones, or the job is refused."""
        return {
            name: _counting(budget)
            for name, budget in self.around(scope).items()
            if _falls_under(budget, subject)
            and ("backends" not in budget or backend in budget["backends"])
        }

    def closed(self, budgets: Mapping[str, Counting], now: datetime) -> str:
        """Which of these budgets are for a campaign that does not run at a moment, in words."""
        found = ((name, period(of.period).closed(now)) for name, of in budgets.items() if of.period)
        return "; ".join(f"of the budget {name}, {why}" for name, why in found if why)

    def former_names(self) -> dict[str, list[str]]:
        """Every budget of the bundle, with its former names, the last one first."""
        shards = self.model["tenants"].values()
        parts = [self.model, *(tenant for shard in shards for tenant in shard.values())]
        return {
            name: budget.get("formerly", [])
            for part in parts
            for name, budget in part.get("budgets", {}).items()
        }

    def thresholds(self, scope: str, budgets: Mapping[str, Any], now: datetime) -> list[Thresholds]:
        """The thresholds of these budgets at a moment, raised by exceptions in force; those
        of single jobs left out."""
        found: list[Thresholds] = []
        for name, budget in self.around(scope).items():
            if name not in budgets:
                continue
            money = budget.get("money")
            # Outside of a campaign there is nothing that could be reached.
            if money is not None and not period(money["period"]).closed(now):
                raised = sum(
                    r["increase"]
                    for r in money["raises"]
                    if max(r["not_before"], 0) <= now.timestamp() < r["expires"]
                )
                warn, stop = (_moved(money.get(which), raised) for which in ("warn", "stop"))
                found.append(Thresholds(name, "spent_micros", warn, stop))
            found += [
                Thresholds(name, f"{q['measure']}/{q['window']}", q.get("warn"), q.get("stop"))
                for q in budget["quotas"]
                if q["window"] != "job"
            ]
        return found

    def approvals(self, scope: str, budgets: Mapping[str, Any], backend: str) -> dict[str, Any]:
        """Budget → its rule about expensive jobs, of those that have one for the backend."""
        backend_class = self.backends[backend].backend_class
        return {
            name: budget["approval"]
            for name, budget in self.around(scope).items()
            if name in budgets and budget.get("approval", {}).get("classes", {}).get(backend_class)
        }


def _around(model: Mapping[str, Any], scope: str) -> dict[str, Any]:
    tenant_name, _, rest = scope.partition("/")
    environment, _, project = rest.partition("/")
    shard = sha256(tenant_name.encode()).hexdigest()[:2]
    tenant = model["tenants"].get(shard, {}).get(tenant_name, {})
    projects = tenant.get("environments", {}).get(environment, {}).get("projects", {})
    known = {**model["budgets"], **tenant.get("budgets", {})}
    return {name: known[name] for name in projects.get(project, {}).get("budgets", ())}


def _counting(budget: Mapping[str, Any]) -> Counting:
    windows = {q["window"] for q in budget["quotas"] if is_window(q["window"])}
    return Counting(budget.get("money", {}).get("period"), tuple(sorted(windows)))


def _moved(threshold: int | None, by: int) -> int | None:
    return None if threshold is None else threshold + by


def _falls_under(budget: Mapping[str, Any], subject: Mapping[str, Any]) -> bool:
    properties = subject.get("properties", {})
    return "group" not in budget or (
        subject.get("type") == "user"
        and name_of(budget["group"]) in properties.get("groups", ())
        and budget["issuer"] == properties.get("issuer")
    )


def terms_of(bundle: Bundle) -> Terms:
    """Read them. Raises KeyError, TypeError or AttributeError for data of another version."""
    model = bundle.data["qgov"]["model"]
    return Terms(
        bundle.revision,
        model["currency"],
        {name: _backend(name, given) for name, given in model["backends"].items()},
        model,
        lru_cache(KEPT)(partial(_around, model)),
    )


def _price(given: Mapping[str, Any]) -> Price:
    """What is no whole number of micros is a decimal in a text."""
    exact: dict[str, Any] = {
        name: Fraction(value) if isinstance(value, str) else value for name, value in given.items()
    }
    return Price(**exact)


def _backend(name: str, given: Mapping[str, Any]) -> BackendTerms:
    price, timing = given.get("price"), given.get("timing", {})
    return BackendTerms(
        name,
        given["class"],
        given["cloud"],
        given["region"],
        _price(price) if price else None,
        timing.get("overhead_s"),
        timing.get("shots_per_second"),
    )
