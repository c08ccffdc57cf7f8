"""A real Keycloak: an elevation arrives when its window opens, and ends with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from qgov.drift.observe import chosen, observe
from qgov.drift.observer import Asked, UnreadableError
from qgov.elevate.elevate import carried_out, plan
from qgov.elevate.realm import NEEDS
from qgov.elevate.steps import Action, Outcome, Report, Why
from qgov.model.access_model import AccessModel
from qgov.targets import emit
from tests.drift.changes import DEVELOPERS, JIT, Hand
from tests.drift.realm import import_realm, reader, token_of
from tests.elevate.conftest import MEI, REALM, model_of
from tests.keycloak.server import Server

pytestmark = pytest.mark.real

PERSON = "mei@northwind.example"
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def server(keycloak: Server, own: AccessModel) -> Iterator[Server]:
    compiled, _ = emit(own, ["keycloak"])
    import_realm(keycloak, compiled["idp/workforce/realm.json"])
    yield keycloak
    keycloak.admin.delete(f"/admin/realms/{REALM}").raise_for_status()


@pytest.fixture
def hand(server: Server) -> Iterator[Hand]:
    one = Hand(server.admin, REALM)
    with one.undo:
        yield one


@pytest.fixture
def window(own: AccessModel) -> tuple[datetime, datetime]:
    mei = next(e for e in own.elevations if e.subject == PERSON)
    assert mei.not_before is not None
    return mei.not_before, mei.expires


def environment_of(server: Server) -> dict[str, str]:
    return {
        "QGOV_KEYCLOAK_URL": f"http://127.0.0.1:{server.port}",
        "QGOV_KEYCLOAK_TOKEN": token_of(server),
    }


def run(server: Server, model: AccessModel, now: datetime, *, apply: bool = True) -> Report:
    """The steps of the one group, which the tests are about; others are of people who are not."""
    asked = Asked(model, "workforce", environment_of(server), now)
    report = plan(asked, people=True)
    return carried_out(asked, report) if apply else report


def told(report: Report) -> list[tuple[Action, Why, str, Outcome]]:
    return [(s.action, s.why, s.person, s.outcome) for s in report.steps if s.group == JIT]


def refused(report: Report) -> dict[str, str]:
    return {refusal.elevation: refusal.message for refusal in report.refusals}


def member(hand: Hand, name: str, *groups: str, enabled: bool = True) -> str:
    id_ = hand.person(name, enabled=enabled)
    for group in groups:
        hand.send("PUT", f"/users/{id_}/groups/{hand.group(group)}")
    return id_


def members(hand: Hand) -> list[str]:
    return [one["username"] for one in hand.get(f"/groups/{hand.group(JIT)}/members")]


def drift(server: Server, model: AccessModel, now: datetime) -> set[str]:
    environment = environment_of(server)
    found = observe(model, chosen(["keycloak:workforce"], environment), environment, now)
    return {str(d.kind) for d in found.drift if "aurora/production" in d.scope}


def test_an_elevation_arrives_is_kept_and_ends_by_the_second(
    server: Server, own: AccessModel, hand: Hand, window: tuple[datetime, datetime]
) -> None:
    begins, ends = window
    member(hand, PERSON, DEVELOPERS)

    assert told(run(server, own, begins - SECOND)) == []
    assert members(hand) == []

    planned = run(server, own, begins, apply=False)
    assert told(planned) == [(Action.ADD, Why.WITHIN, f"user:{PERSON}", Outcome.PLANNED)]
    assert members(hand) == [], "a plan writes nothing"
    assert drift(server, own, begins) == {"missing"}

    done = run(server, own, begins)
    assert told(done) == [(Action.ADD, Why.WITHIN, f"user:{PERSON}", Outcome.DONE)]
    assert members(hand) == [PERSON]
    assert drift(server, own, begins) == set()

    for now in (begins + SECOND, ends - SECOND):
        again = run(server, own, now)
        assert told(again) == [(Action.KEEP, Why.WITHIN, f"user:{PERSON}", Outcome.PLANNED)]
        assert again.changes == ()
        assert members(hand) == [PERSON]

    assert drift(server, own, ends) == {"outlived"}
    over = run(server, own, ends)
    assert told(over) == [(Action.REMOVE, Why.ENDED, f"user:{PERSON}", Outcome.DONE)]
    assert members(hand) == []
    assert drift(server, own, ends) == set()
    assert told(run(server, own, ends + SECOND)) == []


def test_somebody_without_an_elevation_is_taken_out_and_nobody_else(
    server: Server, own: AccessModel, hand: Hand, window: tuple[datetime, datetime]
) -> None:
    member(hand, PERSON, DEVELOPERS, JIT)
    member(hand, "eve@northwind.example", DEVELOPERS, JIT)
    done = run(server, own, window[0])
    assert told(done) == [
        (Action.REMOVE, Why.ABSENT, "user:eve@northwind.example", Outcome.DONE),
        (Action.KEEP, Why.WITHIN, f"user:{PERSON}", Outcome.PLANNED),
    ]
    assert members(hand) == [PERSON]
    developers = hand.get(f"/groups/{hand.group(DEVELOPERS)}/members")
    assert len(developers) == 2, "a directory group is nobody's business here"


def test_a_service_account_is_taken_out_like_anybody(
    server: Server, own: AccessModel, hand: Hand, window: tuple[datetime, datetime]
) -> None:
    client = hand.client("workload:aurora/aurora-nightly")
    account = hand.get(f"/clients/{client}/service-account-user")["id"]
    hand.send("PUT", f"/users/{account}/groups/{hand.group(JIT)}")
    ((action, why, _, outcome),) = told(run(server, own, window[0]))
    assert (action, why, outcome) == (Action.REMOVE, Why.ABSENT, Outcome.DONE)


def test_an_elevation_that_is_revoked_in_the_yaml_ends_at_once(
    server: Server,
    files: dict[str, bytes],
    own: AccessModel,
    hand: Hand,
    window: tuple[datetime, datetime],
) -> None:
    member(hand, PERSON, DEVELOPERS)
    run(server, own, window[0])
    assert members(hand) == [PERSON]
    revoked = model_of({path: data for path, data in files.items() if path != MEI})
    done = run(server, revoked, window[0] + SECOND)
    assert told(done) == [(Action.REMOVE, Why.ABSENT, f"user:{PERSON}", Outcome.DONE)]
    assert members(hand) == []


@pytest.mark.parametrize(
    ("was", "becomes", "why", "words"),
    [
        ("approvedBy: ines@", "approvedBy: MEI@", Why.UNAPPROVED, "nobody else approved it"),
        ("  ticket: QGOV-118\n", "", Why.UNAPPROVED, "it names no ticket"),
        ("T12:00", "T12:01", Why.UNAPPROVED, "longer than its binding allows"),
        ("2026-11-23T08:00", "2026-11-23T09:00", Why.EARLY, ""),
    ],
    ids=["by oneself", "no ticket", "too long", "not yet"],
)
def test_an_elevation_that_does_not_hold_ends(
    server: Server,
    files: dict[str, bytes],
    hand: Hand,
    window: tuple[datetime, datetime],
    was: str,
    becomes: str,
    why: Why,
    words: str,
) -> None:
    member(hand, PERSON, DEVELOPERS, JIT)
    text = files[MEI].decode()
    assert was in text
    other = model_of({**files, MEI: text.replace(was, becomes).encode()})
    done = run(server, other, window[0] + SECOND)
    assert told(done) == [(Action.REMOVE, why, f"user:{PERSON}", Outcome.DONE)]
    assert words in refused(done).get("aurora-2026-11-mei", "")
    assert members(hand) == []


def test_a_name_in_other_letters_is_the_same_person(
    server: Server, files: dict[str, bytes], hand: Hand, window: tuple[datetime, datetime]
) -> None:
    text = files[MEI].decode().replace("subject: mei@", "subject: Mei@")
    model = model_of({**files, MEI: text.encode()})
    member(hand, PERSON, DEVELOPERS)
    for _ in range(2):
        run(server, model, window[0])
        assert members(hand) == [PERSON]


@pytest.mark.parametrize(
    ("groups", "enabled", "words"),
    [
        (None, True, "no such person"),
        ((DEVELOPERS,), False, "disabled"),
        ((), True, f"not in the group `{DEVELOPERS}`"),
    ],
    ids=["unknown", "disabled", "not eligible"],
)
def test_who_cannot_be_elevated_is_said_and_not_added(
    server: Server,
    own: AccessModel,
    hand: Hand,
    window: tuple[datetime, datetime],
    groups: tuple[str, ...] | None,
    enabled: bool,
    words: str,
) -> None:
    if groups is not None:
        member(hand, PERSON, *groups, enabled=enabled)
    member(hand, "mei@northwind.example.org", DEVELOPERS)  # who is another
    done = run(server, own, window[0])
    assert words in refused(done)["aurora-2026-11-mei"]
    assert members(hand) == []
    assert done.exit_status(detailed=True) == 1


def test_people_are_known_by_the_id_of_the_account_where_the_token_says_so(
    server: Server, files: dict[str, bytes], hand: Hand, window: tuple[datetime, datetime]
) -> None:
    id_ = member(hand, "somebody", DEVELOPERS)
    by_sub = files["qgov.yaml"].decode().replace("person: preferred_username", "person: sub")
    text = files[MEI].decode().replace("subject: mei@northwind.example", f"subject: {id_}")
    model = model_of({**files, "qgov.yaml": by_sub.encode(), MEI: text.encode()})
    done = run(server, model, window[0])
    assert told(done) == [(Action.ADD, Why.WITHIN, f"user:{id_}", Outcome.DONE)]
    assert told(run(server, model, window[0]))[0][0] is Action.KEEP
    assert drift(server, model, window[0]) == set()
    assert drift(server, model, window[1]) == {"outlived"}
    assert told(run(server, model, window[1]))[0][:2] == (Action.REMOVE, Why.ENDED)


@pytest.mark.parametrize("missing", ["view-users", "manage-users", None])
def test_a_client_needs_the_rights_that_are_said_and_no_other(
    server: Server,
    own: AccessModel,
    hand: Hand,
    window: tuple[datetime, datetime],
    missing: str | None,
) -> None:
    member(hand, PERSON, DEVELOPERS)
    rights = {need.right for need in NEEDS} - {missing}
    asked = Asked(own, "workforce", reader(server, hand, sorted(rights)), window[0])
    if missing == "view-users":
        # Who may manage users may see them, too.
        assert told(carried_out(asked, plan(asked)))[0][3] is Outcome.DONE
        return
    report = carried_out(asked, plan(asked, people=True))
    ((_, _, _, outcome),) = told(report)
    if missing is None:
        assert outcome is Outcome.DONE
        return
    (step,) = [step for step in report.steps if step.group == JIT]
    assert (outcome, step.failure) == (
        Outcome.FAILED,
        "forbidden; the right `manage-users` is needed",
    )
    assert report.exit_status(detailed=False) == 1
    assert members(hand) == []


def test_a_client_without_any_right_reads_nothing_and_changes_nothing(
    server: Server, own: AccessModel, hand: Hand, window: tuple[datetime, datetime]
) -> None:
    member(hand, "eve@northwind.example", JIT)
    asked = Asked(own, "workforce", reader(server, hand, []), window[0])
    with pytest.raises(UnreadableError, match="the right `view-users` is needed") as raised:
        plan(asked)
    assert raised.value.heading == "ELEVATIONS UNKNOWN: nothing was changed"
    assert len(members(hand)) == 1
