"""Terraform for each Keycloak: a root module under `terraform/identity/<provider>/`.

Every group that is declared is there, bound or not, and none goes in passing. A role at a
scope is a realm role `qgov:<role>:<scope>`; a standing binding gives it to a
directory group or to a workload's service account. An eligible binding gives nothing: the
attribute `qgov_eligible` of the group (`qgov.eligible` of a client) names the role and who may
approve, for the system that grants elevations. Workloads sign in with a token of their own issuer
(Keycloak's federated client authentication, RFC 7523), never with a secret.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from qgov.model.access_model import AccessModel
from qgov.targets.hcl import Block, Outline, outline, render
from qgov.targets.keycloak.clients import clients
from qgov.targets.keycloak.module import modules
from qgov.targets.keycloak.parts import PARTS
from qgov.targets.keycloak.read_back import FOLDER, read_back
from qgov.targets.keycloak.realm import SCHEMA_VERSION, mfa, realm, versions
from qgov.targets.keycloak.roles import groups, roles
from qgov.targets.keycloak.unsupported import unsupported
from qgov.targets.target import Target

__all__ = ["SCHEMA_VERSION", "TARGET"]

_COMMENT: Final = (
    "Written by qgov from the reviewed configuration. The next compilation overwrites edits.\n"
    f"Compiled against the schema of keycloak/keycloak {SCHEMA_VERSION}."
)
_NOTES: Final = {
    "groups": "A group that goes is refused. To let one go, with whoever is in it:\n"
    "terraform state rm 'terraform_data.kept_groups[\"NAME\"]'",
}
_FILES: Final = {
    "versions": versions,
    "realm": realm,
    "roles": roles,
    "groups": groups,
    "clients": clients,
    "mfa": mfa,
}


def _files(model: AccessModel) -> Iterator[tuple[str, str, list[Block]]]:
    """(path, comment, blocks) of each file; one without blocks is not written."""
    for module in modules(model):
        for file, blocks_of in _FILES.items():
            if blocks := blocks_of(module):
                comment = f"{_COMMENT}\n{_NOTES.get(file, '')}".rstrip()
                yield f"{FOLDER}/{module.name}/{file}.tf", comment, blocks


def _emit(model: AccessModel) -> dict[str, bytes]:
    return {path: render(blocks, comment) for path, comment, blocks in _files(model)}


def _outline(model: AccessModel) -> dict[str, Outline]:
    return {path: outline(blocks) for path, _, blocks in _files(model)}


TARGET = Target(
    "keycloak",
    _emit,
    unsupported,
    read_back,
    _outline,
    serves=frozenset({"keycloak"}),
    parts=PARTS,
)
