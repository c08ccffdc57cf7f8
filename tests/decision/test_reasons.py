"""Every reason, warning and obligation: the reference and the bundle in rego-cpp agree."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from qgov.decision.decision import REASONS, WARNINGS, Decision
from qgov.decision.engine import EngineKind
from qgov.decision.engines import engines
from qgov.decision.engines.rego import RegoEngine
from qgov.decision.reference import decide
from qgov.model.access_model import AccessModel
from qgov.model.accesses import accesses
from qgov.records import replace
from qgov.targets.opa import TARGET
from tests.decision.compared import start
from tests.decision.harness import AUDITOR, DEVELOPER, FILES, MODEL, PIPELINE, asking, elevation
from tests.decision.jobs import ALLOWED_JOBS, DENIED_JOBS
from tests.strategies import CI_ISSUER, ISSUERS, linked

PRODUCTION = asking(DEVELOPER, environment="production", backend="iqm-garnet")
CLIENT = asking(PIPELINE, issuer=ISSUERS["workforce"], subject="workload:aurora/nightly")
COURIER = asking(
    PIPELINE,
    name="job:read",
    id="borealis/courier",
    subject="courier",
    scope="borealis/sandbox/chemistry",
    backend=...,
)
TOM = asking(PRODUCTION, id="tom@northwind.example")


def elevated(*elevations: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return asking(PRODUCTION, elevations=list(elevations), **changes)


CONTRACTOR = asking(DEVELOPER, groups=["contractors"])
IN_PRODUCTION = asking(PRODUCTION, groups=["contractors"], elevations=[elevation()])
CALIBRATING = asking(COURIER, name="queue:prioritize", scope="borealis/sandbox")


def at(time: str, request: dict[str, Any]) -> dict[str, Any]:
    return asking(request, time=time, issued_at=time)


ALLOWED: dict[str, dict[str, Any]] = {
    "what runs nothing, where a project's data may not be": asking(
        PRODUCTION, groups=["operators"], project="vault", name="job:read"
    ),
    "a backend on one's own premises, which every project admits": asking(
        DEVELOPER, project="archive"
    ),
    "a contractor from where its own binding asks nothing": asking(CONTRACTOR, country="FR"),
    "a group in its last second": at("2026-11-23T17:59:59Z", CONTRACTOR),
    "a fraction of a group's last second": at("2026-11-23T17:59:59.999Z", CONTRACTOR),
    "a binding that ends before its group, in its last second": at(
        "2026-11-23T10:59:59Z", IN_PRODUCTION
    ),
    "a workload's binding in its last second": at("2026-11-23T22:59:59Z", CALIBRATING),
    "a group that ends, at the first time that engines count": at(
        "1970-01-01T00:00:00Z", CONTRACTOR
    ),
    "an ended binding beside one that goes on": at(
        "2026-11-23T18:00:00Z", asking(CONTRACTOR, groups=["contractors", "developers"])
    ),
    "a developer in the sandbox": DEVELOPER,
    "an auditor": AUDITOR,
    "an auditor of the organization": asking(AUDITOR, name="policy:read", scope=""),
    "an auditor of an environment": asking(
        AUDITOR, name="queue:prioritize", scope="aurora/production"
    ),
    "a pipeline without second factor, device or country": PIPELINE,
    "a pipeline by its client at the identity provider": CLIENT,
    "a workload whose identity provider is no Keycloak": COURIER,
    "a workload without a bound of its own": asking(COURIER, issued_at="2026-11-23T09:00:00Z"),
    "saml for people": asking(DEVELOPER, kind="saml"),
    "one's own job": asking(DEVELOPER, name="job:cancel", owner="mei@northwind.example"),
    "one's own job, in capitals": asking(
        DEVELOPER, name="job:cancel", id="MEI@northwind.example", owner="Mei@Northwind.example"
    ),
    "another's job, where that is not required": asking(DEVELOPER, name="job:read", owner="x"),
    "a clock that is 60 s ahead": asking(DEVELOPER, issued_at="2026-11-23T10:01:00Z"),
    "a token of exactly the greatest age": elevated(elevation(), issued_at="2026-11-23T09:00:00Z"),
    "an offset instead of Z": asking(DEVELOPER, issued_at="2026-11-23T10:55:00+01:00"),
    "a group more than once": asking(DEVELOPER, groups=["developers", "developers", "x"]),
    "an elevation from the context": elevated(elevation()),
    "an elevation of the project alone": elevated(elevation(scope="aurora/production/chemistry")),
    "an elevation without subject is the subject's": elevated(elevation(subject=...)),
    "an elevation that just began": elevated(elevation(not_before="2026-11-23T10:00:00Z")),
    "one sound elevation among bad ones": elevated(
        elevation(ticket=...), elevation(), elevation(approved_by=...)
    ),
    "an elevation from the bundle": TOM,
    "an elevation from the bundle, in capitals": asking(TOM, id="Tom@Northwind.example"),
    "an elevation of the subject in capitals": elevated(
        elevation(subject="MEI@NORTHWIND.EXAMPLE", approved_by="INES@northwind.example")
    ),
}

DENIED: dict[str, tuple[dict[str, Any], set[str]]] = {
    "a group that has just ended": (at("2026-11-23T18:00:00Z", CONTRACTOR), {"no-grant"}),
    "a group that ended a second ago": (at("2026-11-23T18:00:01Z", CONTRACTOR), {"no-grant"}),
    "a binding that ended before its group": (
        at("2026-11-23T11:00:00Z", IN_PRODUCTION),
        {"no-grant"},
    ),
    "a workload's binding that has just ended": (
        at("2026-11-23T23:00:00Z", CALIBRATING),
        {"no-grant"},
    ),
    "a group that ends, at no known time": (
        asking(CONTRACTOR, time=...),
        {"context-missing", "no-grant"},
    ),
    "an ended binding beside one that lacks something": (
        at(
            "2026-11-23T18:00:00Z",
            asking(CONTRACTOR, groups=["contractors", "developers"], mfa=False),
        ),
        {"mfa-missing"},
    ),
    "nothing at all": ({}, {"subject-unknown", "context-missing", "no-grant"}),
    "an unknown issuer": (
        asking(DEVELOPER, issuer="https://evil.example"),
        {"subject-unknown", "no-grant"},
    ),
    "no issuer": (asking(DEVELOPER, issuer=...), {"subject-unknown", "no-grant"}),
    "no id": (asking(DEVELOPER, id=...), {"subject-unknown", "no-grant"}),
    "another type": (asking(DEVELOPER, type="robot"), {"subject-unknown", "no-grant"}),
    "an unknown workload": (asking(PIPELINE, id="aurora/nobody"), {"subject-unknown", "no-grant"}),
    "an api key": (asking(DEVELOPER, kind="api-key"), {"static-credential"}),
    "saml for a workload": (asking(PIPELINE, kind="saml"), {"static-credential"}),
    "no kind of token": (asking(DEVELOPER, kind=...), {"context-missing"}),
    "a token from the future": (
        asking(DEVELOPER, issued_at="2026-11-23T10:01:01Z"),
        {"token-stale"},
    ),
    "an old token": (elevated(elevation(), issued_at="2026-11-23T08:59:59Z"), {"token-stale"}),
    "a workload's own bound": (asking(PIPELINE, issued_at="2026-11-23T09:44:59Z"), {"token-stale"}),
    "no time": (asking(DEVELOPER, time=...), {"context-missing"}),
    "a time that is none": (asking(DEVELOPER, time="2026-02-30T00:00:00Z"), {"context-missing"}),
    "a time without offset": (asking(DEVELOPER, time="2026-11-23T10:00:00"), {"context-missing"}),
    "a time beyond what engines count": (
        asking(DEVELOPER, time="2262-01-01T00:00:00Z"),
        {"context-missing"},
    ),
    "a time before what engines count": (
        asking(DEVELOPER, time="1969-12-31T23:59:59Z"),
        {"context-missing"},
    ),
    "the last time that engines count": (
        asking(DEVELOPER, time="2261-12-31T23:59:59Z", name="job:cancel", owner="x", mfa=False),
        {"mfa-missing", "not-owner"},
    ),
    "no issue time": (asking(DEVELOPER, issued_at=...), {"context-missing"}),
    "another audience": (asking(DEVELOPER, audience="qgov-partner"), {"federation-mismatch"}),
    "no audience": (asking(DEVELOPER, audience=...), {"context-missing"}),
    "another repository": (
        asking(PIPELINE, subject="repo:evil/aurora:ref:refs/heads/main"),
        {"federation-mismatch"},
    ),
    "another branch": (
        asking(PIPELINE, subject="repo:northwind/aurora:ref:refs/heads/main2"),
        {"federation-mismatch"},
    ),
    "a subject too short to hold the pattern": (
        asking(PIPELINE, subject="repo:northwind/:ref:main"),
        {"federation-mismatch"},
    ),
    "another issuer for a workload": (
        asking(PIPELINE, issuer=ISSUERS["workforce"]),
        {"federation-mismatch"},
    ),
    "another audience for a workload": (
        asking(PIPELINE, audience="other"),
        {"federation-mismatch"},
    ),
    "a claim missing and another wrong": (
        asking(PIPELINE, subject=..., audience="other"),
        {"context-missing", "federation-mismatch"},
    ),
    "another workload's client": (
        asking(CLIENT, subject="workload:aurora/nightlyx"),
        {"federation-mismatch"},
    ),
    "a client at another identity provider": (
        asking(CLIENT, issuer=ISSUERS["partner"], audience="qgov-partner"),
        {"federation-mismatch"},
    ),
    "a client with another audience": (
        asking(CLIENT, audience="qgov-partner"),
        {"federation-mismatch"},
    ),
    "a client's name by the workload's own issuer": (
        asking(CLIENT, issuer=CI_ISSUER),
        {"federation-mismatch"},
    ),
    "a client at an identity provider that is no Keycloak": (
        asking(
            COURIER,
            issuer=ISSUERS["partner"],
            audience="qgov-partner",
            subject="workload:borealis/courier",
        ),
        {"federation-mismatch"},
    ),
    "another tenant's client": (
        asking(COURIER, issuer=ISSUERS["workforce"], subject="workload:aurora/nightly"),
        {"federation-mismatch"},
    ),
    "a client without an issuer": (asking(CLIENT, issuer=...), {"context-missing"}),
    "a client without an audience": (asking(CLIENT, audience=...), {"context-missing"}),
    "a client's token without a name": (asking(CLIENT, subject=...), {"context-missing"}),
    "a client of a workload without federation": (
        asking(
            CLIENT,
            id="aurora/legacy",
            subject="workload:aurora/legacy",
            environment="sandbox",
            backend="local-simulator",
        ),
        {"federation-mismatch"},
    ),
    "a workload without federation": (
        asking(PIPELINE, id="aurora/legacy", environment="sandbox", backend="local-simulator"),
        {"federation-mismatch"},
    ),
    "no second factor": (asking(DEVELOPER, mfa=False), {"mfa-missing"}),
    "a second factor that is not said": (asking(DEVELOPER, mfa=...), {"context-missing"}),
    "a second factor in words": (asking(DEVELOPER, mfa="yes"), {"context-missing"}),
    "a private device": (elevated(elevation(), managed_device=False), {"device-unmanaged"}),
    "a device that is not said": (elevated(elevation(), managed_device=1), {"context-missing"}),
    "the role's countries": (asking(DEVELOPER, country="US"), {"country-blocked"}),
    "the binding's countries": (asking(DEVELOPER, country="FR"), {"country-blocked"}),
    "no country": (asking(DEVELOPER, country=...), {"context-missing"}),
    "an unknown tenant": (asking(DEVELOPER, tenant="atlantis"), {"scope-unknown", "no-grant"}),
    "an unknown environment": (asking(DEVELOPER, environment="x"), {"scope-unknown", "no-grant"}),
    "an unknown project": (asking(DEVELOPER, project="x"), {"scope-unknown", "no-grant"}),
    "too shallow": (asking(DEVELOPER, project=...), {"scope-unknown", "no-grant"}),
    "too deep": (asking(AUDITOR, environment="sandbox"), {"scope-unknown", "no-grant"}),
    "a gap": (asking(DEVELOPER, environment=...), {"scope-unknown", "no-grant"}),
    "a tenant for the organization": (
        asking(AUDITOR, name="policy:read"),
        {"scope-unknown", "no-grant"},
    ),
    "labels in one label": (
        asking(AUDITOR, tenant="aurora/sandbox"),
        {"scope-unknown", "no-grant"},
    ),
    "every tenant at once": (asking(AUDITOR, tenant="*"), {"scope-unknown", "no-grant"}),
    "another tenant": (
        asking(PIPELINE, tenant="borealis", environment="sandbox"),
        {"tenant-mismatch", "no-grant", "backend-not-entitled", "residency"},
    ),
    "a guest's issuer": (
        asking(DEVELOPER, groups=["guests"], issuer=ISSUERS["partner"], audience="qgov-partner"),
        {"tenant-mismatch"},
    ),
    "a group claimed by another provider": (
        asking(DEVELOPER, issuer=ISSUERS["partner"], audience="qgov-partner"),
        {"tenant-mismatch", "no-grant"},
    ),
    "an auditor executes": (asking(DEVELOPER, groups=["auditors"]), {"no-grant"}),
    "no group": (asking(DEVELOPER, groups=[]), {"no-grant"}),
    "groups as a text": (asking(DEVELOPER, groups="developers"), {"no-grant"}),
    "an unknown action": (asking(DEVELOPER, name="job:walk"), {"no-grant"}),
    "an own permission as an action": (asking(DEVELOPER, name="job:cancel:own"), {"no-grant"}),
    "a neighbour's job": (asking(DEVELOPER, name="job:cancel", owner="x"), {"not-owner"}),
    "nobody's job": (asking(DEVELOPER, name="job:cancel"), {"context-missing"}),
    "no elevation": (PRODUCTION, {"elevation-required"}),
    "somebody else's elevation": (
        elevated(elevation(subject="tom@northwind.example")),
        {"elevation-required"},
    ),
    "an elevation of nobody readable": (elevated(elevation(subject=7)), {"elevation-required"}),
    "another role's elevation": (elevated(elevation(role="auditor")), {"elevation-required"}),
    "an elevation beside": (elevated(elevation(scope="aurora/sandbox")), {"elevation-required"}),
    "an elevation wider than the binding": (
        elevated(elevation(scope="aurora")),
        {"elevation-required"},
    ),
    "a scope that only begins alike": (
        elevated(elevation(scope="aurora/prod")),
        {"elevation-required"},
    ),
    "an elevation that has ended": (
        elevated(elevation(expires="2026-11-23T10:00:00Z")),
        {"elevation-expired"},
    ),
    "an elevation to come": (
        elevated(elevation(not_before="2026-11-23T10:00:01Z")),
        {"elevation-expired"},
    ),
    "an elevation without end": (
        elevated(elevation(expires=...)),
        {"elevation-expired", "elevation-unapproved"},
    ),
    "an elevation without beginning": (
        elevated(elevation(not_before=...)),
        {"elevation-unapproved"},
    ),
    "an elevation one second too long": (
        elevated(elevation(expires="2026-11-23T12:00:01Z")),
        {"elevation-unapproved"},
    ),
    "an elevation that nobody approved": (
        elevated(elevation(approved_by=...)),
        {"elevation-unapproved"},
    ),
    "an elevation that others approved": (
        elevated(elevation(approver_groups=["developers"])),
        {"elevation-unapproved"},
    ),
    "an elevation without ticket": (elevated(elevation(ticket=...)), {"elevation-unapproved"}),
    "an elevation that the subject approved": (
        elevated(elevation(approved_by="mei@northwind.example")),
        {"elevation-self-approved"},
    ),
    "an elevation that who asked approved": (
        elevated(elevation(requested_by="ines@northwind.example")),
        {"elevation-self-approved"},
    ),
    "an elevation that the subject approved in capitals": (
        elevated(elevation(approved_by="Mei@Northwind.Example")),
        {"elevation-self-approved"},
    ),
    "an elevation that who asked approved in capitals": (
        elevated(elevation(requested_by="INES@northwind.example")),
        {"elevation-self-approved"},
    ),
    "an elevation that the subject approved in another form of Unicode": (
        elevated(
            elevation(subject=..., approved_by="JO\u0308RG@northwind.example"),
            id="j\u00f6rg@northwind.example",
        ),
        {"elevation-self-approved"},
    ),
    "the faults of all": (
        elevated(elevation(ticket=...), elevation(expires="2026-11-23T09:00:00Z")),
        {"elevation-unapproved", "elevation-expired"},
    ),
    "an elevation is not a second factor": (
        elevated(mfa=False),
        {"elevation-required", "mfa-missing"},
    ),
    "the bundle's elevation has ended": (
        asking(TOM, time="2026-11-23T12:00:00Z", issued_at="2026-11-23T11:55:00Z"),
        {"elevation-expired"},
    ),
    "a backend of elsewhere": (asking(DEVELOPER, backend="iqm-garnet"), {"backend-not-entitled"}),
    "an unknown backend": (asking(DEVELOPER, backend="abacus"), {"backend-not-entitled"}),
    "as many qubits as a backend of elsewhere has": (
        asking(DEVELOPER, backend="resonance", qubits=20),
        {"backend-not-entitled"},
    ),
    "more qubits than a backend of elsewhere has": (
        asking(DEVELOPER, backend="heron", qubits=157),
        {"backend-not-entitled", "job-too-large"},
    ),
    "a backend abroad, where a project says where its data may be": (
        asking(PRODUCTION, backend="forte"),
        {"backend-not-entitled", "elevation-required", "residency"},
    ),
    "an unknown backend, where a project says its residency": (
        asking(PRODUCTION, groups=["operators"], backend="abacus"),
        {"backend-not-entitled"},
    ),
    "a backend abroad, in no project": (
        asking(DEVELOPER, backend="forte", scope="aurora"),
        {"scope-unknown", "no-grant"},
    ),
    "a backend where a project's data may not be": (
        asking(PRODUCTION, groups=["operators"], project="vault"),
        {"residency"},
    ),
    "a backend abroad": (asking(DEVELOPER, backend="forte"), {"residency"}),
    "no backend": (asking(DEVELOPER, backend=...), {"context-missing"}),
    "several at once": (
        asking(DEVELOPER, kind="api-key", mfa=False, country=..., backend="forte"),
        {"static-credential", "mfa-missing", "context-missing", "residency"},
    ),
}


ALLOWED |= {name: request for name, (request, _) in ALLOWED_JOBS.items()}
DENIED |= DENIED_JOBS


@pytest.fixture(scope="module")
def rego() -> Iterator[RegoEngine]:
    with RegoEngine(TARGET.emit(MODEL)["policy/opa/bundle.tar.gz"]) as engine:
        yield engine


def answer(rego: RegoEngine, request: dict[str, Any]) -> Decision:
    """The reference's decision, after rego-cpp has given the same."""
    expected = decide(MODEL, request, rego.revision)
    assert rego.decide([request]) == [expected]
    return expected


