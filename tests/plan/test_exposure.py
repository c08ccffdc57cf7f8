"""The most that a month can cost: never too little, and exact where budgets nest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qgov.plan.exposure import Exposure, exposure
from tests.plan.worlds import BASELINE, changed, plan_of, rows_of, sides_of

ATLAS = "tenants/atlas.yaml"
PROJECTS = tuple(f"atlas/{e}/{p}" for e in ("test", "production") for p in ("chemistry", "other"))
SCOPES = (
    "*",
    "atlas",
    "atlas/*/chemistry",
    "atlas/*/other",
    "atlas/test",
    "atlas/production",
    "*/test",
    *PROJECTS,
)
MILLION = 1_000_000


def _exposure(files: Mapping[str, str]) -> Exposure:
    _, head, _ = sides_of(None, files)
    assert head.model is not None, head.findings
    return exposure(head.model)


def _with(budgets: Iterable[tuple[str, int]]) -> dict[str, str]:
    """The baseline with two spending environments of two projects in one tenant."""
    files = changed(
        BASELINE,
        {
            "tenants/borealis.yaml": None,
            "budgets/borealis.yaml": None,
            "budgets/atlas.yaml": None,
            ATLAS: BASELINE[ATLAS].replace("projects: [chemistry]", "projects: [chemistry, other]"),
            "qgov.yaml": {
                "tenant: borealis}": "tenant: atlas}",
                "owner: borealis-leads, ": "owner: atlas-leads, ",
            },
        },
    )
    for number, (scope, limit) in enumerate(budgets):
        files[f"budgets/{number}.yaml"] = f"""\
apiVersion: qgov/v1
kind: Budget
metadata: {{name: b{number}}}
spec:
  scope: "{scope}"
  owner: atlas-leads
  budget: {{period: monthly, limit: {limit}.00 EUR, stopAt: 100%}}
"""
    return files


def _under(scope: str) -> frozenset[str]:
    labels = scope.split("/")
    return frozenset(
        p
        for p in PROJECTS
        if all(want in ("*", got) for want, got in zip(labels, p.split("/"), strict=False))
    )


def _most(budgets: list[tuple[str, int]]) -> tuple[Fraction, set[str]]:
    """The greatest total that no budget forbids, by trying every vertex of the polytope."""
    free = {p for p in PROJECTS if not any(p in _under(scope) for scope, _ in budgets)}
    bound = [p for p in PROJECTS if p not in free]
    limits = [
        ([Fraction(p in _under(scope)) for p in bound], Fraction(limit)) for scope, limit in budgets
    ]
    limits += [([Fraction(p == q) for q in bound], Fraction(0)) for p in bound]
    best = Fraction(0)
    for chosen in combinations(limits, len(bound)):
        spent = _solved([[*row, value] for row, value in chosen])
        if (
            spent is not None
            and min(spent, default=Fraction(0)) >= 0
            and all(
                sum((a * x for a, x in zip(row, spent, strict=True)), Fraction(0)) <= value
                for row, value in limits[: len(budgets)]
            )
        ):
            best = max(best, sum(spent, Fraction(0)))
    return best, free


def _solved(rows: list[list[Fraction]]) -> list[Fraction] | None:
    """The one solution of a square system, by elimination; None when there is not one."""
    size = len(rows)
    for column in range(size):
        pivot = next((r for r in range(column, size) if rows[r][column]), None)
        if pivot is None:
            return None
        rows[column], rows[pivot] = rows[pivot], rows[column]
        rows[column] = [value / rows[column][column] for value in rows[column]]
        for other in range(size):
            if other != column and rows[other][column]:
                factor = rows[other][column]
                rows[other] = [
                    a - factor * b for a, b in zip(rows[other], rows[column], strict=True)
                ]
    return [row[-1] for row in rows]


budgets_ = st.lists(st.tuples(st.sampled_from(SCOPES), st.integers(0, 9)), max_size=5)


@settings(max_examples=120, deadline=None)
@given(budgets_)
@pytest.mark.no_cover
def test_exposure_is_never_too_little_and_exact_where_budgets_nest(
    budgets: list[tuple[str, int]],
) -> None:
    found = _exposure(_with(budgets))
    most, free = _most(budgets)
    sets = [_under(scope) for scope, _ in budgets]

    assert set(found.unbounded) == free
    assert found.amount_micros >= most * MILLION
    if all(a <= b or b <= a or not a & b for a in sets for b in sets):
        assert found.amount_micros == most * MILLION


@pytest.mark.no_cover
@settings(max_examples=60, deadline=None)
@given(budgets_, st.permutations(range(5)))
def test_exposure_does_not_depend_on_names(
    budgets: list[tuple[str, int]], order: list[int]
) -> None:
    turned = [budgets[i] for i in order if i < len(budgets)]

    assert _exposure(_with(turned)) == _exposure(_with(budgets))


def test_a_looser_budget_across_others_adds_nothing() -> None:
    tight = [("atlas/*/chemistry", 3), ("atlas/*/other", 5)]

    assert _exposure(_with(tight)).amount_micros == 8 * MILLION
    assert _exposure(_with([*tight, ("atlas/test", 100)])).amount_micros == 8 * MILLION


@pytest.mark.parametrize(
    ("budget", "amount", "bounded"),
    [
        ("budget: {period: monthly, limit: 1000.00 EUR, stopAt: 50%}", 500, True),
        ("budget: {period: quarterly, limit: 1000.00 EUR, stopAt: 100%}", 1000, True),
        ("budget: {period: monthly, limit: 1000.00 EUR, warnAt: [80%]}", 0, False),
        (
            "group: atlas-developers\n  budget: {period: monthly, limit: 9.00 EUR, stopAt: 100%}",
            0,
            False,
        ),
        ("quotas: [{measure: jobs, per: day, limit: 9}]", 0, False),
    ],
    ids=["half", "quarterly", "never stops", "of a group", "no money"],
)
def test_only_a_hard_stop_for_everybody_bounds_a_month(
    budget: str, amount: int, bounded: bool
) -> None:
    whole = "budget: {period: monthly, limit: 1000.00 EUR, warnAt: [80%], stopAt: 100%}"
    files = changed(
        BASELINE, {"budgets/atlas.yaml": {whole: budget}, "budgets/borealis.yaml": None}
    )
    found = _exposure(files)

    assert found.amount_micros == amount * MILLION
    assert found.currency == "EUR"
    assert any(p.startswith("atlas/") for p in found.unbounded) is not bounded
    assert {p for p in found.unbounded if p.startswith("borealis/")} == {
        "borealis/production/chemistry",
        "borealis/test/chemistry",
    }


def test_a_budget_raised_is_money_and_no_access() -> None:
    plan = plan_of(BASELINE, changed(BASELINE, {"budgets/atlas.yaml": {"1000.00": "1500.00"}}))

    assert rows_of(plan) == set()
    assert [e.amount_micros for e in plan.exposure] == [1000 * MILLION, 1500 * MILLION]
    assert [(a.by, a.because) for a in plan.approvals] == [
        ("atlas-leads", "owner of the budget atlas"),
        ("atlas-leads", "owner of the tenant atlas"),
        ("finance", "more money can be spent"),
    ]
    assert plan.has_changes


def test_a_budget_lowered_needs_nobody_from_finance() -> None:
    plan = plan_of(BASELINE, changed(BASELINE, {"budgets/atlas.yaml": {"1000.00": "900.00"}}))

    assert {a.by for a in plan.approvals} == {"atlas-leads"}


def test_a_budget_removed_leaves_projects_without_any_stop() -> None:
    plan = plan_of(BASELINE, changed(BASELINE, {"budgets/atlas.yaml": None}))

    assert [e.amount_micros for e in plan.exposure] == [2000 * MILLION, 1000 * MILLION]
    assert plan.exposure[1].unbounded == ("atlas/production/chemistry", "atlas/test/chemistry")
    assert "finance" in {a.by for a in plan.approvals}
    assert {row[4] for row in rows_of(plan)} == {"widened"}


def test_an_exception_raises_the_exposure_of_the_tenant_that_it_is_about() -> None:
    exception = """\
