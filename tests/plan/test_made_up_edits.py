"""Nothing changes unseen: Hypothesis makes up values of fields, and edits two documents at once.

What a plan must tell of them is what it must tell of every edit (`test_totality.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from functools import cache
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from tests.plan.edits import (
    Edit,
    at,
    documents,
    edit_of,
    edited,
    leaves_of,
)
from tests.plan.faults import fault
from tests.plan.shared import once_for_a_model  # noqa: F401 - a fixture, for all of them

pytestmark = pytest.mark.no_cover  # measuring it would double its time

bounded: Final = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@cache
def _places() -> tuple[tuple[str, tuple[str | int, ...]], ...]:
    return tuple(
        (id_, path)
        for id_, document in documents().items()
        for path, _ in leaves_of(document.raw)
        if path[0] in ("metadata", "spec") and path != ("metadata", "name")
    )


_FORMS: Final[dict[str, st.SearchStrategy[str]]] = {
    r"\d+[smhdwy]": st.tuples(st.integers(1, 500), st.sampled_from("mhd")).map(
        lambda t: f"{t[0]}{t[1]}"
    ),
    r"[\d.]+ [A-Z]{3}": st.tuples(st.integers(0, 10**6), st.sampled_from(("EUR", "USD"))).map(
        lambda t: f"{t[0] // 100}.{t[0] % 100:02} {t[1]}"
    ),
    r"\d+%": st.integers(1, 100).map(lambda n: f"{n}%"),
    r"\d{4}-\d\d-\d\d": st.dates(date(2026, 1, 1), date(2026, 11, 1)).map(str),
    r"\d{4}-\d\d-\d\dT.*": st.dates(date(2026, 10, 1), date(2027, 1, 1)).map(
        lambda d: f"{d}T12:00:00Z"
    ),
    r"https://.*": st.from_regex(r"\Ahttps://[a-z]{1,9}\.example(/[a-z]{1,5})?\Z"),
    r"[a-z0-9-]+": st.from_regex(r"\A[a-z][a-z0-9]{0,9}\Z"),
    r"\S+@\S+": st.from_regex(r"\A[a-z]{1,9}@acme\.example\Z"),
    r"(?s).*": st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1),
}
"""How a value is written → others that are written like it."""


@st.composite
def edits(draw: st.DrawFn) -> Edit:
    """A leaf with a value that is made up, or has it elsewhere."""
    id_, path = draw(st.sampled_from(_places()))
    document = documents()[id_]
    before = at(document.raw, path)
    if isinstance(before, bool):
        after: Any = not before
    elif isinstance(before, int):
        after = draw(st.integers(0, 10**6))
    else:
        forms = (made for form, made in _FORMS.items() if re.fullmatch(form, str(before)))
        known = [str(at(d.raw, p)) for i, p in _places() for d in [documents()[i]]]
        after = draw(st.one_of(next(forms), st.sampled_from(known)))
    edit = edit_of(document, path, after)
    assume(edit is not None)
    assert edit is not None
    return edit


_made_up: Counter[str] = Counter()


@bounded
@given(edits())
def _made_up_value(edit: Edit) -> None:
    made = edited(edit)
    assume(made is not None)
    assert made is not None
    _made_up["values"] += 1
    assert fault(made) == "", edit


@bounded
@given(edits(), edits())
def _two_at_once(one: Edit, other: Edit) -> None:
    assume(one.document.id != other.document.id)
    made = edited(one, other)
    assume(made is not None)
    assert made is not None
    _made_up["pairs"] += 1
    assert fault(made) == "", (str(one), str(other))


def test_made_up_edits_have_their_place_in_the_plan() -> None:
    _made_up_value()
    _two_at_once()
    print(f"made up: {dict(_made_up)}")  # noqa: T201 - how much was tried

    assert min(_made_up["values"], _made_up["pairs"]) >= 100
