"""The bundle asked with JSON that nobody normalized: as the reference decides, or stricter."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from qgov.decision.decision import Decision
from qgov.decision.engine import Settings
from qgov.decision.reference import decide
from qgov.records import replace
from qgov.targets.opa import TARGET
from tests.decision.compared import COMPARED, JUDGED, settings_for
from tests.decision.harness import DEVELOPER, MODEL, approval, asking, elevation
from tests.decision.jobs import EXPENSIVE, approved
from tests.decision.raw import INSTANTS, ask_compiled, ask_opa, ask_rego, compared, mutated, near
from tests.decision.test_reasons import elevated

pytestmark = [pytest.mark.real, pytest.mark.no_cover]

BUNDLE: Final = TARGET.emit(MODEL)["policy/opa/bundle.tar.gz"]
MUTATED: Final = {
    "opa": 20_000 if os.environ.get("QGOV_EXHAUSTIVE") == "1" else 3000,
    "rego": 3000,
    "rego-cpp": 1000,
}
"""Requests that an engine is asked; OPA answers them in one evaluation."""

Ask = Callable[[Sequence[dict[str, Any]]], list[Decision | None]]


@pytest.fixture(params=MUTATED)
def ask(request: pytest.FixtureRequest, tmp_path: Path) -> Ask:
    settings: Settings = settings_for(JUDGED[request.param])
    if request.param == "rego":
        return lambda inputs: ask_compiled(BUNDLE, list(inputs))
    if request.param == "rego-cpp":
        return lambda inputs: ask_rego(BUNDLE, list(inputs))
    return lambda inputs: ask_opa(settings.opa, tmp_path, BUNDLE, list(inputs))


def test_a_mutated_request_is_decided_as_by_the_reference_or_denied(
    ask: Ask, request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> None:
    engine = request.node.callspec.params["ask"]
    asked = list(mutated(1, MUTATED[engine]))
    counts, lax = compared(MODEL, asked, ask(asked))

    assert lax == []
    assert counts["as the reference: allowed"] > len(asked) // 10
    assert counts["not answered"] < len(asked) // 20
    record_property(COMPARED, {f"mutated requests, raw: {engine}": len(asked)})


MEI: Final = "mei@northwind.example"
SPOILT: Final[dict[str, dict[str, Any]]] = {
    "groups that are an object": asking(DEVELOPER, groups={"x": "developers"}),
    "groups that are a text": asking(DEVELOPER, groups="developers"),
    "an id that is a flag": asking(DEVELOPER, id=True),
    "an id with a line break": asking(DEVELOPER, id="mei\n"),
    "an id that is too long": asking(DEVELOPER, id="x" * 1001),
    "a second factor that is a text": asking(DEVELOPER, mfa="true"),
    "a size that is a text": asking(DEVELOPER, shots="1000"),
    "a counter with a fraction": asking(DEVELOPER, used={"jobs/day": 2.5}),
    "elevations that are an object": asking(elevated(), elevations={"x": elevation()}),
    "an elevation with an empty ticket": elevated(elevation(ticket="")),
    "an elevation with no ticket but null": elevated(elevation(ticket=None)),
    "an elevation asked for by a number": elevated(elevation(requested_by=5)),
    "an elevation approved by a text with a line break": elevated(elevation(approved_by="me\ni")),
    "approvers' groups that are an object": elevated(elevation(approver_groups={"x": "leads"})),
    "approvers' groups that are a text": elevated(elevation(approver_groups="leads")),
    "approvals that are an object": asking(EXPENSIVE, approvals={"x": approval()}),
    "an approval asked for by a number": approved(EXPENSIVE, approval(requested_by=5)),
    "a comma before the fraction": asking(DEVELOPER, time="2026-11-23T10:00:00,5Z"),
    "an hour of one digit": asking(DEVELOPER, issued_at="2026-11-23T9:55:00Z"),
    "an hour after the last": asking(DEVELOPER, issued_at="2026-11-23T24:00:00+23:00"),
    "a second after the last": asking(DEVELOPER, issued_at="2026-11-23T09:54:60Z"),
    "an offset of a day": asking(DEVELOPER, issued_at="2026-11-24T09:55:00+24:00"),
    "an offset of sixty minutes": asking(DEVELOPER, issued_at="2026-11-23T10:55:00+00:60"),
    "no digit after the point": asking(DEVELOPER, issued_at="2026-11-23T09:55:00.Z"),
    "ten digits after the point": asking(DEVELOPER, issued_at="2026-11-23T09:55:00.0000000000Z"),
    "the last moment before 1970": asking(DEVELOPER, issued_at="1969-12-31T23:59:59.9Z"),
    "a year after 2261": asking(DEVELOPER, time="2262-01-01T00:00:00Z"),
    "an approver who is the subject in capitals": elevated(elevation(approved_by=MEI.upper())),
    "a subject in capitals who is the approver": elevated(
        elevation(approved_by=MEI), id=MEI.upper()
    ),
    "an approver who asked in capitals": elevated(elevation(requested_by="INES@northwind.example")),
    "an approver who is the subject in a letter beyond ASCII": elevated(
        elevation(approved_by="kim@northwind.example", subject=...), id="\u212aim@northwind.example"
    ),
    "a job approved by the subject in capitals": approved(
        EXPENSIVE, approval(approved_by=MEI.upper())
    ),
}


def test_what_is_not_as_it_must_be_is_denied(ask: Ask) -> None:
    allowed = [decide(MODEL, request).allow for request in SPOILT.values()]
    answers = ask(list(SPOILT.values()))

    assert not any(allowed)
    assert [name for name, a in zip(SPOILT, answers, strict=True) if a and a.allow] == []


FAR: Final = {"time": "2117-03-01T05:30:00.999999999+05:30", "issued_at": "2117-02-28t23:55:00z"}
ODD: Final[dict[str, dict[str, Any]]] = {
    "whole floats": asking(DEVELOPER, shots=1000.0, used={"jobs/day": 3.0}),
    "nine digits and small letters": asking(DEVELOPER, time="2026-11-23t10:00:00.123456789z"),
    "the greatest offset": asking(DEVELOPER, issued_at="2026-11-24T09:54:00.1+23:59"),
    "capitals in the id": asking(DEVELOPER, id=MEI.upper()),
    "an id of the greatest length": asking(DEVELOPER, id="x" * 1000),
    "the owner in capitals": asking(DEVELOPER, name="job:cancel", owner=MEI.upper()),
    "the elevated in capitals": elevated(elevation(subject=MEI.title())),
    "a document's elevation": asking(elevated(), id="TOM@northwind.example"),
    "after 2116, with an offset": asking(DEVELOPER, **FAR),
    "the last second": asking(
        DEVELOPER, time="2261-12-31T23:59:59.999999999Z", issued_at="2261-12-31T18:29:59-05:30"
    ),
}


def test_what_is_read_in_another_form_is_read_the_same(ask: Ask) -> None:
    wanted = [decide(MODEL, request) for request in ODD.values()]
    answers = ask(list(ODD.values()))

    assert all(decision.allow for decision in wanted)
    assert [answer and replace(answer, revision="") for answer in answers] == wanted


WHEN: Final = ("2026-11-23t09:55:07z", "2026-11-23T23:45:59.25+13:59", "2026-11-23T00:05:00-09:50")
"""Instants within the day before a request."""
DIGITS: Final = "012345679:.,-+ TtZz\uff12\n"


def test_an_instant_is_read_or_not_whatever_it_is_near_to(ask: Ask) -> None:
    """Neither a form that only OPA reads nor a field out of its range."""
    texts = [near_to for text in WHEN for near_to in (text, *near(text, DIGITS))]
    texts += [*INSTANTS, *(f"2026-11-23T09:55:00.{'0' * count}Z" for count in range(12))]
    asked = [asking(DEVELOPER, issued_at=text) for text in texts]
    wanted = [decide(MODEL, request).reasons for request in asked]

    assert 30 < wanted.count(()) < len(texts) / 2
    assert [answer and answer.reasons for answer in ask(asked)] == wanted


def test_an_owner_is_read_where_it_is_printable(ask: Ask) -> None:
    """Each character of ASCII, and what comes after it."""
    texts = [*(f"mei{chr(code)}" for code in range(1, 0x82)), "", " ", "\u2028", "mei\u0301"]
    asked = [asking(DEVELOPER, name="job:cancel", id=text, owner=text) for text in texts]
    answers = ask(asked)

    read = [bool(text) and text.isascii() and text.isprintable() for text in texts]
    assert [answer is not None and answer.allow for answer in answers] == read
