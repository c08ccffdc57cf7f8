"""What can be wrong with a request: each attribute on both sides of every boundary that the
model draws for it.

To add one, add a line to `ATTRIBUTES` (values that one attribute takes instead of the sound
one) or to `TOGETHER` (several attributes that only say something together). Both are asked
what a `Situation` makes of them, so that a boundary is read from the model and never written
down a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel, Budget
from qgov.model.accesses import Cell, Path, budgets_around, scopes_at
from qgov.model.budgets import soft_threshold
from qgov.model.conditions import Conditions
from qgov.model.measures import COUNTED, LIMITED
from tests.decision.sound import BOSS, approval_rules, budgets_of

__all__ = ["ATTRIBUTES", "MISSING", "TOGETHER", "Deviation", "Situation", "changed", "deviations"]

MISSING: Final = object()
"""The value of an attribute that the request does not have."""

OTHER: Final = "other@northwind.example"
EVIL: Final = "https://evil.example"
HUGE: Final = 10**15


@dataclass(frozen=True, slots=True)
class Situation:
    """A cell of the table of accesses, one way to it, and a sound request."""

    model: AccessModel
    cell: Cell
    path: Path
    request: dict[str, Any]

    @property
    def now(self) -> datetime:
        """The request's time."""
        return datetime.fromisoformat(self.request["context"]["time"])

    @property
    def tenant(self) -> str:
        """The tenant of the cell's scope, `*` for the organization."""
        return self.cell.scope.partition("/")[0]

    @property
    def workload(self) -> bool:
        """Whether a workload asks."""
        return bool(self.request["subject"]["type"] == "workload")

    @property
    def executes(self) -> bool:
        """Whether it submits a job."""
        return CATALOGUE[self.cell.permission].executes

    @property
    def budgets(self) -> list[Budget]:
        """What the job falls under."""
        return budgets_of(self.model, self.cell, self.path.binding.principal)

    @property
    def layers(self) -> list[Conditions]:
        """The floors, the role's and the binding's conditions, not folded."""
        role, organization = self.model.roles[self.path.binding.role], self.model.organization
        tenant = self.model.tenants.get(self.tenant)
        floors = [organization.floor, *organization.tier_floors.values()]
        floors += [tenant.floor] if tenant else []
        folded = [self.model.floor(self.cell.scope), role.requires, self.path.binding.requires]
        return [*floors, *folded]


class Deviation(NamedTuple):
    """A name, and the values of attributes by their dotted paths."""

    name: str
    values: tuple[tuple[str, Any], ...]

    def meets(self, other: Deviation) -> bool:
        """Whether both change one attribute, so that they are no pair."""
        return any(
            f"{a}.".startswith(f"{b}.") or f"{b}.".startswith(f"{a}.")
            for a, _ in self.values
            for b, _ in other.values
        )


def deviations(at: Situation) -> list[Deviation]:
    """Every deviation from the situation's request, each once."""
    found: dict[str, Deviation] = {}
    for path, values in ATTRIBUTES.items():
        for value in values(at):
            name = f"{path} = {'missing' if value is MISSING else value!r}"
            found.setdefault(name, Deviation(name, ((path, value),)))
    for what, several in TOGETHER.items():
        for each in several(at):
            name = f"{what}: {each!r}".replace(repr(MISSING), "missing")
            found.setdefault(name, Deviation(name, tuple(each.items())))
    return list(found.values())


def changed(request: dict[str, Any], *changes: Deviation) -> dict[str, Any]:
    """The request with every deviation."""
    found = deepcopy(request)
    for change in changes:
        for path, value in change.values:
            *outer, last = path.split(".")
            place = found
            for name in outer:
                place = place.setdefault(name, {})
            if value is MISSING:
                place.pop(last, None)
            else:
                place[last] = value
    return found


# ----------------------------------------------------------------------------- the subject


def _ids(at: Situation) -> Iterable[Any]:
    name = at.request["subject"]["id"]
    if at.workload:
        odd = (f"{name}/x", f"x/{name}", name.partition("/")[2], f"{name}x")
        return (MISSING, *at.model.workloads, *odd)
    return (MISSING, OTHER, *dict.fromkeys(e.subject for e in at.model.elevations))


