"""Each Keycloak, twice: Terraform for the realm that runs, and the realm as a file.

One set of `facts`: who holds what (`facts.access`), how people sign in (`facts.sign_in`), who asks
for tokens (`facts.clients`), what the realm is like (`facts.realm`). `terraform` and
`representation` lay them out. Workloads sign in with a token of their own issuer (Keycloak's
federated client authentication, RFC 7523), never with a secret.
"""

from __future__ import annotations

from collections.abc import Collection

from qgov.model.access_model import AccessModel
from qgov.records import replace
from qgov.targets.hcl import outline, render
from qgov.targets.keycloak import representation, terraform
from qgov.targets.keycloak.facts.clients import ages_s
from qgov.targets.keycloak.facts.realm import people_age_s
from qgov.targets.keycloak.module import modules
from qgov.targets.keycloak.parts import PARTS
from qgov.targets.keycloak.read_back import read_back
from qgov.targets.keycloak.terraform import ROLES, SCHEMA_VERSION
from qgov.targets.keycloak.unsupported import unsupported
from qgov.targets.sections import NO_PERMISSION, Parted, Section, permitted
from qgov.targets.target import Target

__all__ = ["SCHEMA_VERSION", "TARGET"]


def _emit(model: AccessModel) -> dict[str, bytes]:
    files = terraform.files(modules(model))
    hcl = {path: render(blocks, comment) for path, comment, blocks in files}
    return {**hcl, **representation.files(modules(model))}


def _roles(model: AccessModel, only: Collection[str] | None = None) -> dict[str, object]:
    made = modules(model)
    if only is not None:
        made = tuple(
            replace(each, bindings=tuple(b for b in each.bindings if b.role in only))
            for each in made
        )
    hcl = {path: outline(blocks) for path, _, blocks in terraform.files(made, only=ROLES)}
    return {**hcl, **representation.outlines(made, representation.roles)}


def _others(model: AccessModel, only: Collection[str] | None = None) -> dict[str, object]:
    made = [each for each in modules(model) if only is None or each.name in only]
    hcl = {path: outline(blocks) for path, _, blocks in terraform.files(made, but=ROLES)}
    return {**hcl, **representation.outlines(made, representation.others)}


def _ages(model: AccessModel) -> dict[str, object]:
    """Keycloak → how old tokens may be: all that floors decide of it."""
    return {each.name: (people_age_s(each), ages_s(each)) for each in modules(model)}


TARGET = Target(
    "keycloak",
    _emit,
    unsupported,
    read_back,
    serves=frozenset({"keycloak"}),
    parts=PARTS,
    sections=(
        Section(_roles, floors=False, by_roles=Parted(permitted, _roles)),
        Section(_others, NO_PERMISSION, by_floors=Parted(_ages, _others)),
    ),
    permissions=NO_PERMISSION,
)
