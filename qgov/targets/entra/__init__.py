"""Each Microsoft Entra ID, as Terraform: `terraform/identity/<provider>/`.

A file for each part, in the order of every directory: `groups` and what they hold, `requests` to
be in them, `sign_in` conditions, `claims` of tokens, `workloads`, `just_in_time` elevation; then
`read_back`, and what it cannot say (`unsupported`). `parts` says which fields each comes from. The
files have the product in their names, so that an identity provider may become one of another
product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from qgov.model.access_model import AccessModel
from qgov.targets.directory import File, files
from qgov.targets.entra.claims import claims, roles, versions
from qgov.targets.entra.groups import groups
from qgov.targets.entra.just_in_time import elevations
from qgov.targets.entra.module import SCHEMA_VERSION, Module, modules
from qgov.targets.entra.parts import PARTS
from qgov.targets.entra.read_back import read_back
from qgov.targets.entra.requests import requests
from qgov.targets.entra.sign_in import sign_in
from qgov.targets.entra.unsupported import unsupported
from qgov.targets.entra.workloads import workloads
from qgov.targets.hcl import Block, outline, render
from qgov.targets.target import Target

__all__ = ["SCHEMA_VERSION", "TARGET"]

_FILES: Final[Mapping[str, Callable[[Module], list[Block]]]] = {
    "versions": versions,
    "groups": groups,
    "requests": requests,
    "sign-in": sign_in,
    "claims": claims,
    "roles": roles,
    "workloads": workloads,
    "just-in-time": elevations,
}


def _files(model: AccessModel) -> Iterator[File]:
    return files("entra", f"hashicorp/azuread {SCHEMA_VERSION}", modules(model), _FILES)


def _emit(model: AccessModel) -> dict[str, bytes]:
    return {path: render(blocks, comment) for path, comment, blocks in _files(model)}


def _outline(model: AccessModel) -> dict[str, object]:
    return {path: outline(blocks) for path, _, blocks in _files(model)}


TARGET = Target(
    "entra",
    _emit,
    unsupported,
    read_back,
    _outline,
    serves=frozenset({"entra"}),
    parts=PARTS,
)
