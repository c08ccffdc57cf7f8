"""From the reviewed elevations and a realm's members to the steps between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime

from msgspec import Struct

from qgov.drift.facts import label_of
from qgov.drift.wanted import flaw, in_window, narrower
from qgov.elevate.realm import Account, Directory
from qgov.elevate.steps import Action, Refusal, Step, Why
from qgov.language.persons import folded
from qgov.language.scalars import format_instant
from qgov.model.access_model import Binding, Elevation
from qgov.model.principal import Principal, name_of, user
from qgov.targets.keycloak.facts.access import jit_group_name

__all__ = ["Wanted", "planned"]


class Wanted(Struct, frozen=True):
    """What was reviewed for one realm: the eligible bindings by the just-in-time group that
    carries them out, and the elevations that make use of any of them. `by_id`: people are known
    by the id of their account, not by their user name. `people`: they are named."""

    source: str
    groups: Mapping[str, tuple[Binding, ...]]
    elevations: tuple[Elevation, ...]
    now: datetime
    by_id: bool = False
    people: bool = False

    @property
    def elevated(self) -> list[Elevation]:
        """The elevations whose window is open."""
        return [each for each in self.elevations if in_window(each, self.now)]

    def told(self, person: str) -> Principal:
        """A person, as a report may name them."""
        return user(person) if self.people else label_of(user(person))


def planned(wanted: Wanted, found: Directory) -> tuple[list[Step], list[Refusal]]:
    """The steps, those that take away first, and what cannot be carried out."""
    steps = [*_members(wanted, found)]
    inside = {(step.group, step.account_id) for step in steps}
    refusals: list[Refusal] = []
    for elevation in wanted.elevated:
        try:
            for step in _arriving(wanted, found, elevation):
                if (step.group, step.account_id) not in inside:
                    inside.add((step.group, step.account_id))
                    steps.append(step)
        except _RefusedError as refused:
            refusals.append(
                Refusal(
                    wanted.source,
                    elevation.name,
                    wanted.told(elevation.subject),
                    str(refused),
                    elevation.source.origin,
                )
            )
    order = [Action.REMOVE, Action.ADD, Action.KEEP]
    return sorted(steps, key=lambda s: (order.index(s.action), s.group, s.person)), refusals


class _RefusedError(Exception):
    """Why an elevation cannot be carried out."""


def _uses(wanted: Wanted, elevation: Elevation) -> dict[str, list[Binding]]:
    """The groups that carry out just what an elevation is for, with the bindings that it makes
    use of there. A group of a wider scope would give more than was approved."""
    found: dict[str, list[Binding]] = defaultdict(list)
    for binding in elevation.through:
        group = jit_group_name(binding.principal, binding.role, binding.scope)
        if group in wanted.groups and binding.scope == elevation.scope:
            found[group].append(binding)
    return found


# -------------------------------------------------------------------------- who is there already


def _members(wanted: Wanted, found: Directory) -> Iterator[Step]:
    of: dict[tuple[str, str], list[Elevation]] = defaultdict(list)
    for elevation in wanted.elevations:
        for group in _uses(wanted, elevation):
            of[group, folded(elevation.subject)].append(elevation)
    for group, members in found.members.items():
        for member in members:
            key = folded(member.id if wanted.by_id else member.name)
            yield _member(wanted, found, group, member, of[group, key])


def _member(
    wanted: Wanted, found: Directory, group: str, member: Account, own: list[Elevation]
) -> Step:
    """What becomes of a member, by the elevation that says the most for it."""
    judged = [(each, *_judged(wanted, each, group)) for each in own]
    rank = [Why.WITHIN, Why.UNAPPROVED, Why.EARLY, Why.ENDED]
    judged.sort(key=lambda one: (rank.index(one[1]), -one[0].expires.timestamp()))
    binding = wanted.groups[group][0]
    elevation, why, message = (
        judged[0] if judged else (None, Why.ABSENT, "no reviewed elevation says so")
    )
    return Step(
        wanted.source,
        Action.KEEP if why is Why.WITHIN else Action.REMOVE,
        why,
        wanted.told(member.id if wanted.by_id else member.name),
        group,
        binding.role,
        binding.scope,
        elevation.name if elevation else None,
        message,
        elevation.source.origin if elevation else binding.origin,
        found.groups[group],
        member.id,
    )


def _judged(wanted: Wanted, elevation: Elevation, group: str) -> tuple[Why, str]:
    """What an elevation says of a membership now, and in words."""
    name = f"`{elevation.name}`"
    flaws = [flaw(elevation, binding, wanted.now) for binding in _uses(wanted, elevation)[group]]
    if elevation.expires <= wanted.now:
        return Why.ENDED, f"{name} ended at {format_instant(elevation.expires)}"
    if all(flaws):
        return Why.UNAPPROVED, f"{name} does not count: {flaws[0]}"
    if not in_window(elevation, wanted.now):
        begins = format_instant(elevation.not_before) if elevation.not_before else "no time"
        return Why.EARLY, f"{name} begins at {begins}"
    return Why.WITHIN, f"{name} says so until {format_instant(elevation.expires)}"


# ------------------------------------------------------------------------------- who is to arrive


def _arriving(wanted: Wanted, found: Directory, elevation: Elevation) -> Iterator[Step]:
    """The memberships that an elevation is. Raises _RefusedError for one that cannot be."""
    uses = _uses(wanted, elevation)
    if not uses:
        raise _RefusedError(narrower(elevation, ()))
    account = _fit(found, elevation)
    counting = {
        group: binding
        for group, bindings in uses.items()
        for binding in bindings
        if flaw(elevation, binding, wanted.now) is None
    }
    if not counting:
        (first, *_), *_ = uses.values()
        raise _RefusedError(f"it does not count: {flaw(elevation, first, wanted.now)}")
    mine = {g: b for g, b in counting.items() if name_of(b.principal) in account.groups}
    if not mine:
        eligible = " or ".join(sorted(f"`{name_of(b.principal)}`" for b in counting.values()))
        raise _RefusedError(f"the person is not in the group {eligible}, which is eligible")
    for group, binding in mine.items():
        if group not in found.groups:
            raise _RefusedError(f"the realm has no group `{group}`: apply what was compiled first")
        yield Step(
            wanted.source,
            Action.ADD,
            Why.WITHIN,
            wanted.told(elevation.subject),
            group,
            binding.role,
            binding.scope,
            elevation.name,
            f"`{elevation.name}` says so until {format_instant(elevation.expires)}",
            elevation.source.origin,
            found.groups[group],
            account.id,
        )


def _fit(found: Directory, elevation: Elevation) -> Account:
    """The account of whom an elevation is for. Raises _RefusedError where there is not one."""
    accounts = found.accounts[folded(elevation.subject)]
    if not accounts:
        raise _RefusedError("the realm has no such person")
    if len(accounts) > 1:
        raise _RefusedError(f"{len(accounts)} accounts of the realm are called so")
    if not accounts[0].enabled:
        raise _RefusedError("the person's account is disabled")
    return accounts[0]
