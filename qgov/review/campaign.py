"""An access review as a campaign: who has what through which group, as directories tell it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from msgspec import Struct

from qgov.checks.reviews import late_s
from qgov.drift.facts import Held, Person
from qgov.drift.observer import Observation, UnreadableError
from qgov.language.kinds.exceptions import AccessReviewSpec
from qgov.model.access_model import AccessModel
from qgov.model.fact import Fact
from qgov.model.principal import group, is_group, is_workload, name_of
from qgov.model.scope import EVERYWHERE

__all__ = ["Campaign", "GroupAccess", "campaigns", "meets", "of_note"]


class GroupAccess(Struct, frozen=True):
    """A group as a source tells it: what it gives where the review is about, and its members."""

    source: str
    path: str
    access: tuple[Held, ...]
    people: tuple[Person, ...]


class Campaign(Struct, frozen=True):
    """What one `AccessReview` is about now. `reviewers` are the ids of those who may decide;
    `beside` is held there through no group, and was never reviewed. `late_s` is how long it has
    been due, in seconds; not above 0 where it is not."""

    review: Fact[AccessReviewSpec]
    groups: tuple[GroupAccess, ...]
    reviewers: tuple[str, ...]
    beside: tuple[Held, ...]
    late_s: int

    @property
    def name(self) -> str:
        """The document's name."""
        return self.review.name

    @property
    def overdue(self) -> bool:
        """Whether it should have been completed before."""
        return self.late_s > 0

    @property
    def due(self) -> date:
        """The last day on which it is not late."""
        return self.review.value.completed + timedelta(seconds=int(self.review.value.every))

    @property
    def people(self) -> int:
        """How many people have access, each counted once at a source."""
        return len({(g.source, person.name) for g in self.groups for person in g.people})


def campaigns(
    model: AccessModel, seen: Sequence[Observation], names: Iterable[str], now: datetime
) -> list[Campaign]:
    """The campaigns of these reviews. Raises UnreadableError where one is about a group of an
    identity provider that was not read: nobody can have reviewed that."""
    chosen = [review for review in model.reviews if review.name in {*names}]
    read = {one.name.partition(":")[2] for one in seen}
    unread = {r.name: missing for r in chosen if (missing := _unread(model, r.value, read))}
    if unread:
        told = "; ".join(f"`{name}` needs {', '.join(ps)}" for name, ps in unread.items())
        readable = ", ".join(r.name for r in chosen if r.name not in unread)
        rest = f"; {readable} can be reviewed without" if readable else ""
        raise UnreadableError(f"not all identity providers were read: {told}{rest}")
    held = [(one, _given(one)) for one in seen]
    return [_campaign(model, review, held, now) for review in chosen]


def _unread(model: AccessModel, review: AccessReviewSpec, read: set[str]) -> list[str]:
    names = {name_of(b.principal) for b in model.bindings if is_group(b.principal)
             and meets(review.scope, b.scope)}  # fmt: skip
    needed = {model.groups[n].provider for n in (*names, review.reviewers) if n in model.groups}
    return sorted(needed - read)


def meets(scope: str, other: str) -> bool:
    """Whether what holds on one, which may be a pattern, holds somewhere on the other."""
    labels = zip(scope.split("/"), other.split("/"), strict=False)
    return all(one == two or EVERYWHERE in (one, two) for one, two in labels)


def _given(seen: Observation) -> dict[str, list[Held]]:
    """What each group gives: as it was reviewed, and as it is found, each thing once."""
    found: dict[str, dict[object, Held]] = defaultdict(dict)
    for each in (*seen.wanted.held, *seen.found.held):
        if is_group(each.principal):
            found[each.principal].setdefault(each.what, each)
    return {
        who: sorted(held.values(), key=lambda h: (h.scope, h.role, h.eligible))
        for who, held in found.items()
    }


def _campaign(
    model: AccessModel,
    review: Fact[AccessReviewSpec],
    held: Iterable[tuple[Observation, Mapping[str, list[Held]]]],
    now: datetime,
) -> Campaign:
    spec = review.value
    groups: list[GroupAccess] = []
    beside: list[Held] = []
    reviewers: set[str] = set()
    declared = model.groups.get(spec.reviewers)
    for one, given in held:
        for path, people in sorted(one.found.groups.items()):
            access = [each for each in given.get(group(path), ()) if meets(spec.scope, each.scope)]
            if access:
                groups.append(GroupAccess(one.name, path, tuple(access), _sorted(people)))
        if declared is not None and one.name.endswith(f":{declared.provider}"):
            reviewers |= {p.known_as for p in one.found.groups.get(spec.reviewers, ()) if p.enabled}
        reviewed = {each.what for each in one.wanted.held}
        beside += [
            each
            for each in one.found.held
            if not is_group(each.principal)
            and not (is_workload(each.principal) and each.what in reviewed)
            and meets(spec.scope, each.scope)
        ]
    return Campaign(
        review, tuple(groups), tuple(sorted(reviewers)), tuple(beside), late_s(spec, now)
    )


def _sorted(people: Iterable[Person]) -> tuple[Person, ...]:
    return tuple(sorted(people, key=lambda person: (person.name.lower(), person.name)))


def of_note(person: Person) -> list[str]:
    """What a reviewer should know of somebody who is a member."""
    return [
        words
        for words, so in (
            ("disabled", not person.enabled),
            ("never signed in", person.signed_in is False),
            ("from outside", person.external),
            ("a service account", person.service_account),
        )
        if so
    ]
