"""Each Microsoft Entra ID, as Terraform: `terraform/identity/<provider>/`.

A file for each part, in the order of every directory: `groups` and what they hold, `sign_in`
conditions, `claims` of tokens, `workloads`, `just_in_time` elevation; then `read_back`, and what
it cannot say (`unsupported`). `parts` says which fields each comes from. The files have the
product in their names, so that an identity provider may become one of another product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from qgov.model.access_model import AccessModel
from qgov.targets.entra.claims import claims, roles, versions
from qgov.targets.entra.groups import groups
from qgov.targets.entra.just_in_time import elevations
from qgov.targets.entra.module import SCHEMA_VERSION, Module, modules
from qgov.targets.entra.parts import PARTS
from qgov.targets.entra.read_back import read_back
from qgov.targets.entra.sign_in import sign_in
from qgov.targets.entra.unsupported import unsupported
from qgov.targets.entra.workloads import workloads
from qgov.targets.hcl import Block, outline, render
from qgov.targets.target import Target

__all__ = ["SCHEMA_VERSION", "TARGET"]

_COMMENT: Final = (
    "Written by qgov from the reviewed configuration. The next compilation overwrites edits.\n"
    f"Compiled against the schema of hashicorp/azuread {SCHEMA_VERSION}."
)
_NOTES: Final = {
    "groups": "A group that goes is refused, until its identity provider has it under `retired`:\n"
    "then Terraform lets go of it, and it stays with whoever is in it.",
}
_FILES: Final[Mapping[str, Callable[[Module], list[Block]]]] = {
    "versions": versions,
    "groups": groups,
    "sign-in": sign_in,
    "claims": claims,
    "roles": roles,
    "workloads": workloads,
    "just-in-time": elevations,
}


def _files(model: AccessModel) -> Iterator[tuple[str, str, list[Block]]]:
    """(path, comment, blocks) of each file; one without blocks is not written."""
    for module in modules(model):
        for file, blocks_of in _FILES.items():
            if blocks := blocks_of(module):
                comment = f"{_COMMENT}\n{_NOTES.get(file, '')}".rstrip()
                yield f"terraform/identity/{module.name}/entra-{file}.tf", comment, blocks


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
