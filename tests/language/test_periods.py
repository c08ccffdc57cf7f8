"""Periods by their names: which time counts, how they compare, how they are read."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from qgov.language.documents import read_documents
from qgov.language.periods import a_words, per_words, period
from qgov.language.written import plain

BUDGET = """\
apiVersion: qgov/v1
kind: Budget
metadata: {{name: atlas}}
spec:
  scope: atlas
  owner: leads
  budget:
    period: {period}
    limit: 10.00 EUR
  quotas:
    - {{measure: jobs, per: {per}, limit: 5}}
"""
NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)


def utc(*of: int) -> datetime:
    return datetime(*of, tzinfo=UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("name", "begins", "ends"),
    [
        ("day", utc(2026, 11, 23), utc(2026, 11, 24)),
        ("month", utc(2026, 11, 1), utc(2026, 12, 1)),
        ("monthly", utc(2026, 11, 1), utc(2026, 12, 1)),
        ("quarterly", utc(2026, 10, 1), utc(2027, 1, 1)),
        ("yearly", utc(2026, 1, 1), utc(2027, 1, 1)),
        ("28d", utc(2026, 10, 26, 10, 30, 0, 1), None),
        ("90m", utc(2026, 11, 23, 9, 0, 0, 1), None),
        ("once", None, None),
        (
            "2026-03-01T00:00:00Z/2026-06-01T12:00:00Z",
            utc(2026, 3, 1),
            utc(2026, 6, 1, 12),
        ),
    ],
)
def test_a_period_is_the_time_that_counts(
    name: str, begins: datetime | None, ends: datetime | None
) -> None:
    assert period(name).interval(NOW) == (begins, ends)
    assert period(name).name == name


@pytest.mark.parametrize("name", ["", "weekly", "28", "0d", "2026-03-01/2026-06-01", "/", "job"])
def test_what_is_no_period_is_an_error(name: str) -> None:
    with pytest.raises(ValueError, match="is no period"):
        period(name)


def test_a_campaign_says_why_there_is_no_money() -> None:
    campaign = period("2026-03-01T00:00:00Z/2026-06-01T12:00:00Z")
    went = "from 2026-03-01 until 2026-06-01T12:00:00Z"
    assert campaign.words == went
    assert [
        campaign.closed(at)
        for at in (
            utc(2026, 2, 28, 23, 59, 59),
            utc(2026, 3, 1),
            utc(2026, 6, 1, 11, 59, 59),
            utc(2026, 6, 1, 12),
        )
    ] == [
        f"the campaign has not begun: it goes {went}",
        "",
        "",
        f"the campaign has ended: it went {went}",
    ]
    assert period("28d").closed(NOW) == period("once").closed(NOW) == ""


def test_periods_are_told_in_words() -> None:
    names = ("day", "month", "monthly", "yearly", "once", "28d")
    assert [period(name).words for name in names[2:]] == ["monthly", "yearly", "once", "in any 28d"]
    assert [period(name).used_words for name in names] == [
        "of this day",
        "of this month",
        "of this month",
        "of this year",
        "of all time",
        "of the last 28d",
    ]
    assert [per_words(name) for name in ("job", "day", "28d", "once")] == [
        "per job",
        "per day",
        "per 28d",
        "once",
    ]
    assert [a_words(name) for name in ("job", "day", "28d", "once")] == [
        "a job",
        "a day",
        "in any 28d",
        "once",
    ]


# ------------------------------------------------------------------------------- strictness

CALENDAR = ("day", "month", "quarterly", "yearly")
ROLLING = ("1d", "7d", "28d", "31d", "90d", "92d", "365d", "366d")
OTHERS = (*CALENDAR, *ROLLING, "once")
CAMPAIGNS = (
    "2026-03-01T00:00:00Z/2026-06-01T00:00:00Z",
    "2026-03-01T00:00:00Z/2026-05-01T00:00:00Z",
    "2026-04-01T00:00:00Z/2026-07-01T00:00:00Z",
    "2026-04-15T00:00:00Z/2026-04-20T00:00:00Z",
)


def _spent(name: str, spends: list[datetime], now: datetime) -> int:
    begins, ends = period(name).interval(now)
    return sum(
        (begins is None or begins <= at) and (ends is None or at < ends) and at <= now
        for at in spends
    )


def _exceeds(under: str, other: str, step: timedelta, now: datetime) -> bool:
    """Whether somebody who spends all that one period lets them exceeds the other."""
    spends = list[datetime]()
    while now < utc(2028, 2, 1):
        if not period(under).closed(now) and not _spent(under, spends, now):
            spends = [*spends[-9:], now]
            if period(other).closed(now) or _spent(other, spends, now) > 1:
                return True
        now += step
    return False


STRICT = [
    (one, other)
    for one, other in [*product(OTHERS, repeat=2), *product(CAMPAIGNS, repeat=2)]
    if period(one).as_strict_as(period(other))
]


@pytest.mark.parametrize(("one", "other"), STRICT)
def test_who_is_bound_by_the_stricter_never_exceeds_the_other(one: str, other: str) -> None:
    chance = random.Random(f"{one} {other}")  # noqa: S311 - who spends when
    for _ in range(4):
        step = timedelta(seconds=chance.randrange(12_000, 300_000))
        began = utc(2026, 1, 1) + timedelta(seconds=chance.randrange(40 * 86_400))
        assert not _exceeds(one, other, step, began)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("month", "28d"),
        ("28d", "month"),
        ("day", "1d"),
        ("90d", "quarterly"),
        ("365d", "yearly"),
        ("yearly", "once"),
        ("366d", "once"),
        ("7d", "28d"),
        ("month", "quarterly"),
        (CAMPAIGNS[0], CAMPAIGNS[1]),
        (CAMPAIGNS[2], CAMPAIGNS[0]),
    ],
)
def test_a_period_that_is_not_as_strict_lets_more_be_spent(one: str, other: str) -> None:
    assert not period(one).as_strict_as(period(other))
    steps = (timedelta(hours=1), timedelta(hours=7), timedelta(days=1))
    begins = (
        utc(2026, 1, 1),
        utc(2026, 1, 31, 23),
        utc(2026, 1, 15),
        utc(2026, 5, 15),
        utc(2026, 6, 15),
    )
    if (one, other) != ("365d", "yearly"):  # of leap years alone
        assert any(_exceeds(one, other, step, at) for step in steps for at in begins)


@pytest.mark.parametrize(("one", "other"), [*product(ROLLING, repeat=2)])
def test_the_longer_window_is_the_stricter(one: str, other: str) -> None:
    longer = period(one).rolling_s >= period(other).rolling_s
    assert period(one).as_strict_as(period(other)) is longer


def test_a_campaign_compares_with_nothing_else() -> None:
    for name in OTHERS:
        assert not period(name).as_strict_as(period(CAMPAIGNS[0]))
        assert not period(CAMPAIGNS[0]).as_strict_as(period(name))


# ---------------------------------------------------------------------------- as it is read


@pytest.mark.parametrize(
    ("period", "per", "read"),
    [
        ("once", "once", ("once", "once")),
        ("28d", "4w", ("28d", "28d")),
        ("672h", "24h", ("28d", "1d")),
        ("1y", "60m", ("365d", "1h")),
        ("366d", "90m", ("366d", "90m")),
        ("yearly", "job", ("yearly", "job")),
        (
            "{from: 2026-03-01, until: 2026-06-01}",
            "day",
            ("2026-03-01T00:00:00Z/2026-06-01T00:00:00Z", "day"),
        ),
        (
            "{until: 2026-06-01T10:00:00+02:00, from: 2026-03-01}",
            "day",
            ("2026-03-01T00:00:00Z/2026-06-01T08:00:00Z", "day"),
        ),
    ],
)
def test_a_period_has_one_name(period: str, per: str, read: tuple[str, str]) -> None:
    text = BUDGET.format(period=period, per=per)
    documents, findings = read_documents({"a.yaml": text.encode()})
    assert findings == []
    (found,) = documents.valid
    assert (found.spec.budget.period, found.spec.quotas[0].per) == read
    again = plain(found.spec)["budget"]["period"]
    assert again == read[0] or set(again) == {"from", "until"}
    text = BUDGET.format(period=str(again).replace("'", ""), per=read[1])
    documents, findings = read_documents({"a.yaml": text.encode()})
    assert (findings, documents.valid[0].spec) == ([], found.spec)


@pytest.mark.parametrize(
    ("period", "column", "says", "remedy"),
    [
        ("0d", 13, "is `0d`, expected a window longer than nothing", "write it like 28d"),
        ("367d", 13, "is `367d`, expected a window of at most 366 days", "write it like 28d"),
        ("2y", 13, "is `2y`, expected a window of at most 366 days", "write it like 28d"),
        (
            "weekly",
            13,
            "is `weekly`, expected `monthly`, `quarterly`, `yearly`, `once`, a window as `28d` or",
            "use one of the values",
        ),
        (
            "{from: 2026-06-01, until: 2026-03-01}",
            39,
            "until` is `2026-03-01`, expected an end after `2026-06-01`",
            "write it like {from: 2026-03-01, until: 2026-06-01}",
        ),
        (
            "{from: 2026-06-01, until: 2026-06-01}",
            39,
            "until` is `2026-06-01`, expected an end after `2026-06-01`",
            "write it like {from: 2026-03-01, until: 2026-06-01}",
        ),
        (
            "{from: soon, until: 2026-06-01}",
            20,
            "from` is `soon`, expected a day, or an instant with an offset",
            "write it like {from: 2026-03-01, until: 2026-06-01}",
        ),
        (
            "{from: 2026-06-01T10:00:00, until: 2026-07-01}",
            20,
            "from` is `2026-06-01T10:00:00`, expected a day, or an instant with an offset",
            "write it like {from: 2026-03-01, until: 2026-06-01}",
        ),
        (
            "{from: 2026-06-01, until: '2026-07-01T00:00:00.5Z'}",
            39,
            "until` is `2026-07-01T00:00:00.5Z`, expected an instant in whole seconds",
            "write it like {from: 2026-03-01, until: 2026-06-01}",
        ),
        (
            "{from: 2026-06-01}",
            13,
            "`spec.budget.period.until` is missing",
            "add `until`",
        ),
        (
            "{from: 2026-06-01, until: 2026-07-01, form: 3}",
            51,
            "unknown field `form`; did you mean `from`?",
            "use one of from, until",
        ),
        ("[28d]", 13, "expected `monthly`", "use one of the values"),
        ("28", 13, "expected `monthly`", "use one of the values"),
    ],
)
def test_what_is_no_period_is_placed(period: str, column: int, says: str, remedy: str) -> None:
    text = BUDGET.format(period=period, per="day")
    documents, findings = read_documents({"a.yaml": text.encode()})
    (finding,) = findings
    assert (finding.origin.line, finding.origin.column) == (8, column)
    assert says in finding.message
    assert finding.remedy == remedy
    assert documents.valid == ()
    assert [each.name for each in documents.partial] == ["atlas"]


def test_each_problem_of_a_campaign_has_its_own_place() -> None:
    text = BUDGET.format(period="{form: 2026-06-01, until: soon, to: 3}", per="day")
    documents, findings = read_documents({"a.yaml": text.encode()})

    assert [(each.code, each.origin.column) for each in findings] == [
        ("QG123", 14),
        ("QG123", 45),
        ("QG124", 13),
        ("QG127", 39),
    ]
    assert [each.name for each in documents.partial] == ["atlas"]


@pytest.mark.parametrize("per", ["0h", "week", "400d", "{from: 2026-03-01, until: 2026-06-01}"])
def test_what_no_quota_counts_over_is_placed(per: str) -> None:
    text = BUDGET.format(period="monthly", per=per)
    _, findings = read_documents({"a.yaml": text.encode()})
    (finding,) = findings
    assert (finding.origin.line, finding.origin.column) == (11, 28)
    assert finding.message.startswith("`spec.quotas[0].per` is ")
