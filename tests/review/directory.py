"""A SCIM service on loopback with the groups and people of a test, which can be made to fail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from tests.drift.loopback import Reply, as_json, serving

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
CONFIG = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"]}


@dataclass
class Directory:
    """`members` are the people by group; `fields` what else is told of one; `instead` replies by
    path."""

    members: dict[str, list[str]]
    fields: dict[str, dict[str, Any]] = field(default_factory=dict)
    instead: dict[str, Reply] = field(default_factory=dict)

    def answer(self, path: str, query: str) -> Reply:
        if path in self.instead:
            return self.instead[path]
        if path.endswith("Config"):
            return as_json(CONFIG)
        names = sorted({name for group in self.members.values() for name in group})
        listed = (
            [
                {"id": f"g-{g}", "displayName": g, "members": [{"value": f"u-{n}"} for n in people]}
                for g, people in self.members.items()
            ]
            if path.endswith("Groups")
            else [{"id": f"u-{n}", "userName": n, **self.fields.get(n, {})} for n in names]
        )
        first = int(parse_qs(query)["startIndex"][0]) - 1
        resources = listed[first : first + 100]
        return as_json({"schemas": [LIST], "totalResults": len(listed), "Resources": resources})

    @contextmanager
    def serving(self) -> Iterator[dict[str, str]]:
        """The environment that names it, while it answers."""
        with serving(self.answer) as base:
            yield {"QGOV_SCIM_URL": base, "QGOV_SCIM_TOKEN": "hunter2"}
