"""An admin API on loopback with groups, people and memberships, which can be made to fail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

from qgov.model.access_model import AccessModel
from qgov.targets.keycloak.facts.access import jit_groups
from qgov.targets.keycloak.module import modules
from tests.drift.loopback import Reply, as_json, serving
from tests.elevate.conftest import REALM

__all__ = ["Fake"]

AT = f"/admin/realms/{REALM}"
DONE = Reply(b"", 204, "")


@dataclass
class Fake:
    """`instead` has replies by path, in place of its own; `failing` what a write is answered with
    (None: it is done), by its method and path. `written` is what was done."""

    model: AccessModel
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    inside: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    instead: dict[str, Reply] = field(default_factory=dict)
    failing: Callable[[str, str], Reply | None] = lambda _method, _path: None
    written: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def groups(self) -> list[str]:
        module = next(m for m in modules(self.model) if m.name == "workforce")
        return [*(g.name for g in module.groups), *(g.name for g in jit_groups(module))]

    def person(self, name: str, *groups: str, enabled: bool = True) -> None:
        self.people[name] = {"id": f"id-{name}", "username": name, "enabled": enabled}
        for group in groups:
            self.inside[group].add(name)

    def answer(self, path: str, query: str) -> Reply:
        below = unquote(path).removeprefix(AT)
        if below in self.instead:
            return self.instead[below]
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        first, most = int(asked.get("first", 0)), int(asked.get("max", 10**6))
        match below.strip("/").split("/"):
            case ["groups", "count"]:
                return as_json({"count": len(self.groups)})
            case ["groups"]:
                return as_json([self._group(g) for g in self.groups][first : first + most])
            case ["groups", id_, "members"]:
                names = sorted(self.inside[id_.removeprefix("id-")])
                return as_json([self.people[n] for n in names][first : first + most])
            case ["users"]:
                return as_json([p for n, p in self.people.items() if n == asked["username"]])
            case ["users", id_, "groups"]:
                name = id_.removeprefix("id-")
                mine = [self._group(g) for g, names in self.inside.items() if name in names]
                return as_json(mine[first : first + most])
            case _:
                pass
        return Reply(status=404)

    def write(self, method: str, path: str) -> Reply:
        _, user, _, group = unquote(path).removeprefix(AT).strip("/").split("/")
        group = group.removeprefix("id-")
        name = user.removeprefix("id-")
        if (reply := self.failing(method, name)) is not None and not reply.lost:
            return reply
        self.written.append((method, name, group))
        if method == "PUT":
            self.inside[group].add(name)
        else:
            self.inside[group].discard(name)
        return reply or DONE

    @contextmanager
    def serving(self) -> Iterator[dict[str, str]]:
        """The environment that names it, while it answers."""
        with serving(self.answer, writes=self.write) as base:
            yield {"QGOV_KEYCLOAK_URL": base, "QGOV_KEYCLOAK_TOKEN": "hunter2"}

    @staticmethod
    def _group(name: str) -> dict[str, Any]:
        return {"id": f"id-{name}", "name": name, "path": f"/{name}", "subGroupCount": 0}
