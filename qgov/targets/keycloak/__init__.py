"""Each Keycloak, twice: Terraform for the realm that runs, and the realm as a file.

One set of `facts`: who holds what (`facts.access`), how people sign in (`facts.sign_in`), who asks
for tokens (`facts.clients`), what the realm is like (`facts.realm`). `terraform` and
`representation` lay them out. Workloads sign in with a token of their own issuer (Keycloak's
federated client authentication, RFC 7523), never with a secret.
"""

from __future__ import annotations

from qgov.model.access_model import AccessModel
from qgov.targets.hcl import outline, render
from qgov.targets.keycloak import representation, terraform
from qgov.targets.keycloak.parts import PARTS
from qgov.targets.keycloak.read_back import read_back
from qgov.targets.keycloak.terraform import ROLES, SCHEMA_VERSION
from qgov.targets.keycloak.unsupported import unsupported
from qgov.targets.sections import NO_PERMISSION, Section
from qgov.targets.target import Target

__all__ = ["SCHEMA_VERSION", "TARGET"]


def _emit(model: AccessModel) -> dict[str, bytes]:
    hcl = {path: render(blocks, comment) for path, comment, blocks in terraform.files(model)}
    return {**hcl, **representation.files(model)}


def _roles(model: AccessModel) -> dict[str, object]:
    hcl = {path: outline(blocks) for path, _, blocks in terraform.files(model, only=ROLES)}
    return {**hcl, **representation.outlines(model, representation.roles)}


def _others(model: AccessModel) -> dict[str, object]:
    hcl = {path: outline(blocks) for path, _, blocks in terraform.files(model, but=ROLES)}
    return {**hcl, **representation.outlines(model, representation.others)}


TARGET = Target(
    "keycloak",
    _emit,
    unsupported,
    read_back,
    serves=frozenset({"keycloak"}),
    parts=PARTS,
    sections=(Section(_roles), Section(_others, NO_PERMISSION)),
    permissions=NO_PERMISSION,
)
