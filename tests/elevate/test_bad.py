"""An admin API that fails: what is not the whole truth changes nothing, and what was not done is
said."""

from __future__ import annotations

from datetime import timedelta

import pytest

from qgov.drift.compare import compare
from qgov.drift.facts import Facts
from qgov.drift.observer import Asked, Effect, Observation, UnreadableError
from qgov.drift.wanted import elevated
from qgov.elevate.elevate import carried_out, plan
from qgov.elevate.steps import Action, Outcome, Report
from qgov.model.access_model import AccessModel
from qgov.plan.risk import Risk
from qgov.records import replace
from tests.drift.changes import DEVELOPERS, JIT
from tests.drift.conftest import NOW
from tests.drift.loopback import Reply, as_json
from tests.elevate.fake import Fake

MEI, EVE = "mei@northwind.example", "eve@northwind.example"


@pytest.fixture
def fake(own: AccessModel) -> Fake:
    """Mei is to arrive, and Eve to go."""
    found = Fake(own)
    found.person(MEI, DEVELOPERS)
    found.person(EVE, JIT)
    return found


def asked(fake: Fake, environment: dict[str, str], timeout_s: float = 20) -> Asked:
    return Asked(fake.model, "workforce", environment, NOW, timeout_s=timeout_s)


def applied(fake: Fake, timeout_s: float = 20) -> Report:
    with fake.serving() as environment:
        one = asked(fake, environment, timeout_s)
        return carried_out(one, plan(one, people=True))


def outcomes(report: Report) -> dict[Action, tuple[Outcome, str]]:
    return {step.action: (step.outcome, step.failure) for step in report.changes}


def test_what_ends_goes_first_and_nothing_else_is_written(fake: Fake) -> None:
    fake.person("ada@northwind.example", DEVELOPERS, JIT)
    report = applied(fake)
    assert {outcome for outcome, _ in outcomes(report).values()} == {Outcome.DONE}
    assert [method for method, _, _ in fake.written] == ["DELETE", "DELETE", "PUT"]
    assert {group for _, _, group in fake.written} == {JIT}
    inside = {group: names for group, names in fake.inside.items() if names}
    assert inside == {DEVELOPERS: {MEI, "ada@northwind.example"}, JIT: {MEI}}
    fake.written.clear()
    assert applied(fake).changes == ()
    assert fake.written == []


BAD: dict[str, tuple[str, Reply, str]] = {
    "forbidden": ("/groups", Reply(status=403), "the right `view-users` is needed"),
    "members forbidden": (f"/groups/id-{JIT}/members", Reply(status=403), "forbidden"),
    "users forbidden": ("/users", Reply(status=403), "the right `view-users` is needed"),
    "hangs": (f"/groups/id-{JIT}/members", Reply(wait_s=6), "not answered within 3 s"),
    "cut off": (f"/groups/id-{JIT}/members", Reply(b'[{"id": "x"'), "cut off or broken"),
    "announced": ("/groups/count", as_json({"count": 10**6}), "1000000 announced"),
    "the same page": (
        f"/groups/id-{JIT}/members",
        as_json([{"id": str(i), "username": str(i), "enabled": True} for i in range(10)]),
        "a page came twice",
    ),
    "no list": ("/users", as_json({"error": "x"}), "not as Keycloak tells it"),
    "a stranger's form": ("/users", as_json([{"id": "x"}]), "not as Keycloak tells it"),
    "neither enabled nor not": (
        "/users",
        as_json([{"id": f"id-{MEI}", "username": MEI, "enabled": "no"}]),
        "neither true nor false",
    ),
    "elsewhere": (
        "/groups",
        Reply(status=307, headers={"Location": "https://evil.example/"}),
        "redirects to evil.example",
    ),
    "HTML": ("/groups", Reply(b"<html>", kind="text/html"), "in place of JSON"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_not_the_whole_realm_changes_nothing(fake: Fake, kind: str) -> None:
    path, reply, reason = BAD[kind]
    fake.instead = {path: reply}
    with pytest.raises(UnreadableError, match=reason) as raised:
        applied(fake, 3 if reply.wait_s else 20)
    assert fake.written == []
    assert raised.value.heading == "ELEVATIONS UNKNOWN: nothing was changed"
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(status=403), "forbidden; the right `manage-users` is needed"),
        (Reply(status=500), "answered with status 500"),
        (Reply(status=302, headers={"Location": "https://evil.example/"}), "status 302"),
        (Reply(wait_s=6), "not answered within 3 s"),
        (Reply(b"", 204, ""), "the server says that it is done, and the person is no member yet"),
    ],
    ids=["forbidden", "broken", "elsewhere", "hangs", "lies"],
)
def test_one_failure_is_said_and_stops_no_other(fake: Fake, reply: Reply, words: str) -> None:
    fake.failing = lambda _method, person: reply if person == MEI else None
    report = applied(fake, 3 if reply.wait_s else 20)
    outcome, failure = outcomes(report)[Action.ADD]
    assert outcome is Outcome.FAILED
    assert words in failure
    assert outcomes(report)[Action.REMOVE] == (Outcome.DONE, "")
    assert fake.inside[JIT] == set()
    assert report.exit_status(detailed=True) == 1