@pytest.mark.parametrize("case", ALLOWED)
def test_what_meets_every_condition_is_allowed(rego: RegoEngine, case: str) -> None:
    decision = answer(rego, ALLOWED[case])
    assert decision.allow, decision.reasons
    assert decision.reasons == ()
    assert decision.revision.startswith("sha256:")


@pytest.mark.parametrize("case", DENIED)
def test_what_misses_a_condition_is_denied_with_every_reason(rego: RegoEngine, case: str) -> None:
    request, reasons = DENIED[case]
    decision = answer(rego, request)
    assert not decision.allow
    assert decision.reasons == tuple(sorted(reasons))
    assert decision.warnings == ()


@pytest.mark.parametrize("case", ALLOWED_JOBS)
def test_an_allowed_job_is_told_what_it_nears(rego: RegoEngine, case: str) -> None:
    request, warnings = ALLOWED_JOBS[case]
    assert set(answer(rego, request).warnings) == warnings


def test_a_person_whose_id_is_not_ascii_approves(rego: RegoEngine) -> None:
    given = elevation(subject=..., approved_by="J\u00d6RG@northwind.example")
    assert answer(rego, elevated(given)).allow
    assert answer(rego, elevated(given, id="j\u00f6rg@northwind.example")).reasons == (
        "elevation-self-approved",
    )


