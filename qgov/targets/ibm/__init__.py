"""Terraform for each tenant's IBM Quantum instances, a root module under
`terraform/tenants/<tenant>/ibm/`, and one for each IBM Cloud account, under
`terraform/accounts/ibm/<account>/`.

A role at a scope is an access group with a policy for each instance that runs jobs of the scope.
Who holds it standing becomes a member by their sign-in, who is elevated for as long as the
elevation says, a workload has a service id. The limits of the instances, and what budget exceptions
add to them, are a configuration for IBM's own allocation tool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from qgov.model.access_model import AccessModel
from qgov.targets.hcl import Block, Outline, outline, render
from qgov.targets.ibm.access import access_groups, service_ids
from qgov.targets.ibm.accounts import accounts, activity_tracker
from qgov.targets.ibm.controls import CONTROLS
from qgov.targets.ibm.instances import instances, networks
from qgov.targets.ibm.module import Module, modules
from qgov.targets.ibm.parts import PARTS
from qgov.targets.ibm.qauvern import configurations, text
from qgov.targets.ibm.read_back import ACCOUNTS, CLOUD, FOLDER, read_back
from qgov.targets.ibm.roles import custom_roles
from qgov.targets.ibm.unsupported import unsupported
from qgov.targets.ibm.versions import SCHEMA_VERSIONS, account_versions, versions
from qgov.targets.kept import addresses, kept
from qgov.targets.target import Target

__all__ = ["SCHEMA_VERSIONS", "TARGET"]

_COMMENT: Final = (
    "Written by qgov from the reviewed configuration. The next compilation overwrites edits.\n"
    f"Compiled against the schema of IBM-Cloud/ibm {SCHEMA_VERSIONS['ibm']}."
)


def _kept(module: Module) -> list[Block]:
    """What keeps the instances, which jobs and their results are in."""
    return [kept("resources", addresses(instances(module), {"ibm_resource_instance"}))]


_FILES: Final[dict[str, Callable[[Module], list[Block]]]] = {
    "versions": versions,
    "instances": instances,
    "networks": networks,
    "roles": custom_roles,
    "access_groups": access_groups,
    "service_ids": service_ids,
    "kept": _kept,
}
_OF_ACCOUNT: Final[dict[str, Callable[[str], list[Block]]]] = {
    "versions": account_versions,
    "activity_tracker": activity_tracker,
}


def _emit(model: AccessModel) -> dict[str, bytes]:
    found = {path: render(blocks, _COMMENT) for path, blocks in _terraform(model)}
    return found | {path: text(content) for path, content in _qauvern(model)}


def _outline(model: AccessModel) -> dict[str, Outline | dict[str, Any]]:
    found: dict[str, Outline | dict[str, Any]] = {}
    found |= {path: outline(blocks) for path, blocks in _terraform(model)}
    return found | dict(_qauvern(model))


def _terraform(model: AccessModel) -> Iterator[tuple[str, list[Block]]]:
    """(path, blocks) of each file of Terraform; one without blocks is not written."""
    known = list(modules(model))
    for module in known:
        for file, blocks_of in _FILES.items():
            if blocks := blocks_of(module):
                yield f"{FOLDER}/{module.tenant.name}/{CLOUD}/{file}.tf", blocks
    for account in accounts(known):
        for file, made_of in _OF_ACCOUNT.items():
            if blocks := made_of(account):
                yield f"{ACCOUNTS}/{account}/{file}.tf", blocks


def _qauvern(model: AccessModel) -> Iterator[tuple[str, dict[str, Any]]]:
    for module in modules(model):
        for name, content in configurations(module):
            yield f"{FOLDER}/{module.tenant.name}/{CLOUD}/{name}", content


TARGET = Target(
    "ibm", _emit, unsupported, read_back, _outline, parts=PARTS, controls={CLOUD: CONTROLS}
)
