"""The table of accesses is what the documents mean, however they are written."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime

import pytest

from qgov.language.permissions import CATALOGUE
from qgov.model.accesses import Cell, accesses, backends_of, budgets_at, scopes_at
from qgov.model.conditions import ApprovalRule, Conditions, ElevationWindow, Eligibility, JobLimits
from qgov.model.principal import Principal, group, user, workload
from qgov.records import replace
from tests.model.repository import BASE, conditions, edited, model_of

DEVELOPERS = group("aurora-developers")
NIGHTLY = workload("aurora/nightly")
SANDBOX = "aurora/sandbox/chemistry"
PRODUCTION = "aurora/production/chemistry"
FLOOR = JobLimits(shots=100_000, circuits=100, qubits=50, qpu_seconds=600, cost_micros=920_000_000)


def only(found: dict[Cell, list[Conditions]], principal: Principal, *place: str) -> Conditions:
    """The conditions of the one way to an access."""
    permission, scope, backend = place
    (one,) = found[Cell(principal, permission, scope, backend)]
    return one


def test_the_floors_fold_in_full() -> None:
    """Organization, tier, tenant, environment, role and binding, and the device's limits."""
    files = edited("roles/developer.yaml", "spec:", "spec:\n  requires: {maxTokenAge: 2h}")
    found = only(conditions(files), DEVELOPERS, "job:submit", PRODUCTION, "garnet")

    assert found == Conditions(
        mfa=True,
        managed_device=True,
        max_token_age_s=7200,
        countries=("DE",),
        eligible=Eligibility("aurora-leads", 14_400, ticket=True),
        job=JobLimits(20_000, 100, 50, 600, 500_000_000),
        budgets=("aurora-chemistry",),
        approvals=(ApprovalRule(500_000_000, "finance-approvers", 604_800, "aurora-chemistry"),),
    )


@pytest.mark.parametrize(
    ("path", "old", "new", "seconds"),
    [
        ("qgov.yaml", "maxTokenAge: 12h", "maxTokenAge: 1h", 3600),
        ("qgov.yaml", "floors: {managedDevice: true}", "floors: {maxTokenAge: 2h}", 7200),
        ("tenants/aurora.yaml", "floors: {maxTokenAge: 8h}", "floors: {maxTokenAge: 3h}", 10_800),
        ("tenants/aurora.yaml", "floors: {mfa: true}", "floors: {maxTokenAge: 4h}", 14_400),
        ("roles/developer.yaml", "spec:", "spec:\n  requires: {maxTokenAge: 5h}", 18_000),
        (
            "tenants/aurora.yaml",
            "requires: {countries: [DE]}",
            "requires: {maxTokenAge: 6h}",
            21_600,
        ),
    ],
)
def test_each_floor_counts_and_the_strictest_wins(
    path: str, old: str, new: str, seconds: int
) -> None:
    found = conditions(edited(path, old, new))

    assert only(found, DEVELOPERS, "job:submit", PRODUCTION, "garnet").max_token_age_s == seconds


def test_a_weaker_floor_below_changes_nothing() -> None:
    files = edited(
        "tenants/aurora.yaml",
        "floors: {mfa: true}",
        "floors: {mfa: false, maxTokenAge: 90d, countries: [DE, FI, FR, NO]}",
    )

    assert conditions(files) == conditions()


def test_a_role_edited_once_reaches_everyone_who_holds_it() -> None:
    before = conditions()
    after = conditions(edited("roles/developer.yaml", "job:submit,", "job:submit, log:read,"))
    gained = {cell for cell in after if cell not in before}

    assert {cell.permission for cell in gained} == {"log:read"}
    assert {cell.principal for cell in gained} == {
        DEVELOPERS,
        "workload:aurora/nightly",
        "user:mei@northwind.example",
    }
    assert {cell: paths for cell, paths in after.items() if cell not in gained} == before


def test_a_backend_outside_the_residency_gives_no_access() -> None:
    model = model_of()
    environment = model.tenants["aurora"].environments["production"]
    moved = conditions(
        edited(
            "qgov.yaml",
            "region: us-east-1, jurisdiction: us",
            "region: us-east-1, jurisdiction: eu",
        )
    )

    assert environment.backends == ("forte", "garnet", "local-simulator")
    assert backends_of(model, environment) == ("garnet", "local-simulator")
    assert Cell(DEVELOPERS, "job:submit", PRODUCTION, "forte") not in conditions()
    assert Cell(DEVELOPERS, "job:submit", PRODUCTION, "forte") in moved