def test_every_reason_has_a_case() -> None:
    assert set().union(*(reasons for _, reasons in DENIED.values())) == set(REASONS)


def test_every_warning_has_a_case() -> None:
    told = set().union(*(warnings for _, warnings in ALLOWED_JOBS.values()))
    assert told | {"elevation-expiring"} == set(WARNINGS)


@pytest.mark.parametrize(("time", "warned"), [("11:44:59", False), ("11:45:00", True)])
def test_an_elevation_that_ends_within_a_quarter_of_an_hour_is_warned_of(
    rego: RegoEngine, time: str, warned: bool
) -> None:
    asked = asking(TOM, time=f"2026-11-23T{time}Z", issued_at="2026-11-23T11:40:00Z")
    assert (answer(rego, asked).warnings == ("elevation-expiring",)) is warned


def test_a_longer_elevation_silences_the_warning(rego: RegoEngine) -> None:
    more = elevation(subject=..., not_before="2026-11-23T11:00:00Z", expires="2026-11-23T13:00:00Z")
    asked = asking(
        TOM, time="2026-11-23T11:59:00Z", issued_at="2026-11-23T11:40:00Z", elevations=[more]
    )
    assert answer(rego, asked).warnings == ()


def test_a_standing_binding_silences_the_warning(rego: RegoEngine) -> None:
    asked = asking(TOM, time="2026-11-23T11:59:00Z", issued_at="2026-11-23T11:40:00Z")
    assert answer(rego, asked).warnings == ("elevation-expiring",)
    assert answer(rego, asking(asked, groups=["developers", "operators"])).warnings == ()


