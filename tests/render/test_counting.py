"""Numbers in words, said in one place for every layout."""

from __future__ import annotations

import pytest

from qgov.render.counting import count, kinds, more, shortened, some
from qgov.render.plan_entries import Holder
from qgov.render.plan_words import IN_TEXT


def test_one_is_not_many() -> None:
    assert [count(n, "group") for n in (0, 1, 1248)] == ["0 groups", "1 group", "1,248 groups"]
    assert count(2, "access", "accesses") == "2 accesses"


@pytest.mark.parametrize(
    ("items", "told"),
    [([], ""), (["a"], "a"), (["a", "b"], "a, b"), (["a", "b", "c"], "a, b and 1 more")],
)
def test_what_is_not_told_is_counted(items: list[str], told: str) -> None:
    assert some(iter(items), 2) == told
    assert some(items, 2, "; ") == told.replace(",", ";")


def test_thousands_are_set_apart() -> None:
    assert more(1_248) == "and 1,248 more"
    assert shortened("x" * 2_000, 3) == "xxx … 1,997 more characters"
    assert shortened(["a"], 5) == "['a']"


def test_principals_are_counted_by_kind_and_each_once() -> None:
    found = ["user:mei", "group:a", "workload:t/w", "group:b", "group:a"]

    assert kinds(found) == "2 groups, 1 workload and 1 person"
    assert kinds(found[:1] * 2) == "1 person"
    assert kinds(["user:mei", "user:ana"]) == "2 people"


def test_what_is_left_of_the_scopes_is_not_taken_for_what_is_left_of_the_principals() -> None:
    holders = [Holder(f"group:g{n}", tuple(f"t{m}" for m in range(5 + n))) for n in range(6)]

    assert IN_TEXT.where(holders).endswith(
        "group:g3 on t0, t1, t2, t3 and 4 more; and 2 more principals"
    )
    assert IN_TEXT.where(holders[:5]).endswith("and 4 more; and 1 more principal")
    assert IN_TEXT.where(holders[:4]).endswith("group:g3 on t0, t1, t2, t3 and 4 more")
