"""A real Keycloak with the compiled realm: in sync, and not when somebody changes it by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from qgov.drift.drift import Report
from qgov.drift.observe import chosen, observe
from qgov.drift.observer import UnreadableError
from qgov.model.access_model import AccessModel
from qgov.pipeline import load
from qgov.repository import read_work_tree
from qgov.targets import emit
from tests.drift.changes import CHANGES, JIT, Hand
from tests.drift.conftest import NOW, ROOT
from tests.drift.fresh_realm import RECORDED, recorded, text_of
from tests.drift.realm import import_realm, reader, token_of
from tests.keycloak.server import Server
from tests.keycloak.sign_in import person, sign_in

# Measured, they take minutes more, and the tests of adopting read a realm as well.
pytestmark = [pytest.mark.real, pytest.mark.no_cover]

REALM = "drifting"
QUIET = NOW.replace(year=2025)
"""When nobody is elevated."""


@pytest.fixture(scope="module")
def own() -> AccessModel:
    """The worked repository with a realm of another name, which these tests may change."""
    files, _ = read_work_tree(ROOT)
    text = files["qgov.yaml"].decode().replace("realm: quantum", f"realm: {REALM}")
    found = load({**files, "qgov.yaml": text.encode()}).model
    assert found is not None
    return found


@pytest.fixture(scope="module")
def server(keycloak: Server, own: AccessModel) -> Iterator[Server]:
    files, _ = emit(own, ["keycloak"])
    import_realm(keycloak, files["idp/workforce/realm.json"])
    yield keycloak
    keycloak.admin.delete(f"/admin/realms/{REALM}").raise_for_status()


@pytest.fixture
def hand(server: Server) -> Iterator[Hand]:
    one = Hand(server.admin, REALM)
    with one.undo:
        yield one


def read(server: Server, own: AccessModel, now: datetime = QUIET) -> Report:
    environment = {
        "QGOV_KEYCLOAK_URL": f"http://127.0.0.1:{server.port}",
        "QGOV_KEYCLOAK_TOKEN": token_of(server),
    }
    return observe(own, chosen(["keycloak:workforce"], environment), environment, now)


def test_the_compiled_realm_is_in_sync_twice(server: Server, own: AccessModel) -> None:
    for _ in range(2):
        report = read(server, own)
        assert [each.message for each in report.drift] == []
        assert report.sources[0].facts > 1000


def test_a_sign_in_is_no_drift(server: Server, own: AccessModel, hand: Hand) -> None:
    """The server's own copy of the mapper says `multivalued` from the first token on."""
    person(server, REALM, "ada", ["/aurora-developers"])
    (ada,) = hand.get("/users", username="ada")
    hand.undo.callback(hand.send, "DELETE", f"/users/{ada['id']}")
    sign_in(server, REALM, "ada")
    assert messages(read(server, own).drift) == []


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_by_hand_is_found_and_told(
    server: Server, own: AccessModel, hand: Hand, name: str
) -> None:
    change = CHANGES[name]
    change.make(hand)
    drift = read(server, own).drift
    said = messages(drift)
    assert [words for words in change.told if not any(words in each for each in said)] == [], said
    others = [each for each in said if not any(words in each for words in change.told)]
    assert others == []
    first = [each for each in drift if change.told[0] in each.message]
    assert change.kind in {str(each.kind) for each in first}
    assert change.permission in {each.permission for each in first}
    if change.principal is not None:
        assert change.principal in {each.principal for each in first}
    assert not [each for each in said if re.search(r"\beve\b", each)]


def messages(drift: object) -> list[str]:
    return [f"{each.kind}: {each.message}" for each in drift]  # type: ignore[attr-defined]


def test_all_is_as_it_was(server: Server, own: AccessModel) -> None:
    """Every change above was taken back."""
    assert messages(read(server, own).drift) == []
    assert len(CHANGES) >= 45


# ------------------------------------------------------------------------- rights, one by one

RIGHTS = {
    "view-realm": "view-realm",
    "view-users": "view-users",
    "view-clients": "view-clients",
    "view-identity-providers": "view-identity-providers",
    "view-events": "view-events",
}


@pytest.mark.parametrize("missing", [*RIGHTS, "realm-admin"])
def test_a_right_that_is_missing_makes_the_realm_unreadable(
    server: Server, own: AccessModel, hand: Hand, missing: str
) -> None:
    """The last has every right to view, and not the one that workflows need."""
    environment = reader(server, hand, (right for right in RIGHTS if right != missing))
    with pytest.raises(UnreadableError) as raised:
        observe(own, chosen(["keycloak:workforce"], environment), environment, QUIET)
    assert missing in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_the_reader_needs_no_more_than_it_says(
    server: Server, own: AccessModel, hand: Hand
) -> None:
    environment = reader(server, hand, ["realm-admin"])
    drift = observe(own, chosen(["keycloak:workforce"], environment), environment, QUIET).drift
    assert all("`reader`" in each.message or "client reader" in each.message for each in drift)


def test_a_secret_that_is_wrong_or_a_realm_that_is_none_is_unreadable(
    server: Server, own: AccessModel, hand: Hand
) -> None:
    environment = reader(server, hand, ["realm-admin"])
    wrong = environment | {"QGOV_KEYCLOAK_CLIENT_SECRET": "swordfish"}
    elsewhere = environment | {"QGOV_KEYCLOAK_AUTH_REALM": "nowhere"}
    for each, reason in ((wrong, "not signed in"), (elsewhere, "not found")):
        with pytest.raises(UnreadableError, match=reason) as raised:
            observe(own, chosen(["keycloak:workforce"], each), each, QUIET)
        assert "swordfish" not in str(raised.value)


def test_people_are_counted_and_named_on_demand(
    server: Server, own: AccessModel, hand: Hand
) -> None:
    group = hand.group("aurora-leads")
    for number in range(3):
        id_ = hand.person(f"lead-{number}", enabled=number != 1)
        hand.send("PUT", f"/users/{id_}/groups/{group}")
    report = read(server, own)
    leads = next(each for each in report.people if each.group == "aurora-leads")
    assert (leads.members, leads.disabled, leads.approves, leads.names) == (3, 1, True, ())
    assert leads.too_few
    assert (leads.never_signed_in, leads.external) == (3, 0), "events are kept, and there are none"
    assert report.drift == ()


def test_an_elevation_is_in_its_window_or_outlived(
    server: Server, own: AccessModel, hand: Hand
) -> None:
    """The clock is moved, not the server's."""
    document = next(e for e in own.elevations if e.scope == "aurora/production")
    group = hand.group(JIT)
    hand.send("PUT", f"/users/{hand.person(document.subject)}/groups/{group}")
    assert document.not_before is not None
    hours = {
        "before": (document.not_before - timedelta(hours=1), {"unmanaged"}),
        "within": (document.not_before + timedelta(hours=1), set()),
        "after": (document.expires, {"outlived"}),
    }
    for now, kinds in hours.values():
        drift = read(server, own, now).drift
        theirs = [d for d in drift if "aurora/production" in d.scope]
        assert {str(d.kind) for d in theirs} == kinds
        assert document.subject not in str(messages(drift))


def test_what_a_fresh_realm_holds_is_recorded_as_it_is(server: Server) -> None:
    """Run `python -m tests.drift.fresh_realm` where this fails: another version tells more."""
    assert text_of(recorded(server)) == RECORDED.read_text(encoding="utf-8")
