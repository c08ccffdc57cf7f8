"""The directory groups that the configuration relies on, as SCIM 2.0 resources.

`idp/<provider>/scim/Groups.json` is a ListResponse (RFC 7644, 3.4.2) of Groups (RFC 7643,
4.2): what the directory must hold, or what to provision. Who is in a group is the
directory's to say, and ids are the server's, so neither is here; `externalId` is the key.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any, Final

from qgov.model.access_model import AccessModel
from qgov.targets.origins import NAMED, ORGANIZATION
from qgov.targets.parts import Key, Parts, Table
from qgov.targets.target import Target

__all__ = ["GROUP", "LIST_RESPONSE", "TARGET"]

LIST_RESPONSE: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
GROUP: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"

FIELDS: Final[Table] = {
    "{provider}": (f"{ORGANIZATION} spec.identityProviders", *NAMED),
    "{provider} {group}": (f"{ORGANIZATION} spec.identityProviders", *NAMED),
}
"""The parts of the file, and which fields they come from."""


def _emit(model: AccessModel) -> dict[str, bytes]:
    groups: dict[str, list[str]] = defaultdict(list)
    for name, group in sorted(model.groups.items()):
        groups[group.provider].append(name)
    return {
        f"idp/{provider}/scim/Groups.json": _list_response(groups[provider])
        for provider in sorted(model.organization.providers)
    }


def _list_response(names: list[str]) -> bytes:
    resources = [{"schemas": [GROUP], "displayName": name, "externalId": name} for name in names]
    response = {"schemas": [LIST_RESPONSE], "totalResults": len(names), "Resources": resources}
    return (json.dumps(response, ensure_ascii=False, indent=2) + "\n").encode()


def _parts(path: str, content: bytes) -> dict[str, Any]:
    return {path.split("/")[1]: {g["externalId"]: g for g in json.loads(content)["Resources"]}}


def _resource(key: Key) -> str:
    return key[1] if len(key) > 1 else key[0]


TARGET = Target(
    "scim", _emit, parts=Parts(("idp/*/scim/Groups.json",), _parts, FIELDS, resource=_resource)
)
