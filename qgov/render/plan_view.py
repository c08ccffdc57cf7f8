"""What text and Markdown share: rows of the plan put together for people.

A role edited once reaches many principals on many permissions; for a reader that is one
thing. Changes of one kind from the same lines become one entry, and what is alike within
it one item.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from qgov.finding import Finding, Severity
from qgov.language.scalars import Money, format_money
from qgov.plan.causes import Cause
from qgov.plan.changes import Change
from qgov.plan.exposure import Exposure
from qgov.plan.plan import AccessChange, Plan
from qgov.plan.risk import Risk
from qgov.render.conditions import what_differs, what_holds
from qgov.render.plan_witness import Told, told, told_once
from qgov.render.text import count

__all__ = [
    "MOST_CAUSES",
    "MOST_FINDINGS",
    "MOST_ITEMS",
    "MOST_PLACES",
    "Entry",
    "Item",
    "Place",
    "approvals",
    "by_rule",
    "clause",
    "compared",
    "entries",
    "money",
    "overrun",
    "sections",
    "shared",
    "verdict",
]

MOST_ITEMS: Final = 6
MOST_PLACES: Final = 4
MOST_CAUSES: Final = 6
MOST_FINDINGS: Final = 6
"""How many are told before the rest is counted; the JSON has them all."""


@dataclass(frozen=True, slots=True)
class Place:
    """Who, and where."""

    principal: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """Permissions that change alike, on the backends where they run something, and for
    whom. `phrases` are the conditions, or what becomes of them."""

    risk: Risk
    permissions: tuple[str, ...]
    backends: tuple[str, ...]
    phrases: tuple[str, ...]
    places: tuple[Place, ...]
    witness: Told | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happens: what the same lines do to access."""

    risk: Risk
    reason: str
    change: Change
    items: tuple[Item, ...]
    roles: tuple[str, ...]
    causes: tuple[Cause, ...]

    @property
    def places(self) -> tuple[Place, ...] | None:
        """Who and where, if that is the same for every item."""
        alike = {item.places for item in self.items}
        return alike.pop() if len(alike) == 1 else None

    @property
    def witnesses(self) -> list[str]:
        """The witness of each item that is told, in words; empty where it says nothing new."""
        return told_once(item.witness for item in self.items[:MOST_ITEMS])

    @property
    def reached(self) -> str:
        """`3 groups on 7 scopes`, or the name of the only one."""
        places = [place for item in self.items for place in item.places]
        principals = {place.principal for place in places}
        scopes = {scope for place in places for scope in place.scopes}
        who = principals.pop() if len(principals) == 1 else _kinds(principals)
        return f"{who} on {count(len(scopes), 'scope')}"


def sections(plan: Plan) -> list[tuple[str, list[Entry]]]:
    """The entries under their headings: gains, losses, and what is neither."""
    found = (
        ("Gains", [c for c in plan.access if c.gains]),
        ("Losses", [c for c in plan.access if c.loses]),
        ("Other conditions", [c for c in plan.access if not c.gains and not c.loses]),
    )
    return [(title, entries(changes, plan.currency)) for title, changes in found if changes]


def entries(changes: Iterable[AccessChange], currency: str) -> list[Entry]:
    """The entries, most dangerous first."""
    groups: dict[tuple[Change, tuple[Cause, ...]], list[AccessChange]] = defaultdict(list)
    for change in changes:
        groups[change.row.change, change.causes].append(change)
    found = [_entry(group, currency) for group in groups.values()]
    return sorted(
        found,
        key=lambda e: (
            -e.risk,
            e.items[0].places[0].principal,
            e.change,
            tuple((c.path, c.line) for c in e.causes),
        ),
    )


def _entry(group: Sequence[AccessChange], currency: str) -> Entry:
    worst = max(group, key=lambda c: c.rule.risk)
    return Entry(
        risk=worst.rule.risk,
        reason=worst.rule.reason,
        change=worst.row.change,
        items=_items(group, currency),
        roles=tuple(
            sorted({p.binding.role for c in group for i in c.row.cells for p in (i.head or i.base)})
        ),
        causes=worst.causes,
    )


def _items(group: Sequence[AccessChange], currency: str) -> tuple[Item, ...]:
    # Permissions first, so that one principal's gain is one item; then principals, so that
    # a gain of many is one item.
    by_place: dict[tuple[str, str, tuple[str, ...], tuple[str, ...]], list[AccessChange]]
    by_place = defaultdict(list)
    for change in group:
        row = change.row
        by_place[row.principal, row.scope, row.backends, _phrases(change, currency)].append(change)
    by_what: dict[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]], list[AccessChange]]
    by_what = defaultdict(list)
    for (_, _, backends, phrases), changes in by_place.items():
        permissions = tuple(sorted({c.row.permission for c in changes}))
        by_what[permissions, backends, phrases] += changes
    found = [
        Item(max(c.rule.risk for c in changes), *what, _places(changes), told(changes))
        for what, changes in by_what.items()
    ]
    return tuple(
        sorted(
            found,
            key=lambda i: (
                -i.risk,
                not i.backends,
                i.permissions,
                i.backends,
                i.places[0].principal,
                i.places[0].scopes,
            ),
        )
    )


def _phrases(change: AccessChange, currency: str) -> tuple[str, ...]:
    row = change.row
    if row.change in (Change.GRANTED, Change.REVOKED):
        return tuple(what_holds(row.after or row.before, currency))
    return tuple(what_differs(row.before, row.after, currency))


