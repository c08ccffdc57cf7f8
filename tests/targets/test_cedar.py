"""Cedar's files: accepted by Cedar itself, read back to the bindings, the same bytes always."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from qgov.decision.decision import REASONS, WARNINGS
from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel
from qgov.targets.cedar import TARGET
from qgov.targets.cedar.entities import UNREACHABLE
from tests.decision.harness import FILES, MODEL
from tests.strategies import linked, models, repositories
from tests.targets.worked import hostile, worked

pytestmark = pytest.mark.real
cedarpy = pytest.importorskip("cedarpy")

SLOW = settings(
    deadline=None,
    phases=set(Phase) - {Phase.shrink},  # it would take many minutes
    suppress_health_check=[HealthCheck.too_slow],
)
FOLDER = Path(__file__).parents[2] / "qgov" / "targets" / "cedar" / "policy"
POLICIES = (FOLDER / "policies.cedar").read_text()
SCHEMA = (FOLDER / "schema.cedarschema").read_text()
PARSED = json.loads(cedarpy.policies_to_json_str(POLICIES))
ANNOTATED = [
    {**policy["annotations"], "effect": policy["effect"]}
    for policy in PARSED["staticPolicies"].values()
]


def entities_of(model: AccessModel) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(TARGET.emit(model)["policy/cedar/entities.json"])
    return found


def named(model: AccessModel, kind: str) -> dict[str, dict[str, Any]]:
    return {
        entity["uid"]["id"]: entity["attrs"]
        for entity in entities_of(model)
        if entity["uid"]["type"] == f"QGov::{kind}"
    }


# ---------------------------------------------------------------------- the static text


def test_the_policies_and_the_schema_are_shipped_as_they_are() -> None:
    files = TARGET.emit(MODEL)
    assert set(files) == {
        f"policy/cedar/{name}" for name in ("policies.cedar", "schema.cedarschema", "entities.json")
    }
    assert files["policy/cedar/policies.cedar"].decode() == POLICIES
    assert files["policy/cedar/schema.cedarschema"].decode() == SCHEMA


def test_the_policies_are_valid_by_the_schema() -> None:
    assert cedarpy.validate_policies(POLICIES, SCHEMA).errors == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("context has mfa &&", "true &&"),
        ("context.mfa", "context.country"),
        ("resource has floor &&", "true &&"),
        ("context has grant &&", "true &&"),
        ('QGov::Action::"executes"', 'QGov::Action::"executed"'),
    ],
)
def test_the_schema_refuses_a_planted_mistake(right: str, wrong: str) -> None:
    assert right in POLICIES
    assert cedarpy.validate_policies(POLICIES.replace(right, wrong), SCHEMA).errors != []


def test_the_policies_ask_for_attributes_that_there_are() -> None:
    """Cedar takes a misspelt `has` for something that is never there, and is content."""
    declared = {name.strip('"') for name in re.findall(r'([\w"/]+)\??:', SCHEMA)}
    text = re.sub(r"(?m)^ *//.*$", "", POLICIES)
    asked = re.findall(r'\bhas ([\w"/.]+)', text)
    assert {name.strip('"') for name in asked} <= declared
    assert len(set(asked)) > 50


def test_the_policies_are_formatted() -> None:
    assert cedarpy.format_policies(POLICIES) == POLICIES


def test_every_action_of_the_catalogue_is_in_the_schema_at_its_level() -> None:
    lines = " ".join(SCHEMA.split())
    declared: dict[str, set[str]] = {}
    for names, groups in re.findall(r"action ((?:\"[^\"]+\",? ?)+)in \[([^]]*)\]", lines):
        for name in re.findall(r'"([^"]+)"', names):
            declared[name] = set(re.findall(r'"([^"]+)"', groups))
    expected = {
        name: {f"at-{p.level}"} | ({"executes"} if p.executes else set())
        for name, p in CATALOGUE.items()
    }
    assert {name: groups for name, groups in declared.items() if ":" in name} == expected


def test_every_policy_says_what_it_is_about() -> None:
    assert len({policy["id"] for policy in ANNOTATED}) == len(ANNOTATED)
    assert PARSED["templates"] == {}
    assert {policy["about"] for policy in ANNOTATED} == {
        "request",
        "candidate",
        "elevation",
        "budget",
        "approval",
        "asker",
    }


def test_every_reason_and_every_warning_has_a_policy_and_no_other_has() -> None:
    assert {p["reason"] for p in ANNOTATED if "reason" in p} == set(REASONS)
    assert {p["warning"] for p in ANNOTATED if "warning" in p} == set(WARNINGS)
    assert all(p["effect"] == "forbid" for p in ANNOTATED if "reason" in p or "void" in p)
    assert all(p["effect"] == "permit" for p in ANNOTATED if "warning" in p)
    plain = {p["id"] for p in ANNOTATED if p["effect"] == "permit" and "warning" not in p}
    assert plain == {"grant", "budget"}


def test_the_policies_name_nothing_of_a_configuration() -> None:
    literals = set(re.findall(r"QGov::(?!Action)\w+::", POLICIES))
    assert literals == set()
    texts = set(re.findall(r'"([^"]*)"', re.sub(r"(?m)^(@|//).*$", "", POLICIES)))
    counters = {text for text in texts if re.fullmatch(r"\w+/(job|day|month|window)", text)}
    assert texts - counters == {
        "any",
        "charge",
        "executes",
        "at-organization",
        "at-tenant",
        "at-environment",
        "at-project",
        "oidc",
        "saml",
        "on-premises",
    }


# ------------------------------------------------------------------------- the entities


def accepted(model: AccessModel) -> None:
    text = TARGET.emit(model)["policy/cedar/entities.json"].decode()
    entities = cedarpy.Entities.from_json_str(text, SCHEMA)
    found = json.loads(text)
    # The schema's actions are entities too.
    assert len(entities) >= len(found) == len({json.dumps(e["uid"]) for e in found})


@pytest.mark.parametrize("model", [MODEL, worked(), hostile()], ids=["small", "worked", "hostile"])
def test_the_schema_accepts_the_entities(model: AccessModel) -> None:
    accepted(model)


def test_the_schema_refuses_a_wrong_entity() -> None:
    text = TARGET.emit(MODEL)["policy/cedar/entities.json"].decode()
    for right, wrong in (('"mfa":true', '"mfa":"yes"'), ('"role":', '"rule":')):
        assert right in text
        with pytest.raises(ValueError, match="entity"):
            cedarpy.Entities.from_json_str(text.replace(right, wrong), SCHEMA)


@pytest.mark.no_cover
@settings(SLOW, max_examples=40)
@given(models())
def test_the_schema_accepts_any_model_and_no_reference_leads_nowhere(model: AccessModel) -> None:
    accepted(model)
    found = entities_of(model)
    known = {(e["uid"]["type"], e["uid"]["id"]) for e in found}
    named_ = {("QGov::Action", name) for name in CATALOGUE} | known
    for entity in found:
        references = re.findall(
            r'"__entity": \{"id": "([^"]*)", "type": "([^"]*)"\}',
            json.dumps(entity["attrs"], sort_keys=True),
        )
        assert {(kind, name) for name, kind in references} <= named_
        assert {(p["type"], p["id"]) for p in entity["parents"]} <= known


@pytest.mark.no_cover
@settings(SLOW, max_examples=20)
@given(repositories())
def test_the_same_repository_gives_the_same_bytes(files: dict[str, bytes]) -> None:
    assert TARGET.emit(linked(files)) == TARGET.emit(linked(dict(reversed(files.items()))))


def test_an_entity_is_a_line_in_order() -> None:
    lines = TARGET.emit(worked())["policy/cedar/entities.json"].decode().splitlines()
    assert (lines[0], lines[-1]) == ("[", "]")
    uids = [json.loads(line.rstrip(","))["uid"] for line in lines[1:-1]]
    assert uids == sorted(uids, key=lambda uid: (uid["type"], uid["id"]))
    assert len(uids) == len(entities_of(worked()))


def test_a_moved_line_is_no_change() -> None:
    moved = {path: b"\n\n" + content for path, content in FILES.items()}
    assert TARGET.emit(linked(moved)) == TARGET.emit(MODEL)


def test_a_single_account_is_granted_nothing() -> None:
    tenant = FILES["tenants/aurora.yaml"].replace(
        b'"group": "developers"', b'"user": "mei@northwind.example"'
    )
    model = linked({**FILES, "tenants/aurora.yaml": tenant})
    assert b"mei@northwind.example" not in TARGET.emit(model)["policy/cedar/entities.json"]


def test_grants_that_differ_in_conditions_alone_are_told_apart() -> None:
    tenant = FILES["tenants/aurora.yaml"].replace(
        b'"group": "operators", "role": "developer", "on": "production"',
        b'"group": "developers", "role": "developer", "on": "production"',
    )
    assert tenant != FILES["tenants/aurora.yaml"]
    model = linked({**FILES, "tenants/aurora.yaml": tenant})
    names = [name for name in named(model, "Grant") if "on aurora/production" in name]
    alike = [n for n in names if n.startswith("group:developers is developer on aurora/production")]
    assert len(alike) == 2
    assert all(re.fullmatch(r".* #[0-9a-f]{16}", name) for name in alike)
    accepted(model)


def test_a_grant_holds_what_role_grant_and_workload_require() -> None:
    grants = named(MODEL, "Grant")
    developer = grants["group:developers is developer on aurora/sandbox"]["requires"]
    assert developer["countries"] == ["DE"]
    assert developer["job"] == {"circuits": 10, "qpu_seconds": 30, "cost_micros": 90_000_000}
    pipeline = grants["workload:aurora/nightly is pipeline on aurora/production/chemistry"]
    assert pipeline["requires"]["max_token_age_s"] == 900


def test_exceptions_of_a_budget_add_up_where_they_overlap() -> None:
    def more(start: str | None, end: str, amount: str) -> dict[str, Any]:
        spec = json.loads(FILES["budgets/more.yaml"])["spec"]
        given = {**spec, "increase": amount, "notBefore": start, "expires": end}
        return {name: value for name, value in given.items() if value is not None}

    spans = [
        more(None, "1970-01-01T00:00:20Z", "1.00 EUR"),
        more("1970-01-01T00:00:10Z", "1970-01-01T00:00:30Z", "2.00 EUR"),
        more("1970-01-01T00:00:40Z", "1970-01-01T00:00:50Z", "3.00 EUR"),
        more("1970-01-01T00:00:40Z", "1970-01-01T00:00:50Z", "3.00 EUR"),
    ]
    files = {path: content for path, content in FILES.items() if path != "budgets/more.yaml"}
    document = json.loads(FILES["budgets/more.yaml"])
    for index, spec in enumerate(spans):
        content = {**document, "metadata": {"name": f"more-{index}"}, "spec": spec}
        files[f"budgets/more-{index}.yaml"] = json.dumps(content).encode()
    money = named(linked(files), "Budget")["chemistry"]["money"]
    assert money["raises"] == [
        {"from": 0, "until": 10, "by_micros": 1_000_000},
        {"from": 10, "until": 20, "by_micros": 3_000_000},
        {"from": 20, "until": 30, "by_micros": 2_000_000},
        {"from": 40, "until": 50, "by_micros": 6_000_000},
    ]


def test_of_two_quotas_of_one_measure_the_tightest_thresholds_hold() -> None:
    document = json.loads(FILES["budgets/chemistry.yaml"])
    shots = {"measure": "shots", "per": "day"}
    document["spec"]["quotas"] = [
        {**shots, "limit": 10, "warnAt": ["90%"]},
        {**shots, "limit": 20, "warnAt": ["20%"]},
    ]
    model = linked({**FILES, "budgets/chemistry.yaml": json.dumps(document).encode()})
    assert named(model, "Budget")["chemistry"]["quotas"] == {"shots/day": {"stop": 10, "warn": 4}}


def test_no_threshold_leaves_the_numbers_that_cedar_adds() -> None:
    budget = FILES["budgets/chemistry.yaml"].replace(b"100.00 EUR", b"999999999999.00 EUR")
    money = named(linked({**FILES, "budgets/chemistry.yaml": budget}), "Budget")["chemistry"]
    assert money["money"]["stop"] == UNREACHABLE
    assert 2 * 10**15 + 2 * UNREACHABLE < 2**63


def test_the_static_files_do_not_depend_on_the_model() -> None:
    one, other = TARGET.emit(MODEL), TARGET.emit(hostile())
    same = {path for path in one if one[path] == other[path]}
    assert same == {"policy/cedar/policies.cedar", "policy/cedar/schema.cedarschema"}
