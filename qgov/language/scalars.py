"""The language's own scalars: durations, money, shares and instants.

All are texts in YAML and exact values in the model: seconds, micros of a
currency, basis points and aware UTC datetimes. Never a float.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Final, NamedTuple

from pydantic import BeforeValidator, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from qgov.language.concerns import Concern
from qgov.language.forms import LABEL, form

__all__ = [
    "MICROS",
    "Credit",
    "Currency",
    "Day",
    "DirectoryText",
    "Duration",
    "Instant",
    "Money",
    "MoneyField",
    "Name",
    "PersonId",
    "Rate",
    "ScopeField",
    "SecretRef",
    "Share",
    "Team",
    "Text",
    "UnitPrice",
    "UnitPriceField",
    "Url",
    "Worth",
    "duration_schema",
    "format_duration",
    "format_instant",
    "format_money",
    "format_share",
    "format_unit_price",
    "is_object_id",
    "label",
    "parse_day",
    "parse_duration",
    "parse_instant",
    "parse_money",
    "parse_share",
    "parse_unit_price",
]

_UNITS: Final = {
    "s": 1,
    "m": 60,
    "h": 3600,
    "d": 86_400,
    "w": 7 * 86_400,
    "y": 365 * 86_400,
}
_LONGEST_S: Final = 100 * _UNITS["y"]
MICROS: Final = 1_000_000
_DURATION = re.compile(r"([1-9][0-9]{0,8})([smhdwy])")
_MONEY = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?) ([A-Z][A-Z0-9]{1,11})")
_UNIT_PRICE = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,12})?) ([A-Z][A-Z0-9]{1,11})")
_RATE = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,8})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SHARE = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,2})?)%")
_GUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?"
    r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)


class Money(NamedTuple):
    """An exact amount: `micros` are millionths of one unit of `currency` (ISO 4217, or the name
    of a credit)."""

    micros: int
    currency: str


class UnitPrice(NamedTuple):
    """An exact price of something small: `amount` units of `currency` (ISO 4217, or the name of
    a credit)."""

    amount: Decimal
    currency: str


def _not_a(what: str, example: str, value: object) -> PydanticCustomError:
    return PydanticCustomError(
        "qgov_scalar", "expected {what}", {"what": what, "example": example, "got": value}
    )


def parse_duration(value: object) -> int:
    """`15m`, `8h`, `90d`, `7y` to seconds (a year is 365 days); at most a hundred years,
    so that every instant a duration away is a date."""
    seconds = _seconds(value) if isinstance(value, str) else None
    if seconds is None:
        raise _not_a("a duration", "15m, 8h, 90d or 7y", value)
    return seconds


@lru_cache(maxsize=256)  # a company writes the same few everywhere
def _seconds(text: str) -> int | None:
    match = _DURATION.fullmatch(text)
    seconds = int(match[1]) * _UNITS[match[2]] if match else _LONGEST_S + 1
    return seconds if seconds <= _LONGEST_S else None


def parse_money(value: object) -> Money:
    """`20000.00 EUR` or `4000 HQC` to exact micros; at most six decimals."""
    if isinstance(value, str) and (match := _MONEY.fullmatch(value)):
        return Money(int(Decimal(match[1]) * MICROS), match[2])
    raise _not_a("an amount of money", "20000.00 EUR", value)


def parse_unit_price(value: object) -> UnitPrice:
    """`0.0001645 USD` to an exact amount; at most twelve decimals."""
    if isinstance(value, str) and (match := _UNIT_PRICE.fullmatch(value)):
        return UnitPrice(Decimal(match[1]), match[2])
    raise _not_a("a unit price", "0.0001645 USD", value)


def parse_share(value: object) -> int:
    """`80%` to basis points (1 % is 100)."""
    if isinstance(value, str) and (match := _SHARE.fullmatch(value)):
        return int(Decimal(match[1]) * 100)
    raise _not_a("a share", "80%", value)


def parse_instant(value: object) -> datetime:
    """RFC 3339 with an offset to an aware datetime in UTC; of a fraction of up to nine digits
    six are kept."""
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise _not_a("an instant with an offset", "2026-11-23T08:00:00+01:00", value)


def format_duration(seconds: int) -> str:
    """Seconds in the largest unit that divides them, as the language writes them."""
    for unit in "ydhm":
        if seconds % _UNITS[unit] == 0:
            return f"{seconds // _UNITS[unit]}{unit}"
    return f"{seconds}s"


def format_share(basis_points: int) -> str:
    """Basis points as the language writes them: `80%`."""
    return f"{basis_points / 100:g}%"


def format_money(money: Money) -> str:
    """An amount with thousands separators and at least two decimals: `20,000.00 EUR`."""
    amount = Decimal(money.micros) / MICROS
    text = f"{amount:,.6f}"
    whole, fraction = text.split(".")
    return f"{whole}.{fraction.rstrip('0').ljust(2, '0')} {money.currency}"


def format_unit_price(price: UnitPrice) -> str:
    """A unit price as the language writes it: `0.0001645 USD`."""
    return f"{price.amount:f} {price.currency}"


def format_instant(instant: datetime) -> str:
    """An instant as RFC 3339 in UTC with whole seconds where they are whole."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def label(text: str) -> bool:
    """Whether a text is a `Name`."""
    return re.fullmatch(LABEL, text) is not None


