"""Everything that is printed as JSON is what its schema says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from operator import delitem, setitem
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from qgov.cli import run
from qgov.contracts.schema import output_schemas
from qgov.decision.explanation import explanation
from qgov.decision.who_can import who_can
from qgov.pipeline import check, emit, load
from qgov.plan.witness_search import with_witnesses
from qgov.render.explain import as_json as explain_json
from qgov.render.findings import as_json as findings_json
from qgov.render.plan_json import as_json as plan_json
from qgov.render.who_can import as_json as who_can_json
from qgov.targets.idp import TARGET as IDP
from tests.decision.harness import MODEL, asking
from tests.decision.jobs import EXPENSIVE
from tests.plan.worlds import BASELINE, NOW, World, changed, plan_of, sides_of

SCHEMAS = output_schemas()
FILES = {path: text.encode() for path, text in BASELINE.items()}
ELEVATION = """\
apiVersion: qgov/v1
kind: Elevation
metadata: {name: up}
spec: {subject: mei@acme.example, role: developer, on: atlas/production, reason: r, ticket: Q-1, requestedBy: mei@acme.example, approvedBy: ines@acme.example, notBefore: 2026-11-24T08:00:00Z, expires: 2026-11-24T12:00:00Z}
"""


def _valid(document: Any) -> None:
    name = document["schema"]
    errors = [
        f"{error.json_path}: {error.message}"
        for error in Draft7Validator(SCHEMAS[name]).iter_errors(document)
    ]
    assert errors == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one_and_uses_all_that_it_defines(name: str) -> None:
    schema = SCHEMAS[name]
    Draft7Validator.check_schema(schema)
    text = json.dumps(schema)

    assert set(re.findall(r"#/definitions/(\w+)", text)) == set(schema["definitions"])
    assert schema["properties"]["schema"]["const"] == name == schema["title"]


def test_nothing_is_closed_but_the_conditions() -> None:
    closed = {
        name
        for schema in SCHEMAS.values()
        for name, part in (("", schema), *schema["definitions"].items())
        if part.get("additionalProperties", True) is not True
    }

    assert closed == {"Conditions", "Job"}


# Design, section 12: what checks outside of the project read.
CONTRACT = {
    "qgov/findings/v1": {"findings", "summary"},
    "qgov/plan/v1": {
        "base",
        "head",
        "access",
        "exposure",
        "documents",
        "artifacts",
        "findings",
        "approvals",
        "summary",
    },
    "qgov/manifest/v1": {"commit", "content_digest", "qgov_version", "artifacts"},
}


@pytest.mark.parametrize("name", CONTRACT)
def test_the_contract_s_fields_are_required(name: str) -> None:
    assert CONTRACT[name] <= set(SCHEMAS[name]["required"])


def test_the_access_contract_s_fields_are_required() -> None:
    assert set(SCHEMAS["qgov/plan/v1"]["definitions"]["Access"]["required"]) == {
        "principal",
        "permission",
        "scope",
        "backends",
        "change",
        "before",
        "after",
        "risk",
        "rule",
        "causes",
        "witness",
    }
    assert set(SCHEMAS["qgov/findings/v1"]["definitions"]["Finding"]["required"]) == {
        "code",
        "severity",
        "message",
        "path",
        "line",
        "column",
        "remedy",
        "controls",
        "document",
    }


PLANS: dict[str, tuple[dict[str, str] | None, dict[str, str] | None]] = {
    "nothing": (BASELINE, BASELINE),
    "first": (None, BASELINE),
    "last": (BASELINE, None),
    "an elevation": (BASELINE, BASELINE | {"tenants/up.yaml": ELEVATION}),
    "conditions and money": (
        BASELINE,
        changed(
            BASELINE,
            {
                "qgov.yaml": {
                    "countries: [DE, FI, FR]": "countries: [DE, NL]",
                    "    mfa: true\n": "",
                },
                "budgets/atlas.yaml": None,
                "tenants/borealis.yaml": None,
                "budgets/borealis.yaml": None,
            },
        ),
    ),
    "who a principal is, and every sort of money": (
        BASELINE,
        changed(
            BASELINE,
            {
                "qgov.yaml": {"https://id.acme": "https://id.stranger"},
                "tenants/atlas.yaml": {"repo:acme/atlas": "repo:mallory/atlas"},
                "budgets/atlas.yaml": {
                    "1000.00": "2000.00",
                    "approval:": "quotas: [{measure: shots, per: day, limit: 5}]\n  approval:",
                },
                "budgets/second.yaml": BASELINE["budgets/atlas.yaml"]
                .replace("{name: atlas}", "{name: second}")
                .replace(
                    "above: 50.00 EUR, approvers: finance", "above: 90.00 EUR, approvers: admins"
                ),
            },
        ),
    ),
    "two ways": (
        BASELINE,
        changed(
            BASELINE,
            {
                "tenants/atlas.yaml": {
                    '{group: atlas-leads, role: reader, on: "*"}': '{group: atlas-leads, role: reader, on: "*", requires: {countries: [DE]}}\n'
                    "    - {group: atlas-leads, role: reader, on: test, requires: {maxTokenAge: 1h}}"
                }
            },
        ),
    ),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_is_valid(name: str) -> None:
    plan = plan_of(*PLANS[name], horizon_s=2_592_000)

    _valid(json.loads(plan_json(plan)))


def test_a_plan_with_witnesses_is_valid() -> None:
    pair = PLANS["who a principal is, and every sort of money"]
    base, head, _ = sides_of(*pair)
    found = json.loads(plan_json(with_witnesses(plan_of(*pair), base.model, head.model)))

    _valid(found)
    assert any("known_by" in entry for entry in found["access"])
    assert any("more_approvals" in (entry["after"] or ()) for entry in found["access"])
    assert {row["witness"] is not None for row in found["concerns"]} == {True, False}
    assert found["exposure"]["quotas"]


def test_several_ways_are_all_told() -> None:
    found = json.loads(plan_json(plan_of(*PLANS["two ways"])))
    entries = [entry for entry in found["access"] if "after_alternatives" in entry]

    assert entries
    assert all(entry["after"] not in entry["after_alternatives"] for entry in entries)


def test_findings_are_valid() -> None:
    broken = FILES | {"roles/broken.yaml": b"kind: Role\nmetadata: {", "roles/b.yaml": b"- 1\n"}
    for files in (FILES, broken):
        document = json.loads(findings_json(check(load(files), NOW).findings))
        assert document["findings"]
        _valid(document)


def test_what_is_compiled_is_valid(tmp_path: Path) -> None:
    world = World.at(tmp_path / "repository", BASELINE)
    assert run(["compile", "--root", str(world.root), "--out", str(tmp_path / "out")]) == 0
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    _valid(manifest)

    assert manifest["commit"] == world.git("rev-parse", "HEAD").strip()
    written = emit(check(load(FILES), NOW)).artifacts
    mappings = [path for path in written if path.endswith("group-mappings.json")]
    assert mappings
    for path in mappings:
        _valid(json.loads(written[path]))


def test_a_mapping_says_when_a_binding_ends() -> None:
    written = IDP.emit(MODEL)
    for content in written.values():
        _valid(json.loads(content))
    workforce = json.loads(written["idp/workforce/group-mappings.json"])

    ends = [bound.get("expires") for bound in workforce["groups"]["contractors"]]
    assert sorted(ends) == ["2026-11-23T11:00:00Z", "2026-11-23T18:00:00Z"]


@pytest.mark.parametrize(
    "permission", ["job:submit", "policy:write", "job:cancel", "billing:write"]
)
def test_who_can_is_valid(
    tmp_path: Path, permission: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    world = World.at(tmp_path, BASELINE | {"tenants/up.yaml": ELEVATION})
    assert run(["who-can", permission, "--root", str(world.root), "--format", "json"]) == 0
    document = json.loads(capsysbinary.readouterr().out)

    _valid(document)
    assert bool(document["held"]) is (permission != "billing:write")


def test_a_wrong_document_is_refused() -> None:
    document = json.loads(plan_json(plan_of(*PLANS["an elevation"])))
    document["access"][0]["change"] = "gained"
    del document["access"][1]["witness"]
    document["access"][2]["after"]["mfa"] = False

    assert len(list(Draft7Validator(SCHEMAS["qgov/plan/v1"]).iter_errors(document))) == 3


FREE = {"request", "obligations", "diff"}
"""Fields in which anything may stand."""

CONDITIONS = {
    *("mfa", "managed_device", "max_token_age_s", "countries", "own_only", "job", "budgets"),
    *("eligible", "elevation", "not_before", "approval", "more_approvals", "expires"),
    *("shots", "circuits", "qubits", "qpu_seconds", "cost_micros"),
}
OPTIONAL: dict[str, set[str]] = {
    "qgov/plan/v1": {
        *(
            "digest",
            "verdict",
            "concerns",
            "groups",
            "guardrails",
            "rails",
            "renames",
            "compared",
            "horizon",
        ),
        *("via", "scopes", "unbounded", "per_year_micros", "side", "because"),
    }
}
"""Besides the conditions, what older documents may lack."""


def _sites(
    node: Any, at: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Everything in a document by its path."""
    if at:
        yield at, node
    if isinstance(node, dict):
        for name, part in node.items():
            yield from _sites(None if name in FREE else part, (*at, name))
    elif isinstance(node, list):
        for index, part in enumerate(node):
            yield from _sites(part, (*at, index))