def test_a_removal_that_fails_is_said_too(fake: Fake) -> None:
    fake.failing = lambda method, _person: Reply(b"", 204, "") if method == "DELETE" else None
    report = applied(fake)
    said = "the server says that it is done, and the person is still a member"
    assert outcomes(report) == {
        Action.REMOVE: (Outcome.FAILED, said),
        Action.ADD: (Outcome.DONE, ""),
    }


def test_an_answer_that_is_lost_is_found_out(fake: Fake) -> None:
    fake.failing = lambda _method, _person: Reply(lost=True)
    report = applied(fake)
    assert {outcome for outcome, _ in outcomes(report).values()} == {Outcome.DONE}
    assert fake.inside[JIT] == {MEI}


def test_what_cannot_be_read_again_is_unknown(fake: Fake) -> None:
    def failing(_method: str, _person: str) -> None:
        reply = Reply(status=500)
        fake.instead = {f"/groups/id-{JIT}/members": reply}

    fake.failing = failing
    report = applied(fake)
    assert {outcome for outcome, _ in outcomes(report).values()} == {Outcome.UNKNOWN}
    assert all("status 500" in failure for _, failure in outcomes(report).values())
    assert report.exit_status(detailed=False) == 1


def test_a_server_that_signs_nobody_in_the_second_time_is_said(fake: Fake) -> None:
    with fake.serving() as environment:
        one = asked(fake, environment)
        report = plan(one)
    report = carried_out(one, report)
    assert {outcome for outcome, _ in outcomes(report).values()} == {Outcome.UNKNOWN}
    assert fake.written == []


def test_a_search_that_finds_more_elevates_nobody_else(fake: Fake) -> None:
    fake.people[EVE]["username"] = f"{MEI}.org"
    fake.instead = {"/users": as_json([fake.people[EVE], fake.people[MEI]])}
    report = applied(fake)
    assert [name for method, name, _ in fake.written if method == "PUT"] == [MEI]
    assert outcomes(report)[Action.ADD] == (Outcome.DONE, "")


def test_two_accounts_that_compare_equal_are_neither(fake: Fake) -> None:
    twin = {**fake.people[MEI], "id": "id-twin", "username": MEI.upper()}
    fake.instead = {"/users": as_json([fake.people[MEI], twin])}
    fake.inside["id-twin"] = set()
    report = applied(fake)
    assert "2 accounts of the realm are called so" in {r.message for r in report.refusals}
    assert [method for method, _, _ in fake.written] == ["DELETE"]


def test_a_group_that_is_not_there_yet_is_said(fake: Fake) -> None:
    kept = [g for g in fake.groups if g != JIT]
    fake.instead = {
        "/groups/count": as_json({"count": len(kept)}),
        "/groups": as_json([fake._group(g) for g in kept]),
    }
    report = applied(fake)
    assert f"the realm has no group `{JIT}`: apply what was compiled first" in {
        r.message for r in report.refusals
    }
    assert fake.written == []


def test_a_wider_group_than_the_elevation_is_not_joined(fake: Fake, own: AccessModel) -> None:

    narrower = tuple(
        replace(each, scope=f"{each.scope}/chemistry") if each.subject == MEI else each
        for each in own.elevations
    )
    fake.model = replace(own, elevations=narrower)
    report = applied(fake)
    said = {r.elevation: r.message for r in report.refusals}
    assert (
        "no group is for `quantum-developer` on aurora/production/chemistry alone"
        in said["aurora-2026-11-mei"]
    )
    assert fake.inside[JIT] == set()
    wanted = tuple(elevated(fake.model, "workforce", NOW))
    seen = Observation(
        "keycloak:workforce",
        "keycloak",
        Facts(elevated=wanted),
        Facts(),
        lambda *_: Effect(Risk.LOW, ""),
    )
    told = {
        d.message
        for d in compare(fake.model, seen, NOW)
        if d.scope == "aurora/production/chemistry"
    }
    assert told
    why = said["aurora-2026-11-mei"]
    assert all(
        message.endswith(f"although the elevation `aurora-2026-11-mei` says so: {why}")
        for message in told
    )


def test_people_are_labels_until_they_are_asked_for(fake: Fake) -> None:
    with fake.serving() as environment:
        report = plan(asked(fake, environment))
        named = plan(asked(fake, environment), people=True)
    assert {step.person[:6] for step in report.changes} == {"user:~"}
    assert "mei@" not in str(report)
    assert {str(step.person) for step in named.changes} == {f"user:{MEI}", f"user:{EVE}"}


def test_a_member_whose_window_is_over_is_told_with_its_end(fake: Fake, own: AccessModel) -> None:
    fake.person(MEI, DEVELOPERS, JIT)
    mei = next(e for e in own.elevations if e.subject == MEI)
    with fake.serving() as environment:
        late = Asked(own, "workforce", environment, mei.expires + timedelta(seconds=1))
        report = plan(late, people=True)
    said = {step.message for step in report.changes}
    assert said == {
        "`aurora-2026-11-mei` ended at 2026-11-23T11:00:00Z",
        "no reviewed elevation says so",
    }
