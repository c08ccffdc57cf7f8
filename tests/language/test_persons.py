"""Persons are the same when a directory would say so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qgov.language.persons import approved_by_another, escaped, folded


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mei@northwind.example", "MEI@Northwind.example"),
        ("A_B#EXT#@northwind.onmicrosoft.com", "a_b#ext#@northwind.onmicrosoft.com"),
        ("j\u00f6rg", "JO\u0308RG"),
        ("stra\u00dfe", "STRASSE"),
        ("kim", "\u212aim"),
    ],
)
def test_capitals_and_forms_of_unicode_make_no_other_person(one: str, other: str) -> None:
    assert folded(one) == folded(other)
    assert not approved_by_another(one, None, other)
    assert approved_by_another("ines", one, None)
    assert not approved_by_another(None, one)


def test_an_accent_makes_another_person() -> None:
    assert folded("jorg") != folded("j\u00f6rg")
    assert folded("j\u00f6rg") == r"j\xf6rg"


@given(st.text())
def test_a_normal_form_is_ascii_and_its_own(person: str) -> None:
    assert folded(person).isascii()
    assert folded(folded(person)) == folded(person)
    assert escaped(escaped(person)) == escaped(person)