@pytest.mark.parametrize(
    ("request_", "queue", "stream", "kept", "budgets"),
    [
        (DEVELOPER, None, "jobs", {"inputs": 2_592_000}, ["chemistry", "everything"]),
        (
            PRODUCTION,
            "governed",
            "jobs",
            {"inputs": 2_592_000},
            ["chemistry", "devices", "everything"],
        ),
        (AUDITOR, None, "admin", {"inputs": 2_592_000}, []),
        (asking(AUDITOR, name="policy:read", scope=""), None, "admin", {}, []),
        (asking(DEVELOPER, project="x"), None, "jobs", {}, []),
        (asking(DEVELOPER, name="result:read"), None, "jobs", {"inputs": 2_592_000}, []),
        ({}, None, "admin", {}, []),
    ],
    ids=["sandbox", "production", "audit", "policy", "nowhere", "result", "nothing"],
)
def test_obligations_hold_on_allow_and_on_deny(
    rego: RegoEngine,
    request_: dict[str, Any],
    queue: str | None,
    stream: str,
    kept: dict[str, int],
    budgets: list[str],
) -> None:
    assert answer(rego, request_).obligations == {
        "queue": queue,
        "audit_stream": stream,
        "retention": kept,
        "budgets": budgets,
    }


def test_a_groups_budget_is_charged_to_its_members_alone(rego: RegoEngine) -> None:
    guest = asking(DEVELOPER, groups=["guests"], issuer=ISSUERS["partner"], audience="qgov-partner")
    assert answer(rego, guest).obligations["budgets"] == ["chemistry", "everything", "guests"]


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("exact", ["exact"], ["exactly", "", "xexact"]),
        ("*", ["anything"], []),
        ("ab*ba", ["abba", "ab-ba"], ["aba", "abbax"]),
        ("a*b*c", ["abc", "a-b-c", "abbcc"], ["acb", "ab", "abcd"]),
        ("a**c", ["ac", "a*c"], ["a"]),
        ("*x*yx*", ["xyx", "-xx-yx-"], ["yx", "xy"]),
        ("a*b*b*b*c", ["abbbc", "a-b-b-b-c"], ["abbc"]),
        ("a.c*", ["a.c", "a.cé"], ["abc"]),
    ],
)
def test_a_star_in_a_tokens_subject_stands_for_any_text(
    pattern: str, yes: list[str], no: list[str]
) -> None:
    tenant = FILES["tenants/aurora.yaml"].replace(b"repo:northwind/*:ref:*/main", pattern.encode())
    model = linked({**FILES, "tenants/aurora.yaml": tenant})
    requests = [asking(PIPELINE, subject=text) for text in [*yes, *no]]
    with RegoEngine(TARGET.emit(model)["policy/opa/bundle.tar.gz"]) as engine:
        decisions = engine.decide(requests)
    assert decisions == [decide(model, r, decisions[0].revision) for r in requests]
    assert [d.allow for d in decisions] == [True] * len(yes) + [False] * len(no)
    assert all(
        d.reasons in {("federation-mismatch",), ("context-missing",)}
        for d in decisions
        if not d.allow
    )


