"""Terraform for each tenant's Google project, a root module under
`terraform/tenants/<tenant>/google/`, and beside it the list of what people ask Google for.

Google publishes no role of Quantum Engine. Terraform says who the workloads are and what is logged;
who may use which processor is on a list that Google keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from qgov.model.access_model import AccessModel
from qgov.targets.cloud import FOLDER, Laid, cloud, comment, laid_out
from qgov.targets.google.controls import CONTROLS
from qgov.targets.google.module import Module, modules
from qgov.targets.google.parts import PARTS
from qgov.targets.google.requests import requests
from qgov.targets.google.terraform import SCHEMA_VERSIONS, audit, federation, versions
from qgov.targets.google.unsupported import unsupported
from qgov.targets.hcl import Block
from qgov.targets.steps import FILE, Steps, read, text
from qgov.targets.target import Access, Files

__all__ = ["SCHEMA_VERSIONS", "TARGET"]

_COMMENT: Final = comment(f"the schema of hashicorp/google {SCHEMA_VERSIONS['google']}")
_FILES: Final[dict[str, Callable[[Module], list[Block]]]] = {
    "versions": versions,
    "audit": audit,
    "federation": federation,
}


def _laid(model: AccessModel) -> Iterator[Laid]:
    for module in modules(model):
        folder = f"{FOLDER}/{module.used.tenant.name}/google"
        for file, blocks_of in _FILES.items():
            yield from laid_out(f"{folder}/{file}.tf", blocks_of(module), _COMMENT)
        yield _steps(f"{folder}/{FILE}", requests(module))


def _steps(path: str, asked: Steps) -> Laid:
    return Laid(path, lambda: asked, lambda: text(asked))


def _read_back(files: Files) -> frozenset[Access]:
    """Who may submit, by the lists of what is asked for."""
    return frozenset(
        access
        for path, content in files.items()
        if path.startswith(f"{FOLDER}/") and path.endswith(f"/google/{FILE}")
        for access in read(content)
    )


TARGET = cloud("google", _laid, unsupported, _read_back, parts=PARTS, controls={"google": CONTROLS})
