"""Every engine, the reference and the table of accesses agree on generated repositories."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st

from qgov.decision.engine import EngineKind
from qgov.decision.reference import decide
from qgov.decision.request import Request
from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel, Budget
from qgov.model.accesses import Cell, Path, accesses, backends_of, scopes_at
from qgov.model.conditions import Conditions
from qgov.model.measures import COUNTED, LIMITED
from tests.decision.compared import COMPARED, JUDGED, disagreements, settings_for, shown
from tests.decision.sound import approval_rules, budgets_of, closed, dear, lenient, sound
from tests.strategies import PEOPLE, linked, models, repositories, requests

pytestmark = pytest.mark.no_cover  # measuring it would double its time

SLOW = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
ASKED = 8
"""Requests of one generated model."""

EXAMPLES = {"opa": 15}
"""Generated models for an engine that takes long to start; 40 for the others."""

# Shrinking asks an engine again for every step: what a failing model and request are is said
# without it, and `tests/decision/regressions` keeps them small.
UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)


@pytest.mark.real
@pytest.mark.parametrize("kind", JUDGED.values(), ids=list(JUDGED))
def test_an_engine_decides_as_the_reference_does(
    kind: EngineKind, record_property: Callable[[str, object], None]
) -> None:
    settings_for(kind)
    compared = 0

    @settings(SLOW, max_examples=EXAMPLES.get(kind.name, 40), phases=UNSHRUNK)
    @given(st.data())
    def agree(data: st.DataObject) -> None:
        nonlocal compared
        model = data.draw(models())
        asked = [data.draw(requests(model)) for _ in range(ASKED)]
        found = disagreements(kind, model, asked)
        assert not found, shown(found)
        compared += len(asked)

    agree()
    record_property(COMPARED, {f"generated requests: {kind.name}": compared})


def test_generated_requests_are_neither_all_allowed_nor_all_denied() -> None:
    """The comparison would prove little if they were."""
    seen: list[bool] = []

    @seed(1)
    @settings(SLOW, max_examples=30, database=None, phases=[Phase.generate])
    @given(st.data())
    def draw(data: st.DataObject) -> None:
        model = data.draw(models())
        seen.extend(decide(model, data.draw(requests(model))).allow for _ in range(8))

    draw()
    assert 0.05 < sum(seen) / len(seen) < 0.6


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    max_leaves=8,
    extend=lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(
                (
                    "subject",
                    "action",
                    "resource",
                    "context",
                    "properties",
                    "groups",
                    "issuer",
                    "type",
                    "id",
                    "name",
                    "token",
                    "time",
                    "elevations",
                    "tenant",
                )
            )
            | st.text(),
            inner,
        )
    ),
)


@settings(SLOW, max_examples=200)
@given(st.dictionaries(st.sampled_from(("subject", "action", "resource", "context")), JSON))
def test_no_request_is_too_odd_to_be_denied(request_: dict[str, Any]) -> None:
    model = linked(_SMALLEST)
    assert not decide(model, request_).allow
    read = Request.from_json(request_)
    shaped = read.to_json()
    assert Request.from_json(shaped) == read
    assert Request.from_json(shaped).to_json() == shaped
    json.dumps(shaped, allow_nan=False, ensure_ascii=False).encode()


_SMALLEST = {
    "qgov.yaml": json.dumps(
        {
            "apiVersion": "qgov/v1",
            "kind": "Organization",
            "metadata": {"name": "northwind"},
            "spec": {
                "currency": "EUR",
                "identityProviders": {
                    "workforce": {"type": "okta", "issuer": "https://id.northwind.example"}
                },
            },
        }
    ).encode()
}


@settings(SLOW, max_examples=60)
@given(models())
def test_every_cell_of_the_table_has_a_request_that_is_allowed(model: AccessModel) -> None:
    for cell, paths in accesses(model).items():
        for path in paths:
            for request in (sound(model, cell, path), dear(model, cell, path)):
                if request is not None:
                    decision = decide(model, request)
                    assert decision.allow, (cell, path.conditions, decision.reasons)


@settings(SLOW, max_examples=60)
@given(models(), st.data())
def test_what_is_not_in_the_table_is_denied(model: AccessModel, data: st.DataObject) -> None:
    table = accesses(model)
    principals = sorted({b.principal for b in model.bindings if b.principal[0] in "gw"})
    assume(principals)
    for principal in principals:
        action = data.draw(st.sampled_from(sorted(CATALOGUE)))
        scopes = list(scopes_at(model, "*", CATALOGUE[action].level.depth))
        assume(scopes)
        scope = data.draw(st.sampled_from(scopes))
        backends = model.organization.backends if CATALOGUE[action].executes else ("",)
        for backend in backends:
            cell = Cell(principal, action, scope, backend)
            if cell not in table:
                request = lenient(model, cell, Conditions(countries=("DE",)), PEOPLE[0])
                assert not decide(model, request).allow, cell


@settings(SLOW, max_examples=60)
@given(repositories(), st.data())
def test_one_condition_missed_is_denied(files: dict[str, bytes], data: st.DataObject) -> None:
    model = linked(files)
    table = {
        cell: paths
        for cell, paths in accesses(model).items()
        if len(paths) == 1 and cell.principal.startswith("group:")
    }
    assume(table)
    cell = data.draw(st.sampled_from(sorted(table)))
    (path,) = table[cell]
    request = sound(model, cell, path)
    assume(request is not None)
    assert request is not None
    assert decide(model, request).allow
    for missed, reason in _misses(path.conditions, request):
        assert decide(model, missed).reasons == (reason,)
    for missed, reason in _job_misses(model, cell, path, request):
        decision = decide(model, missed)
        assert not decision.allow
        assert reason in decision.reasons
        assert set(decision.reasons) <= JOB_REASONS


JOB_REASONS = {"job-too-large", "quota-exceeded", "budget-exceeded", "approval-required"}
"""What a larger job may be denied for: it may be too large for more than one."""


def _misses(conditions: Conditions, request: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """The request with one condition missed, and the one reason for which it is denied."""
    oldest = conditions.max_token_age_s
    stale = datetime.fromisoformat(request["context"]["time"]) - timedelta(
        seconds=(oldest or 0) + 1
    )
    misses: dict[str, tuple[bool, str, Any]] = {
        "mfa-missing": (conditions.mfa, "mfa", False),
        "device-unmanaged": (conditions.managed_device, "managed_device", False),
        "country-blocked": (conditions.countries is not None, "country", "KP"),
        "elevation-required": (conditions.eligible is not None, "elevations", []),
        "token-stale": (
            oldest is not None,
            "token",
            {**request["context"]["token"], "issued_at": stale.isoformat()},
        ),
    }
    return [
        ({**request, "context": {**request["context"], name: value}}, reason)
        for reason, (required, name, value) in misses.items()
        if required
    ]


def _job_misses(
    model: AccessModel, cell: Cell, path: Path, request: dict[str, Any]
) -> list[tuple[dict[str, Any], str]]:
    """The request with a job, or what was used before it, one more than is allowed."""
    missed = []

    def miss(reason: str, *place: str, value: int) -> None:
        changed = deepcopy(request)
        inner = changed["context"]
        for name in place[:-1]:
            inner = inner[name]
        inner[place[-1]] = value
        if value <= 10**15:
            missed.append((changed, reason))

    job = request["context"].get("job", {})
    for limit, attribute in LIMITED.items():
        if (bound := getattr(path.conditions.job, limit)) is not None:
            miss("job-too-large", "job", attribute, value=bound + 1)
    for budget in budgets_of(model, cell, path.binding.principal):
        if budget.stop_micros is not None:
            *place, over = _one_too_many(budget, request)
            miss("budget-exceeded", *map(str, place), value=int(over))
        for measure, window, most, _ in budget.quotas:
            if window == "job" and measure != "jobs":
                miss("quota-exceeded", "job", COUNTED[measure], value=most + 1)
            elif window != "job":
                more = 1 if measure == "jobs" else job[COUNTED[measure]]
                counter = f"{measure}/{window}"
                miss("quota-exceeded", "usage", budget.name, counter, value=most - more + 1)
    for rule in approval_rules(model, cell, path):
        miss("approval-required", "job", "estimated_cost_micros", value=rule.above_micros + 1)
    return missed


def _one_too_many(budget: Budget, request: dict[str, Any]) -> tuple[str | int, ...]:
    """Where a request says what is too much for a budget's money, and how much that is."""
    if closed(budget, datetime.fromisoformat(request["context"]["time"])):
        return "job", "estimated_cost_micros", 1
    cost = request["context"]["job"]["estimated_cost_micros"]
    most = (budget.stop_micros or 0) + budget.raised_micros
    return "usage", budget.name, "spent_micros", most - cost + 1


def test_a_request_lies_in_the_table_whose_backend_the_residency_allows() -> None:
    """The table and the decision read `on-premises` the same way."""
    from tests.decision.harness import DEVELOPER, MODEL, asking

    environment = MODEL.environment("aurora/sandbox")
    assert environment is not None
    allowed = [b for b in environment.backends if decide(MODEL, asking(DEVELOPER, backend=b)).allow]
    assert tuple(allowed) == backends_of(MODEL, environment)
