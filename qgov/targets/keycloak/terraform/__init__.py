"""A root module under `terraform/identity/<provider>/`, of the facts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Final

from qgov.targets.hcl import Block
from qgov.targets.keycloak.module import Module
from qgov.targets.keycloak.terraform.access import elevations, groups, roles
from qgov.targets.keycloak.terraform.clients import clients
from qgov.targets.keycloak.terraform.realm import SCHEMA_VERSION, realm, versions
from qgov.targets.keycloak.terraform.sign_in import sign_in

__all__ = ["FOLDER", "ROLES", "SCHEMA_VERSION", "files"]

FOLDER: Final = "terraform/identity"
"""Where the root modules are."""

_COMMENT: Final = (
    "Written by qgov from the reviewed configuration. The next compilation overwrites edits.\n"
    f"Compiled against the schema of keycloak/keycloak {SCHEMA_VERSION}."
)
_NOTES: Final = {
    "groups": "A group that goes is refused, until its identity provider has it under `retired`:\n"
    "then Terraform lets go of it, and it stays with whoever is in it.",
}
_FILES: Final[Mapping[str, Callable[[Module], list[Block]]]] = {
    "versions": versions,
    "realm": realm,
    "roles": roles,
    "groups": groups,
    "elevations": elevations,
    "clients": clients,
    "mfa": sign_in,
}


ROLES: Final = ("roles",)
"""The files that say what roles may do; no other does."""


def files(
    modules: Iterable[Module],
    *,
    only: Collection[str] = tuple(_FILES),
    but: Collection[str] = (),
) -> Iterator[tuple[str, str, list[Block]]]:
    """(path, comment, blocks) of each file, or of those of these names; one without blocks is not
    written."""
    for module in modules:
        for file, blocks_of in _FILES.items():
            if file in only and file not in but and (blocks := blocks_of(module)):
                comment = f"{_COMMENT}\n{_NOTES.get(file, '')}".rstrip()
                yield f"{FOLDER}/{module.name}/{file}.tf", comment, blocks
