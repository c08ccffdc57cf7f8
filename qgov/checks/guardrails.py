"""What must hold over the whole table of accesses, and who can undo a change: QG98x."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from fnmatch import translate
from typing import Final

from qgov.checks.facts import effective, found_at, ticks
from qgov.checks.rule import Found, Rule
from qgov.finding import Severity
from qgov.language.kinds.organization import Guardrail
from qgov.model.access_model import AccessModel
from qgov.model.accesses import Cell, Path, accesses
from qgov.model.scope import EVERYWHERE, matches

__all__ = ["RULES", "covered", "globs", "satisfies", "told"]


def globs(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Whether any pattern matches; `*` stands for any text and nothing else is special."""
    joined = "|".join(f"(?:{translate(pattern)})" for pattern in patterns)
    if not joined:
        return lambda _: False
    match = re.compile(joined).match
    return lambda name: match(name) is not None


def covered(model: AccessModel, rail: Guardrail, now: datetime) -> dict[Cell, tuple[Path, ...]]:
    """The accesses that a guardrail speaks of, with the paths to them that count."""
    named, spared = globs(rail.principals), globs(rail.except_principals)
    table = accesses(model)
    return {
        cell: counting
        for permission in sorted({name.removesuffix(":own") for name in rail.permissions})
        for cell, paths in table.of(permission).items()
        if named(cell.principal)
        and not spared(cell.principal)
        and any(matches(pattern, cell.scope) for pattern in rail.scopes)
        and (not rail.backends or cell.backend in rail.backends)
        and (counting := tuple(p for p in paths if _counts(p, rail, spared, now)))
    }


def _counts(path: Path, rail: Guardrail, spared: Callable[[str], bool], now: datetime) -> bool:
    if path.elevation is not None and path.elevation.expires <= now:
        return False
    just_in_time = path.conditions.eligible is not None or path.elevation is not None
    return not (rail.standing_only and just_in_time) and not spared(path.binding.principal)


def _never(model: AccessModel, now: datetime) -> Iterator[Found]:
    for rail in model.organization.never:
        found = covered(model, rail.value, now)
        if found:
            cell = min(found)
            path = found[cell][0]
            count = f"{len(found)} such access{'es' if len(found) != 1 else ''}"
            yield Found(
                rail.at("name"),
                f"`{rail.name}`: {told(cell)} through "
                f"`{path.binding.role}` (see {path.binding.origin}); checked the table of "
                f"accesses and found {count}",
                rail.document,
            )


def told(cell: Cell) -> str:
    """An access in one clause."""
    where = f" with `{cell.backend}`" if cell.backend else ""
    return f"`{cell.principal}` may `{cell.permission}` on `{cell.scope}`{where}"


def satisfies(found: Mapping[Cell, tuple[Path, ...]], rail: Guardrail) -> bool:
    """Whether some access is what an `always` asks for; own things do not stand for all."""
    plain = {name for name in rail.permissions if not name.endswith(":own")}
    return any(
        cell.permission not in plain or not path.conditions.own_only
        for cell, paths in found.items()
        for path in paths
    )


def _always(model: AccessModel, now: datetime) -> Iterator[Found]:
    for rail in model.organization.always:
        found = covered(model, rail.value, now)
        if not satisfies(found, rail.value):
            yield found_at(
                rail,
                f"`{rail.name}`: nobody of {ticks(rail.value.principals)} may "
                f"{ticks(rail.value.permissions)} (checked {len(found)} accesses)",
                "name",
            )


def _lock_out(model: AccessModel, _now: datetime) -> Iterator[Found]:
    rails = model.organization.spec.rails
    permission = rails.recovery_permission.removesuffix(":own")
    roles = {name for name, role in model.roles.items() if permission in role.permissions}
    holders = {
        b.principal
        for b in model.bindings
        if b.role in roles
        and effective(permission, b.scope)
        and not b.principal.startswith("workload:")
    }
    people = sum(
        model.groups[holder.removeprefix("group:")].members if holder.startswith("group:") else 1
        for holder in holders
    )
    if people < rails.min_people:
        yield found_at(
            model.organization.source,
            f"`{permission}`, which undoes a change, is left "
            f"to {people} {'person' if people == 1 else 'people'} "
            f"({len(holders)} principals); {rails.min_people} must keep it",
            "rails",
            "minPeople",
        )


