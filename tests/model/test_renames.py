"""Former names: what each was, and that none is taken from what still has it."""

from __future__ import annotations

from typing import Any

import pytest

from qgov.finding import Finding
from qgov.language.documents import read_documents
from qgov.model.access_model import AccessModel
from qgov.model.groups import groups_gone
from qgov.model.link import link
from qgov.model.renames import renames
from tests.model.repository import BASE, edited
from tests.targets.worked import organization, repository, role, tenant


def refused(files: dict[str, bytes]) -> list[Finding]:
    """What the model stage finds."""
    documents, unreadable = read_documents(files)
    assert unreadable == []
    return link(documents)[1]


def test_a_name_of_today_has_the_labels_of_then() -> None:
    found = renames(
        repository(
            organization(groups={"late": {"previously": "night"}, "day": {}}),
            role("researcher", "job:submit", previously="scientist"),
            tenant(
                "aurora",
                previously="dawn",
                environments={
                    "lab": {
                        "tier": "sandbox",
                        "previously": "sandbox",
                        "projects": [{"name": "optics", "previously": "light"}],
                    },
                    "test": {"tier": "test", "projects": ["optics"]},
                },
                serviceAccounts=[{"name": "nightly", "owner": "late", "previously": "cron"}],
            ),
        )
    )
    assert (found.group("late"), found.group("day")) == ("night", "day")
    assert (found.role("researcher"), found.role("auditor")) == ("scientist", "auditor")
    assert found.workload("aurora/nightly") == "dawn/cron"
    for scope, former in {
        "*": "*",
        "aurora": "dawn",
        "aurora/lab": "dawn/sandbox",
        "aurora/lab/optics": "dawn/sandbox/light",
        "aurora/test/optics": "dawn/test/optics",
        "borealis/lab/optics": "borealis/lab/optics",
    }.items():
        assert found.scope(scope) == former


def test_a_group_of_a_tenant_that_is_not_loaded_still_exists() -> None:
    old = "platform-auditors: {identityProvider: workforce}"
    new = old.replace("{", "{previously: far-developers, ")
    documents, _ = read_documents(edited("qgov.yaml", old, new))
    assert link(documents)[1] == []
    (finding,) = link(documents, {("Group", "far-developers")})[1]
    assert finding.code == "QG219"
    assert finding.message == (
        "group far-developers still exists, so group platform-auditors cannot be its new name"
    )


def test_a_former_document_name_is_reported_as_before() -> None:
    files = edited(
        "roles/developer.yaml", "name: developer", "name: developer, previously: auditor"
    )
    (finding,) = refused(files)
    assert finding.message == (
        "Role/auditor still exists, so Role/developer cannot be its new name"
    )
    assert finding.remedy == "remove `previously`, or the old document"
    assert refused(BASE) == []


def test_a_name_of_today_is_no_former_name() -> None:
    files = edited(
        "roles/developer.yaml", "name: developer", "name: developer, previously: developer"
    )
    (finding,) = refused(files)
    assert finding.message == "Role/developer has its own name in `previously`"
    assert finding.remedy == "write the former name"


def company(bound: str | None = None, **groups: dict[str, Any]) -> AccessModel:
    """A company of two directories with declared groups, of which a tenant may bind one."""
    bindings = [{"group": bound, "role": "researcher", "on": "*"}] if bound else []
    providers = {
        name: {"type": "keycloak", "issuer": f"https://{name}.example/realms/q"}
        for name in ("partners", "workforce")
    }
    return repository(
        organization(identityProviders=providers, groups=groups),
        role("researcher", "job:submit"),
        tenant("aurora", bindings=bindings),
    )


def test_of_several_former_names_the_last_counts_and_none_may_exist() -> None:
    model = repository(
        organization(),
        role("researcher", "job:submit"),
        tenant("aurora", previously=["dawn", "night"]),
    )
    assert model.tenants["aurora"].metadata.previously == ("dawn", "night")
    assert renames(model).scope("aurora") == "dawn"
    files = edited(
        "roles/developer.yaml", "name: developer", "name: developer, previously: [coder, auditor]"
    )
    (finding,) = refused(files)
    assert finding.message == (
        "Role/auditor still exists, so Role/developer cannot be its new name"
    )
    for wrong in ("[]", "[A]", "7", "[coder, 7]", "{coder: 1}"):
        files = edited(
            "roles/developer.yaml", "name: developer", f"name: developer, previously: {wrong}"
        )
        _, unreadable = read_documents(files)
        assert unreadable, wrong


HOME = {"identityProvider": "workforce"}
NIGHT = company(night=HOME)


@pytest.mark.parametrize(
    ("base", "head", "gone"),
    [
        (NIGHT, NIGHT, []),
        (company("night", night=HOME), NIGHT, []),
        (NIGHT, company("night"), []),
        (NIGHT, company(), ["night"]),
        (company("night"), company(), ["night"]),
        (NIGHT, company(late=HOME), ["night"]),
        (NIGHT, company(late={**HOME, "previously": "night"}), []),
        (
            NIGHT,
            company(late={"identityProvider": "partners", "previously": "night"}),
            ["night"],
        ),
        (company(night=HOME, late=HOME), company(late={**HOME, "previously": "night"}), ["night"]),
        (NIGHT, company(night={"identityProvider": "partners"}), ["night"]),
        (company("night", night={}), company(night={}), ["night"]),
        (company(night=HOME, day=HOME), company(), ["day", "night"]),
    ],
    ids=[
        "the same",
        "no longer bound",
        "no longer declared, but bound",
        "no longer declared",
        "known by its binding alone",
        "renamed in silence",
        "renamed",
        "renamed and moved to another directory",
        "merged into another",
        "moved to another directory",
        "unbound, and so of the default directory",
        "two of them",
    ],
)
def test_a_group_that_its_directory_loses_is_named(
    base: AccessModel, head: AccessModel, gone: list[str]
) -> None:
    assert [group.name for group in groups_gone(base, head)] == gone
    assert {group.provider for group in groups_gone(base, head)} <= {"workforce"}
