"""What was spent stays spent when a budget gets another name."""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cirq
import pytest

from qgov.gateway.gateway import GatewayError
from qgov.gateway.ledger import Amounts, Ledger, Moved
from qgov.model.access_model import AccessModel
from tests.decision.harness import FILES
from tests.gateway.company import BELL, FITS, MODEL, NOW, Gate, gate
from tests.strategies import linked

NUMBERS = itertools.count()
Budgets = Mapping[str, Sequence[str]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def spend(ledger: Ledger, accounts: Mapping[str, str], budget: str, micros: int = 1) -> str:
    """A job that runs and costs what it was estimated at."""
    job, amounts = f"j{next(NUMBERS)}", Amounts(cost_micros=micros, shots=10)
    while True:
        usage = ledger.usage({budget: "yearly"}, NOW, accounts)
        try:
            ledger.reserve(job, {budget: "yearly"}, amounts, NOW, usage, {}, accounts)
        except Moved:
            continue  # another one spent in between
        return job


def spent(ledger: Ledger, accounts: Mapping[str, str], budget: str) -> int:
    """By the counter of the money, which those of the quotas must agree with."""
    values = ledger.usage({budget: "yearly"}, NOW, accounts).values[budget]
    assert values["shots/day"] == values["shots/month"] == 10 * values["jobs/day"]
    return values["spent_micros"]


def after(ledger: Ledger, *bundles: Budgets) -> list[dict[str, int]]:
    """What each budget has used when its bundle begins; each of a bundle then spends 1."""
    found = []
    for number, budgets in enumerate(bundles):
        accounts = ledger.adopt(f"r{number}", budgets)
        found.append({name: spent(ledger, accounts, name) for name in budgets})
        for name in budgets:
            spend(ledger, accounts, name)
        assert ledger.audit_counters() == []
    return found


@pytest.mark.parametrize(
    ("bundles", "used"),
    [
        ([{"a": []}, {"b": ["a"]}], [{"a": 0}, {"b": 1}]),
        ([{"a": []}, {"b": ["a"]}, {"c": ["b"]}], [{"a": 0}, {"b": 1}, {"c": 2}]),
        ([{"a": []}, {"c": ["b", "a"]}], [{"a": 0}, {"c": 1}]),
        ([{"a": []}, {"b": ["a"]}, {"c": ["b", "a"]}], [{"a": 0}, {"b": 1}, {"c": 2}]),
        (
            [{"a": []}, {"b": ["a"]}, {"b": ["a"]}, {"b": []}],
            [{"a": 0}, {"b": 1}, {"b": 2}, {"b": 3}],
        ),
        ([{"a": []}, {"b": ["a"]}, {"a": [], "b": []}], [{"a": 0}, {"b": 1}, {"a": 0, "b": 2}]),
        ([{"a": []}, {"b": ["a"]}, {"a": ["b"]}], [{"a": 0}, {"b": 1}, {"a": 2}]),
        ([{"a": []}, {"b": ["a"]}, {"a": []}], [{"a": 0}, {"b": 1}, {"a": 0}]),
        (
            [
                {"a": []},
                {"b": ["a"]},
                {"a": [], "b": []},
                {"b": [], "c": ["a"]},
                {"a": [], "c": []},
            ],
            [{"a": 0}, {"b": 1}, {"a": 0, "b": 2}, {"b": 3, "c": 1}, {"a": 0, "c": 2}],
        ),
        ([{"a": []}, {}, {"a": []}], [{"a": 0}, {}, {"a": 1}]),
        ([{"a": []}, {"b": []}], [{"a": 0}, {"b": 0}]),
        ([{"a": [], "b": []}, {"b": ["a"]}], [{"a": 0, "b": 0}, {"b": 1}]),
        ([{"a": [], "b": []}, {"c": ["a"], "d": ["b"]}], [{"a": 0, "b": 0}, {"c": 1, "d": 1}]),
    ],
    ids=[
        "renamed",
        "renamed twice",
        "a bundle was skipped",
        "none was skipped, both names are said",
        "said again, then no longer",
        "the free name comes back",
        "renamed back",
        "undone in silence",
        "the free name comes back, is renamed, and comes back",
        "away for a while",
        "another one instead",
        "merged into one that was there",
        "two at a time",
    ],
)
def test_a_renamed_budget_has_used_what_it_had(
    path: Path, bundles: list[Budgets], used: list[dict[str, int]]
) -> None:
    with Ledger(path, "one") as ledger:
        assert after(ledger, *bundles) == used


def test_a_gateway_of_the_bundle_before_counts_on_the_same(path: Path) -> None:
    with Ledger(path, "old") as old, Ledger(path, "new") as new:
        before = old.adopt("r1", {"a": []})  # nothing is spent before the rename
        accounts = new.adopt("r2", {"b": ["a"]})
        job = spend(old, before, "a", 5)
        spend(new, accounts, "b", 7)
        assert (spent(old, before, "a"), spent(new, accounts, "b")) == (12, 12)
        new.adopt("r3", {"a": [], "b": []})
        assert old.adopt("r1", {"a": []}) == before  # it is started again
        old.settle(job, Amounts(cost_micros=1, shots=10), NOW)
        assert (spent(old, before, "a"), spent(new, accounts, "b")) == (8, 8)
        assert new.audit_counters() == []


def test_many_at_once_find_the_same(path: Path) -> None:
    with Ledger(path, "first") as first:
        spend(first, first.adopt("r1", {"a": []}), "a", 5)
        first.adopt("r2", {"b": ["a"]})

    def adopted(number: int) -> int:
        with Ledger(path, f"p{number}") as ledger:
            accounts = ledger.adopt("r3", {"a": [], "c": ["b"]})
            spend(ledger, accounts, "a")
            return spent(ledger, accounts, "c")

    with ThreadPoolExecutor(8) as pool:
        assert [*pool.map(adopted, range(8))] == [5] * 8
    with Ledger(path, "last") as last:
        assert spent(last, last.adopt("r3", {"a": [], "c": ["b"]}), "a") == 8


def test_a_ledger_without_accounts_gets_them(path: Path) -> None:
    with Ledger(path, "one") as ledger:
        spend(ledger, {}, "a", 5)
    with sqlite3.connect(path) as database:
        for statement in ("DROP TABLE accounts", "DROP TABLE bundles", "PRAGMA user_version = 1"):
            database.execute(statement)
    database.close()
    with Ledger(path, "two") as ledger:
        accounts = ledger.adopt("r1", {"b": ["a"]})
        assert (accounts, spent(ledger, accounts, "b")) == ({"b": "a"}, 5)


def company(name: str, *previously: str, more: Any = None) -> AccessModel:
    """The company with its one budget under a name, and another of the same project."""
    budget = json.loads(FILES["budgets/chemistry.yaml"])
    budget["spec"] |= {"budget": {"period": "monthly", "limit": f"{FITS}.00 EUR", "stopAt": "100%"}}
    budget["spec"]["quotas"] = []
    organization = json.loads(FILES["qgov.yaml"])
    organization["spec"]["backends"]["local-simulator"] |= {
        "price": {"perTask": "1.00 EUR", "source": "made up", "asOf": "2026-11-01"}
    }
    files = {**FILES, "qgov.yaml": json.dumps(organization).encode()}
    del files["budgets/more.yaml"], files["budgets/for-oneself.yaml"]
    said = {"previously": [*previously]} if previously else {}
    files["budgets/chemistry.yaml"] = json.dumps(
        budget | {"metadata": {"name": name, **said}}
    ).encode()
    if more:
        files["budgets/more.yaml"] = json.dumps(budget | {"metadata": {"name": more}}).encode()
    return linked(files)


def ran(gated: Gate, most: int) -> int:
    """How many jobs of 1 EUR run before one is denied."""
    sampler = gated.session().sampler("local-simulator", cirq.ZerosSampler())
    try:
        for done in range(most):
            try:
                sampler.run(BELL, repetitions=1)
            except GatewayError:
                return done
        return most
    finally:
        gated.close()


def test_a_gateway_follows_its_bundle(tmp_path: Path) -> None:
    assert ran(gate(tmp_path, model=MODEL), 30) == 30
    assert ran(gate(tmp_path, owner="two", model=company("lab", "chem", "chemistry")), 15) == 15
    # A budget that gets the free name is new, and the renamed one still bounds the jobs.
    again = company("lab", more="chemistry")
    assert ran(gate(tmp_path, owner="three", model=again), 60) == FITS - 45
    last = gate(tmp_path, owner="four", model=company("chemistry"))
    assert ran(last, 60) == FITS - 5