apiVersion: qgov/v1
kind: BudgetException
metadata: {name: atlas-more}
spec: {budget: atlas, increase: 250.00 EUR, reason: repetition, ticket: Q-2, requestedBy: mei@acme.example, approvedBy: ines@acme.example, expires: 2026-12-01T00:00:00Z}
"""
    plan = plan_of(BASELINE, BASELINE | {"budgets/more.yaml": exception})

    assert [e.amount_micros for e in plan.exposure] == [1000 * MILLION, 1250 * MILLION]
    assert plan.compared.unchanged_tenants == 1
    assert {a.by for a in plan.approvals} == {"atlas-leads", "finance"}


def test_another_currency_needs_finance_whatever_the_numbers_say() -> None:
    usd = {
        path: text.replace(" EUR", " USD")
        .replace("currency: EUR", "currency: USD")
        .replace("1000.00", "100.00")
        for path, text in BASELINE.items()
    }
    plan = plan_of(BASELINE, usd)

    assert [e.currency for e in plan.exposure] == ["EUR", "USD"]
    assert "finance" in {a.by for a in plan.approvals}


def test_budgets_of_backends_bound_what_is_spent_on_them() -> None:
    def found(*budgets: tuple[str, int, str]) -> Exposure:
        files = _with([(scope, limit) for scope, limit, _ in budgets])
        for number, (_, _, backends) in enumerate(budgets):
            if backends:
                path = f"budgets/{number}.yaml"
                files[path] = files[path].replace("  owner:", f"  backends: [{backends}]\n  owner:")
        return _exposure(files)

    assert found(("atlas", 9, "garnet")).unbounded == ()
    assert found(("atlas", 9, "garnet")).amount_micros == 9 * MILLION
    assert set(found(("atlas", 9, "simulator")).unbounded) == set(PROJECTS)
    assert found(("atlas", 9, "simulator")).amount_micros == 0
    # The wider one holds the sum, and the one of another device adds nothing to it.
    nested = found(("atlas", 7, ""), ("atlas/test", 3, "garnet"), ("atlas", 5, "simulator"))
    assert nested.amount_micros == 7 * MILLION
