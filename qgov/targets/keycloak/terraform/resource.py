"""What the files of a root module share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from qgov.targets.hcl import Block, Ref, Value
from qgov.targets.keycloak.facts.setting import Seconds, Setting

__all__ = ["KEPT", "REALM", "arguments", "resource"]

REALM: Final[Mapping[str, Value]] = {"realm_id": Ref("keycloak_realm.realm.id")}
"""The argument that nearly every resource begins with."""

KEPT: Final = Block("lifecycle", (), {"prevent_destroy": True})
"""What must not vanish with whatever it holds."""


def resource(kind: str, name: str, attributes: Mapping[str, Value], *blocks: Block) -> Block:
    """A resource of this provider."""
    return Block("resource", (f"keycloak_{kind}", name), attributes, blocks)


def arguments(settings: Iterable[Setting]) -> dict[str, Value]:
    """Settings as Terraform takes them."""
    return {
        each.argument: _duration(each.value) if isinstance(each.value, Seconds) else each.value
        for each in settings
    }


def _duration(seconds: int) -> str:
    """Seconds as the provider reads durations, in the largest of h, m and s that divides."""
    for unit, size in (("h", 3600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
