"""A plan checks itself: what is compiled differs only where a row says why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from qgov.plan import make
from qgov.plan.concerns import concern_rows
from qgov.plan.plan import UNACCOUNTED, ArtifactChange, Plan
from qgov.render.plan_json import as_value
from qgov.render.plan_text import as_text
from qgov.targets.parts import Parts, differences, steps_of
from tests.plan.worlds import BASELINE, RICH, World, changed, plan_of

ATLAS = "tenants/atlas.yaml"
ISSUER = {"qgov.yaml": {"id.acme.example/realms/quantum": "id.other.example/realms/quantum"}}


def _unaccounted(plan: Plan) -> list[str]:
    return [f.message for f in plan.new_findings if f.code == UNACCOUNTED]


def _told(plan: Plan) -> dict[str, ArtifactChange]:
    return {change.path: change for change in plan.artifacts}


def _row(plan: Plan, pointer: str) -> Any:
    found: Any = as_value(plan)
    for step in pointer.split("/")[1:]:
        found = found[int(step) if step.isdecimal() else step]
    return found


def test_the_bundle_names_the_row_of_what_changes_in_it() -> None:
    plan = plan_of(BASELINE, changed(BASELINE, ISSUER))
    (pointer,) = _told(plan)["policy/opa/data.json"].because

    assert _row(plan, pointer)["field"] == "spec.identityProviders.corporate.issuer"


def test_each_resource_names_its_own_row() -> None:
    edits = {
        "qgov.yaml": {"sessionLifetime: 8h": "sessionLifetime: 9h"},
        ATLAS: {
            'role: reader, on: "*"}\n    - {group: operators': "role: developer, on: sandbox}\n    - {group: operators"
        },
    }
    plan = plan_of(BASELINE, changed(BASELINE, edits))
    found = {
        each.resource: {_of(_row(plan, pointer)) for pointer in each.because}
        for change in plan.artifacts
        for each in change.resources
    }

    assert found["keycloak_realm.realm"] == {"spec.identityProviders.corporate.sessionLifetime"}
    assert found["keycloak_group_roles.group_atlas-leads"] == {"group:atlas-leads"}
    assert found["groups.atlas-leads"] == {"group:atlas-leads"}


def _of(row: Mapping[str, Any]) -> str:
    return str(row.get("principal") or row["field"])


def test_a_title_names_its_document() -> None:
    after = changed(RICH, {"qgov.yaml": {"title: Administrators": "title: Those who administer"}})
    plan = plan_of(RICH, after)
    (groups,) = (c for c in plan.artifacts if c.path.endswith("groups.tf"))

    assert plan.verdict == "equivalent"
    assert [(r.resource, r.change) for r in groups.resources] == [
        ("keycloak_group.group_admins", "changed")
    ]
    assert _row(plan, groups.because[0])["document"] == "Organization/acme"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, BASELINE),
        (BASELINE, None),
        (None, RICH),
        (RICH, None),
        (BASELINE, RICH),
        (RICH, BASELINE),
    ],
    ids=["first", "last", "first of all fields", "last of them", "other", "back"],
)
def test_what_comes_or_goes_whole_is_accounted_for(
    before: Mapping[str, str] | None, after: Mapping[str, str] | None
) -> None:
    assert _unaccounted(plan_of(before, after)) == []


def test_a_renamed_tenant_is_accounted_for() -> None:
    renamed = {
        path.replace("borealis", "polaris"): text.replace("borealis", "polaris")
        for path, text in BASELINE.items()
    }
    for path in ("tenants/polaris.yaml", "budgets/polaris.yaml"):
        renamed[path] = renamed[path].replace(
            "metadata: {name: polaris}", "metadata: {name: polaris, previously: borealis}"
        )
    plan = plan_of(BASELINE, renamed)

    assert dict(plan.renames)["Tenant/borealis"] == "Tenant/polaris"
    assert _unaccounted(plan) == []


def test_an_error_says_what_changed_and_fails_closed(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World.at(tmp_path / "repository", BASELINE)
    world.write(changed(BASELINE, ISSUER))
    assert world.plan()[0] == 0
    monkeypatch.setattr(make, "concern_rows", lambda *_: [])
    status, out, _ = world.plan("--detailed-exitcode")

    assert status == 1
    assert "EQUIVALENT" not in out
    assert f"error {UNACCOUNTED}" in out
    assert "`policy/opa/data.json` changes at `" in " ".join(out.split())
    assert "this is an error of qgov" in " ".join(out.split())
    assert world.plan_json()["verdict"] == "incomparable"


def test_what_a_new_document_says_is_not_accounted_for_by_its_other_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A tenant that comes does not hide how its workloads are known."""
    before = {path: text for path, text in BASELINE.items() if "atlas" not in path}
    before["qgov.yaml"] = "\n".join(
        line for line in BASELINE["qgov.yaml"].splitlines() if "atlas" not in line
    )
    assert _unaccounted(plan_of(before, BASELINE)) == []
    honest = concern_rows

    def untrusting(*given: Any) -> Iterator[Any]:
        return (row for row in honest(*given) if row.change.concern != "trust")

    monkeypatch.setattr(make, "concern_rows", lambda *given: list(untrusting(*given)))

    assert any(
        "atlas/nightly audience" in message for message in _unaccounted(plan_of(before, BASELINE))
    )