def test_own_narrows_a_permission_unless_the_role_also_has_it_whole() -> None:
    narrow = conditions()
    both = edited("roles/developer.yaml", "job:cancel:own", "job:cancel:own, job:cancel")
    whole = conditions(both)

    assert only(narrow, DEVELOPERS, "job:cancel", SANDBOX, "").own_only
    assert not only(narrow, DEVELOPERS, "job:read", SANDBOX, "").own_only
    assert not only(whole, DEVELOPERS, "job:cancel", SANDBOX, "").own_only


def test_the_limits_of_a_job_are_for_permissions_that_run_one() -> None:
    found = conditions()

    assert only(found, DEVELOPERS, "job:read", SANDBOX, "").job == JobLimits()
    assert only(found, DEVELOPERS, "job:submit", SANDBOX, "local-simulator").job == FLOOR
    assert only(found, DEVELOPERS, "job:read", SANDBOX, "").budgets == ()


def test_an_elevation_gives_a_person_what_the_eligible_binding_would() -> None:
    found = conditions()
    person = only(found, user("mei@northwind.example"), "job:submit", PRODUCTION, "garnet")
    group = only(found, DEVELOPERS, "job:submit", PRODUCTION, "garnet")

    assert group.eligible is not None
    assert person.eligible is None
    assert person.elevation == ElevationWindow(
        datetime(2026, 11, 23, 7, tzinfo=UTC),
        datetime(2026, 11, 23, 11, tzinfo=UTC),
        "ines@northwind.example",
    )
    assert {cell.scope for cell in found if cell.principal.startswith("user:")} == {PRODUCTION}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("on: aurora/production\n", "on: aurora/sandbox\n"),
        ("on: aurora/production\n", "on: aurora\n"),
        ("role: developer\n", "role: auditor\n"),
        (
            "ticket: QGOV-118\n  requestedBy: mei@northwind.example\n  approvedBy: ines@",
            "ticket: QGOV-118\n  requestedBy: mei@northwind.example\n  approvedBy: mei@",
        ),
        (
            "  approvedBy: ines@northwind.example\n  notBefore: 2026-11-23",
            "  notBefore: 2026-11-23",
        ),
        ("  notBefore: 2026-11-23T08:00:00+01:00\n", ""),
        ("notBefore: 2026-11-23T08", "notBefore: 2026-11-24T08"),
        ("notBefore: 2026-11-23T08", "notBefore: 2026-11-20T08"),
        ("  ticket: QGOV-118\n", ""),
    ],
)
def test_an_elevation_that_no_binding_can_carry_gives_nothing(old: str, new: str) -> None:
    found = conditions(edited("tenants/exceptions.yaml", old, new))

    assert not [cell for cell in found if cell.principal.startswith("user:")]


def test_an_elevation_never_uses_the_binding_of_a_workload() -> None:
    files = edited("tenants/exceptions.yaml", "on: aurora/production\n", "on: aurora/sandbox\n")

    assert [binding.principal for binding in model_of(files).bindings if binding.eligible] == [
        DEVELOPERS,
        "workload:aurora/legacy",
    ]
    assert model_of(files).elevations[0].through == ()


def test_a_workload_has_no_second_factor_and_a_token_that_ends_sooner() -> None:
    found = only(conditions(), NIGHTLY, "job:submit", SANDBOX, "local-simulator")

    assert found == Conditions(max_token_age_s=900, job=JobLimits(1000, 100, 50, 600, 920_000_000))


def test_a_workload_that_no_token_proves_has_no_access() -> None:
    found = conditions()

    assert "aurora/legacy" in model_of().workloads
    assert not [cell for cell in found if cell.principal == "workload:aurora/legacy"]


def test_a_budget_binds_its_group_and_its_projects_only() -> None:
    model = model_of()
    everyone = model_of(edited("budgets/aurora.yaml", "  group: aurora-developers\n", ""))

    def names(principal: Principal, scope: str, of: object = model) -> list[str]:
        assert isinstance(of, type(model))
        return [budget.name for budget in budgets_at(of, scope, principal)]

    assert names(DEVELOPERS, SANDBOX) == ["aurora-chemistry"]
    assert names(DEVELOPERS, "aurora/sandbox/optics") == []
    assert names(NIGHTLY, SANDBOX) == []
    assert names(NIGHTLY, SANDBOX, everyone) == ["aurora-chemistry"]


def test_an_approval_is_for_its_classes_and_the_lowest_threshold_decides() -> None:
    second = BASE["budgets/aurora.yaml"].decode().split("---")[0]
    second = second.replace("aurora-chemistry", "lower").replace("500.00", "400.00")
    files = {**BASE, "budgets/lower.yaml": second.encode()}
    found = conditions(files)

    assert only(found, DEVELOPERS, "job:submit", PRODUCTION, "local-simulator").approval is None
    qpu = only(found, DEVELOPERS, "job:submit", PRODUCTION, "garnet")
    assert qpu.budgets == ("aurora-chemistry", "lower")
    assert qpu.approval is not None
    assert (qpu.approval.above_micros, qpu.approval.budget) == (400_000_000, "lower")


