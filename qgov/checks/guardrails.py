"""What must hold over the whole table of accesses, and who can undo a change: QG98x."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from fnmatch import translate

from qgov.checks import guide
from qgov.checks.facts import effective, found_at, see, ticks
from qgov.checks.rule import Found, rule
from qgov.finding import Severity
from qgov.language.kinds.guardrail import Guardrail
from qgov.model.access_model import AccessModel
from qgov.model.accesses import Cell, Path, accesses
from qgov.model.principal import group as group_of
from qgov.model.principal import is_group, is_user, is_workload, name_of
from qgov.model.scope import EVERYWHERE, matches

__all__ = ["covered", "globs", "satisfies", "told"]


def globs(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Whether any pattern matches; `*` stands for any text and nothing else is special."""
    joined = "|".join(f"(?:{translate(pattern)})" for pattern in patterns)
    if not joined:
        return lambda _: False
    match = re.compile(joined).match
    return lambda name: match(name) is not None


def covered(model: AccessModel, rail: Guardrail, now: datetime) -> dict[Cell, tuple[Path, ...]]:
    """The accesses that a guardrail speaks of, with the paths to them that count."""
    named, spared = _named(model, rail), globs(rail.except_principals)
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


def _named(model: AccessModel, rail: Guardrail) -> Callable[[str], bool]:
    """Whether a guardrail names a principal, or a group that includes it: its people are there."""
    named = globs(rail.principals)
    inside = {
        group_of(inner)
        for name, group in model.groups.items()
        if group.includes and named(group_of(name))
        for inner in group.includes
    }
    return lambda principal: principal in inside or named(principal)


def _counts(path: Path, rail: Guardrail, spared: Callable[[str], bool], now: datetime) -> bool:
    if path.has_ended(now):
        return False
    just_in_time = path.conditions.eligible is not None or path.elevation is not None
    return not (rail.standing_only and just_in_time) and not spared(path.binding.principal)


@rule("QG981", Severity.ERROR, "least-privilege", "separation-of-duties", guide=guide.SCALABILITY)
def guardrail_broken(model: AccessModel, now: datetime) -> Iterator[Found]:
    """An access exists that a guardrail says must never be.

    Guardrails are what no pull request may decide otherwise.

    Remedy: take the access away; whoever owns the guardrail may change it.
    """
    for rail in model.organization.never:
        found = covered(model, rail.value, now)
        if found:
            cell = min(found)
            path = found[cell][0]
            count = f"{len(found)} such access{'es' if len(found) != 1 else ''}"
            yield Found(
                rail.at("name"),
                f"`{rail.name}`: {told(cell)} through `{path.binding.role}`, {count} in all",
                rail.document,
                see(path.binding),
            )


def told(cell: Cell) -> str:
    """An access in one clause."""
    where = f" with `{cell.backend}`" if cell.backend else ""
    return f"`{cell.principal}` may `{cell.permission}` on `{cell.scope}`{where}"


def satisfies(found: Mapping[Cell, tuple[Path, ...]], rail: Guardrail) -> bool:
    """Whether some access is what an `always` asks for; a permission for one's own things does
    not count as one for all."""
    plain = {name for name in rail.permissions if not name.endswith(":own")}
    return any(
        cell.permission not in plain or not path.conditions.own_only
        for cell, paths in found.items()
        for path in paths
    )


@rule("QG982", Severity.ERROR, "audit-content", "incident-response", guide=guide.SCALABILITY)
def guardrail_unmet(model: AccessModel, now: datetime) -> Iterator[Found]:
    """No access exists that a guardrail says must always be.

    Somebody must be able to see and to stop what runs.

    Remedy: give the access to one of the guardrail's principals.
    """
    for rail in model.organization.always:
        found = covered(model, rail.value, now)
        if not satisfies(found, rail.value):
            yield found_at(
                rail,
                f"`{rail.name}`: nobody of {ticks(rail.value.principals)} may "
                f"{ticks(rail.value.permissions)}",
                "name",
                detail=f"checked {len(found)} accesses",
            )


@rule("QG983", Severity.ERROR, "change-approval", "incident-response", guide=guide.GOOD)
def lock_out(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Too few people can undo a change.

    A change that nobody can undo locks the organization out of its own policy.

    Remedy: bind a group with enough `members` to a role with the recovery permission.
    """
    rails = model.organization.spec.rails
    permission = rails.recovery_permission.removesuffix(":own")
    roles = {name for name, role in model.roles.items() if permission in role.permissions}
    holders = {
        b.principal
        for b in model.bindings
        if b.role in roles and effective(permission, b.scope) and not is_workload(b.principal)
    }
    people = sum(
        model.groups[name_of(holder)].members if is_group(holder) else 1 for holder in holders
    )
    if people < rails.min_people:
        message = (
            f"`{permission}`, which undoes a change, is left "
            f"to {people} {'person' if people == 1 else 'people'} "
            f"and {rails.min_people} must keep it"
        )
        held = f"{len(holders)} principal{'s' if len(holders) != 1 else ''}"
        yield found_at(model.organization.source, message, "rails", "minPeople", detail=held)


@rule("QG984", Severity.WARNING, "change-approval", guide=guide.API_FIRST)
def guardrail_guards_nothing(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A guardrail names a scope that does not exist.

    A misspelled scope is never violated, and looks like safety.

    Remedy: correct the scope, or remove it.
    """
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


@rule("QG985", Severity.INFO, "least-privilege", guide=guide.SCALABILITY)
def no_guardrail(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """The organization has no guardrail of what must never be.

    Growth without a fixed line is what opens the floodgates.

    Remedy: write one for what would be the worst, such as auditors who submit jobs.
    """
    if not model.organization.never:
        yield found_at(
            model.organization.source, "the organization has no `never` guardrail", "guardrails"
        )


@rule("QG986", Severity.WARNING, "change-approval", guide=guide.API_FIRST)
def guardrail_about_nobody(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A guardrail names a group or service account that does not exist.

    A misspelled name is never caught, and looks like safety.

    Remedy: correct the name, or remove it.
    """
    for rail in (*model.organization.never, *model.organization.always):
        for index, principal in enumerate(rail.value.principals):
            if _is_known(model, principal):
                continue
            message = f"`{rail.name}` speaks of `{principal}`, whom nobody knows"
            yield found_at(rail, message, "principals", index)


def _is_known(model: AccessModel, principal: str) -> bool:
    if "*" in principal or is_user(principal):
        return True
    return name_of(principal) in (model.groups if is_group(principal) else model.workloads)


_RISKS = ("low", "medium", "high", "critical")


@rule("QG987", Severity.WARNING, "change-approval", guide=guide.API_FIRST)
def nobody_reviews(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Nobody reviews changes of some risk.

    A risk without reviewers borrows those of the next one up. Where there are none above it
    either, whoever writes a change of that risk is asked by nobody.

    Remedy: name a group in `review.critical`, or at that risk.
    """
    review = model.organization.spec.review
    alone = [
        risk
        for index, risk in enumerate(_RISKS)
        if not any(getattr(review, above) for above in _RISKS[index:])
    ]
    if alone:
        message = f"nobody reviews a change of {' or '.join(alone)} risk"
        yield found_at(model.organization.source, message, "review")
