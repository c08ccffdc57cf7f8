"""Terraform for each tenant's Google project, a root module under
`terraform/tenants/<tenant>/google/`, and beside it the list of what people ask Google for.

Google publishes no role of Quantum Engine. Terraform says who the workloads are and what is logged;
who may use which processor is on a list that Google keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from qgov.model.access_model import AccessModel
from qgov.targets.google.controls import CONTROLS
from qgov.targets.google.module import Module, modules
from qgov.targets.google.parts import PARTS
from qgov.targets.google.requests import requests
from qgov.targets.google.terraform import SCHEMA_VERSIONS, audit, federation, versions
from qgov.targets.google.unsupported import unsupported
from qgov.targets.hcl import Block, Outline, outline, render
from qgov.targets.steps import FILE, Steps, read, text
from qgov.targets.target import Access, Files, Target

__all__ = ["SCHEMA_VERSIONS", "TARGET"]

_FOLDER: Final = "terraform/tenants"
_COMMENT: Final = (
    "Written by qgov from the reviewed configuration. The next compilation overwrites edits.\n"
    f"Compiled against the schema of hashicorp/google {SCHEMA_VERSIONS['google']}."
)
_FILES: Final[dict[str, Callable[[Module], list[Block]]]] = {
    "versions": versions,
    "audit": audit,
    "federation": federation,
}


def _emit(model: AccessModel) -> dict[str, bytes]:
    found = {path: render(blocks, _COMMENT) for path, blocks in _terraform(model)}
    return found | {path: text(asked) for path, asked in _steps(model)}


def _outline(model: AccessModel) -> dict[str, Outline | Steps]:
    found: dict[str, Outline | Steps] = {}
    found |= {path: outline(blocks) for path, blocks in _terraform(model)}
    return found | dict(_steps(model))


def _terraform(model: AccessModel) -> Iterator[tuple[str, list[Block]]]:
    """(path, blocks) of each file of Terraform; one without blocks is not written."""
    for module in modules(model):
        for file, blocks_of in _FILES.items():
            if blocks := blocks_of(module):
                yield f"{_folder(module)}/{file}.tf", blocks


def _steps(model: AccessModel) -> Iterator[tuple[str, Steps]]:
    for module in modules(model):
        yield f"{_folder(module)}/{FILE}", requests(module)


def _folder(module: Module) -> str:
    return f"{_FOLDER}/{module.used.tenant.name}/google"


def _read_back(files: Files) -> frozenset[Access]:
    """Who may submit, by the lists of what is asked for."""
    return frozenset(
        access
        for path, content in files.items()
        if path.startswith(f"{_FOLDER}/") and path.endswith(f"/google/{FILE}")
        for access in read(content)
    )


TARGET = Target(
    "google", _emit, unsupported, _read_back, _outline, parts=PARTS, controls={"google": CONTROLS}
)
