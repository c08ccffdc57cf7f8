"""How many requests a realm takes: as many as it has things, whatever the length of its lists."""

from __future__ import annotations

import re
import threading
from collections import Counter
from typing import Any
from urllib.parse import parse_qs

import pytest

from qgov.drift.observer import Asked
from qgov.drift.observers.keycloak import OBSERVER
from qgov.model.access_model import AccessModel
from tests.drift.conftest import NOW
from tests.drift.loopback import Reply, as_json, serving

AT = "/admin/realms/quantum"
REALM = {"realm": "quantum", "accessTokenLifespan": 60}


class Counted:
    """A realm with so many groups of so many members (the first of others), and so many
    clients."""

    def __init__(self, groups: int, members: int, clients: int, first: int) -> None:
        self.asked: Counter[str] = Counter()
        self._lock = threading.Lock()
        names = [f"{number}" for number in range(groups)]
        people = [
            {"id": f"u{number}", "username": f"u{number}", "enabled": True}
            for number in range(max(members, first))
        ]
        self._lists: dict[str, Any] = {
            "": REALM,
            "/clients": [
                {"id": f"c{number}", "clientId": f"c{number}", "access": {"view": True}}
                for number in range(clients)
            ],
            "/groups": [
                {"id": name, "name": name, "path": f"/{name}", "subGroupCount": 0} for name in names
            ],
            "/groups/count": {"count": groups},
            **{f"/groups/{name}/members": people[:members] for name in names},
            "/groups/0/members": people[:first],
            **{f"/clients/c{number}/scope-mappings": {} for number in range(clients)},
            "/events/config": {},
            "/users/profile": {},
            "/client-policies/policies": {},
            "/client-policies/profiles": {},
        }

    def answer(self, path: str, query: str) -> Reply:
        below = path.removeprefix(AT)
        with self._lock:
            self.asked[re.sub(r"/c?\d+/", "/N/", below)] += 1
        found = self._lists.get(below, [])
        of = parse_qs(query)
        if not isinstance(found, list) or "first" not in of:
            return as_json(found)
        first = int(of["first"][0])
        return as_json(found[first : first + int(of["max"][0])])


def requests(
    model: AccessModel, groups: int, members: int, clients: int, first: int | None = None
) -> Counter[str]:
    longer = members if first is None else first
    realm = Counted(groups, members, clients, longer)
    with serving(realm.answer) as base:
        environment = {"QGOV_KEYCLOAK_URL": base, "QGOV_KEYCLOAK_TOKEN": "hunter2"}
        (seen,) = OBSERVER.observe(Asked(model, "workforce", environment, NOW))
    assert sum(map(len, seen.found.groups.values())) == (groups - 1) * members + longer
    return realm.asked


@pytest.mark.parametrize("members", [0, 1, 10])
def test_a_round_number_may_be_a_bound_until_a_longer_list_is_seen(
    model: AccessModel, members: int
) -> None:
    """At most those that are read at the same time as the longer one are asked for twice."""
    for groups, first in ((40, members), (40, 11)):
        asked = requests(model, groups, members, 3, first)
        twice = asked["/groups/N/members"] - groups
        assert twice == 0 if members % 10 or not members else twice in (40, *range(9))
        assert (twice == 40) == (members == first == 10)


def test_a_long_list_is_as_many_requests_as_it_has_pages(model: AccessModel) -> None:
    asked = requests(model, 2, 1200, 3)
    assert asked["/groups/N/members"] == 2 * 3


def test_requests_grow_with_groups_and_clients_and_with_nothing_else(model: AccessModel) -> None:
    few, more = requests(model, 7, 3, 11), requests(model, 14, 9, 22)
    grown = {path: number - few[path] for path, number in more.items() if number != few[path]}
    assert grown == {
        "/groups/N/members": 7,
        "/clients/N/roles": 11,
        "/clients/N/scope-mappings": 11,
    }
