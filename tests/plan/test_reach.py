"""Loading only what a change reaches gives the plan of loading everything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qgov.language.documents import read_files
from qgov.plan import sides
from qgov.plan.index import Index, exclusive_of, load_index, save_index
from qgov.plan.make import make_plan
from qgov.plan.plan import Plan
from qgov.plan.sides import load_sides
from tests.plan.worlds import BASELINE, NOW, changed, plan_of, rows_of, snapshot
from tests.strategies import repositories

pytestmark = pytest.mark.no_cover  # measuring it would double its time

ATLAS, BOREALIS = "tenants/atlas.yaml", "tenants/borealis.yaml"


def _facts(before: Mapping[str, str], after: Mapping[str, str], *, whole: bool) -> dict[str, Any]:
    """What a plan says, apart from how much was looked at to say it."""
    base, head, reach = load_sides(snapshot(before), snapshot(after), {}, NOW, whole=whole)
    if not (base.readable and head.readable):
        return {
            side: sorted((f.code, f.document, f.message) for f in found.findings)
            for side, found in (("base", base), ("head", head))
            if not found.readable
        }
    plan = make_plan(base, head, reach, now=NOW)
    was, will = plan.exposure
    return {
        "cells": sorted(
            (*i.cell, i.change, i.before, i.after) for c in plan.access for i in c.row.cells
        ),
        "causes": sorted({(c.path, c.line) for change in plan.access for c in change.causes}),
        "risk": plan.risk,
        "new": sorted((f.code, f.document, f.message) for f in plan.new_findings),
        "fixed": sorted((f.code, f.document, f.message) for f in plan.fixed_findings),
        "money": will.amount_micros - was.amount_micros,
        "unbounded": {*will.unbounded} ^ {*was.unbounded},
        "documents": plan.documents,
        "artifacts": plan.artifacts,
        "approvals": plan.approvals,
        "renames": plan.renames,
    }


def _same(before: Mapping[str, str], after: Mapping[str, str]) -> None:
    assert _facts(before, after, whole=False) == _facts(before, after, whole=True)


@st.composite
def _changes(draw: st.DrawFn) -> tuple[dict[str, str], dict[str, str]]:
    """A repository, and the same with some documents from another."""
    before = {path: data.decode() for path, data in draw(repositories()).items()}
    other = {path: data.decode() for path, data in draw(repositories()).items()}
    paths = sorted(p for p in {*before, *other} if p.startswith("tenants/"))
    after = dict(before)
    for path in draw(st.lists(st.sampled_from(paths), min_size=1, max_size=2, unique=True)):
        if path in other:
            after[path] = other[path]
        else:
            del after[path]
    return before, after


@settings(max_examples=100, deadline=None)
@given(_changes())
def test_the_part_says_what_the_whole_says(pair: tuple[dict[str, str], dict[str, str]]) -> None:
    _same(*pair)


ELSEWHERE: dict[str, dict[str, dict[str, str] | str | None]] = {
    "a group of another tenant": {
        ATLAS: {"group: atlas-leads, role": "group: borealis-leads, role"}
    },
    "a dedicated tenant whose queue another uses": {
        ATLAS: {"isolation: shared": "isolation: dedicated"}
    },
    "a dedicated tenant whose group another binds": {
        ATLAS: {"isolation: shared": "isolation: dedicated", "      queue: governed\n": ""}
    },
    "the same cloud account": {ATLAS: {"410000000101": "410000000102"}},
    "the same federation": {ATLAS: {"repo:acme/atlas:": "repo:acme/borealis:"}},
    "a lookalike group": {ATLAS: {"group: atlas-leads, role": "group: Borealis-leads, role"}},
    "an owner known elsewhere": {ATLAS: {"owner: atlas-leads\n": "owner: borealis-developers\n"}},
    "a document of the same name elsewhere": {
        "budgets/more.yaml": BASELINE["budgets/atlas.yaml"].replace(
            "scope: atlas", "scope: borealis"
        )
    },
    "a tenant of the same name elsewhere": {"tenants/more.yaml": BASELINE[BOREALIS]},
    "a renamed tenant whose old self remains": {
        "tenants/more.yaml": BASELINE[BOREALIS].replace(
            "{name: borealis}", "{name: cygnus, previously: borealis}"
        )
    },
    "a budget moved to another tenant": {"budgets/atlas.yaml": {"scope: atlas": "scope: borealis"}},
    "a budget for everybody made one tenant's": {
        "budgets/atlas.yaml": {"scope: atlas": 'scope: "*"'}
    },
    "a tenant removed": {ATLAS: None, "budgets/atlas.yaml": None},
    "a budget of the same scope": {
        "budgets/more.yaml": BASELINE["budgets/atlas.yaml"]
        .replace("{name: atlas}", "{name: more}")
        .replace("1000", "10")
    },
}
EXCEPTION = """\
apiVersion: qgov/v1
kind: BudgetException
metadata: {name: more}
spec: {budget: BUDGET, increase: 250.00 EUR, reason: r, ticket: Q-2, requestedBy: mei@acme.example, approvedBy: ines@acme.example, expires: 2026-12-01T00:00:00Z}
"""
WAIVER = """\
apiVersion: qgov/v1
kind: Waiver
metadata: {name: waived}
spec: {rule: QG751, document: DOCUMENT, reason: r, ticket: Q-2, requestedBy: mei@acme.example, approvedBy: ines@acme.example, expires: 2026-12-01T00:00:00Z}
"""
REVIEW = """\
apiVersion: qgov/v1
kind: AccessReview
metadata: {name: everybody}
spec: {scope: "*", reviewers: auditors, every: 90d, completed: 2026-11-02}
"""
ELEVATION = """\
apiVersion: qgov/v1
kind: Elevation
metadata: {name: up}
spec: {subject: mei@acme.example, role: administrator, on: ON, reason: r, ticket: Q-1, requestedBy: mei@acme.example, approvedBy: ines@acme.example, expires: 2026-11-23T12:00:00Z}
"""
for _name, _path, _text in (
    ("an exception to a budget", "budgets/x.yaml", EXCEPTION.replace("BUDGET", "atlas")),
    ("an exception to no budget", "budgets/x.yaml", EXCEPTION.replace("BUDGET", "nothing")),
    ("a waiver for a tenant", "tenants/x.yaml", WAIVER.replace("DOCUMENT", "Tenant/atlas")),
    ("a waiver for a budget", "tenants/x.yaml", WAIVER.replace("DOCUMENT", "Budget/atlas")),
    (
        "a waiver for the organization",
        "tenants/x.yaml",
        WAIVER.replace("DOCUMENT", "Organization/acme"),
    ),
    ("a waiver for nothing", "tenants/x.yaml", WAIVER.replace("DOCUMENT", "Role/nobody")),
    ("a review of everything", "tenants/x.yaml", REVIEW),
    ("an elevation in a tenant", "tenants/x.yaml", ELEVATION.replace("ON", "atlas")),
    ("an elevation everywhere", "tenants/x.yaml", ELEVATION.replace("ON", '"*"')),
):
    ELSEWHERE[_name] = {_path: _text}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_only_the_whole_can_tell_is_told(name: str) -> None:
    edited = changed(BASELINE, ELSEWHERE[name])

    _same(BASELINE, edited)
    _same(edited, BASELINE)


def test_conflicting_roles_of_one_group_in_two_tenants_are_seen() -> None:
    before = changed(
        BASELINE,
        {
            BOREALIS: {
                '{group: operators, role: reader, on: "*"}': "{group: operators, role: developer, on: test}"
            }
        },
    )
    after = changed(
        before, {ATLAS: {"{group: operators, role: reader": "{group: operators, role: auditor"}}
    )

    _same(before, after)
    plan = plan_of(before, after)
    assert "QG403" in {f.code for f in plan.new_findings}


def test_one_of_two_places_where_a_tenant_shares_what_it_should_not_goes() -> None:
    """The tenant still shares the queue with the same others, in production."""
    floors = "      floors: {managedDevice: true, maxTokenAge: 8h}\n"
    second = "      queue: governed # too\n"
    alone = {"isolation: shared": "isolation: dedicated", floors: f"{floors}{second}"}
    before = changed(BASELINE, {ATLAS: alone})
    after = changed(before, {ATLAS: {second: ""}})

    _same(before, after)
    fixed = [f for f in plan_of(before, after).fixed_findings if f.code == "QG504"]
    assert [f.told for f in fixed] == [
        "jobs of another tenant wait in the queue `governed` too (`borealis`)"
    ]


def test_the_route_of_an_account_stays_while_another_tenant_has_an_instance_in_it() -> None:
    crn = "crn:v1:bluemix:public:quantum-computing:eu-de:a/00000000000000000000000000000001"

    def instance(number: int) -> str:
        id_ = f"{crn}:00000000-0000-4000-8000-00000000000{number}::"
        return f'  clouds:\n    ibm: {{instance: "{id_}", plan: flex, region: eu-de}}\n'

    clouds = "  clouds:\n"
    before = changed(BASELINE, {ATLAS: {clouds: instance(1)}, BOREALIS: {clouds: instance(2)}})
    after = changed(before, {ATLAS: {instance(1): clouds}})

    _same(before, after)
    paths = {change.path for change in plan_of(before, after).artifacts}
    assert "terraform/tenants/atlas/ibm/instances.tf" in paths
    assert not {path for path in paths if path.startswith("terraform/accounts/")}


def test_a_budget_of_everybody_caps_what_a_tenant_adds() -> None:
    cap = (
        BASELINE["budgets/atlas.yaml"]
        .replace("{name: atlas}", "{name: all}")
        .replace("scope: atlas", 'scope: "*"')
        .replace("1000.00", "1900.00")
    )
    before = BASELINE | {"budgets/all.yaml": cap}
    after = changed(before, {"budgets/atlas.yaml": {"1000.00": "1500.00"}})

    _same(before, after)
    plan = plan_of(before, after)
    assert plan.exposure[0] == plan.exposure[1], "the cap holds on both sides"


def test_a_change_in_one_tenant_loads_that_tenant() -> None:
    plan = plan_of(
        BASELINE, changed(BASELINE, {ATLAS: {"maxTokenLifetime: 15m": "maxTokenLifetime: 10m"}})
    )

    assert (plan.compared.tenants, plan.compared.unchanged_tenants) == (1, 1)


@pytest.mark.parametrize("path", ["qgov.yaml", "roles/reader.yaml"])
def test_a_change_of_the_organization_or_of_a_role_loads_everything(path: str) -> None:
    plan = plan_of(BASELINE, changed(BASELINE, {path: f"# read again\n{BASELINE[path]}"}))

    assert (plan.compared.tenants, plan.compared.unchanged_tenants) == (2, 0)


def _planned(index: Index, before: Mapping[str, str], after: Mapping[str, str]) -> Plan:
    base, head, reach = load_sides(snapshot(before), snapshot(after), index, NOW)
    return make_plan(base, head, reach, now=NOW)


AFTER = changed(BASELINE, {ATLAS: {"group: operators": "group: auditors"}})


def test_a_file_that_is_the_same_on_both_sides_is_read_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    after = changed(BASELINE, {"roles/reader.yaml": {"[usage:read, log:read]": "[usage:read]"}})
    index: Index = {}
    load_sides(snapshot(BASELINE), snapshot(after), index, NOW)
    read: Counter[str] = Counter()

    def counted(files: Mapping[str, bytes]) -> Any:
        read.update(list(files))
        return read_files(files)

    monkeypatch.setattr(sides, "read_files", counted)
    load_sides(snapshot(BASELINE), snapshot(after), index, NOW)

    assert read == dict.fromkeys(BASELINE, 1) | {"roles/reader.yaml": 2}


def test_a_known_blob_is_not_read_again_unless_the_change_reaches_it() -> None:
    index: Index = {}
    first = _planned(index, BASELINE, AFTER)
    read: list[str] = []

    def counting(files: Mapping[str, str]) -> Any:
        found = snapshot(files)

        def fetch(paths: Any) -> dict[str, bytes]:
            wanted = list(paths)
            read.extend(wanted)
            return found.read(wanted)

        return type(found)(found.ref, None, NOW, found.blobs, fetch)

    base, head, reach = load_sides(counting(BASELINE), counting(AFTER), index, NOW)
    assert make_plan(base, head, reach, now=NOW).access == first.access
    assert not [path for path in read if "borealis" in path]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"format": "qgov/index/v0", "language": "", "blobs": {}}',
        b'{"format": "qgov/index/v2", "blobs": {}}',
        b'{"format": "qgov/index/v2", "language": "other", "blobs": {}}',
    ],
    ids=["empty", "broken", "list", "null", "binary", "deep", "old", "without language", "other"],
)
def test_an_index_that_cannot_be_trusted_is_no_index(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "index.json"
    path.write_bytes(content)

    assert load_index(path) == {}


@pytest.mark.parametrize(
    "summaries", [7, [7], [["Tenant"]], [["Tenant", "a", "a", [], 7]], {"a": 1}]
)
def test_an_index_of_another_shape_is_no_index(tmp_path: Path, summaries: Any) -> None:
    path = tmp_path / "index.json"
    save_index(path, {"abc": summaries})

    assert load_index(path) == {}


@pytest.mark.parametrize("field", range(3), ids=["format", "language", "digest"])
def test_an_index_of_another_version_is_no_index(tmp_path: Path, field: int) -> None:
    path = tmp_path / "index.json"
    save_index(path, {"abc": ()})
    assert load_index(path) == {"abc": ()}
    head, _, body = path.read_bytes().partition(b"\n")
    said = head.split(b" ")
    said[field] = b"another"
    path.write_bytes(b" ".join(said) + b"\n" + body)

    assert load_index(path) == {}


def test_an_index_with_a_changed_byte_is_no_index(tmp_path: Path) -> None:
    path = tmp_path / "index.json"
    save_index(path, {"abc": ()})
    path.write_bytes(path.read_bytes().replace(b"abc", b"abd"))

    assert load_index(path) == {}


def test_an_index_is_kept_whole_with_what_could_not_be_read(tmp_path: Path) -> None:
    index: Index = {}
    _planned(index, BASELINE, AFTER)
    index["broken"] = None
    path = tmp_path / "deep" / "index.json"
    save_index(path, index)

    assert load_index(path) == index
    assert [p.name for p in path.parent.iterdir()] == ["index.json"]


def test_an_index_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    save_index(tmp_path / "file" / "index.json", {})
    (tmp_path / "folder" / "index.json").mkdir(parents=True)
    save_index(tmp_path / "folder" / "index.json", {})

    assert [p.name for p in (tmp_path / "folder").iterdir()] == ["index.json"]


def test_the_index_knows_what_a_tenant_claims_without_parsing_it() -> None:
    index: Index = {}
    _planned(index, BASELINE, AFTER)
    (summary,) = index[BASELINE[ATLAS]] or ()

    assert summary.tenant == "atlas"
    assert {("AWS account", "410000000101"), ("group", "operators")} <= {
        exclusive_of(claim) for claim in summary.exclusives
    }


def test_a_file_that_is_broken_on_both_sides_is_not_passed_over() -> None:
    before = BASELINE | {"tenants/broken.yaml": "kind: Tenant\nmetadata: {"}
    after = changed(before, {ATLAS: {"15m": "10m"}})
    base, head, _ = load_sides(snapshot(before), snapshot(after), {}, NOW)

    assert not base.readable
    assert not head.readable


def test_rows_are_the_same_from_a_warm_index() -> None:
    index: Index = {}
    cold = _planned(index, BASELINE, AFTER)

    assert rows_of(_planned(index, BASELINE, AFTER)) == rows_of(cold)
