"""An admin API that tells a part, or something else: unreadable, each with its reason."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest

from qgov.drift.observe import chosen, observe
from qgov.drift.observer import UnreadableError
from qgov.drift.observers.keycloak.settings import fields_of_version
from qgov.model.access_model import AccessModel
from tests.drift.conftest import NOW
from tests.drift.loopback import Reply, as_json, serving

AT = "/admin/realms/quantum"
REALM: dict[str, Any] = {"realm": "quantum", "accessTokenLifespan": 60, "eventsEnabled": True}
GROUP = {"id": "g", "name": "strangers", "path": "/strangers", "subGroupCount": 0}


def answers(**instead: Any) -> Any:
    """A realm with one client and one group, and replies in the place of some of its own."""
    replies: dict[str, Any] = {
        "": REALM,
        "/clients": [
            {"id": "c", "clientId": "x", "access": {"view": True}, "fullScopeAllowed": True}
        ],
        "/groups": [GROUP],
        "/groups/count": {"count": 1},
        "/events/config": {},
        "/users/profile": {},
        "/client-policies/policies": {},
        "/client-policies/profiles": {},
        **{f"/{name.replace('_', '/')}" if name else "": v for name, v in instead.items()},
    }

    def answer(path: str, query: str) -> Reply:
        found = replies.get(path.removeprefix(AT), [])
        if isinstance(found, Reply):
            return found
        paged = int(parse_qs(query).get("first", ["0"])[0])
        return as_json([] if isinstance(found, list) and paged else found)

    return answer


def read(model: AccessModel, base: str) -> str:
    environment = {"QGOV_KEYCLOAK_URL": base, "QGOV_KEYCLOAK_TOKEN": "hunter2"}
    report = observe(model, chosen(["keycloak:workforce"], environment), environment, NOW)
    return str([each.message for each in report.drift])


def test_a_realm_that_is_nearly_empty_has_much_that_is_missing(model: AccessModel) -> None:
    with serving(answers()) as base:
        found = read(model, base)
    assert "the group `strangers`" in found
    assert "`aurora-developers` may not `job:submit`" in found


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "a million groups announced": (
        {"groups_count": {"count": 1_000_000}},
        "1000000 announced, 1 sent",
    ),
    "subgroups announced": (
        {"groups": [{**GROUP, "subGroupCount": 4}]},
        "4 announced below /strangers, 0 sent",
    ),
    "the realm in part": ({"": {"realm": "quantum"}}, "the right `view-realm` is needed"),
    "clients in part": ({"clients": [{"id": "c", "clientId": "x"}]}, "the right `view-clients`"),
    "no clients": ({"clients": []}, "the right `view-clients`"),
    "another version": ({"": {**REALM, "newInKeycloak": 1}}, "not known .* tells of newInKeycloak"),
    "a list that is none": ({"roles": {"error": "x"}}, "not a list"),
    "HTML": ({"components": Reply(b"<html>", kind="text/html")}, "in place of JSON"),
    "cut off": ({"components": Reply(b"[{")}, "cut off or broken"),
    "forbidden": ({"workflows": Reply(status=403)}, "the right `realm-admin` is needed"),
    "no such realm": ({"": Reply(status=404)}, "not found"),
    "elsewhere": (
        {"groups": Reply(status=307, headers={"Location": "https://evil.example/"})},
        "redirects to evil.example",
    ),
    "of another form": ({"components": [{"id": "x"}]}, "not as .* tells it"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_not_the_whole_realm_is_unreadable(model: AccessModel, kind: str) -> None:
    instead, reason = BAD[kind]
    with (
        serving(answers(**instead)) as base,
        pytest.raises(UnreadableError, match=reason) as raised,
    ):
        read(model, base)
    assert "hunter2" not in str(raised.value)


def test_the_fields_of_the_version_are_known() -> None:
    assert {*REALM} <= fields_of_version()