def test_an_answer_does_not_change_the_request() -> None:
    before = repr(PRODUCTION)
    decide(MODEL, PRODUCTION)
    assert repr(PRODUCTION) == before


def test_a_workload_cannot_pass_as_a_user_or_the_reverse(rego: RegoEngine) -> None:
    assert "subject-unknown" in answer(rego, asking(PIPELINE, type="user")).reasons
    assert "subject-unknown" in answer(rego, asking(DEVELOPER, type="workload")).reasons
    assert answer(rego, asking(PIPELINE, issuer=CI_ISSUER)).allow


@pytest.mark.parametrize("kind", engines().values(), ids=list(engines()))
def test_a_document_that_the_subject_approved_in_capitals_elevates_nobody(kind: EngineKind) -> None:
    def model(**changes: str) -> AccessModel:
        document = json.loads(FILES["tenants/elevation.yaml"])
        document["spec"] |= changes
        return linked({**FILES, "tenants/elevation.yaml": json.dumps(document).encode()})

    def decided(model: AccessModel) -> Decision:
        with start(kind, model) as engine:
            return replace(engine.decide([TOM])[0], revision="")

    assert decided(model(subject="Tom@Northwind.example")).allow
    for changes in (
        {"approvedBy": "TOM@northwind.example"},
        {"requestedBy": "Ines@northwind.example"},
    ):
        denied = decided(model(**changes))
        assert denied.reasons == ("elevation-self-approved",)
        assert accesses(model(**changes)) == accesses(model(approvedBy="tom@northwind.example"))
