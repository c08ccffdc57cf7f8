"""Terraform for each tenant's Azure Quantum workspace: a root module under
`terraform/tenants/<tenant>/azure/`, and one in `azure/<environment>/` for each environment that
has a workspace of its own.

The workspace takes no access keys and has only the providers of devices that the tenant's jobs
may use. Groups and workloads hold the data roles of Azure Quantum, standing or, through
Privileged Identity Management, just-in-time. A budget warns, and a record is kept of every job.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from qgov.model.access_model import AccessModel
from qgov.targets.azure.controls import CONTROLS
from qgov.targets.azure.keeping import kept
from qgov.targets.azure.module import modules
from qgov.targets.azure.money import budgets
from qgov.targets.azure.parts import PARTS
from qgov.targets.azure.people import roles, workloads
from qgov.targets.azure.read_back import CLOUD, read_back
from qgov.targets.azure.storage import audit, storage
from qgov.targets.azure.unsupported import unsupported
from qgov.targets.azure.versions import SCHEMA_VERSIONS, versions
from qgov.targets.azure.workspace import workspace
from qgov.targets.cloud import FOLDER, Laid, cloud, comment, files_of, laid_out

__all__ = ["SCHEMA_VERSIONS", "TARGET"]

_COMMENT: Final = comment(
    "the schemas of "
    + " and ".join(f"{name} {version}" for name, version in SCHEMA_VERSIONS.items())
)
_FILES: Final = {
    "versions": versions,
    "workspace": workspace,
    "roles": roles,
    "workloads": workloads,
    "storage": storage,
    "audit": audit,
    "budgets": budgets,
    "kept": kept,
}


def _laid(model: AccessModel) -> Iterator[Laid]:
    for module in modules(model):
        folder = "/".join(filter(None, (FOLDER, module.tenant.name, CLOUD, module.own)))
        for file, blocks_of in files_of(_FILES, closed=module.workspace.closed):
            yield from laid_out(f"{folder}/{file}.tf", blocks_of(module), _COMMENT)


TARGET = cloud(CLOUD, _laid, unsupported, read_back, parts=PARTS, controls={CLOUD: CONTROLS})
