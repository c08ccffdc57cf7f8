"""SCIM: the groups are resources that the field's own models read."""

from __future__ import annotations

import json

from scim2_models import Group, ListResponse

from qgov.targets.scim import TARGET
from tests.targets.worked import worked


def test_the_groups_of_a_provider_are_a_list_response() -> None:
    files = TARGET.emit(worked())
    for provider in worked().organization.providers:
        response = ListResponse[Group].model_validate(
            json.loads(files[f"idp/{provider}/scim/Groups.json"])
        )
        expected = [name for name, group in worked().groups.items() if group.provider == provider]
        assert response.total_results == len(expected)
        assert [group.external_id for group in response.resources or []] == expected
        assert [group.display_name for group in response.resources or []] == expected


def test_members_and_ids_are_left_to_the_directory() -> None:
    for content in TARGET.emit(worked()).values():
        for group in json.loads(content)["Resources"]:
            assert set(group) == {"schemas", "displayName", "externalId"}
