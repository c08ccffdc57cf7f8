"""Durations, money, shares, rates, instants and days are exact, and written as they are read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from qgov.language.scalars import (
    Day,
    Duration,
    Instant,
    Money,
    MoneyField,
    Name,
    PersonId,
    Rate,
    ScopeField,
    SecretRef,
    Share,
    Url,
    format_duration,
    format_instant,
    format_money,
    parse_duration,
    parse_instant,
    parse_money,
    parse_share,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1),
        ("15m", 900),
        ("8h", 28_800),
        ("90d", 7_776_000),
        ("2w", 1_209_600),
        ("7y", 220_752_000),
        ("100y", 3_153_600_000),
    ],
)
def test_a_duration_is_seconds(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["0.5h", "1,5h", "1h 30m", "1h30", "600", "-5m", "05m"])
def test_what_is_not_one_whole_number_and_a_unit_is_no_duration(text: str) -> None:
    with pytest.raises(PydanticCustomError, match="a duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("20000.00 EUR", 20_000_000_000),
        ("0 EUR", 0),
        ("0.000001 EUR", 1),
        ("0.00145 EUR", 1450),
        ("999999999999.999999 EUR", 999_999_999_999_999_999),
    ],
)
def test_money_is_exact_micros(text: str, micros: int) -> None:
    assert parse_money(text) == Money(micros, "EUR")


@pytest.mark.parametrize(("text", "points"), [("0%", 0), ("80%", 8000), ("12.25%", 1225)])
def test_a_share_is_basis_points(text: str, points: int) -> None:
    assert parse_share(text) == points


def test_an_instant_is_in_utc() -> None:
    found = parse_instant("2026-11-23T08:00:00.5+01:00")

    assert found == datetime(2026, 11, 23, 7, 0, 0, 500_000, UTC)
    assert found.tzinfo is UTC
    assert format_instant(found) == "2026-11-23T07:00:00.500000Z"


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("2026-11-23t07:00:00z", 0),
        ("2026-11-23t08:00:00.5+01:00", 500_000),
        ("2026-11-23T07:00:00.1234567Z", 123_456),
        ("2026-11-23T07:00:00.123456789Z", 123_456),
    ],
)
def test_an_instant_has_the_forms_of_rfc_3339(text: str, micros: int) -> None:
    assert parse_instant(text) == datetime(2026, 11, 23, 7, 0, 0, micros, UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T07:00:00,5Z",
        "2026-11-23T7:00:00Z",
        "2026-11-23 07:00:00Z",
        "2026-11-23T07:00:00.Z",
        "2026-11-23T07:00:00.1234567890Z",
        "2026-11-23T07:00:00",
        "2026-11-23T24:00:00Z",
        "2026-11-23T07:00:60Z",
        "2026-02-30T07:00:00Z",
        "2026-11-23T07:00:00+1:00",
        "2026-11-23T07:00:00Z\n",
    ],
)
def test_what_rfc_3339_has_not_is_no_instant(text: str) -> None:
    with pytest.raises(PydanticCustomError, match="an instant with an offset"):
        parse_instant(text)


def test_a_rate_and_a_day_are_exact() -> None:
    assert TypeAdapter(Rate).validate_python("0.92") == Decimal("0.92")
    assert TypeAdapter(Day).validate_python("2026-11-23") == date(2026, 11, 23)


NOT_TEXT: list[object] = [None, True, 8, 8.0, [], {}, b"8h", datetime(2026, 1, 1, tzinfo=UTC)]


@pytest.mark.parametrize(
    "kind",
    [Duration, MoneyField, Share, Instant, Rate, Day],
    ids=["duration", "money", "share", "instant", "rate", "day"],
)
def test_nothing_else_is_taken_for_one(kind: Any) -> None:
    for value in [*NOT_TEXT, "", " ", "x", "8h\n", "1" * 10_000, "٨h"]:
        with pytest.raises(ValidationError, match="expected"):
            TypeAdapter(kind).validate_python(value)


@given(st.integers(1, 3_153_600_000))
def test_a_duration_is_written_as_it_is_read(seconds: int) -> None:
    text = format_duration(seconds)

    if len(text) <= 10:
        assert parse_duration(text) == seconds


@given(st.integers(0, 10**18 - 1))
def test_money_is_written_as_it_is_read(micros: int) -> None:
    text = format_money(Money(micros, "EUR"))

    assert parse_money(text.replace(",", "")) == Money(micros, "EUR")


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_instant_is_written_as_it_is_read(instant: datetime) -> None:
    assert parse_instant(format_instant(instant)) == instant


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(20_000_000_000, "EUR"), "20,000.00 EUR"),
        (Money(1450, "USD"), "0.00145 USD"),
        (Money(0, "EUR"), "0.00 EUR"),
        (Money(1_500_000, "EUR"), "1.50 EUR"),
    ],
)
def test_money_is_shown_with_at_least_two_decimals(money: Money, text: str) -> None:
    assert format_money(money) == text


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (
            Name,
            ["a", "0", "a-b", "a" * 63],
            ["", "-a", "a-", "A", "a_b", "a" * 64, "a\n", "a.b", "ä"],
        ),
        (
            ScopeField,
            ["*", "a", "a/*", "a/b/c", "*/*/*"],
            ["", "/", "a/", "a//b", "a/b/c/d", "**", "../a"],
        ),
        (
            PersonId,
            [
                "mei@northwind.example",
                "Mei@northwind.example",
                "a+b@c-d.ef",
                "ines_partner.example#EXT#@northwind.onmicrosoft.com",
                "o'neill@northwind.example",
                "6f9619ff-8b86-d011-b42d-00c04fc964ff",
                "mei",
                "_svc.runner-2",
                "a" * 113,
            ],
            [
                *("", "@b.c", "a@b", "a b@c.d", "a@b.c\n", "a b", " mei", "mei ", "me\ti"),
                *("a\x00b", "a\x7f", "a@@b.c", "'mei", "#EXT#", "*", "a,b", "a:b", "a/b", "a=b"),
                *('a"b', "a\\b", "<mei>", "j\u00f6rg", "a\u200bb", "a" * 114),
            ],
        ),
        (
            Url,
            ["https://a.b", "https://a:8443/x", "https://a/%7Eb"],
            [
                "http://a",
                "https://",
                "https://a?b",
                "https://a#b",
                "https://u:p@a",
                "https://a b",
                "//a",
            ],
        ),
        (
            SecretRef,
            ["secret://vault/a/b"],
            ["secret://", "secret://Vault/a", "vault/a", "secret://v/a b"],
        ),
    ],
)
def test_a_text_scalar_has_the_form_of_its_standard(
    kind: Any, good: list[str], bad: list[str]
) -> None:
    adapter: TypeAdapter[str] = TypeAdapter(kind)

    assert [adapter.validate_python(text) for text in good] == good
    for text in bad:
        with pytest.raises(ValidationError):
            adapter.validate_python(text)
