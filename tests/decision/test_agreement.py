"""The reference, the bundle and the table of accesses agree on generated repositories."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st

from qgov.decision.engines.rego import RegoEngine
from qgov.decision.reference import decide
from qgov.decision.request import normalize
from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel
from qgov.model.accesses import Cell, Path, accesses, backends_of, scopes_at
from qgov.model.conditions import Conditions
from qgov.targets.opa import TARGET
from tests.strategies import NOW, PEOPLE, linked, models, repositories, requests

SLOW = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
LENIENT = {"mfa": True, "managed_device": True}


@settings(SLOW, max_examples=40)
@given(st.data())
def test_rego_decides_as_the_reference_does(data: st.DataObject) -> None:
    model = data.draw(models())
    asked = [data.draw(requests(model)) for _ in range(8)]
    with RegoEngine(TARGET.emit(model)["policy/opa/bundle.tar.gz"]) as engine:
        decided = engine.decide(asked)
    for request, decision in zip(asked, decided, strict=True):
        assert decision == decide(model, request, decision.revision), json.dumps(request)


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
    shaped = normalize(request_)
    assert normalize(shaped) == shaped
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
            request = _meeting(model, cell, path)
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
                request = _request(model, cell, PEOPLE[0], Conditions(countries=("DE",)))
                assert not decide(model, request).allow, cell


@settings(SLOW, max_examples=40)
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
    conditions = table[cell][0].conditions
    request = _meeting(model, cell, table[cell][0])
    assume(request is not None)
    assert request is not None
    context = request["context"]
    misses: dict[str, tuple[bool, dict[str, Any], str]] = {
        "mfa": (conditions.mfa, {"mfa": False}, "mfa-missing"),
        "device": (conditions.managed_device, {"managed_device": False}, "device-unmanaged"),
        "country": (conditions.countries is not None, {"country": "KP"}, "country-blocked"),
        "elevation": (conditions.eligible is not None, {"elevations": []}, "elevation-required"),
        "age": (
            conditions.max_token_age_s is not None,
            {
                "token": {
                    **context["token"],
                    "issued_at": _at(-(conditions.max_token_age_s or 0) - 1),
                }
            },
            "token-stale",
        ),
    }
    for required, change, reason in misses.values():
        decision = decide(model, {**request, "context": {**context, **change}})
        assert decision.reasons == ((reason,) if required else ())


def _meeting(model: AccessModel, cell: Cell, path: Path) -> dict[str, Any] | None:
    """A request that meets the path's conditions; None where no country is left."""
    conditions = path.conditions
    if conditions.countries == ():
        return None
    held = path.elevation
    if held is None:
        return _request(model, cell, "nobody@northwind.example", conditions)
    group = path.binding.principal
    start = held.not_before
    assert start is not None
    return _request(
        model,
        cell._replace(principal=group),
        held.subject,
        conditions,
        offset=(start - NOW) // timedelta(seconds=1),
    )


def _at(seconds: int) -> str:
    return (NOW + timedelta(seconds=seconds)).isoformat()


def _request(
    model: AccessModel, cell: Cell, person: str, conditions: Conditions, offset: int = 0
) -> dict[str, Any]:
    kind, _, name = cell.principal.partition(":")
    token: dict[str, Any] = {"kind": "oidc", "issued_at": _at(offset)}
    if kind == "workload":
        workload = model.workloads[name]
        claims = {"issuer": workload.issuer, "subject": (workload.subject or "").replace("*", "x")}
        subject = {"type": "workload", "id": name, "properties": claims}
        token["audience"] = workload.audience
    else:
        provider = model.organization.providers[model.groups[name].provider].value
        subject = {
            "type": "user",
            "id": person,
            "properties": {"groups": [name], "issuer": provider.issuer},
        }
        token["audience"] = provider.audience
    labels = [] if cell.scope == "*" else cell.scope.split("/")
    properties = dict(zip(("tenant", "environment", "project"), labels, strict=False))
    elevations = (
        []
        if conditions.eligible is None
        else [
            {
                "role": role,
                "scope": cell.scope,
                "approved_by": "boss@northwind.example",
                "approver_groups": [conditions.eligible.approvers],
                "ticket": "QGOV-1",
                "not_before": _at(offset),
                "expires": _at(offset + 1200),
            }
            for role in model.roles
        ]
    )
    return {
        "subject": subject,
        "action": {"name": cell.permission},
        "resource": {"properties": {**properties, "backend": cell.backend, "owner": subject["id"]}},
        "context": {
            **LENIENT,
            "time": _at(offset),
            "token": token,
            "elevations": elevations,
            "country": (conditions.countries or ("DE",))[0],
        },
    }


def test_a_request_lies_in_the_table_whose_backend_the_residency_allows() -> None:
    """The table and the decision read `on-premises` the same way."""
    from tests.decision.harness import DEVELOPER, MODEL, asking

    environment = MODEL.environment("aurora/sandbox")
    assert environment is not None
    allowed = [b for b in environment.backends if decide(MODEL, asking(DEVELOPER, backend=b)).allow]
    assert tuple(allowed) == backends_of(MODEL, environment)
