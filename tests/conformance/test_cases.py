"""What is derived: every access, every binding, and nothing that contradicts itself."""

from __future__ import annotations

from collections import Counter

import pytest

from qgov.conformance.access_path import asks, binding_id
from qgov.conformance.case import Assertion, Case, shard_of, specified
from qgov.conformance.cases import cases
from qgov.conformance.submissions import submissions
from qgov.decision.deviations import NO_MFA
from qgov.model.accesses import Cell
from qgov.model.principal import group
from tests.conformance.harness import cases_of, named, table_of
from tests.decision.harness import MODEL
from tests.targets.worked import ROOT
from tests.targets.worked import worked_with_expectations as worked

SMALL = cases_of(True)


@pytest.fixture(scope="module")
def derived() -> tuple[Case, ...]:
    return cases_of(False)


def test_the_specification_agrees_with_every_case(derived: tuple[Case, ...]) -> None:
    assert [c.id for c in (*derived, *SMALL) if c.contradiction] == []
    assert len(derived) >= 1000


def test_ids_are_distinct_and_sorted(derived: tuple[Case, ...]) -> None:
    ids = [case.id for case in derived]

    assert ids == sorted(set(ids))


def test_every_access_is_a_case_that_allows(derived: tuple[Case, ...]) -> None:
    allowed = {case.id for case in derived if case.expect == "allow"}

    assert {f"cell:{'/'.join(filter(None, c))}" for c in table_of(False).cells} <= allowed


def test_every_binding_has_near_misses_on_both_sides(derived: tuple[Case, ...]) -> None:
    # A workload without federation is never known: nothing is near to being allowed.
    through = [path.binding for paths in table_of(False).cells.values() for path in paths]
    names = {f"binding:{binding_id(b)}/near/" for b in through}
    assert len({binding_id(b) for b in worked().bindings}) - len(names) == 1
    found: dict[str, Counter[str]] = {name: Counter() for name in names}
    for case in derived:
        if case.id.startswith("binding:"):
            found[f"{case.id.partition('/near/')[0]}/near/"][case.expect] += 1

    assert [name for name in names if not (found[name]["allow"] and found[name]["deny"])] == []


@pytest.mark.parametrize(
    ("fragment", "reason"),
    [
        ("developers/developer@production/near/no-elevation", "elevation-required"),
        ("developers/developer@production/near/elevation-foreign-approver", "elevation-unapproved"),
        ("developers/developer@production/near/elevation-self-approved", "elevation-self-approved"),
        ("developers/developer@production/near/elevation-expired", "elevation-expired"),
        ("developers/developer@sandbox/near/no-mfa", "mfa-missing"),
        ("developers/developer@production/near/unmanaged-device", "device-unmanaged"),
        ("developers/developer@sandbox/near/country-kp", "country-blocked"),
        ("operators/developer@production/near/token-stale", "token-stale"),
        ("contractors/developer@sandbox/near/binding-ended", "no-grant"),
        ("contractors/developer@sandbox/near/binding-long-ended", "no-grant"),
        ("developers/developer@sandbox/near/credential-api-key", "static-credential"),
        ("developers/developer@sandbox/near/wrong-audience", "federation-mismatch"),
        ("developers/developer@sandbox/near/tenant-borealis", "no-grant"),
        ("developers/developer@sandbox/near/not-owner/job:cancel", "not-owner"),
        ("developers/developer@sandbox/near/shots-limit-over", "job-too-large"),
        ("developers/developer@sandbox/near/shots-quota-chemistry-over", "quota-exceeded"),
        ("near/cost_micros-limit-over", "job-too-large"),
        ("near/budget-chemistry-over/", "budget-exceeded"),
        ("near/quota-chemistry-jobs-day-over", "quota-exceeded"),
        ("near/approval-chemistry-missing", "approval-required"),
        ("near/approval-everything-foreign-approver", "approval-invalid"),
        ("near/approval-everything-insufficient", "approval-invalid"),
        ("nightly/pipeline@production/chemistry/near/wrong-subject", "federation-mismatch"),
        ("elevation:tom/near/expired", "elevation-expired"),
        ("nobody-else:job:submit/aurora/production/chemistry/iqm-garnet", "no-grant"),
        ("cell:workload:aurora/legacy/job:submit", "federation-mismatch"),
    ],
)
def test_a_near_miss_is_denied_for_what_it_is_named_after(fragment: str, reason: str) -> None:
    case = named(SMALL, fragment)

    assert case.expect == "deny"
    assert reason in case.reasons


