"""SCIM: the groups are resources that the field's own models read."""

from __future__ import annotations

import json

from scim2_models import Group, ListResponse, PatchOp, PatchOperation

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
    for path, content in TARGET.emit(worked()).items():
        if path.endswith("/Groups.json"):
            for group in json.loads(content)["Resources"]:
                assert set(group) == {"schemas", "displayName", "externalId"}


def test_a_patch_replaces_names_and_nothing_else() -> None:
    patches = json.loads(TARGET.emit(worked())["idp/workforce/scim/Patches.json"])
    groups = [name for name, group in worked().groups.items() if group.provider == "workforce"]
    assert list(patches) == groups
    for name, body in patches.items():
        read = PatchOp[Group].model_validate(body)
        assert {(o.op, str(o.path), o.value) for o in read.operations or []} == {
            (PatchOperation.Op.replace_, "displayName", name),
            (PatchOperation.Op.replace_, "externalId", name),
        }
