"""The sections of the list, and which fields they come from. A test walks all of them."""

from __future__ import annotations

import re
from typing import Any, Final

from qgov.targets.origins import BOUND, NAMED, ORGANIZATION
from qgov.targets.parts import Key, Parts, Table

__all__ = ["FIELDS", "PARTS"]

_PROVIDER: Final = f"{ORGANIZATION} spec.identityProviders.{{provider}}"
_GROUPS: Final = (*NAMED, f"{_PROVIDER}.type", f"{ORGANIZATION} spec.identityProviders")
_WORKLOADS: Final = ("Tenant/* spec.serviceAccounts", "Tenant/* spec.identityProvider")
_FLOORS: Final = (
    f"{ORGANIZATION} spec.floors",
    f"{ORGANIZATION} spec.tiers.*.floors",
    "Tenant/* spec.floors",
    "Tenant/* spec.environments",
    "Role/* spec.requires",
)
_HELD: Final = (*BOUND, "Tenant/* spec.bindings", *_GROUPS)

FIELDS: Final[Table] = {
    "{provider}": (f"{_PROVIDER}.type",),
    "{provider} Groups": _HELD,
    "{provider} Sign-in": (
        *_HELD,
        *_FLOORS,
        f"{_PROVIDER}.mfa",
        f"{_PROVIDER}.sessionLifetime",
    ),
    "{provider} Claims": (_PROVIDER, *_GROUPS),
    "{provider} Workloads": (*_WORKLOADS, f"{_PROVIDER}.type"),
    "{provider} Just-in-time": _HELD,
}
"""The parts of the file, and which fields they come from."""


def _parts(path: str, content: bytes) -> dict[str, Any]:
    found = re.split(r"^## (.+)$", content.decode(), flags=re.MULTILINE)[1:]
    return {path.split("/")[1]: dict(zip(found[::2], found[1::2], strict=True))}


def _resource(key: Key) -> str:
    return key[1] if len(key) > 1 else key[0]


PARTS: Final = Parts(("idp/*/setup.md",), _parts, FIELDS, resource=_resource)