def test_each_permission_lies_at_its_own_level() -> None:
    found = conditions()
    auditor = {
        (cell.permission, cell.scope)
        for cell in found
        if cell.principal == "group:platform-auditors"
    }

    assert auditor == {
        ("audit:read", "aurora"),
        ("policy:read", "*"),
        ("log:read", PRODUCTION),
        ("log:read", SANDBOX),
        ("log:read", "aurora/sandbox/optics"),
    }


def test_a_permission_above_its_binding_is_not_held() -> None:
    files = edited("roles/developer.yaml", "job:submit,", "job:submit, audit:read, policy:read,")

    assert conditions(files) == conditions()


def test_scopes_are_enumerated_at_a_level() -> None:
    model = model_of()

    assert list(scopes_at(model, "*", 0)) == ["*"]
    assert list(scopes_at(model, "aurora", 0)) == []
    assert list(scopes_at(model, "*", 1)) == ["aurora"]
    assert list(scopes_at(model, "aurora/sandbox", 1)) == []
    assert list(scopes_at(model, "aurora/sandbox", 2)) == ["aurora/sandbox"]
    assert list(scopes_at(model, "aurora/sandbox", 3)) == [SANDBOX, "aurora/sandbox/optics"]


def test_a_part_of_the_table_is_what_the_whole_says_of_a_permission() -> None:
    part = accesses(model_of()).of("job:submit")
    whole = accesses(model_of())

    assert part == {c: p for c, p in whole.items() if c.permission == "job:submit"}
    assert part
    assert len(whole) == len({*whole}) == sum(len(whole.of(name)) for name in CATALOGUE)
    assert whole.of("no:such") == {}


def test_the_table_of_a_model_is_made_once() -> None:
    model = model_of()

    assert accesses(model) is accesses(model)
    assert accesses(model).of("job:submit") is accesses(model).of("job:submit")
    assert accesses(replace(model, bindings=())) == {}


def moved() -> dict[str, bytes]:
    """Every document in a file of its own, elsewhere, in another order, with other lines."""
    texts = [text for data in BASE.values() for text in data.decode().split("---\n")]
    return {
        f"{99 - index:02}/moved.yaml": f"# moved\n\n---\n{text}".encode()
        for index, text in enumerate(texts)
    }


def shuffled(seed: int) -> dict[str, bytes]:
    """Every list of bindings, service accounts and permissions in another order."""
    order = random.Random(seed)  # noqa: S311

    def shuffle(match: re.Match[str]) -> str:
        items = match[2].split(", ")
        order.shuffle(items)
        return f"{match[1]}[{', '.join(items)}]"

    pattern = re.compile(r"((?:permissions|projects|backends|countries|residency): )\[([^\]]*)\]")
    return {path: pattern.sub(shuffle, data.decode()).encode() for path, data in BASE.items()}


TWICE = "    - {group: aurora-developers, role: developer, on: sandbox}\n"
TWO_WAYS = (TWICE, TWICE.replace("sandbox}", "sandbox, requires: {countries: [FR]}}"))


def test_moving_and_splitting_files_changes_nothing() -> None:
    assert accesses(model_of(moved())) == accesses(model_of())
    assert model_of(moved()) == model_of()


@pytest.mark.parametrize("seed", range(5))
def test_reordering_lists_changes_nothing(seed: int) -> None:
    assert shuffled(seed) != BASE
    assert conditions(shuffled(seed)) == conditions()


def test_two_ways_to_an_access_stand_in_the_order_of_what_they_say() -> None:
    one = edited("tenants/aurora.yaml", TWICE, "".join(TWO_WAYS))
    other = edited("tenants/aurora.yaml", TWICE, "".join(reversed(TWO_WAYS)))

    assert len(conditions(one)[Cell(DEVELOPERS, "job:read", SANDBOX, "")]) == 2
    assert conditions(one) == conditions(other)


@pytest.mark.parametrize("bound", ["local-simulator", "garnet"])
def test_a_budget_of_backends_binds_jobs_on_these_alone(bound: str) -> None:
    group = "  group: aurora-developers\n"
    files = edited("budgets/aurora.yaml", group, f"{group}  backends: [{bound}]\n")
    found = {
        (cell.backend, way.budgets, bool(way.approvals))
        for cell, ways in conditions(files).items()
        for way in ways
        if (cell.principal, cell.permission, cell.scope) == (DEVELOPERS, "job:submit", PRODUCTION)
    }
    (other,) = {"local-simulator", "garnet"} - {bound}
    # Its approvals are of devices.
    assert found == {(bound, ("aurora-chemistry",), bound == "garnet"), (other, (), False)}