def is_object_id(text: str) -> bool:
    """Whether a text has the form of a GUID, as Entra's ids have."""
    return _GUID.fullmatch(text) is not None


def _rate(value: object) -> Decimal:
    if isinstance(value, str) and _RATE.fullmatch(value) and (rate := Decimal(value)):
        return rate
    raise _not_a("a decimal number in quotes", '"0.92"', value)


def _worth(value: object) -> UnitPrice:
    found = parse_unit_price(value)
    if not found.amount:
        raise _not_a("a worth above nothing", "12.50 USD", value)
    return found


def parse_day(value: object) -> date:
    """`2026-11-23` to a date."""
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise _not_a("a date", "2026-11-23", value)


def _text_schema(word: str, pattern: re.Pattern[str] | str, example: str) -> dict[str, Any]:
    raw = pattern if isinstance(pattern, str) else pattern.pattern
    return {"$comment": word, "type": "string", "pattern": f"^(?:{raw})$", "examples": [example]}


def duration_schema(example: str) -> dict[str, Any]:
    """The JSON Schema of a length of time."""
    return _text_schema("duration", _DURATION, example)


Name = Annotated[str, form("name")]
"""An RFC 1123 label: lower-case letters, digits and inner hyphens, at most 63."""

DirectoryText = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
"""A name or id as a directory writes it. Whether that directory can hold it, a rule says."""

Team = Annotated[str, form("team")]
"""`TEAM` or `ORGANIZATION/TEAM`, as CODEOWNERS names one without its `@`."""

ScopeField = Annotated[str, form("scope")]
"""`*`, or up to three labels joined by `/`; `*` stands for any label."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=1000), Concern.WORDS]
"""Free text for people. Never interpreted; escaped wherever it is written."""

PersonId = Annotated[str, form("person"), StringConstraints(max_length=254)]
"""A person's directory id: a user name, an object's id or an address, a guest's
(`a_b#EXT#@…`) included; compared without case. Allowed in exceptions only."""

Url = Annotated[str, form("address"), StringConstraints(max_length=500)]
"""An absolute https address without query, fragment or user part."""

SecretRef = Annotated[str, form("secret")]
"""`secret://<manager>/<path>`: where a secret is kept, never the secret."""

Currency = Annotated[str, form("currency")]
"""An ISO 4217 code."""

Credit = Annotated[str, form("credit")]
"""The name of what a provider sells its devices in, such as `HQC`; no ISO 4217 code."""

Duration = Annotated[int, BeforeValidator(parse_duration), WithJsonSchema(duration_schema("8h"))]
MoneyField = Annotated[
    Money,
    BeforeValidator(parse_money),
    WithJsonSchema(_text_schema("money", _MONEY, "20000.00 EUR")),
]
UnitPriceField = Annotated[
    UnitPrice,
    BeforeValidator(parse_unit_price),
    WithJsonSchema(_text_schema("unit price", _UNIT_PRICE, "0.0001645 USD")),
]
Worth = Annotated[
    UnitPrice,
    BeforeValidator(_worth),
    WithJsonSchema(_text_schema("unit price", _UNIT_PRICE, "12.50 USD")),
]
Share = Annotated[
    int, BeforeValidator(parse_share), WithJsonSchema(_text_schema("share", _SHARE, "80%"))
]
Instant = Annotated[
    datetime,
    BeforeValidator(parse_instant),
    WithJsonSchema(_text_schema("instant", _INSTANT, "2026-11-23T08:00:00+01:00")),
]
Rate = Annotated[
    Decimal, BeforeValidator(_rate), WithJsonSchema(_text_schema("rate", _RATE, "0.92"))
]
Day = Annotated[
    date, BeforeValidator(parse_day), WithJsonSchema(_text_schema("day", _DAY, "2026-11-23"))
]
