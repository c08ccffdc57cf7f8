"""Nested teams: who is in a group besides those whom its directory keeps in it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from qgov.checks import check
from qgov.language.documents import read_documents
from qgov.model.access_model import AccessModel
from qgov.model.link import link
from qgov.model.nesting import DEPTH
from tests.model.repository import edited
from tests.targets.worked import document, organization, repository, role, tenant

NOW = datetime(2026, 11, 23, tzinfo=UTC)
PROVIDERS = {
    name: {"type": "keycloak", "issuer": f"https://{name}.example/realms/q"}
    for name in ("workforce", "partners")
}


def company(*bindings: dict[str, Any], **groups: dict[str, Any]) -> AccessModel:
    """Two tenants; bindings are those of the first, and groups are of its directory."""
    said = {name: {"identityProvider": "workforce", **spec} for name, spec in groups.items()}
    return repository(
        organization(identityProviders=PROVIDERS, groups=said),
        role("researcher", "job:submit"),
        role("reader", "job:read"),
        tenant("aurora", bindings=list(bindings)),
        tenant("borealis", bindings=[{"group": "night", "role": "reader", "on": "*"}]),
    )


def held(model: AccessModel, group: str) -> list[tuple[str, str, str | None]]:
    found = (b for b in model.bindings if b.principal == f"group:{group}")
    return [(b.role, b.scope, b.via) for b in found]


def findings(model: AccessModel, *codes: str) -> list[tuple[str, int, str]]:
    found = (f for f in check(model, NOW) if f.code in codes)
    return [(f.code, f.origin.line, f.message) for f in found]


STAFF = {"group": "staff", "role": "researcher", "on": "sandbox"}


def test_whoever_is_in_an_included_group_holds_what_the_group_holds() -> None:
    eligible = {"approvers": "staff", "maxDuration": "4h", "ticket": "required"}
    later = {"group": "staff", "role": "reader", "on": "*", "eligible": eligible}
    model = company(
        {**STAFF, "requires": {"mfa": True}},
        {**later, "expires": "2027-01-01T00:00:00Z"},
        staff={"includes": ["day", "crew"]},
        crew={"includes": ["night"], "expires": "2026-12-24T00:00:00Z", "external": True},
        day={},
        night={},
        others={},
    )
    assert model.groups["staff"].includes == ("crew", "day", "night")
    assert model.groups["crew"].includes == ("night",)
    for name in ("crew", "day"):
        assert held(model, name) == [
            ("reader", "aurora", "staff"),
            ("researcher", "aurora/sandbox", "staff"),
        ]
    assert held(model, "night") == [*held(model, "day"), ("reader", "borealis", None)]
    assert held(model, "others") == []
    by = {(str(b.principal), b.role): b for b in model.bindings if b.scope != "borealis"}
    staff, crew = by["group:staff", "reader"], by["group:crew", "reader"]
    assert crew.eligible == staff.eligible is not None
    assert crew.origin == staff.origin
    assert str(crew.expires) == "2026-12-24 00:00:00+00:00"
    assert str(by["group:day", "reader"].expires) == "2027-01-01 00:00:00+00:00"
    assert (crew.external, staff.external) == (True, False)
    assert by["group:day", "researcher"].requires.mfa


def test_a_group_is_of_the_tenants_that_bind_what_includes_it() -> None:
    model = company(STAFF, staff={"includes": ["night"]}, night={})
    assert model.groups["night"].tenants == ("aurora", "borealis")
    assert len(findings(model, "QG501")) == 2  # where each tenant says so
    assert all("`night`" in message for _, _, message in findings(model, "QG501"))


def told(*documents: dict[str, Any], code: str) -> list[str]:
    return [f.told for f in check(repository(*documents), NOW) if f.code == code]


def groups(**said: dict[str, Any]) -> dict[str, Any]:
    return {name: {"identityProvider": "workforce", **spec} for name, spec in said.items()}


@pytest.mark.parametrize(
    ("included", "message"),
    [
        (
            {"staff": {"includes": ["leads"]}},
            "`leads` approves its own elevations (as a member of `staff`)",
        ),
        (
            {"leads": {"includes": ["crew"]}, "crew": {"includes": ["staff"]}},
            "`staff` approves its own elevations as a member of `leads`",
        ),
        (
            {"staff": {"includes": ["crew"]}, "leads": {"includes": ["crew"]}},
            "`crew` approves its own elevations as a member of `leads` (bound as one of `staff`)",
        ),
    ],
)
def test_who_is_among_the_approvers_approves_for_themselves(
    included: dict[str, dict[str, Any]], message: str
) -> None:
    apart: dict[str, dict[str, Any]] = {"staff": {}, "leads": {}, "crew": {}}

    def found(**said: dict[str, Any]) -> list[str]:
        eligible = {"approvers": "leads", "maxDuration": "4h", "ticket": "required"}
        return told(
            organization(groups=groups(**{**apart, **said})),
            role("researcher", "job:submit"),
            tenant("aurora", bindings=[{**STAFF, "eligible": eligible}]),
            code="QG408",
        )

    assert found() == []
    assert found(**included) == [message]


def test_who_approves_as_a_member_of_who_is_bound_is_told_so_once() -> None:
    eligible = {"approvers": "staff", "maxDuration": "4h", "ticket": "required"}
    found = told(
        organization(groups=groups(staff={"includes": ["crew"]}, crew={})),
        role("researcher", "job:submit"),
        tenant("aurora", bindings=[{**STAFF, "eligible": eligible}]),
        code="QG408",
    )

    assert found == [
        "`crew` approves its own elevations (as a member of `staff`)",
        "`staff` approves its own elevations",
    ]


def test_two_bindings_of_one_group_are_told_as_its_members_once() -> None:
    found = told(
        organization(groups=groups(staff={"includes": ["crew"]}, crew={})),
        role("researcher", "job:submit"),
        document(
            "Role",
            {"name": "auditor"},
            {"permissions": ["audit:read"], "conflictsWith": ["researcher"]},
        ),
        tenant("aurora", bindings=[STAFF, {**STAFF, "role": "auditor"}]),
        code="QG403",
    )

    assert [message.count("as a member of `staff`") for message in found] == [1, 0]


@pytest.mark.parametrize(("outer", "inner"), [("leads", "finance"), ("finance", "leads")])
def test_the_owner_of_a_budget_is_not_among_its_approvers_either_way(
    outer: str, inner: str
) -> None:
    approval = {
        "above": "1.00 EUR",
        "forClasses": ["qpu"],
        "approvers": "finance",
        "validFor": "1d",
    }
    spec = {"scope": "aurora", "owner": "leads", "approval": approval}

    def found(**said: dict[str, Any]) -> list[str]:
        return told(
            organization(groups=groups(**{"leads": {}, "finance": {}, **said})),
            tenant("aurora"),
            document("Budget", {"name": "jobs"}, spec),
            code="QG810",
        )

    assert found() == []
    assert found(**{outer: {"includes": [inner]}}) == [
        "`leads` owns `jobs` and approves its expensive jobs with `finance`: one includes the other"
    ]


def test_a_guardrail_of_a_group_is_one_of_those_whom_it_includes() -> None:
    never = {
        "name": "auditors-work-nowhere",
        "why": "Whoever judges does not act",
        "principals": ["group:audit"],
        "permissions": ["job:read"],
    }

    def found(**said: dict[str, Any]) -> list[str]:
        return told(
            organization(
                groups=groups(**{"staff": {}, "audit": {}, **said}), guardrails={"never": [never]}
            ),
            role("researcher", "job:read"),
            tenant("aurora", bindings=[STAFF]),
            code="QG981",
        )

    assert found() == []
    (message,) = found(audit={"includes": ["staff"]})
    assert "`group:staff` may `job:read` on `aurora/sandbox/chemistry`" in message


def test_an_included_group_that_has_ended_is_told_where_it_is_included() -> None:
    """Its binding is another group's, which has not."""
    crew = {"expires": "2026-11-22T22:00:00Z"}
    source = organization(groups=groups(staff={"includes": ["crew"]}, crew=crew))
    model = repository(source, role("researcher", "job:submit"), tenant("aurora", bindings=[STAFF]))
    (finding,) = (f for f in check(model, NOW) if f.code == "QG344")
    assert finding.message == "`crew`, which `staff` includes, ended at 2026-11-22T22:00:00Z"
    assert finding.origin == model.organization.source.at("groups", "staff", "includes", 0)