def test_a_side_that_cannot_be_compiled_has_its_own_error() -> None:
    after = changed(BASELINE, {ATLAS: {"repo:acme/atlas:ref:refs/heads/main": "a*b*c*d*e*f*g"}})
    plan = plan_of(BASELINE, after)

    assert "QG974" in {finding.code for finding in plan.new_findings}
    assert _unaccounted(plan) == []


def test_a_part_without_a_row_in_the_table_is_unaccounted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Parts, "origins", lambda *_: None)

    assert _unaccounted(plan_of(BASELINE, changed(BASELINE, ISSUER)))


def test_text_says_nothing_of_rows_that_are_in_order() -> None:
    assert UNACCOUNTED not in as_text(plan_of(BASELINE, changed(BASELINE, ISSUER)), False)


def test_differences_are_as_deep_as_both_sides_go() -> None:
    old = {"a": {"b": 1, "c": {"d": 2}}, "e": [1]}
    new = {"a": {"b": 1, "c": {"d": 3, "f": 4}}, "g": {}}

    assert [tuple(each) for each in differences(old, new)] == [
        (("a", "c", "d"), 2, 3),
        (("a", "c", "f"), None, 4),
        (("e",), [1], None),
        (("g",), None, {}),
    ]


@pytest.mark.parametrize(
    ("label", "steps"),
    [
        ("spec.quotas[shots job].limit", ("spec", "quotas", "[shots job]", "limit")),
        ("spec.bindings[a b c/d*.x]", ("spec", "bindings", "[a b c/d*.x]")),
        ("metadata.title", ("metadata", "title")),
    ],
)
def test_the_steps_of_a_field(label: str, steps: tuple[str, ...]) -> None:
    assert steps_of(label) == steps


def test_a_side_that_cannot_be_compiled_says_why_and_not_that_its_artifacts_are_gone() -> None:
    account = BASELINE[ATLAS].partition('braket: {account: "')[2][:12]
    twice = f'{account}", environments: {{test: {{account: "{account}"}}}}}}'
    head = changed(BASELINE, {ATLAS: {f'{account}"}}': twice}})

    plan = plan_of(BASELINE, head)
    assert {f.code for f in plan.new_findings} == {"QG979"}
    assert plan.artifacts == ()
    assert plan_of(head, BASELINE).artifacts == ()


def test_what_an_added_part_says_is_told_as_it_is_written() -> None:
    floors = {ATLAS: {"spec:\n": "spec:\n  floors: {managedDevice: true, countries: [DE, NO]}\n"}}
    text = as_text(plan_of(BASELINE, changed(BASELINE, floors)))
    assert "spec.floors: + {managedDevice: true, countries: [DE, NO]}" in text