def _places(changes: Iterable[AccessChange]) -> tuple[Place, ...]:
    scopes: dict[str, set[str]] = defaultdict(set)
    for change in changes:
        scopes[change.row.principal].add(change.row.scope)
    return tuple(Place(who, tuple(sorted(scopes[who]))) for who in sorted(scopes))


def shared(items: Sequence[Item]) -> tuple[list[str], list[list[str]]]:
    """The phrases that all items have in common, and what each has besides."""
    common = [p for p in items[0].phrases if all(p in other.phrases for other in items)]
    return common, [[p for p in item.phrases if p not in common] for item in items]


def _kinds(principals: Iterable[str]) -> str:
    """`2 groups`, `1 workload and 1 person`."""
    words = {
        "group": ("group", "groups"),
        "workload": ("workload", "workloads"),
        "user": ("person", "people"),
    }
    found: dict[str, int] = defaultdict(int)
    for principal in set(principals):
        found[principal.partition(":")[0]] += 1
    counted = [count(found[kind], *words[kind]) for kind in words if found[kind]]
    return " and ".join([", ".join(counted[:-1]), counted[-1]] if counted[1:] else counted)


def verdict(plan: Plan) -> str:
    """The one line that says the most: who gains and who loses what, what it may cost, and
    whether it breaks a rule."""
    word = {"incomparable": "MORE AND LESS PERMISSIVE"}.get(plan.verdict, plan.verdict.upper())
    parts = [
        clause(verb, chosen)
        for verb, chosen in (
            ("gain", [c for c in plan.access if c.gains]),
            ("lose", [c for c in plan.access if c.loses]),
            ("change", [c for c in plan.access if not c.gains and not c.loses]),
        )
        if chosen
    ] or ["no access changes"]
    before, after = plan.exposure
    if before != after:
        rises = after.amount_micros > before.amount_micros or set(after.unbounded) - set(
            before.unbounded
        )
        parts.append(f"cost exposure {'rises' if rises else 'falls'}")
    if errors := sum(f.severity is Severity.ERROR for f in plan.new_findings):
        parts.append(count(errors, "new error"))
    return f"{word}: {'; '.join(parts)}"


def clause(verb: str, changes: Sequence[AccessChange]) -> str:
    """`2 groups gain 3 permissions such as job:submit on aurora/production`."""
    principals = {c.row.principal for c in changes}
    top = max(changes, key=lambda c: (c.rule.risk, c.row.permission == "job:submit"))
    permissions = {c.row.permission for c in changes}
    scopes = {c.row.scope for c in changes}
    what = (
        top.row.permission
        if len(permissions) == 1
        else f"{count(len(permissions), 'permission')} such as {top.row.permission}"
    )
    where = (
        top.row.scope
        if len(scopes) == 1
        else f"{count(len(scopes), 'scope')} such as {top.row.scope}"
    )
    verb = f"{verb}s" if len(principals) == 1 else verb
    return f"{_kinds(principals)} {verb} {what} on {where}"


def money(plan: Plan) -> tuple[str, list[str]] | None:
    """The most that a month can cost before and after, and the projects that lose their
    last hard stop; None when nothing changes."""
    before, after = plan.exposure
    if before == after:
        return None
    within = " in the tenants compared" if plan.compared.unchanged_tenants else ""
    return (
        f"{_at_most(before)} → {_at_most(after)}, a month at most{within}",
        sorted(set(after.unbounded) - set(before.unbounded)),
    )


def _at_most(exposure: Exposure) -> str:
    amount = format_money(Money(exposure.amount_micros, exposure.currency))
    if not exposure.unbounded:
        return amount
    return f"{amount} and {count(len(exposure.unbounded), 'project')} without any hard stop"


def approvals(plan: Plan) -> list[tuple[str, str]]:
    """(group, every reason why it must approve)."""
    by: dict[str, list[str]] = defaultdict(list)
    for approval in plan.approvals:
        by[approval.by].append(approval.because)
    return [(group, "; ".join(reasons)) for group, reasons in by.items()]


def by_rule(findings: Iterable[Finding]) -> list[tuple[tuple[str, str, str], list[Finding]]]:
    """Findings under their severity, code and remedy; errors before warnings."""
    order = list(Severity)
    found: dict[tuple[str, str, str], list[Finding]] = defaultdict(list)
    for finding in sorted(findings, key=lambda f: (order.index(f.severity), f.code)):
        found[str(finding.severity), finding.code, finding.remedy].append(finding)
    return list(found.items())


def compared(plan: Plan) -> str:
    """What was looked at, so that silence means something."""
    c = plan.compared
    text = (
        f"compared {count(c.accesses, 'access', 'accesses')} of "
        f"{count(c.tenants, 'tenant')}, {c.skipped} skipped"
    )
    if c.unchanged_tenants:
        text += (
            f"; {count(c.unchanged_tenants, 'tenant')} not loaded, being the same bytes "
            "on both sides"
        )
    return f"{text}; {_guarded(plan)}" if plan.guardrails else text


def _guarded(plan: Plan) -> str:
    holding = sum(1 for judged in plan.guardrails if judged.holds)
    beyond = sum(1 for judged in plan.guardrails if judged.holds is None)
    text = f"{holding} of {count(len(plan.guardrails), 'guardrail')} hold over these accesses"
    return f"{text}, {beyond} rest on tenants not loaded" if beyond else text


def overrun(plan: Plan) -> list[str]:
    """Each guardrail that the change takes away and runs into, in a sentence."""
    return [
        f"{judged.kind} {judged.name}: "
        + (judged.broken_by or "nobody is left")
        + "; this change removes the guardrail that forbids it"
        for judged in plan.overrun
    ]
