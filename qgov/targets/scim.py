"""The directory groups that the configuration relies on, as SCIM 2.0 resources.

`idp/<provider>/scim/Groups.json` is a ListResponse (RFC 7644, 3.4.2) of Groups (RFC 7643,
4.2): what the directory must hold, or what to provision. Who is in a group is the
directory's to say, and ids are the server's, so neither is here; `externalId` is the key.

`idp/<provider>/scim/Patches.json` gives by that key what a client PATCHes (RFC 7644, 3.5.2) where
the directory has the group already: a PUT of what stands here would empty it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any, Final

from qgov.model.access_model import AccessModel, Group
from qgov.targets.origins import NAMED, ORGANIZATION
from qgov.targets.parts import Key, Parts, Table
from qgov.targets.sections import NO_PERMISSION, Section
from qgov.targets.target import Target

__all__ = ["GROUP", "LIST_RESPONSE", "PATCH_OP", "TARGET"]

LIST_RESPONSE: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
GROUP: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"

PATCH_OP: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

_NAMED: Final = (f"{ORGANIZATION} spec.identityProviders", *NAMED)
FIELDS: Final[Table] = {
    "{provider}": _NAMED,
    "{provider} Groups.json {group}": _NAMED,
    "{provider} Patches.json {group}": _NAMED,
}
"""The parts of the file, and which fields they come from."""


def _emit(model: AccessModel) -> dict[str, bytes]:
    groups: dict[str, list[Group]] = defaultdict(list)
    for _, group in sorted(model.groups.items()):
        groups[group.provider].append(group)
    return {
        f"idp/{provider}/scim/{name}": _written(content(groups[provider]))
        for provider in sorted(model.organization.providers)
        for name, content in (("Groups.json", _list_response), ("Patches.json", _patches))
    }


def _list_response(groups: list[Group]) -> dict[str, Any]:
    resources = [
        {"schemas": [GROUP], "displayName": group.called, "externalId": group.name}
        for group in groups
    ]
    return {"schemas": [LIST_RESPONSE], "totalResults": len(groups), "Resources": resources}


def _patches(groups: list[Group]) -> dict[str, Any]:
    """Names alone are replaced: members are in no operation."""
    return {
        group.name: {
            "schemas": [PATCH_OP],
            "Operations": [
                {"op": "replace", "path": "displayName", "value": group.called},
                {"op": "replace", "path": "externalId", "value": group.name},
            ],
        }
        for group in groups
    }


def _written(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def _parts(path: str, content: bytes) -> dict[str, Any]:
    _, provider, _, name = path.split("/")
    found = json.loads(content)
    if name == "Groups.json":
        found = {group["externalId"]: group for group in found["Resources"]}
    return {provider: {name: found}}


def _resource(key: Key) -> str:
    return key[2] if len(key) > 2 else key[0]


TARGET = Target(
    "scim",
    _emit,
    parts=Parts(("idp/*/scim/*.json",), _parts, FIELDS, resource=_resource),
    sections=(Section(_emit, NO_PERMISSION, floors=False),),
    permissions=NO_PERMISSION,
)
