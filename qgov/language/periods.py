"""The periods of budgets and quotas: what they are called, which moments count, how they compare.

A period is written, kept in bundles and counted under its name, which is one of the words of the
calendar, `once`, a length of time (`28d`: a window that ends now, counted to the instant) or
two instants (`2026-03-01T00:00:00Z/2026-06-01T00:00:00Z`: a campaign). All that follows from a
name is here: another kind of period is a row of `_CALENDAR` or a shape of `period`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, Final

from msgspec import Struct
from pydantic import BeforeValidator, ValidationError, WithJsonSchema
from pydantic_core import InitErrorDetails, PydanticCustomError, PydanticKnownError

from qgov.language.scalars import (
    duration_schema,
    format_duration,
    format_instant,
    parse_day,
    parse_duration,
    parse_instant,
)

__all__ = [
    "CALENDAR",
    "DAY",
    "JOB",
    "MONTH",
    "ONCE",
    "PERIOD",
    "QUOTA_PERIODS",
    "Interval",
    "Per",
    "Period",
    "PeriodField",
    "a_words",
    "as_written",
    "campaign_of",
    "is_period",
    "is_window",
    "parse_per",
    "parse_period",
    "per_words",
    "period",
]

JOB: Final = "job"
"""What a quota of single jobs is for; nothing is counted over it."""
DAY: Final = "day"
MONTH: Final = "month"
ONCE: Final = "once"

_CALENDAR: Final[Mapping[str, tuple[int, int, str]]] = {
    DAY: (0, 1, "day"),
    MONTH: (1, 31, "month"),
    "monthly": (1, 31, "month"),
    "quarterly": (3, 92, "quarter"),
    "yearly": (12, 366, "year"),
}
"""Name → its months (0: a day), the most days that it has, and what one of it is called."""

CALENDAR: Final = ("monthly", "quarterly", "yearly")
"""The periods of money that start afresh with the calendar in UTC, the shortest first."""
QUOTA_PERIODS: Final = (JOB, DAY, MONTH)
"""What a quota may be for, beside a length of time and `once`."""

LONGEST_S: Final = 366 * 86_400
_MONTH_D: Final = 31
_YEAR_D: Final = 366

Interval = tuple[datetime | None, datetime | None]
"""From when on, and until before when; None: from the beginning, without an end."""


class Period(Struct, frozen=True):
    """A period by its name. Of what follows one is said: `months` of the calendar (0 and `one`: a
    day), `rolling_s` seconds that end now, or the instants of a `campaign`; of `once` nothing."""

    name: str
    months: int = 0
    most_days: int = 0
    one: str = ""
    rolling_s: int = 0
    campaign: tuple[datetime, datetime] | None = None

    def interval(self, now: datetime) -> Interval:
        """The time whose spending counts at a moment."""
        if self.campaign is not None:
            return self.campaign
        if self.rolling_s:
            # What ended so long ago, to the instant, counts no more; what is later does.
            start = now - timedelta(seconds=self.rolling_s)
            return start + timedelta(microseconds=1), None
        if not self.one:
            return None, None
        day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        if not self.months:
            return day, day + timedelta(days=1)
        index = (day.year * 12 + day.month - 1) // self.months * self.months
        return _month(index), _month(index + self.months)

    def times(self, months: int) -> int:
        """How often its limit may be spent in so many months (1 or 12), at the most."""
        if self.rolling_s:
            days = _MONTH_D if months == 1 else _YEAR_D
            return -(-days * 86_400 // self.rolling_s)
        if self.one and not self.months:
            return _MONTH_D if months == 1 else _YEAR_D
        return max(1, months // self.months) if self.one else 1

    def as_strict_as(self, other: Period) -> bool:
        """Whether nobody can ever spend more under it than under the other, of the same limit. What
        was spent before a campaign does not count in it, so that only another one compares."""
        if self == other:
            return True
        if self.campaign is not None or other.campaign is not None:
            return (
                self.campaign is not None
                and other.campaign is not None
                and other.campaign[0] <= self.campaign[0]
                and self.campaign[1] <= other.campaign[1]
            )
        if self.rolling_s:
            longest = other.rolling_s or other.most_days * 86_400
            return 0 < longest <= self.rolling_s
        if not self.one:
            return True  # once: it never starts afresh
        return bool(other.one) and self.most_days >= other.most_days

    @property
    def words(self) -> str:
        """What follows an amount: `monthly`, `in any 28d`, `once`, `from … until …`."""
        if self.campaign is not None:
            begins, ends = map(_short, self.campaign)
            return f"from {begins} until {ends}"
        return f"in any {self.name}" if self.rolling_s else self.name

    def closed(self, now: datetime) -> str:
        """Why there is no money at a moment; empty where there is."""
        if self.campaign is None or self.campaign[0] <= now < self.campaign[1]:
            return ""
        if now < self.campaign[0]:
            return f"the campaign has not begun: it goes {self.words}"
        return f"the campaign has ended: it went {self.words}"

    @property
    def used_words(self) -> str:
        """Of which time what is used up was: `of this month`, `of the last 28d`."""
        if self.campaign is not None:
            return "of the campaign"
        if self.rolling_s:
            return f"of the last {self.name}"
        return f"of this {self.one}" if self.one else "of all time"


@lru_cache(maxsize=4096)
def period(name: str) -> Period:
    """The period of a name. Raises ValueError for a name that none has."""
    if name in _CALENDAR:
        return Period(name, *_CALENDAR[name])
    if name == ONCE:
        return Period(name)
    try:
        begins, slash, ends = name.partition("/")
        if slash:
            return Period(name, campaign=(parse_instant(begins), parse_instant(ends)))
        return Period(name, rolling_s=parse_duration(name))
    except PydanticCustomError:
        raise ValueError(f"`{name}` is no period") from None


def is_period(name: str) -> bool:
    """Whether a text is what a quota's period is called, in its one spelling."""
    try:
        return name not in CALENDAR and name != JOB and parse_per(name) == name
    except (PydanticCustomError, PydanticKnownError):
        return False