@pytest.mark.parametrize(
    "fragment",
    [
        "developers/developer@production/near/elevation-last-second",
        "operators/developer@production/near/token-oldest",
        "contractors/developer@sandbox/near/binding-last-second",
        "contractors/developer@production/near/binding-last-second",
        "developers/developer@sandbox/near/token-skewed",
        "near/shots-quota-chemistry-at",
        "near/budget-chemistry-at/",
        "near/budget-chemistry-at-as-exception-1-begins",
        "near/budget-everything-overspent",
        "near/quota-chemistry-jobs-day-at",
        "near/approval-chemistry-at",
        "near/approval-chemistry-given",
        "elevation:tom/near/last-second",
    ],
)
def test_exactly_at_a_boundary_is_allowed(fragment: str) -> None:
    assert named(SMALL, fragment).expect == "allow"


def test_both_sides_of_a_budget_are_a_micro_apart() -> None:
    at, over = (named(SMALL, f"near/budget-chemistry-{side}/") for side in ("at", "over"))

    def total(case: Case) -> int:
        context = case.request["context"]
        spent: int = context["usage"]["chemistry"]["spent_micros"]
        return spent + int(context["job"]["estimated_cost_micros"])

    assert (total(at), total(over)) == (100_000_000, 100_000_001)


def test_a_case_names_its_role_scope_and_line(derived: tuple[Case, ...]) -> None:
    case = named(derived, "aurora-contractors/researcher@sandbox/optimisation/near/no-mfa")

    assert (case.role, case.scope) == ("researcher", "aurora/sandbox/optimisation")
    path, _, line = case.origin.partition(":")
    assert path == "tenants/aurora/tenant.yaml"
    assert "aurora-contractors" in worked_line(path, int(line))


def worked_line(path: str, line: int) -> str:
    return (ROOT / path).read_text().splitlines()[line - 1]


def test_a_name_that_the_specification_contradicts_is_a_bug_of_qgov() -> None:
    sound = asks(MODEL, Cell(group("auditors"), "policy:read", "*", ""))
    request = sound.to_json()
    case = Case("cell:x", "an auditor may read no policy", request, "deny")

    assert "allows it" in specified(MODEL, case, Assertion("no-grant")).contradiction
    assert specified(MODEL, case, Assertion()).contradiction == ""
    without = NO_MFA.change(sound).to_json()
    denied = Case("cell:x", "an auditor may read policies", without, "allow")
    assert "mfa-missing" in specified(MODEL, denied, Assertion()).contradiction
    assert "do not" in specified(MODEL, denied, Assertion(spares="mfa-missing")).contradiction


def test_shards_are_parts_of_the_whole() -> None:
    ids = [case.id for case in SMALL]

    def part_of(number: int) -> list[Case]:
        return cases(table_of(True), lambda name: shard_of(name, 3) == number)

    parts = [part_of(number) for number in (1, 2, 3)]

    assert sorted(case.id for part in parts for case in part) == ids
    assert all(len(part) > len(ids) // 6 for part in parts)


def test_every_role_is_submitted_for_on_every_backend() -> None:
    model, found = worked(), submissions(table_of(False))
    tally = Counter((case.role, case.backend, case.expect) for case in found)
    roles, backends = sorted(model.roles), sorted(model.organization.backends)

    assert all(tally[role, backend, "deny"] == 1 for role in roles for backend in backends)
    able = {role for role in roles if "job:submit" in model.roles[role].permissions}
    assert {role for role, _, expect in tally if expect == "allow"} == able
    assert {backend for _, backend, expect in tally if expect == "allow"} == set(backends)