def test_a_finding_says_whose_binding_it_is() -> None:
    admin = {"group": "staff", "role": "admin", "on": "*"}
    documents = (
        organization(groups=groups(staff={"includes": ["crew"]}, crew={"external": True})),
        role("admin", "policy:write"),
        tenant("aurora", bindings=[admin]),
    )
    (message,) = told(*documents, code="QG341")
    assert message.startswith("`group:crew` is from outside and holds `admin` for ever")
    assert "as a member of `staff`" in message


def test_a_group_that_answers_is_told_with_whom_it_includes() -> None:
    documents = (
        organization(groups=groups(leads={"includes": ["crew"]}, crew={"external": True})),
        tenant("aurora"),
    )
    (message,) = told(*documents, code="QG343")
    assert message == (
        "`leads` includes `crew`, which is from outside, and Tenant/aurora asks it as `group`"
    )


def test_roles_that_exclude_each_other_are_found_through_a_group() -> None:
    def conflicts(**groups: dict[str, Any]) -> list[str]:
        said = {name: {"identityProvider": "workforce", **spec} for name, spec in groups.items()}
        researcher = role("researcher", "job:submit")
        researcher["spec"]["conflictsWith"] = ["reader"]
        model = repository(
            organization(identityProviders=PROVIDERS, groups=said),
            researcher,
            role("reader", "job:read"),
            tenant("aurora", bindings=[STAFF, {"group": "crew", "role": "reader", "on": "*"}]),
        )
        return [f.told for f in check(model, NOW) if f.code == "QG403"]

    assert conflicts(staff={}, crew={}) == []
    (message,) = conflicts(staff={"includes": ["crew"]}, crew={})
    assert "group:crew" in message
    assert "as a member of `staff`" in message


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({"a": {"includes": ["a"]}}, "`a` includes `a`, and is included by it"),
        (
            {"a": {"includes": ["b"]}, "b": {"includes": ["a"]}},
            "`a` includes `b`, and is included by it",
        ),
        (
            {"a": {"includes": ["b"]}, "b": {"identityProvider": "partners"}},
            "`a` is of `workforce`, and includes `b` of `partners`",
        ),
        (
            {f"g{n}": {"includes": [f"g{n + 1}"]} for n in range(DEPTH + 1)}
            | {f"g{DEPTH + 1}": {}},
            f"`g0` includes groups more than {DEPTH} levels deep",
        ),
    ],
)
def test_a_group_that_cannot_include_another_is_told(
    groups: dict[str, dict[str, Any]], message: str
) -> None:
    found = findings(company(**groups), "QG339")
    assert message in {text for _, _, text in found}
    assert all(line > 0 for _, line, _ in found)


def test_as_deep_as_may_be_is_well() -> None:
    groups = {f"g{n}": {"includes": [f"g{n + 1}"]} for n in range(DEPTH)} | {f"g{DEPTH}": {}}
    model = company({**STAFF, "group": "g0"}, **groups)
    assert findings(model, "QG339") == []
    assert held(model, f"g{DEPTH}") == [("researcher", "aurora/sandbox", "g0")]


def test_a_group_that_is_not_there_is_undefined() -> None:
    old = "platform-auditors: {identityProvider: workforce"
    files = edited("qgov.yaml", old, old.replace("{", "{includes: [nobody], "))
    documents, unreadable = read_documents(files)
    assert unreadable == []
    (finding,) = link(documents)[1]
    assert finding.code == "QG202"
    assert "nobody" in finding.message