def per_words(name: str) -> str:
    """How a quota is read: `per month`, `per job`, `per 28d`, `once`."""
    return name if name == ONCE else f"per {name}"


def a_words(name: str) -> str:
    """How an amount over a quota's period is read: `a month`, `a job`, `in any 28d`, `once`."""
    if is_window(name):
        return period(name).words
    return f"a {name}"


def campaign_of(name: str | None) -> tuple[datetime, datetime] | None:
    """When there is money, where a budget's period is a campaign."""
    return period(name).campaign if name is not None and "/" in name else None


def as_written(name: str) -> object:
    """A period as the language writes it."""
    campaign = campaign_of(name)
    if campaign is None:
        return name
    return dict(zip(_EDGES, map(_short, campaign), strict=True))


def is_window(name: str) -> bool:
    """Whether a name is that of a window that ends now, or of `once`: of what no calendar has."""
    return name not in _CALENDAR and name != JOB


def parse_period(value: object) -> str:
    """What `period` of a budget may say, to the period's name."""
    if value in (*CALENDAR, ONCE):
        return str(value)
    return _campaign(value) if isinstance(value, Mapping) else _window(value, _BUDGETS)


def parse_per(value: object) -> str:
    """What `per` of a quota may say, to the period's name; `job` is none."""
    if value in (*QUOTA_PERIODS, ONCE):
        return str(value)
    return _window(value, _QUOTAS)


_BUDGETS: Final = "'monthly', 'quarterly', 'yearly', 'once', a window as '28d' or a campaign"
_QUOTAS: Final = "'job', 'day', 'month', 'once' or a window as '28d'"
_CAMPAIGN: Final = "{from: 2026-03-01, until: 2026-06-01}"
_A_DAY: Final = "2026-03-01"
_WINDOW: Final = "28d"


