"""Asking an engine: every case is answered or told, and one bad answer is one failed case."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import pytest

from qgov.conformance.case import Case, problems_with
from qgov.conformance.run import decide_all
from qgov.conformance.submissions import submissions
from qgov.decision.decision import Decision
from qgov.decision.engine import EngineError, EngineKind
from qgov.decision.engines import engines
from qgov.decision.engines.reference import ReferenceEngine
from qgov.decision.reference import decide
from qgov.decision.request_parts import RequestJson
from qgov.records import replace
from tests.conformance.harness import Stub, cases_of, kind_of, named, run, subject_of, table_of
from tests.decision.harness import MODEL

CASES = cases_of(True)


@pytest.mark.parametrize("name", ["reference", "rego"])
def test_an_engine_passes_every_case_of_the_small_repository(name: str) -> None:
    told: list[tuple[int, int]] = []
    asked = [*CASES, *submissions(table_of(True))] if name == "reference" else CASES[::4]
    results = run(subject_of(True), engines()[name], asked, lambda *done: told.append(done))

    assert [(r.case.id, r.problems) for r in results if r.problems] == []
    assert [r.case.id for r in results] == sorted(case.id for case in asked)
    assert told[-1] == (len(asked), len(asked))
    assert told == sorted(told)


def test_deciding_imports_no_cirq() -> None:
    code = (
        "import sys; import qgov.conformance.run, qgov.conformance.report; "
        "import qgov.render.conformance; sys.exit('cirq' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def broken(wrong: str, answer: Decision | None = None) -> EngineKind:
    """The specification, but for one action of the auditors."""

    def answered(request: RequestJson) -> Decision:
        groups = request["subject"]["properties"].get("groups", ())
        if request["action"]["name"] == wrong and "borealis-leads" in groups:
            if answer is None:
                raise EngineError("crashed")
            return answer
        return decide(MODEL, request)

    return kind_of(Stub(answered))


def test_an_answer_that_allows_too_much_is_one_group_s_case() -> None:
    results = run(subject_of(True), broken("policy:read", Decision(True)), CASES)
    wrong = [r.case for r in results if r.problems]

    assert [case.id for case in wrong] == [
        "cell:group:borealis-leads/policy:read/*",
        "nobody-else:policy:read/*/partner",
    ]
    assert (wrong[0].principal, wrong[0].scope) == ("group:borealis-leads", "*")


def test_a_request_that_an_engine_fails_at_is_a_failed_case() -> None:
    class Sometimes(ReferenceEngine):
        def decide(self, requests: Sequence[RequestJson]) -> list[Decision]:
            found: list[Decision] = []
            for request in requests:
                if request == bad.request:
                    raise EngineError("crashed", found)
                found += super().decide([request])
            return found

    bad = named(CASES, "near/no-mfa")
    results = run(subject_of(True), kind_of(Sometimes(MODEL)), CASES)
    wrong = [r for r in results if r.problems]

    assert len(results) == len(CASES)
    assert {r.problems for r in wrong} == {("crashed",)}
    assert bad.id in {r.case.id for r in wrong}


def test_an_engine_that_fails_again_and_again_ends_the_run() -> None:
    def crash(_: RequestJson) -> Decision:
        raise EngineError("crashed")

    with pytest.raises(EngineError, match="stub failed too often: crashed"):
        run(subject_of(True), kind_of(Stub(crash)), CASES)


def test_an_engine_that_does_not_start_ends_the_run() -> None:
    def start(*_: object) -> Stub:
        raise EngineError("not today")

    with pytest.raises(EngineError, match="not today"):
        run(subject_of(True), EngineKind("stub", start), CASES)


def test_several_engines_share_the_cases_and_keep_their_order() -> None:
    stubs = [Stub(lambda request: decide(MODEL, request)) for _ in range(3)]
    found = decide_all(stubs, CASES)

    assert [problems_with(c, f.decision) for c, f in zip(CASES, found, strict=True)] == [()] * len(
        CASES
    )


def test_reasons_are_compared_wholly_or_as_far_as_they_were_written() -> None:
    case = Case("cell:x", "x", {}, "deny", ("no-grant",))
    more = Decision(False, ("mfa-missing", "no-grant"))

    assert problems_with(case, Decision(False, ("no-grant",))) == ()
    assert problems_with(case, more) == (
        "denied, but for mfa-missing, no-grant instead of no-grant",
    )
    assert problems_with(replace(case, exact=False), more) == ()
    assert problems_with(replace(case, exact=False), Decision(False, ("residency",)))
    assert problems_with(case, Decision(True)) == ("expected deny (no-grant), got allow",)
    assert "a bug of qgov: x" in problems_with(replace(case, contradiction="x"), more)[0]