def _edited(document: Any, at: tuple[str | int, ...], edit: Callable[[Any, Any], None]) -> Any:
    found = inside = deepcopy(document)
    for step in at[:-1]:
        inside = inside[step]
    edit(inside, at[-1])
    return found


def _documents() -> dict[str, Any]:
    broken = FILES | {"roles/broken.yaml": b"kind: Role\nmetadata: {"}
    plan = plan_of(*PLANS["an elevation"], horizon_s=2_592_000)
    texts = [
        findings_json(check(load(broken), NOW).findings),
        plan_json(plan),
        who_can_json("job:submit", who_can(MODEL, "job:submit", NOW)),
        explain_json(explanation(MODEL, asking(EXPENSIVE, qubits=21))),
    ]
    return {document["schema"]: document for document in map(_cut, map(json.loads, texts))}


def _cut(node: Any) -> Any:
    """A document with two items of each list: enough to show what is refused."""
    if isinstance(node, dict):
        return {name: _cut(part) for name, part in node.items()}
    return [_cut(part) for part in node[:2]] if isinstance(node, list) else node


DOCUMENTS = _documents()
JUDGES = {name: Draft7Validator(SCHEMAS[name]) for name in DOCUMENTS}


def _refused(name: str, at: tuple[str | int, ...], value: Any) -> bool:
    edited = _edited(DOCUMENTS[name], at, lambda inside, step: setitem(inside, step, value))
    return not JUDGES[name].is_valid(edited)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_is_required_is_missed_and_another_type_is_refused(name: str) -> None:
    judge = JUDGES[name]
    assert judge.is_valid(DOCUMENTS[name])
    spared: set[str] = set()
    for at, value in _sites(DOCUMENTS[name]):
        assert _refused(name, at, [object]), at
        assert not isinstance(value, int) or _refused(name, at, -1), at
        if isinstance(at[-1], str) and judge.is_valid(_edited(DOCUMENTS[name], at, delitem)):
            spared.add(at[-1])

    assert spared - CONDITIONS == OPTIONAL.get(name, set())