def _groups(at: Situation) -> Iterable[Any]:
    if at.workload:
        return ([name] for name in list(at.model.groups)[:1])
    mine = at.request["subject"]["properties"]["groups"]
    others = at.model.groups if at.executes else [*at.model.groups][:1]
    alone = [[name] for name in others]
    return ([], MISSING, [*mine, *mine, "nobody"], *alone, *([*mine, name] for name in others))


def _issuers(at: Situation) -> Iterable[Any]:
    providers = at.model.organization.providers.values()
    workloads = {w.issuer for w in at.model.workloads.values() if w.issuer}
    return (*(p.value.issuer for p in providers), *sorted(workloads), EVIL, MISSING)


def _claims(at: Situation) -> Iterable[Any]:
    subject = at.request["subject"]["properties"].get("subject", "")
    return (MISSING, f"{subject}x", f"x{subject}", subject[:-1] or "x") if at.workload else ()


# ----------------------------------------------------------------------------- the resource


def _label(depth: int) -> Callable[[Situation], Iterable[Any]]:
    """The names of the tenant's scopes and one that only others have."""

    def values(at: Situation) -> Iterable[Any]:
        mine, others = _names(at, depth)
        return (*mine, *others[:1], "atlantis", "*", MISSING)

    return values


def _names(at: Situation, depth: int) -> tuple[list[str], list[str]]:
    labels = [s.split("/") for s in scopes_at(at.model, "*", depth + 1)]
    mine = dict.fromkeys(label[depth] for label in labels if label[0] == at.tenant)
    return [*mine], [*dict.fromkeys(label[depth] for label in labels if label[depth] not in mine)]


def _scopes(at: Situation) -> Iterable[dict[str, Any]]:
    """Every scope of the permission's depth in the tenant, and one of each other tenant."""
    level = CATALOGUE[at.cell.permission].level.depth
    seen: set[str] = set()
    for scope in scopes_at(at.model, "*", level):
        tenant = scope.partition("/")[0]
        if tenant in seen - {at.tenant}:
            continue
        seen.add(tenant)
        labels = (*scope.split("/"), MISSING, MISSING) if scope != "*" else (MISSING,) * 3
        names = ("tenant", "environment", "project")
        yield {f"resource.properties.{n}": v for n, v in zip(names, labels, strict=False)}


def _backends(at: Situation) -> Iterable[Any]:
    return (*at.model.organization.backends, "abacus", MISSING) if at.executes else ()


# ----------------------------------------------------------------------------- time and place


def _issue_times(at: Situation) -> Iterable[Any]:
    bounds = {layer.max_token_age_s for layer in at.layers}
    bounds |= {w.max_token_age_s for w in at.model.workloads.values()}
    ages = {age for bound in bounds if bound is not None for age in (bound, bound + 1)}
    return (MISSING, "soon", *(_before(at, age) for age in (-60, -61, *sorted(ages))))


def _before(at: Situation, age: int) -> str:
    return (at.now - timedelta(seconds=age)).isoformat()


def _instants(at: Situation) -> Iterable[dict[str, Any]]:
    """Another time, with a token as fresh: where exceptions, elevations and the binding begin and
    end."""
    turns = {at.path.binding.expires}
    turns |= {t for b in at.budgets for r in b.raises for t in (r.not_before, r.expires)}
    for held in at.model.elevations:
        if f"user:{held.subject}" == at.cell.principal:
            turns |= {held.not_before, held.expires, held.expires - timedelta(seconds=900)}
    for turn in sorted(t for t in turns if t is not None):
        for instant in (turn - timedelta(seconds=1), turn):
            yield {
                "context.time": instant.isoformat(),
                "context.token.issued_at": instant.isoformat(),
            }


def _countries(at: Situation) -> Iterable[Any]:
    named = {c for layer in at.layers for c in layer.countries or ()}
    return (*sorted(named), "KP", "NO", MISSING)


# ----------------------------------------------------------------------------- elevations


