"""A real Keycloak with the compiled realm: in sync, and not when somebody changes it by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from qgov.drift.drift import Report
from qgov.drift.observe import chosen, observe
from qgov.model.access_model import AccessModel
from qgov.targets import emit
from tests.drift.changes import CHANGES, Hand
from tests.drift.conftest import NOW
from tests.drift.realm import import_realm, token_of
from tests.keycloak.server import Server

pytestmark = pytest.mark.real

REALM = "quantum"
QUIET = NOW.replace(year=2025)
"""When nobody is elevated."""


@pytest.fixture(scope="module")
def server(keycloak: Server, model: AccessModel) -> Iterator[Server]:
    files, _ = emit(model, ["keycloak"])
    import_realm(keycloak, files["idp/workforce/realm.json"])
    yield keycloak
    keycloak.admin.delete(f"/admin/realms/{REALM}").raise_for_status()


@pytest.fixture
def hand(server: Server) -> Iterator[Hand]:
    one = Hand(server.admin, REALM)
    with one.undo:
        yield one


def read(server: Server, model: AccessModel) -> Report:
    environment = {
        "QGOV_KEYCLOAK_URL": f"http://127.0.0.1:{server.port}",
        "QGOV_KEYCLOAK_TOKEN": token_of(server),
    }
    return observe(model, chosen(["keycloak:workforce"], environment), environment, QUIET)


def test_the_compiled_realm_is_in_sync_twice(server: Server, model: AccessModel) -> None:
    for _ in range(2):
        report = read(server, model)
        assert [each.message for each in report.drift] == []
        assert report.sources[0].facts > 1000


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_by_hand_is_found_and_told(
    server: Server, model: AccessModel, hand: Hand, name: str
) -> None:
    change = CHANGES[name]
    change.make(hand)
    drift = read(server, model).drift
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


def test_all_is_as_it_was(server: Server, model: AccessModel) -> None:
    """Every change above was taken back."""
    assert messages(read(server, model).drift) == []
    assert len(CHANGES) >= 45