CHECKED = {
    "qgov/findings/v1": {"code", "document", "schema", "severity"},
    "qgov/plan/v1": {
        "because",
        "because[]",
        "causes[]",
        "change",
        "countries",
        "currency",
        "digest",
        "document",
        "permission",
        "principal",
        "risk",
        "rule",
        "schema",
        "scope",
        "scopes",
        "side",
        "verdict",
    },
    "qgov/who-can/v1": {"countries", "permission", "principal", "schema", "scopes"},
    "qgov/explanation/v1": {"countries", "kind", "principal", "schema", "scope"},
}
"""The fields whose texts are checked, and the lists that may not be empty."""


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_text_is_one_of_its_values(name: str) -> None:
    found: set[str] = set()
    for at, value in _sites(DOCUMENTS[name]):
        field = next(step for step in reversed(at) if isinstance(step, str))
        if isinstance(value, str) and any(_refused(name, at, text) for text in ("?", "a//b")):
            found.add(field)
        if isinstance(value, list) and _refused(name, at, []):
            found.add(f"{field}[]")

    assert found == CHECKED[name]


def test_the_command_prints_every_schema(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(["schema"]) == 0
    names = capsysbinary.readouterr().out.decode().splitlines()
    assert {*SCHEMAS, "Tenant", "Role"} <= {*names}

    for name in SCHEMAS:
        assert run(["schema", name]) == 0
        assert json.loads(capsysbinary.readouterr().out) == SCHEMAS[name]