def _window(value: object, expected: str) -> str:
    """A length of time in its one spelling: in days where it is whole days, never in years."""
    if isinstance(value, str) and _NOTHING.fullmatch(value):
        raise _wrong(value, "a window longer than nothing", _WINDOW, _WINDOW)
    try:
        seconds = parse_duration(value)
    except PydanticCustomError:
        raise PydanticKnownError("literal_error", {"expected": expected}) from None
    if seconds > LONGEST_S:
        raise _wrong(value, "a window of at most 366 days", _WINDOW, _WINDOW)
    days, rest = divmod(seconds, 86_400)
    return format_duration(seconds) if rest else f"{days}d"


_EDGES: Final = ("from", "until")


def _campaign(value: Mapping[Any, Any]) -> str:
    """Two instants. Raises ValidationError with every problem at its field."""
    problems: list[InitErrorDetails] = [
        {"type": _UNKNOWN, "loc": (str(key),), "input": value[key]}
        for key in value
        if key not in _EDGES
    ]
    moments: list[datetime] = []
    for edge in _EDGES:
        try:
            moments.append(_moment(value[edge]))
        except KeyError:
            problems.append({"type": "missing", "loc": (edge,), "input": value})
        except PydanticCustomError as wrong:
            problems.append({"type": wrong, "loc": (edge,), "input": value[edge]})
    if not problems and moments[1] <= moments[0]:
        late = _wrong(value["until"], f"an end after `{value['from']}`", _CAMPAIGN, "9999-12-31")
        problems.append({"type": late, "loc": ("until",), "input": value["until"]})
    if problems:
        raise ValidationError.from_exception_data("a campaign", problems)
    return "/".join(map(format_instant, moments))


def _moment(value: object) -> datetime:
    """An instant in whole seconds, or a day, which is its beginning in UTC."""
    try:
        day = parse_day(value)
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    except PydanticCustomError:
        pass
    try:
        moment = parse_instant(value)
    except PydanticCustomError:
        expected = "a day, or an instant with an offset"
        raise _wrong(value, expected, _CAMPAIGN, _A_DAY) from None
    if moment.microsecond:
        raise _wrong(value, "an instant in whole seconds", _CAMPAIGN, _A_DAY)
    return moment


def _wrong(value: object, what: str, example: str, stand_in: str) -> PydanticCustomError:
    context = {"what": what, "example": example, "got": value, "stand_in": stand_in}
    return PydanticCustomError("qgov_scalar", "expected {what}", context)


_UNKNOWN: Final = PydanticCustomError("extra_forbidden", "unknown", {"known": [*_EDGES]})
_NOTHING: Final = re.compile(r"0+[smhdwy]")


def _month(index: int) -> datetime:
    return datetime(index // 12, index % 12 + 1, 1, tzinfo=UTC)


def _short(moment: datetime) -> str:
    return format_instant(moment).removesuffix("T00:00:00Z")


def _length(*words: str) -> list[dict[str, Any]]:
    return [{"enum": [*words, ONCE]}, duration_schema(_WINDOW)]


PERIOD: Final = "period"
"""What the schema calls the type of a budget's period."""

_EDGE: Final = {"type": "string", "examples": ["2026-03-01", "2026-03-01T08:00:00+01:00"]}
_FROM: Final = "The first moment with money; a day is its beginning in UTC."
_UNTIL: Final = "The first moment without; a day is its beginning in UTC."
_SCHEMA: Final = {
    "type": "object",
    "properties": {
        "from": {"description": _FROM, **_EDGE},
        "until": {"description": _UNTIL, **_EDGE},
    },
    "required": [*_EDGES],
    "additionalProperties": False,
}

PeriodField = Annotated[
    str,
    BeforeValidator(parse_period),
    WithJsonSchema({"$comment": PERIOD, "anyOf": [*_length(*CALENDAR), _SCHEMA]}),
]
"""The period of a budget, as its name."""

Per = Annotated[
    str,
    BeforeValidator(parse_per),
    WithJsonSchema({"$comment": "per", "anyOf": _length(*QUOTA_PERIODS)}),
]
"""What a quota is for: one job, or a period by its name."""
