"""CODEOWNERS: every file has the owner that the documents name."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qgov.finding import Severity
from qgov.model.access_model import AccessModel
from qgov.records import replace
from qgov.targets import codeowners
from qgov.targets.codeowners import PATH, TARGET, pattern
from tests.strategies import models
from tests.targets.worked import (
    document,
    hostile,
    model_of,
    organization,
    repository,
    tenant,
    worked,
)


def lines(model: AccessModel) -> list[tuple[str, list[str]]]:
    """(pattern, owners), as GitHub reads a line."""
    text = TARGET.emit(model)[PATH].decode()
    parts = [line.split() for line in text.splitlines() if not line.startswith("#")]
    return [(part[0], part[1:]) for part in parts]


def owners(model: AccessModel, path: str) -> list[str]:
    """Who is asked about a path: the last pattern that matches decides."""
    found: list[str] = []
    for where, by in lines(model):
        below = where.endswith("/") and path.startswith(where[1:])
        if where == "*" or below or fnmatchcase(f"/{path}", where):
            found = by
    return found


def test_each_file_of_the_worked_repository_is_its_owner_s() -> None:
    model = worked()

    for each in model.tenants.values():
        assert owners(model, f"tenants/{each.name}/tenant.yaml") == [
            f"@northwind/{each.spec.owner.group}"
        ]
        assert owners(model, f"tenants/{each.name}/new.yaml") == [
            f"@northwind/{each.spec.owner.group}"
        ]
    for budget in model.budgets.values():
        assert owners(model, f"budgets/{budget.name}.yaml") == [f"@northwind/{budget.owner}"]
    assert owners(model, "budgets/aurora-chemistry-2026-11.yaml") == [
        f"@northwind/{model.budgets['aurora-chemistry'].owner}"
    ]
    for path in ("qgov.yaml", "roles/auditor.yaml", "anything", ".github/workflows/plan.yml"):
        assert owners(model, path) == [
            "@northwind/platform-admins",
            "@northwind/security-reviewers",
        ]
    assert TARGET.unsupported(model) == []


def test_whoever_owns_a_tenant_does_not_own_the_owners() -> None:
    model = repository(
        organization(review={"low": ["all"], "high": ["security"]}),
        tenant("aurora"),
    )

    assert owners(model, "tenants/aurora.yaml") == ["@northwind/leads"]
    assert owners(model, "CODEOWNERS") == owners(model, "qgov.yaml") == ["@northwind/security"]


def test_without_approvers_nobody_is_named() -> None:
    model = repository(organization(), tenant("aurora"))

    assert owners(model, "qgov.yaml") == []
    assert [where for where, _ in lines(model)] == ["/tenants/aurora/", "/tenants/aurora.yaml"]


def test_a_document_elsewhere_is_told_and_asks_the_organization() -> None:
    text = repository(organization(review={"low": ["security"]}), tenant("aurora"))
    (told,) = TARGET.unsupported(text)

    assert (told.code, told.severity, told.document) == ("QG975", Severity.INFO, "Tenant/aurora")
    assert "tenants/aurora/" in told.remedy
    assert owners(text, "qgov.yaml") == ["@northwind/security"]


def test_a_moved_document_changes_nothing() -> None:
    def at(path: str) -> bytes:
        files = {
            "qgov.yaml": json.dumps(organization(review={"low": ["security"]})).encode(),
            path: json.dumps(tenant("aurora")).encode(),
        }
        return TARGET.emit(model_of(files))[PATH]

    assert at("tenants/aurora/tenant.yaml") == at("tenants/x/y.yaml")


def test_a_budget_and_an_exception_in_one_file_ask_both_owners() -> None:
    def budget(name: str, owner: str) -> dict[str, object]:
        money = {"period": "monthly", "limit": "1.00 EUR", "stopAt": "100%"}
        return document("Budget", {"name": name}, {"scope": "*", "owner": owner, "budget": money})

    more = {
        "budget": "big",
        "increase": "1.00 EUR",
        "reason": "r",
        "expires": "2026-12-01T00:00:00Z",
    }
    model = repository(
        organization(groups={"finance": {}, "leads": {}}),
        budget("big", "finance"),
        budget("x", "leads"),
        document("BudgetException", {"name": "x"}, more),
    )

    assert owners(model, "budgets/x.yaml") == ["@northwind/finance", "@northwind/leads"]


@pytest.mark.parametrize(
    "name", ["a b", "#a", "!a", "a[0]", "a*", "a\\", "a\tb", "a\nb", "a\u2028b"]
)
def test_a_path_that_means_something_is_one_pattern(name: str) -> None:
    found = pattern(f"tenants/{name}/x.yaml")

    assert found.split() == [found]
    assert not set("#![]*\\") & set(found)
    assert fnmatchcase(f"/tenants/{name}/x.yaml", found)
    assert not fnmatchcase("/tenants/other/x.yaml", found)


@given(st.text(min_size=1, max_size=30))
def test_any_path_is_matched_by_its_pattern(path: str) -> None:
    assert re.fullmatch(r"/[^\s#!\[\]*\\]*", pattern(path))
    assert fnmatchcase(f"/{path}", pattern(path))


@pytest.mark.no_cover
@given(models())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_model_is_lines_of_a_pattern_and_teams(model: AccessModel) -> None:
    text = TARGET.emit(model)[PATH].decode()

    for line in text.splitlines():
        assert line.startswith("#") or re.fullmatch(r"[*/][^ ]*( @[a-z0-9-]+/[a-z0-9-]+)+", line)
    assert {f"/tenants/{name}/" for name in model.tenants} <= {where for where, _ in lines(model)}


def test_titles_are_not_in_it() -> None:
    assert b"<img" not in TARGET.emit(hostile())[PATH]


def many(count: int) -> AccessModel:
    model = worked()
    aurora = model.tenants["aurora"]
    return replace(
        model,
        tenants={f"t{n:05}": replace(aurora, name=f"t{n:05}") for n in range(count)},
    )


@pytest.mark.no_cover
def test_ten_thousand_tenants_fit_what_github_reads() -> None:
    model = many(10_000)

    assert len(TARGET.emit(model)[PATH]) < codeowners.MOST_BYTES
    assert owners(model, "tenants/t09999/tenant.yaml") == ["@northwind/aurora-leads"]
    assert not [f for f in TARGET.unsupported(model) if f.code == "QG976"]


def test_a_file_that_github_would_ignore_is_told() -> None:
    (told,) = [f for f in TARGET.unsupported(many(40_000)) if f.code == "QG976"]

    assert told.severity is Severity.WARNING


WITH_REVIEW = organization(
    review={"critical": ["security"]}, groups={"security": {}, "aurora-leads": {}, "leads": {}}
)


def at(files: dict[str, list[dict[str, object]]]) -> AccessModel:
    """The model of documents by file, with an organization."""
    written = {path: "\n---\n".join(map(json.dumps, found)) for path, found in files.items()}
    texts = {"qgov.yaml": json.dumps(WITH_REVIEW), **written}
    return model_of({path: text.encode() for path, text in texts.items()})


ROLE = document("Role", {"name": "reader"}, {"permissions": ["usage:read"]})
TEST = document(
    "AccessTest",
    {"name": "probe"},
    {
        "cases": [
            {
                "name": "x",
                "subject": {"groups": ["leads"]},
                "action": "job:read",
                "resource": {"scope": "aurora"},
                "expect": "deny",
            }
        ]
    },
)
EXCEPTION = {
    "reason": "r",
    "ticket": "Q-1",
    "requestedBy": "mei@northwind.example",
    "approvedBy": "ines@northwind.example",
    "expires": "2026-12-01T00:00:00Z",
}


def _waiver(of: str) -> dict[str, object]:
    return document("Waiver", {"name": "quiet"}, {**EXCEPTION, "rule": "QG709", "document": of})


REVIEW = document(
    "AccessReview",
    {"name": "spring"},
    {"scope": "borealis", "every": "90d", "completed": "2026-11-01", "reviewers": "leads"},
)
OWNED = {
    "Role": (ROLE, "roles/"),
    "AccessTest": (TEST, "tests/access/"),
    "Waiver of the organization": (_waiver("Organization/northwind"), "another folder"),
    "Waiver of another tenant": (_waiver("Tenant/borealis"), "tenants/borealis/"),
    "AccessReview of another tenant": (REVIEW, "tenants/borealis/"),
    "Budget": (
        document(
            "Budget",
            {"name": "big"},
            {
                "scope": "aurora",
                "owner": "security",
                "budget": {"period": "monthly", "limit": "1.00 EUR", "stopAt": "100%"},
            },
        ),
        "budgets/big.yaml",
    ),
}


@pytest.mark.parametrize("kind", OWNED)
@pytest.mark.parametrize("path", ["tenants/aurora/tenant.yaml", "tenants/aurora/more/x.yaml"])
def test_no_kind_hides_among_what_somebody_else_owns(kind: str, path: str) -> None:
    stray, place = OWNED[kind]
    aurora = tenant("aurora", owner={"group": "aurora-leads", "contact": "a@northwind.example"})
    files = {
        "tenants/aurora/tenant.yaml": [aurora],
        "tenants/borealis/tenant.yaml": [tenant("borealis")],
    }
    clean = at(files)
    assert TARGET.unsupported(clean) == []
    assert owners(clean, path) == ["@northwind/aurora-leads"]

    model = at(files | {path: [*files.get(path, []), stray]})
    (told,) = TARGET.unsupported(model)

    assert owners(model, path) == ["@northwind/security"]
    assert owners(model, "tenants/aurora/other.yaml") == ["@northwind/aurora-leads"]
    assert (told.code, told.severity) == ("QG975", Severity.WARNING)
    assert f"`{path}` lies where `aurora-leads` owns the files" in told.message
    assert told.document == f"{stray['kind']}/{stray['metadata']['name']}"
    assert told.remedy == f"put it into {place}"


def test_what_is_a_tenant_s_own_lies_well_in_its_folder() -> None:
    aurora = tenant("aurora", owner={"group": "aurora-leads", "contact": "a@northwind.example"})
    own = _waiver("Tenant/aurora")
    model = at({"tenants/aurora/tenant.yaml": [aurora], "tenants/aurora/w.yaml": [own]})

    assert TARGET.unsupported(model) == []
    assert owners(model, "tenants/aurora/w.yaml") == ["@northwind/aurora-leads"]


def test_a_tenant_among_the_files_of_a_budget_is_told_too() -> None:
    budget, _ = OWNED["Budget"]
    model = at({"budgets/big.yaml": [budget, tenant("aurora")]})
    (told,) = TARGET.unsupported(model)

    assert told.document == "Tenant/aurora"
    assert told.remedy == "put it into tenants/aurora/"