def _blind(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for rail in (*model.organization.never, *model.organization.always):
        for index, scope in enumerate(rail.value.scopes):
            if not _exists(model, scope):
                yield found_at(
                    rail, f"`{rail.name}` guards `{scope}`, which does not exist", "scopes", index
                )


def _exists(model: AccessModel, pattern: str) -> bool:
    tenant, *labels = pattern.split("/")
    if tenant == EVERYWHERE and not labels:
        return True
    tenants = (
        model.tenants.values()
        if tenant == EVERYWHERE
        else ([model.tenants[tenant]] if tenant in model.tenants else [])
    )
    if not labels:
        return bool(tenants)
    return any(
        labels[0] in (EVERYWHERE, environment.name)
        and (len(labels) == 1 or labels[1] == EVERYWHERE or labels[1] in environment.projects)
        for found in tenants
        for environment in found.environments.values()
    )


def _no_rails(model: AccessModel, _now: datetime) -> Iterator[Found]:
    if not model.organization.never:
        yield found_at(
            model.organization.source, "the organization has no `never` guardrail", "guardrails"
        )


def _unlisted(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for rail in (*model.organization.never, *model.organization.always):
        for index, principal in enumerate(rail.value.principals):
            if _is_known(model, principal):
                continue
            yield found_at(
                rail,
                f"`{rail.name}` speaks of `{principal}`, whom nobody knows",
                "principals",
                index,
            )


def _is_known(model: AccessModel, principal: str) -> bool:
    kind, _, name = principal.partition(":")
    if "*" in principal or kind == "user":
        return True
    return name in (model.groups if kind == "group" else model.workloads)


_SCALE = "Scalability without losing control"
_GOOD = "What “good” looks like after the pilot"
_API = "API-first administration"

RULES: Final = (
    Rule(
        "QG981",
        "guardrail-broken",
        Severity.ERROR,
        "An access exists that a guardrail says must never be.",
        "Guardrails are what no pull request may decide otherwise.",
        "take the access away; whoever owns the guardrail may change it",
        ("least-privilege", "separation-of-duties"),
        _SCALE,
        _never,
        bad="""
kind: Organization
metadata: {name: acme}
spec:
  guardrails:
    never:
      - name: no-jobs-in-production
        why: The production window is closed.
        permissions: [job:submit]
        scopes: ["*/production"]
""",
        good="""
kind: Organization
metadata: {name: acme}
spec:
  guardrails:
    never:
      - name: no-standing-jobs-in-production
        why: Production is just-in-time.
        permissions: [job:submit]
        scopes: ["*/production"]
        standingOnly: true
""",
    ),
    Rule(
        "QG982",
        "guardrail-unmet",
        Severity.ERROR,
        "No access exists that a guardrail says must always be.",
        "Somebody must be able to see and to stop what runs.",
        "give the access to one of the guardrail's principals",
        ("audit-content", "incident-response"),
        _SCALE,
        _always,
        bad="""
kind: Organization
metadata: {name: acme}
spec:
  guardrails:
    always:
      - name: somebody-stops-jobs
        why: A runaway job must have somebody who can cancel it.
        principals: ["group:platform-auditors"]
        permissions: [job:cancel]
""",
        good="""
kind: Organization
metadata: {name: acme}
spec:
  guardrails:
    always:
      - name: somebody-stops-jobs
        why: A runaway job must have somebody who can cancel it.
        permissions: ["job:cancel:own"]
""",
    ),
    Rule(
        "QG983",
        "lock-out",
        Severity.ERROR,
        "Too few people can undo a change.",
        "A change that nobody can undo locks the organization out of its own policy.",
        "bind a group with enough `members` to a role with the recovery permission",
        ("change-approval", "incident-response"),
        _GOOD,
        _lock_out,
        bad="""
kind: Organization
metadata: {name: acme}
spec: {groups: {platform-admins: {members: 1}}}
""",
        good="""
kind: Organization
metadata: {name: acme}
spec: {groups: {platform-admins: {members: 2}}}
""",
    ),
    Rule(
        "QG984",
        "guardrail-guards-nothing",
        Severity.WARNING,
        "A guardrail names a scope that does not exist.",
        "A misspelled scope is never violated, and looks like safety.",
        "mend the scope, or remove it",
        ("change-approval",),
        _API,
        _blind,
        bad="""
kind: Organization
metadata: {name: acme}
spec:
  guardrails:
    never:
      - name: closed-lab
        why: The lab is closed.
        permissions: [job:submit]
        scopes: [atlas/lab]
""",
        good="""
kind: Organization
metadata: {name: acme}
spec:
  guardrails:
    never:
      - name: closed-lab
        why: The lab is closed.
        permissions: [result:export]
        scopes: [atlas/sandbox]
""",
    ),
    Rule(
        "QG985",
        "no-guardrail",
        Severity.INFO,
        "The organization has no guardrail of what must never be.",
        "Growth without a fixed line is what opens the floodgates.",
        "write one for what would be the worst, such as auditors who submit jobs",
        ("least-privilege",),
        _SCALE,
        _no_rails,
        bad="""
kind: Organization
metadata: {name: acme}
spec: {guardrails: {never: []}}
""",
        good="""
kind: Organization
metadata: {name: acme}
spec:
  guardrails:
    never: [{name: no-export, why: Results stay., permissions: [result:export]}]
""",
    ),
    Rule(
        "QG986",
        "guardrail-about-nobody",
        Severity.WARNING,
        "A guardrail names a group or service account that does not exist.",
        "A misspelled name is never caught, and looks like safety.",
        "mend the name, or remove it",
        ("change-approval",),
        _API,
        _unlisted,
        bad="""
kind: Organization
metadata: {name: acme}
spec:
  guardrails:
    never:
      - name: closed-lab
        why: The lab is closed.
        principals: ["group:platform-auditor"]
        permissions: [job:submit]
""",
        good="""
kind: Organization
metadata: {name: acme}
spec:
  guardrails:
    never:
      - name: closed-lab
        why: The lab is closed.
        principals: ["group:platform-auditors", "group:contractors-*"]
        permissions: [job:submit]
""",
    ),
)
"""Rules about the organization's guardrails and its way back."""
