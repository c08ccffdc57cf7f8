"""Each Okta, as Terraform: `terraform/identity/<provider>/`.

A file for each part, in the order of every directory: `groups` and what they hold, `sign_in`
conditions, `claims` of tokens; Okta has no part in workloads and just-in-time. Then `read_back`,
and what it cannot say (`unsupported`). `parts` says which fields each comes from. The files have
the product in their names, so that an identity provider may become one of another product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from qgov.model.access_model import AccessModel
from qgov.targets.directory import File, files
from qgov.targets.hcl import Block, outline, render
from qgov.targets.okta.claims import claims, versions
from qgov.targets.okta.groups import groups
from qgov.targets.okta.module import SCHEMA_VERSION, Module, modules
from qgov.targets.okta.parts import PARTS
from qgov.targets.okta.read_back import read_back
from qgov.targets.okta.sign_in import sign_in
from qgov.targets.okta.unsupported import unsupported
from qgov.targets.target import Target

__all__ = ["SCHEMA_VERSION", "TARGET"]

_FILES: Final[Mapping[str, Callable[[Module], list[Block]]]] = {
    "versions": versions,
    "groups": groups,
    "sign-in": sign_in,
    "claims": claims,
}


def _files(model: AccessModel) -> Iterator[File]:
    return files("okta", f"okta/okta {SCHEMA_VERSION}", modules(model), _FILES)


def _emit(model: AccessModel) -> dict[str, bytes]:
    return {path: render(blocks, comment) for path, comment, blocks in _files(model)}


def _outline(model: AccessModel) -> dict[str, object]:
    return {path: outline(blocks) for path, _, blocks in _files(model)}


TARGET = Target(
    "okta",
    _emit,
    unsupported,
    read_back,
    _outline,
    serves=frozenset({"okta"}),
    parts=PARTS,
)
