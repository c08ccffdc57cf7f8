"""What an item of the checklist is, and how it is judged.

An item is judged by measures. A measure counts how many of the places where something
should hold show that it does, and names those that do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import partial
from itertools import islice
from typing import NamedTuple

from msgspec import Struct

from qgov.checks import rules
from qgov.finding import Origin, with_detail
from qgov.model.access_model import AccessModel

__all__ = [
    "Evidence",
    "Item",
    "Line",
    "Measure",
    "Plan",
    "Result",
    "Seen",
    "State",
    "by_rule",
    "counted",
    "judged",
    "listed",
    "unseen",
]


class State(StrEnum):
    """What the repository shows of an item."""

    MISSING = "missing"
    PARTLY = "partly"
    DONE = "done"


class Plan(StrEnum):
    """The part of the guide's checklist that an item is from."""

    FOUNDATION = "30-day"
    MATURITY = "90-day"
    GOOD = "good"


class Seen(NamedTuple):
    """All that is judged by: the model, the time (aware UTC), and the templates as path →
    bytes."""

    model: AccessModel
    now: datetime
    templates: Mapping[str, bytes]


Line = Callable[[], Origin]
"""Where something is written; looked up only when it is shown."""


class Evidence(NamedTuple):
    """One place that shows, or does not show, what is asked for; without a place nothing is
    written anywhere."""

    holds: bool
    says: str
    place: Line | None = None

    @property
    def origin(self) -> Origin | None:
        """The line, if there is one."""
        return self.place() if self.place else None


class Measure(Struct, frozen=True):
    """How much of one thing there is: `held` of `total` places. A total of 0 means that there is
    nothing to judge by. `evidence` is every place that falls short, and one that shows what is
    meant; `next_step` is the remedy for what falls short."""

    what: str
    held: int
    total: int
    evidence: tuple[Evidence, ...]
    next_step: str

    @property
    def full(self) -> bool:
        """Whether all of it is there, and there is any."""
        return 0 < self.total == self.held


class Item(Struct, frozen=True):
    """One thing that the guide asks for. `guide` is the title of the part that says how
    (`qgov.checks.guide`); `not_seen` is what no repository can show of it."""

    id: str
    title: str
    plan: Plan
    guide: str
    measure: Callable[[Seen], Iterable[Measure]]
    not_seen: str = ""


_Measuring = Callable[[Seen], Iterable[Measure]]


def listed(
    items: list[Item], plan: Plan, id_: str, title: str, guide: str, not_seen: str = ""
) -> Callable[[_Measuring], _Measuring]:
    """What puts a function into a plan's list, as the measure of an item (see `Item`)."""

    def add(measure: _Measuring) -> _Measuring:
        items.append(Item(id_, title, plan, guide, measure, not_seen))
        return measure

    return add


class Result(Struct, frozen=True):
    """An item with its verdict, and the measures that it follows from."""

    item: Item
    state: State
    measures: tuple[Measure, ...]

    @property
    def next_steps(self) -> tuple[str, ...]:
        """What to do, in the order of the measures, each once."""
        return tuple(dict.fromkeys(m.next_step for m in self.measures if not m.full))


def judged(item: Item, seen: Seen) -> Result:
    """Done when every measure is full, missing when all are empty."""
    measures = tuple(item.measure(seen))
    if measures and all(measure.full for measure in measures):
        return Result(item, State.DONE, measures)
    some = any(measure.held for measure in measures)
    return Result(item, State.PARTLY if some else State.MISSING, measures)


def counted(what: str, places: Iterable[Evidence], next_step: str) -> Measure:
    """The measure over places that were looked at one by one."""
    found = list(places)
    held = [evidence for evidence in found if evidence.holds]
    lacking = [evidence for evidence in found if not evidence.holds]
    return Measure(what, len(held), len(found), (*lacking, *held[:1]), next_step)


def unseen(what: str, next_step: str) -> Measure:
    """The measure of something that the repository says nothing about."""
    return Measure(what, 0, 0, (), next_step)


def by_rule(seen: Seen, code: str, what: str, places: Sequence[tuple[str, Line]]) -> Measure:
    """The measure over places of which a rule says where they fail, so that nothing is decided
    twice; the next step is the rule's remedy."""
    rule = next(rule for rule in rules() if rule.code == code)
    found = sorted(rule.find(seen.model, seen.now))
    failed = [
        Evidence(False, with_detail(f.message, f.detail), partial(_itself, f.origin)) for f in found
    ]
    held = max(0, len(places) - len(failed))
    # A document without any breach shows what is meant; nobody would look in the others.
    faulty = {breach.origin.path for breach in found}
    sound = ((name, place) for name, place in places if held and place().path not in faulty)
    shown = [Evidence(True, f"`{name}`", place) for name, place in islice(sound, 1)]
    return Measure(what, held, len(places), (*failed, *shown), rule.remedy)


def _itself(origin: Origin) -> Origin:
    return origin