def _elevations(at: Situation) -> Iterable[Any]:
    """A sound elevation with one thing wrong; where none is needed, a sound one."""
    eligible, now = at.path.conditions.eligible, at.now
    longest = eligible.max_duration_s if eligible else 3600
    sound = {
        "subject": at.request["subject"]["id"],
        "role": at.path.binding.role,
        "scope": at.cell.scope,
        "requested_by": at.request["subject"]["id"],
        "approved_by": BOSS,
        "approver_groups": [eligible.approvers if eligible else "nobody"],
        "ticket": "QGOV-1",
        "not_before": now.isoformat(),
        "expires": (now + timedelta(seconds=longest)).isoformat(),
    }
    if eligible is None:
        yield [sound]
        return
    yield from ([], MISSING)
    bad = _faulty(at, sound, longest)
    yield from ([each] for each in bad)
    yield [bad[0], sound]
    yield [bad[0], bad[1]]


def _faulty(at: Situation, sound: dict[str, Any], longest: int) -> list[dict[str, Any]]:
    now, me, parent = at.now, sound["subject"], at.cell.scope.rpartition("/")[0]
    changes: tuple[dict[str, Any], ...] = (
        {"ticket": MISSING},
        {"expires": now.isoformat()},
        {"approver_groups": ["nobody"]},
        {"approver_groups": MISSING},
        {"approved_by": me},
        {"approved_by": MISSING},
        {"requested_by": BOSS},
        {"requested_by": MISSING},
        {"subject": OTHER},
        {"subject": MISSING},
        *({"role": role} for role in at.model.roles),
        *({"scope": scope} for scope in ("*", parent, parent.rpartition("/")[0]) if scope),
        {"scope": at.cell.scope[:-1] or "x"},
        {"scope": f"{at.cell.scope}/x"},
        {"scope": at.path.binding.scope},
        {"not_before": (now + timedelta(seconds=1)).isoformat()},
        {"not_before": MISSING},
        {"expires": MISSING},
        {"expires": (now + timedelta(seconds=longest + 1)).isoformat()},
        {"expires": (now + timedelta(seconds=900)).isoformat()},
        {"expires": (now + timedelta(seconds=901)).isoformat()},
        {"expires": (now + timedelta(seconds=1)).isoformat()},
        {"expires": "soon"},
    )
    return [_with(sound, change) for change in changes]


def _with(given: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**given, **change}.items() if value is not MISSING}


# ----------------------------------------------------------------------------- the job


def _size(attribute: str) -> Callable[[Situation], Iterable[Any]]:
    limit = next((name for name, of in LIMITED.items() if of == attribute), None)

    def values(at: Situation) -> Iterable[Any]:
        if not at.executes:
            return ()
        backends, bounds = at.model.organization.backends, set()
        if limit is not None:
            layers = [layer.job for layer in at.layers]
            layers += [at.model.organization.backend_limits[at.cell.backend]]
            bounds |= {getattr(layer, limit) for layer in layers}
        if limit == "qubits":
            bounds.add(backends[at.cell.backend].value.qubits)
        if limit == "cost_micros":
            rules = approval_rules(at.model, at.cell, at.path)
            bounds |= {rule.above_micros for rule in rules}
        for budget in at.budgets:
            for measure, window, most, warn_at in budget.quotas:
                if window == "job" and COUNTED.get(measure) == attribute:
                    soft = soft_threshold(most, warn_at)
                    bounds |= {most, soft, None if soft is None else soft - 1}
        near = sorted({n for b in bounds if b is not None for n in (b, b + 1) if n <= HUGE})
        odd = (0.25, 1.5) if attribute.endswith("seconds") else (1.5,)
        return (MISSING, 0, -1, "1", True, HUGE, HUGE + 1, *odd, *near)

    return values


def _usage(at: Situation) -> Iterator[dict[str, Any]]:
    """Each counter of each budget beside each of its thresholds."""
    job = at.request["context"].get("job", {})
    for budget in at.budgets:
        for counter, more, thresholds in _counters(budget, job):
            path = f"context.usage.{budget.name}.{counter}"
            near = {max(0, t - more + n) for t in thresholds for n in (-1, 0, 1)}
            yield from ({path: value} for value in (MISSING, -1, *sorted(near)) if value != 0)
        yield {f"context.usage.{budget.name}": MISSING}
    mine = {budget.name for budget in at.budgets}
    for other in budgets_around(at.model, at.cell.scope) if at.executes else ():
        if other.name not in mine:
            yield {f"context.usage.{other.name}.spent_micros": HUGE}


