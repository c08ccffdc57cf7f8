"""The page of directories: its push is one, done twice against a real SCIM service."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from scim2_models import Group, ScimProvider
from scim2_server.memory import InMemoryStorage
from scim2_server.service import ScimService
from scim2_server.testserver.application import BearerTokenApplication
from scim2_server.utils import (
    load_default_resource_types,
    load_default_schemas,
    load_default_service_provider_config,
)

from qgov.targets.scim import TARGET
from tests.targets.directories import company

PAGE = Path(__file__).parents[2] / "docs" / "directories.md"
wsgi = pytest.importorskip("scim2_client.engines.wsgi")


@pytest.fixture
def client() -> Any:
    """A client of a service of its own."""
    provider = ScimProvider.from_discovery(
        load_default_schemas().values(),
        load_default_resource_types().values(),
        config=load_default_service_provider_config(),
    )
    application = BearerTokenApplication(
        InMemoryStorage(), provider, service=ScimService(provider, secret="s"), bearer_tokens=[]
    )
    found = wsgi.WSGISCIMClient(application, base_url="http://localhost/v2")
    found.discover()
    return found


def pushed(client: Any, groups: dict[str, Any], patches: dict[str, Any]) -> dict[str, Any]:
    """What the service has after the page's push, by `externalId`."""
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    scope: dict[str, Any] = {}
    exec(compile(code, str(PAGE), "exec"), scope)  # noqa: S102 - the page's own lines
    scope["push"](client, groups, patches)
    return {each.external_id: each.model_dump() for each in client.query(Group).resources}


@pytest.mark.parametrize("evil", [False, True])
@pytest.mark.parametrize("provider", ["entra", "okta"])
def test_a_second_push_changes_nothing_and_members_stay(
    client: Any, provider: str, evil: bool
) -> None:
    files = TARGET.emit(company(evil=evil))
    groups, patches = (
        json.loads(files[f"idp/{provider}/scim/{name}.json"]) for name in ("Groups", "Patches")
    )
    user = client.create(
        {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "mei"}
    )
    there = client.create(Group(display_name=groups["Resources"][0]["displayName"]))
    client.modify(
        Group,
        there.id,
        {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "add", "path": "members", "value": [{"value": user.id}]}],
        },
    )

    first = pushed(client, groups, patches)
    assert {name: each["displayName"] for name, each in first.items()} == {
        each["externalId"]: each["displayName"] for each in groups["Resources"]
    }
    joined = first[groups["Resources"][0]["externalId"]]
    assert joined["id"] == there.id
    assert [member["value"] for member in joined["members"]] == [user.id]

    second = pushed(client, groups, patches)
    for each in (*first.values(), *second.values()):
        each.pop("meta")
    assert second == first
