"""Cedar: the reference's answer for every request, and no yes from anything that went wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

from qgov.contracts import decision as contract
from qgov.contracts.telling import tell
from qgov.decision.access_tests import run
from qgov.decision.decision import Decision
from qgov.decision.engine import EngineError, decide_or_deny
from qgov.decision.engines.cedar import CedarEngine, proposals
from qgov.decision.engines.cedar.answers import Policy, join, read_policies, spoken
from qgov.decision.engines.cedar.entities import Grant
from qgov.decision.engines.cedar.proposals import Evaluation, questions
from qgov.decision.engines.cedar.request import asked_of
from qgov.decision.engines.cedar.slices import Slices, Wanted, wanted
from qgov.decision.reference import decide
from qgov.model.access_model import AccessModel
from qgov.targets.cedar import TARGET
from tests.decision.harness import (
    AUDITOR,
    DEVELOPER,
    FILES,
    MODEL,
    PIPELINE,
    TIMED,
    approval,
    asking,
    elevation,
)
from tests.decision.jobs import ALLOWED_JOBS, DENIED_JOBS, EXPENSIVE
from tests.decision.test_periods import CASES
from tests.decision.test_reasons import ALLOWED, DENIED, PRODUCTION, TOM
from tests.decision.wrong_proposals import TEMPTING, WIDER, everything, forgeries
from tests.strategies import linked
from tests.targets.worked import worked_with_expectations

pytestmark = pytest.mark.real
cedarpy = pytest.importorskip("cedarpy")

SLOW = settings(
    deadline=None,
    phases=set(Phase) - {Phase.shrink},  # it would take many minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
POLICIES, SCHEMA, ENTITIES = (
    TARGET.emit(MODEL)[f"policy/cedar/{name}"]
    for name in ("policies.cedar", "schema.cedarschema", "entities.json")
)


def engine_of(model: AccessModel) -> CedarEngine:
    files = TARGET.emit(model)
    return CedarEngine(
        *(
            files[f"policy/cedar/{name}"]
            for name in ("policies.cedar", "schema.cedarschema", "entities.json")
        )
    )


@pytest.fixture(scope="module")
def cedar() -> Iterator[CedarEngine]:
    with engine_of(MODEL) as engine:
        yield engine


# ------------------------------------------------------------------ the reference's answer


@pytest.mark.parametrize("case", ALLOWED)
def test_what_meets_every_condition_is_allowed(cedar: CedarEngine, case: str) -> None:
    (decision,) = cedar.decide([ALLOWED[case]])
    assert decision == decide(MODEL, ALLOWED[case], cedar.revision)
    assert decision.allow
    assert decision.revision.startswith("sha256:")


@pytest.mark.parametrize("case", DENIED)
def test_what_misses_a_condition_is_denied_with_every_reason(cedar: CedarEngine, case: str) -> None:
    request, reasons = DENIED[case]
    (decision,) = cedar.decide([request])
    assert decision == decide(MODEL, request, cedar.revision)
    assert (decision.allow, decision.reasons) == (False, tuple(sorted(reasons)))


@pytest.mark.parametrize("case", ALLOWED_JOBS)
def test_an_allowed_job_is_told_what_it_nears(cedar: CedarEngine, case: str) -> None:
    request, warnings = ALLOWED_JOBS[case]
    assert set(cedar.decide([request])[0].warnings) == warnings


def test_every_expectation_of_the_repository_holds() -> None:
    model = worked_with_expectations()
    results = run(model, engine_of(model))
    assert len(results) > 100
    assert [result.test.document for result in results if not result.passed] == []
    for result in results:
        assert result.decision == decide(model, result.request, result.decision.revision)


@pytest.mark.parametrize(("time", "warned"), [("11:44:59", False), ("11:45:00", True)])
def test_an_elevation_that_ends_soon_is_warned_of(
    cedar: CedarEngine, time: str, warned: bool
) -> None:
    asked = asking(TOM, time=f"2026-11-23T{time}Z", issued_at="2026-11-23T11:40:00Z")
    assert (cedar.decide([asked])[0].warnings == ("elevation-expiring",)) is warned


def test_a_longer_elevation_or_a_standing_grant_silences_the_warning(cedar: CedarEngine) -> None:
    ending = asking(TOM, time="2026-11-23T11:59:00Z", issued_at="2026-11-23T11:40:00Z")
    more = elevation(subject=..., not_before="2026-11-23T11:00:00Z", expires="2026-11-23T13:00:00Z")
    longer = asking(ending, elevations=[more])
    standing = asking(ending, groups=["developers", "operators"])
    assert [d.warnings for d in cedar.decide([longer, standing])] == [(), ()]


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("exact", ["exact"], ["exactly", "", "xexact"]),
        ("*", ["anything", "*"], []),
        ("ab*ba", ["abba", "ab-ba", "ab*ba"], ["aba", "abbax"]),
        ("a*b*c", ["abc", "a-b-c", "abbcc"], ["acb", "ab", "abcd"]),
        ("a**c", ["ac", "a*c", "a**c"], ["a"]),
        ("*x*yx*", ["xyx", "-xx-yx-"], ["yx", "xy"]),
        ("a*b*b*b*c", ["abbbc", "a-b-b-b-c"], ["abbc"]),
        ("a*a*a*a*a*a*a*a*a*b", ["aaaaaaaaab", "-".join("a" * 9) + "b"], ["a" * 1000]),
        ("a.c*", ["a.c", "a.cé"], ["abc"]),
    ],
)
def test_a_star_in_a_tokens_subject_stands_for_any_text(
    pattern: str, yes: list[str], no: list[str]
) -> None:
    tenant = FILES["tenants/aurora.yaml"].replace(b"repo:northwind/*:ref:*/main", pattern.encode())
    model = linked({**FILES, "tenants/aurora.yaml": tenant})
    asked = [asking(PIPELINE, subject=text) for text in [*yes, *no]]
    decisions = engine_of(model).decide(asked)
    assert decisions == [decide(model, r, decisions[0].revision) for r in asked]
    assert [d.allow for d in decisions] == [True] * len(yes) + [False] * len(no)


HOSTILE = ('a"b', "\\", '"}, "grant": {', 'QGov::User::"mei"', "é 😀", "*", "/", "..", "a" * 1000)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_a_text(cedar: CedarEngine, text: str) -> None:
    given = {"subject": text, "role": text, "scope": text, "approved_by": text}
    asked = [
        asking(PRODUCTION, **{name: text})
        for name in ("id", "issuer", "tenant", "environment", "project", "backend", "owner")
    ]
    asked += [asking(PIPELINE, **{name: text}) for name in ("id", "subject", "audience")]
    asked += [
        asking(DEVELOPER, name=text),
        asking(DEVELOPER, groups=[text, "developers"]),
        asking(PRODUCTION, id=text, elevations=[given, elevation(subject=text)]),
        asking(EXPENSIVE, approvals=[{**given, "backend": text}, approval(subject=text)]),
        asking(DEVELOPER, usage={text: {"spent_micros": 1}}),
    ]
    for request, decision in zip(asked, cedar.decide(asked), strict=True):
        assert decision == decide(MODEL, request, cedar.revision)


def test_the_revision_is_a_digest_of_the_three_files(cedar: CedarEngine) -> None:
    assert cedar.revision == engine_of(MODEL).revision
    files = [POLICIES, SCHEMA, ENTITIES]
    others = [CedarEngine(*(f + b"\n" * (f is g) for f in files)).revision for g in files]
    assert len({cedar.revision, *others}) == 4


# ---------------------------------------------------------- a proposal is not a decision


@pytest.mark.parametrize("case", DENIED)
def test_a_wrong_proposal_allows_nothing(
    monkeypatch: pytest.MonkeyPatch, cedar: CedarEngine, case: str
) -> None:
    everything(monkeypatch, cedar)
    request, reasons = DENIED[case]
    (decision,) = cedar.decide([request])
    assert not decision.allow
    assert set(decision.reasons) - {"no-grant"} == reasons - {"no-grant"}


def test_wrong_proposals_do_not_change_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, cedar: CedarEngine
) -> None:
    everything(monkeypatch, cedar)
    for request, decision in zip(
        ALLOWED.values(), cedar.decide(list(ALLOWED.values())), strict=True
    ):
        assert decision == decide(MODEL, request, cedar.revision)


@pytest.mark.parametrize("case", TEMPTING)
def test_every_proposal_at_once_changes_no_answer(
    monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    engine = engine_of(WIDER)
    everything(monkeypatch, engine)
    (decision,) = engine.decide([TEMPTING[case]])
    assert decision == decide(WIDER, TEMPTING[case], engine.revision)


@pytest.mark.parametrize("case", TEMPTING)
def test_a_forged_proposal_allows_nothing(monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    engine = engine_of(WIDER)
    forgeries(monkeypatch, engine)
    (decision,) = engine.decide([TEMPTING[case]])
    honest = decide(WIDER, TEMPTING[case], engine.revision)
    assert set(decision.reasons) >= set(honest.reasons)
    assert set(decision.warnings) >= set(honest.warnings) or not decision.allow


def test_a_budget_that_is_not_around_the_job_is_no_budget(
    monkeypatch: pytest.MonkeyPatch, cedar: CedarEngine
) -> None:
    every = list(cedar._known.budgets.values())
    monkeypatch.setattr(proposals, "_budgets", lambda *_: every)
    asked = asking(
        DEVELOPER, usage={**DEVELOPER["context"]["usage"], "guests": {"spent_micros": 10**9}}
    )
    assert cedar.decide([asked]) == [decide(MODEL, asked, cedar.revision)]


def test_a_budget_that_was_not_asked_about_is_an_error(
    monkeypatch: pytest.MonkeyPatch, cedar: CedarEngine
) -> None:
    monkeypatch.setattr(proposals, "_budgets", lambda *_: [])
    with pytest.raises(EngineError, match="incomplete"):
        cedar.decide([DEVELOPER])


def test_a_raise_that_does_not_hold_raises_nothing(
    monkeypatch: pytest.MonkeyPatch, cedar: CedarEngine
) -> None:
    asked = asking(DEVELOPER, used={"spent_micros": 98_250_001})
    chemistry = cedar._known.budgets["chemistry"]
    (later,) = chemistry.raises
    now = 1795428000  # 10:00: the exception begins at noon
    for wrong in ({**later, "from": now - 1}, {**later, "by_micros": 10**12, "from": 0}):
        forged = chemistry._replace(raises=(wrong,))
        monkeypatch.setitem(cedar._known.budgets, "chemistry", forged)
        assert cedar.decide([asked])[0].reasons == ("budget-exceeded",)


def test_a_pattern_that_was_not_the_workloads_does_not_match(
    monkeypatch: pytest.MonkeyPatch, cedar: CedarEngine
) -> None:
    monkeypatch.setitem(cedar._known.patterns, "aurora/nightly", "*")
    assert cedar.decide([PIPELINE])[0].reasons == ("federation-mismatch",)


def test_terms_that_are_not_the_documents_were_not_reviewed(
    monkeypatch: pytest.MonkeyPatch, cedar: CedarEngine
) -> None:
    ((name, terms),) = cedar._known.elevations["tom@northwind.example"]
    forged = {**terms, "expires": terms["expires"] - 1}
    assert cedar.decide([TOM])[0].allow
    monkeypatch.setitem(cedar._known.elevations, "tom@northwind.example", [(name, forged)])
    assert cedar.decide([TOM])[0].reasons == ("elevation-unapproved",)


DEFENSIVE = {
    "budget-elsewhere",
    "budget-not-asked",
    "grant-elsewhere",
    "grant-without-the-permission",
}
"""Policies that only a wrong proposal meets."""


@pytest.mark.no_cover
def test_no_policy_is_idle() -> None:
    """Without a prohibition, or a warning, some answer is another."""
    lean = linked(
        {
            path: text
            for path, text in FILES.items()
            if not path.startswith("budgets/") or path == "budgets/everything.yaml"
        }
    )
    ending = asking(TOM, time="2026-11-23T11:59:00Z", issued_at="2026-11-23T11:40:00Z")
    asked = [
        *((MODEL, request) for request in ALLOWED.values()),
        *((MODEL, request) for request, _ in DENIED.values()),
        (MODEL, ending),
        (MODEL, asking(DEVELOPER, circuits=...)),
        (MODEL, asking(AUDITOR, name="queue:prioritize", scope="aurora/nowhere")),
        (lean, asking(PIPELINE, estimated_cost_micros=...)),
        *((TIMED, request) for request, _, _ in CASES.values()),
    ]
    expected = [(model, request, said(decide(model, request))) for model, request in asked]
    entities = {
        id(model): TARGET.emit(model)["policy/cedar/entities.json"]
        for model in (MODEL, lean, TIMED)
    }
    parsed = json.loads(cedarpy.policies_to_json_str(POLICIES.decode()))
    idle = set()
    for key, policy in read_policies(json.dumps(parsed)).items():
        if not policy.forbids and policy.warning is None:
            continue
        fewer = {k: p for k, p in parsed["staticPolicies"].items() if k != key}
        fewer = {**parsed, "staticPolicies": fewer}
        text = cedarpy.policies_from_json_str(json.dumps(fewer)).encode()
        started = cache(lambda name, text=text: CedarEngine(text, SCHEMA, entities[name]))
        # Those that give the code first: one of them nearly always tells.
        code = policy.reason or policy.warning
        likely = sorted(
            expected, key=lambda row: code not in row[2]["reasons"] + row[2]["warnings"]
        )
        if all(
            said(decide_or_deny(started(id(model)), [request])[0][0]) == wanted
            for model, request, wanted in likely
        ):
            idle.add(policy.name)
    assert idle == DEFENSIVE


def said(decision: Decision) -> dict[str, Any]:
    return {**tell(contract.Decision, decision), "revision": ""}


# -------------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize(
    "files",
    [
        (b"permit", SCHEMA, ENTITIES),
        (POLICIES, b"entity", ENTITIES),
        (POLICIES, SCHEMA, b"{"),
        (POLICIES, SCHEMA, b'[{"uid": 7}]'),
        (POLICIES, SCHEMA, b"\xff"),
        (POLICIES, SCHEMA, ENTITIES.replace(b'"mfa":true', b'"mfa":"yes"')),
        (POLICIES, SCHEMA, ENTITIES.replace(b'"queue":', b'"cue":')),
    ],
    ids=["policies", "schema", "json", "entities", "bytes", "type", "name"],
)
def test_files_that_are_none_are_an_error(files: tuple[bytes, bytes, bytes]) -> None:
    with pytest.raises(EngineError, match="compile them again"):
        CedarEngine(*files)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('@id("token-kind")', '@name("token-kind")'),
        ('@about("request")', '@about("weather")'),
        ('@reason("mfa-missing")', '@reason("mfa-absent")'),
        ('@reason("mfa-missing")\n', ""),
        ('@warning("quota-near")', '@warning("quota-close")'),
        ('@about("budget")\npermit', '@about("budget")\n@reason("residency")\npermit'),
    ],
)
def test_a_policy_that_does_not_say_what_it_is_about_is_an_error(right: str, wrong: str) -> None:
    text = POLICIES.decode()
    assert right in text
    with pytest.raises(EngineError, match="annotated"):
        CedarEngine(text.replace(right, wrong, 1).encode(), SCHEMA, ENTITIES)


def test_a_policy_that_fails_is_an_error_and_no_yes() -> None:
    # A prohibition that fails is left out by Cedar: only its error is left to see.
    failing = (
        POLICIES
        + b'@id("x") @about("request") @reason("residency") forbid (principal, action, resource) when { context.nothing };'
    )
    with pytest.raises(EngineError, match="could not evaluate"):
        CedarEngine(failing, SCHEMA, ENTITIES).decide([DEVELOPER])


def test_a_question_that_the_schema_does_not_admit_is_an_error(
    monkeypatch: pytest.MonkeyPatch, cedar: CedarEngine
) -> None:
    for context in ('{"groups": 1}', "{}", '{"groups": [], "nothing": 1}'):
        wrong = [Evaluation("", None, "job:read", context, frozenset())]
        monkeypatch.setattr("qgov.decision.engines.cedar.questions", lambda *_, w=wrong: iter(w))
        with pytest.raises(EngineError) as raised:
            cedar.decide([DEVELOPER])
        assert "aurora" not in str(raised.value)


def test_a_grant_that_is_not_there_is_an_error(
    monkeypatch: pytest.MonkeyPatch, cedar: CedarEngine
) -> None:
    ghost = Grant("ghost", "developer", "*", frozenset({"job:submit"}), eligible=False)
    monkeypatch.setattr(proposals, "_grants", lambda *_: iter([ghost]))
    with pytest.raises(EngineError, match="not complete"):
        cedar.decide([DEVELOPER])


def test_after_an_error_the_decisions_before_it_stand(
    monkeypatch: pytest.MonkeyPatch, cedar: CedarEngine
) -> None:
    honest = cedar._ask
    calls: list[int] = []

    def failing(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise EngineError("Cedar failed at a question")
        return honest(*arguments)

    monkeypatch.setattr(cedar, "_ask", failing)
    decisions, error = decide_or_deny(cedar, [DEVELOPER, DEVELOPER, DEVELOPER])
    assert [d.allow for d in decisions] == [True, False, False]
    assert error is not None


def answer(decision: str, *said: str, errors: tuple[str, ...] = ()) -> Any:
    diagnostics = SimpleNamespace(reasons=list(said), errors=list(errors))
    return SimpleNamespace(decision=SimpleNamespace(value=decision), diagnostics=diagnostics)


GRANT = Policy("grant", False, "candidate", None, None, void=False)
NEAR = Policy("near", False, "budget", None, "quota-near", void=False)
MFA = Policy("mfa", True, "candidate", "mfa-missing", None, void=False)
ASKER = Policy("asker", True, "asker", None, None, void=False)
SOME = {policy.name: policy for policy in (GRANT, NEAR, MFA, ASKER)}


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (answer("NoDecision"), "did not take"),
        (answer("Allow", "grant", errors=("x",)), "could not evaluate"),
        (answer("Deny", "mfa", errors=("x",)), "could not evaluate"),
        (answer("Allow", "policy99"), "none of"),
        (answer("Deny", "asker", "mfa"), "incomplete"),
        (answer("Deny"), "contradicts"),
        (answer("Deny", "grant"), "contradicts"),
        (answer("Allow", "mfa"), "contradicts"),
        (answer("Allow"), "without a policy that permits"),
        (answer("Allow", "near"), "without a policy that permits"),
    ],
)
def test_an_answer_that_is_none_is_an_error(result: Any, message: str) -> None:
    assert spoken(answer("Allow", "grant", "near"), SOME) == {GRANT, NEAR}
    assert spoken(answer("Deny", "mfa"), SOME) == {MFA}
    with pytest.raises(EngineError, match=message):
        spoken(result, SOME)


def test_nothing_said_is_no_yes() -> None:
    way = Evaluation("g", None, "job:read", "", frozenset())
    charge = Evaluation("", "b", "charge", "", frozenset())
    assert join([(way, frozenset({GRANT}))]).reasons == ()
    permitted = frozenset({GRANT})
    # A prohibition that is about something other than what was asked is no bearing either.
    strange = [(way, permitted), (charge, frozenset({MFA}))]
    for silent in ([], [(charge, permitted)], strange):
        with pytest.raises(EngineError, match="neither"):
            join(silent)


# ------------------------------------------------------------------------------- slices


def test_what_cannot_be_satisfied_is_left_out_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, cedar: CedarEngine
) -> None:
    """Each question is answered by its slice as by all policies, and by fewer."""
    every = cedarpy.PolicySet.from_json_str(cedarpy.policies_to_json_str(POLICIES.decode()))
    requests = [*ALLOWED.values(), *(request for request, _ in DENIED.values()), *TEMPTING.values()]
    requests += [request for request, _ in (*ALLOWED_JOBS.values(), *DENIED_JOBS.values())]
    sizes, slices = set(), cedar._slices
    for request in requests:
        asked = asked_of(request, cedar._known)
        batch = list(questions(asked, cedar._known))
        sliced = cedar._ask(asked, batch)
        with monkeypatch.context() as patch:
            patch.setattr(cedar, "_slices", SimpleNamespace(of=lambda *_: every))
            assert cedar._ask(asked, batch) == sliced
        kinds = asked.principal["type"], asked.resource["type"]
        sizes |= {len(slices.of(kinds[0], q.action, kinds[1], q.told)) for q in batch}
    assert max(sizes) < len(every) // 2


@pytest.mark.parametrize(
    ("condition", "there", "missing"),
    [
        (
            "when { context has mfa && (context has now && !(context has owner)) }",
            "mfa now",
            "owner",
        ),
        ("unless { context has mfa }", "", "mfa"),
        ("unless { !(context has mfa) }", "mfa", ""),
        ("unless { context has mfa && context has now }", "", ""),
        ("when { context has mfa || context has now }", "", ""),
        ("when { !(context has mfa && context has now) }", "", ""),
        ("when { resource has mfa && context.job has shots }", "", ""),
        ("when { context has mfa } unless { context has now }", "mfa", "now"),
        ("", "", ""),
    ],
)
def test_what_a_policy_wants_of_the_context(condition: str, there: str, missing: str) -> None:
    text = f"forbid (principal, action, resource) {condition};"
    (policy,) = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"].values()
    assert wanted(policy) == Wanted(frozenset(there.split()), frozenset(missing.split()))


def test_a_policy_about_one_subject_or_resource_is_in_the_slice_of_every_type() -> None:
    text = """
        permit (principal == QGov::User::"mei", action, resource);
        permit (principal is QGov::User in QGov::Group::"x", action, resource);
        permit (principal, action, resource in QGov::Scope::"*");
        permit (principal is QGov::Workload, action, resource);
        permit (principal, action == QGov::Action::"charge", resource);
    """
    entities = cedarpy.Entities.from_json_str(
        ENTITIES.decode(), cedarpy.Schema.from_str(SCHEMA.decode())
    )
    slices = Slices(cedarpy, cedarpy.policies_to_json_str(text), entities)
    about = ("job:read", "QGov::Project", ())
    assert len(slices.of("QGov::User", *about)) == 3
    assert len(slices.of("QGov::Workload", *about)) == 4


# ------------------------------------------------------------------------------- size


def asked_about(engine: CedarEngine, request: dict[str, Any]) -> int:
    return len(list(questions(asked_of(request, engine._known), engine._known)))


def test_a_request_asks_few_questions(cedar: CedarEngine) -> None:
    """One for each way and each budget; what says one thing twice is asked about once."""
    assert asked_about(cedar, asking(DEVELOPER, name="job:read")) == 1
    assert asked_about(cedar, DEVELOPER) == 4
    assert asked_about(cedar, asking(PRODUCTION, elevations=[elevation()] * 1000)) == 4
    assert asked_about(cedar, asking(EXPENSIVE, approvals=[approval()] * 1000)) == 4
    many = [f"group-{n}" for n in range(5000)]
    assert asked_about(cedar, asking(DEVELOPER, groups=[*many, "developers"])) == 4
    (question, *_) = questions(
        asked_of(asking(DEVELOPER, groups=[*many, "developers"]), cedar._known), cedar._known
    )
    assert re.findall(r"group-\d+", question.context) == []


def test_other_tenants_are_not_asked_about(cedar: CedarEngine) -> None:
    clones = {
        f"tenants/clone-{n}.yaml": FILES["tenants/aurora.yaml"].replace(
            b'"aurora"', b'"clone-%d"' % n
        )
        for n in range(20)
    }
    larger = engine_of(linked({**FILES, **clones}))
    for request in ALLOWED.values():
        assert asked_about(larger, request) == asked_about(cedar, request)


def test_more_than_can_be_answered_in_time_is_an_error() -> None:
    many = [
        elevation(ticket=f"QGOV-{n}", approved_by=f"p{n}@northwind.example") for n in range(600)
    ]
    asked = asking(PRODUCTION, elevations=many)
    assert CedarEngine(POLICIES, SCHEMA, ENTITIES, deadline_s=60).decide([asked])[0].allow
    with pytest.raises(EngineError, match=r"did not answer within 0\.01 s"):
        CedarEngine(POLICIES, SCHEMA, ENTITIES, deadline_s=0.01).decide([asked])


def test_what_requests_of_one_call_ask_alike_is_asked_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A budget does not ask how somebody signed in: only their ways differ."""
    asked: list[Any] = []
    plain = cedarpy.is_authorized_batch

    def counted(requests: list[Any], *files: Any) -> Any:
        asked.extend(requests)
        return plain(requests, *files)

    requests = [DEVELOPER, asking(DEVELOPER, mfa=False), DEVELOPER]
    with engine_of(MODEL) as engine:
        wanted = [engine.decide([request])[0] for request in requests]
        monkeypatch.setattr(cedarpy, "is_authorized_batch", counted)
        alone = [engine.decide([request])[0] for request in requests[:2]]
        ways = [request for request in asked if request["action"]["id"] != "charge"]
        budgets = (len(asked) - len(ways)) // 2
        asked.clear()
        together = engine.decide(requests)
    assert (together, alone) == (wanted, wanted[:2])
    assert budgets > 0
    assert len(ways) > 1
    assert len(asked) == len(ways) + budgets