def _counters(budget: Budget, job: dict[str, Any]) -> Iterator[tuple[str, int, list[int]]]:
    if budget.limit_micros is not None:
        stop, soft = budget.stop_micros, soft_threshold(budget.limit_micros, budget.warn_at)
        bounds = [t for t in (stop, soft) if t is not None]
        raised = [t + budget.raised_micros for t in bounds]
        yield "spent_micros", job.get("estimated_cost_micros", 0), [*bounds, *raised]
    for measure, window, most, warn_at in budget.quotas:
        if window != "job":
            more = 1 if measure == "jobs" else job.get(COUNTED[measure], 0)
            warn = soft_threshold(most, warn_at)
            yield f"{measure}/{window}", more, [most, *([] if warn is None else [warn])]


def _approvals(at: Situation) -> Iterable[Any]:
    """The sound approval of a dear job with one thing wrong."""
    given = at.request["context"].get("approvals")
    if not given:
        return
    yield from ([], MISSING)
    bad = _unsound(at, given[0])
    yield from ([each] for each in bad)
    yield [bad[0], given[0]]
    yield [bad[0], bad[1]]
    yield [_with(given[0], {"approver_groups": [name]}) for name in given[0]["approver_groups"]]


def _unsound(at: Situation, sound: dict[str, Any]) -> list[dict[str, Any]]:
    cost, parent = sound["max_cost_micros"], at.cell.scope.rpartition("/")[0]
    ages = {r.valid_for_s + n for r in approval_rules(at.model, at.cell, at.path) for n in (-1, 0)}
    changes: tuple[dict[str, Any], ...] = (
        {"approver_groups": ["nobody"]},
        {"max_cost_micros": cost - 1},
        {"max_cost_micros": MISSING},
        {"approver_groups": MISSING},
        *({"approver_groups": [name]} for name in sound["approver_groups"]),
        {"approved_by": sound["subject"]},
        {"approved_by": MISSING},
        {"requested_by": BOSS},
        {"requested_by": MISSING},
        {"subject": OTHER},
        {"subject": MISSING},
        {"backend": "abacus"},
        {"backend": MISSING},
        {"scope": "*"},
        {"scope": parent},
        {"scope": at.cell.scope[:-1]},
        {"scope": MISSING},
        *({"approved_at": _before(at, age)} for age in (-1, *sorted(ages))),
        {"approved_at": MISSING},
        {"expires": at.now.isoformat()},
        {"expires": _before(at, -1)},
        {"expires": "soon"},
    )
    return [_with(sound, change) for change in changes]


# ----------------------------------------------------------------------------- the tables

FLAGS: Final = (False, MISSING, "yes", 1)

ATTRIBUTES: Final[dict[str, Callable[[Situation], Iterable[Any]]]] = {
    "subject.type": lambda at: ("user" if at.workload else "workload", "robot", MISSING),
    "subject.id": _ids,
    "subject.properties.groups": _groups,
    "subject.properties.issuer": _issuers,
    "subject.properties.subject": _claims,
    "action.name": lambda at: ("job:walk", f"{at.cell.permission}:own", "audit:write", MISSING),
    "resource.properties.tenant": _label(0),
    "resource.properties.environment": _label(1),
    "resource.properties.project": _label(2),
    "resource.properties.backend": _backends,
    "resource.properties.owner": lambda _: (OTHER, MISSING),
    "context.time": lambda _: (MISSING, "soon", "2262-01-01T00:00:00Z"),
    "context.token": lambda _: (MISSING,),
    "context.token.kind": lambda _: ("saml", "api-key", MISSING),
    "context.token.audience": lambda _: ("other", MISSING),
    "context.token.issued_at": _issue_times,
    "context.mfa": lambda _: FLAGS,
    "context.managed_device": lambda _: FLAGS,
    "context.country": _countries,
    "context.elevations": _elevations,
    "context.job": lambda at: (MISSING, {}) if at.executes else (),
    **{
        f"context.job.{name}": _size(name)
        for name in (*LIMITED.values(), COUNTED["simulatorSeconds"])
    },
    "context.usage": lambda at: (MISSING, {}) if at.executes else (),
    "context.approvals": _approvals,
}
"""An attribute's dotted path → the values that it takes instead of the sound one."""

TOGETHER: Final[dict[str, Callable[[Situation], Iterable[dict[str, Any]]]]] = {
    "place": _scopes,
    "instant": _instants,
    "usage": _usage,
}
"""What several attributes say together, as values by dotted paths."""
