"""The realms of the worked repository, as `qgov compile` writes them."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from qgov.targets.keycloak import TARGET
from qgov.targets.keycloak.facts.clients import Issuer
from qgov.targets.keycloak.representation import jwks_variable
from tests.targets.worked import worked

__all__ = ["JWKS_VARIABLE", "PIPELINES", "REALMS", "emitted", "representation"]

REALMS: Final = {"workforce": "quantum", "partners": "partners"}
"""Identity provider → its realm."""

PIPELINES: Final = Issuer("https://token.actions.githubusercontent.com", "qgov")
"""The issuer of every workload there."""

JWKS_VARIABLE: Final = jwks_variable(PIPELINES)
"""Where the server is told of its keys."""


def emitted() -> dict[str, bytes]:
    """Identity provider → the `realm.json` of it."""
    files = TARGET.emit(worked())
    return {name: files[f"idp/{name}/realm.json"] for name in REALMS}


def representation(content: bytes, name: str | None = None) -> dict[str, Any]:
    """A realm as the admin API takes it (`POST /admin/realms`), which replaces no variable; under
    another name, where one is given."""
    realm: dict[str, Any] = json.loads(re.sub(rb"\$\{\w+:([^}]*)\}", rb"\1", content))
    if name is not None:
        default = realm["defaultRole"]["name"]
        (role,) = (r for r in realm["roles"]["realm"] if r["name"] == default)
        realm["realm"] = name
        role["name"] = realm["defaultRole"]["name"] = f"default-roles-{name}"
    return realm
