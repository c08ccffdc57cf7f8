"""Circuits that go through the gateway, and what its logs and ledger say of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import cirq

from docs.examples.reference.architecture import Architecture
from docs.examples.reference.people import CAST, Member
from qgov.gateway.audit import events
from qgov.gateway.gateway import GatewayError
from qgov.language.scalars import Money, format_money
from qgov.render.counting import count

__all__ = ["PROXY", "RAN", "TIERS", "Place", "attempt", "by_role", "spend", "told"]

RAN: Final = "ran"
TIERS: Final = ("sandbox", "test", "production")
SHOTS: Final = 100
PROXY: Final = {"X-Device-Managed": "true", "X-Client-Country": "DE"}
"""What the proxy in front of the gateway says of a managed device in Germany."""

_PAIR: Final = cirq.LineQubit.range(2)
BELL: Final = cirq.Circuit(cirq.H(_PAIR[0]), cirq.CNOT(*_PAIR), cirq.measure(*_PAIR, key="agree"))


class Place(NamedTuple):
    """Where a job runs."""

    scope: str
    backend: str


def attempt(
    running: Architecture,
    token: str,
    place: Place,
    *,
    shots: int = SHOTS,
    headers: Mapping[str, str] = PROXY,
) -> str:
    """Sign in with a token and run a pair of entangled qubits: `ran`, or the reasons against it
    that stand in the audit log."""
    device = cirq.Simulator(seed=1)
    try:
        session = running.gateway.sign_in(token, place.scope, headers=headers)
        result = session.sampler(place.backend, device).run(BELL, repetitions=shots)
    except GatewayError as error:
        return ", ".join(logged(running, error.event)["unmapped"]["reasons"])
    counts = result.histogram(key="agree")
    if sum(counts.values()) != shots or not counts.keys() <= {0, 3}:
        raise SystemExit(f"the device answered {dict(counts)}")
    return RAN


def logged(running: Architecture, uid: str) -> Mapping[str, Any]:
    """An event of either stream."""
    logs = (running.gateway.jobs.path, running.folder / "admin.jsonl")
    return next(e for log in logs for e in events(log) if e["metadata"]["uid"] == uid)


def by_role(running: Architecture, tokens: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Each role: who, and what came of a job in each tier of their tenant."""
    if missing := set(running.model.roles) - {who.role for who in CAST}:
        raise SystemExit(f"nobody plays the roles {sorted(missing)}")
    rows = []
    for who in CAST:
        places = (_place(running, who, tier) for tier in TIERS)
        cells = ("-" if p is None else attempt(running, tokens[who.name], p) for p in places)
        rows.append((who.role, who.name, who.tenant, *cells))
    return rows


def _place(running: Architecture, who: Member, tier: str) -> Place | None:
    """Where somebody's project has this tier: on its device, else on a simulator."""
    for environment in running.model.tenants[who.tenant].environments.values():
        if environment.tier == tier and who.project in environment.projects:
            scope = f"{who.tenant}/{environment.name}/{who.project}"
            names, known = environment.backends, running.gateway.terms.backends
            devices = [name for name in names if known[name].backend_class == "qpu"]
            return Place(scope, (devices or [*names])[0])
    return None


def told(running: Architecture, name: str) -> list[tuple[str, ...]]:
    """What the log of jobs says of somebody: stage, where, what for, at what cost."""
    rows: list[tuple[str, ...]] = []
    for event in events(running.gateway.jobs.path):
        own, job = event["unmapped"], event["unmapped"].get("job", {})
        if event["actor"]["user"]["uid"] != name:
            continue
        place = "/".join(own[label] for label in ("tenant", "environment", "project"))
        cost = Money(job.get("estimated_cost_micros", 0), running.gateway.terms.currency)
        where = f"{place}@{event['resources'][0]['uid']}"
        said = ", ".join(own.get("reasons", ())) or format_money(cost)
        rows.append((event["api"]["operation"], own["stage"], where, said))
    return rows


def spend(running: Architecture) -> list[tuple[str, ...]]:
    """Each budget that jobs counted against: jobs, shots, what was spent, and its limit."""
    currency = running.gateway.terms.currency
    jobs = running.gateway.ledger.jobs()
    rows: list[tuple[str, ...]] = []
    for name, budget in sorted(running.model.budgets.items()):
        own = [job.actual or job.estimate for job in jobs if name in job.budgets]
        if not own:
            continue
        cost = format_money(Money(sum(each.cost_micros for each in own), currency))
        limit = budget.limit_micros
        most = "no limit" if limit is None else f"of {format_money(Money(limit, currency))}"
        shots = sum(each.shots for each in own)
        rows.append(
            (
                name,
                count(len(own), "job"),
                count(shots, "shot"),
                cost,
                f"{most} {budget.period or ''}",
            )
        )
    return rows
