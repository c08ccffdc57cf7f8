"""Which way a change of a value goes: whether it lets more through than before."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final, get_args

from qgov.language.concerns import Looser
from qgov.language.periods import Period, period
from qgov.language.scalars import Money, UnitPrice

__all__ = ["Direction", "direction_of", "of_entry", "of_presence"]


class Direction(StrEnum):
    """Whether a change lets more through."""

    LOOSER = "looser"
    STRICTER = "stricter"
    DIFFERENT = "different"


def of_entry(looser: Looser) -> Looser:
    """What a direction of a collection says of the presence of one of its entries."""
    return {Looser.MEMBERS: Looser.PRESENT, Looser.FEWER: Looser.ABSENT}.get(looser, looser)


_FLIPPED: Final = {
    Direction.LOOSER: Direction.STRICTER,
    Direction.STRICTER: Direction.LOOSER,
    Direction.DIFFERENT: Direction.DIFFERENT,
}


def of_presence(looser: Looser, *, appears: bool) -> Direction:
    """Which way it is that something appears, or goes."""
    if looser not in (Looser.PRESENT, Looser.ABSENT):
        return Direction.DIFFERENT
    loosens = (looser is Looser.PRESENT) == appears
    return Direction.LOOSER if loosens else Direction.STRICTER


def direction_of(looser: Looser, before: Any, after: Any, annotation: Any) -> Direction:
    """Which way a value went; a bound that is absent is looser than any."""
    if looser is Looser.DIFFERENT:
        return Direction.DIFFERENT
    if looser in (Looser.PRESENT, Looser.ABSENT):
        if (before is None) == (after is None):
            return Direction.DIFFERENT
        return of_presence(looser, appears=before is None)
    if before is None or after is None:
        bounded = before if looser is Looser.COVERED else after
        return Direction.LOOSER if bounded is None else Direction.STRICTER
    if looser is Looser.SHORTER:
        return _of_periods(period(before), period(after))
    if isinstance(before, Money | UnitPrice) and before.currency != after.currency:
        return Direction.DIFFERENT
    if looser in (Looser.MEMBERS, Looser.FEWER, Looser.COVERED):
        more, less = {*before} < {*after}, {*after} < {*before}
    else:
        old, new = (_size(looser, value, annotation) for value in (before, after))
        if type(old) is not type(new):
            return Direction.DIFFERENT
        more, less = old < new, new < old
    if not more and not less:
        return Direction.DIFFERENT
    up = Direction.LOOSER if more else Direction.STRICTER
    return up if looser in (Looser.MORE, Looser.MEMBERS, Looser.LATER) else _FLIPPED[up]


def _of_periods(old: Period, new: Period) -> Direction:
    """Which way a period went: a window and a month of the calendar may be neither's."""
    stricter, looser = new.as_strict_as(old), old.as_strict_as(new)
    if stricter == looser:
        return Direction.DIFFERENT
    return Direction.STRICTER if stricter else Direction.LOOSER


def _size(looser: Looser, value: Any, annotation: Any) -> Any:
    if looser in (Looser.LATER, Looser.EARLIER):
        return _words(annotation).index(value)
    if isinstance(value, UnitPrice):
        return value.amount
    return value.micros if isinstance(value, Money) else value


def _words(annotation: Any) -> tuple[Any, ...]:
    """The words of a closed list, in the order of their declaration."""
    arguments = get_args(annotation)
    if arguments and all(isinstance(argument, str) for argument in arguments):
        return arguments
    return next((found for argument in arguments if (found := _words(argument))), ())
