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
from qgov.targets.cloud import FOLDER, Laid, cloud, comment, files_of, laid_out
from qgov.targets.hcl import Block
from qgov.targets.ibm.access import access_groups, service_ids
from qgov.targets.ibm.accounts import activity_tracker
from qgov.targets.ibm.controls import CONTROLS
from qgov.targets.ibm.instances import instances, networks
from qgov.targets.ibm.keeping import kept
from qgov.targets.ibm.module import Module, modules
from qgov.targets.ibm.parts import PARTS
from qgov.targets.ibm.qauvern import configurations, text
from qgov.targets.ibm.read_back import ACCOUNTS, CLOUD, read_back
from qgov.targets.ibm.roles import custom_roles
from qgov.targets.ibm.unsupported import unsupported
from qgov.targets.ibm.versions import SCHEMA_VERSIONS, account_versions, versions

__all__ = ["SCHEMA_VERSIONS", "TARGET"]

_COMMENT: Final = comment(f"the schema of IBM-Cloud/ibm {SCHEMA_VERSIONS['ibm']}")
_FILES: Final[dict[str, Callable[[Module], list[Block]]]] = {
    "versions": versions,
    "instances": instances,
    "networks": networks,
    "roles": custom_roles,
    "access_groups": access_groups,
    "service_ids": service_ids,
    "kept": kept,
}
_OF_ACCOUNT: Final[dict[str, Callable[[str], list[Block]]]] = {
    "versions": account_versions,
    "activity_tracker": activity_tracker,
}


def _laid(model: AccessModel) -> Iterator[Laid]:
    accounts: set[str] = set()
    for module in modules(model):
        folder = f"{FOLDER}/{module.tenant.name}/{CLOUD}"
        accounts.update(each.account for each in module.instances)
        for file, blocks_of in files_of(_FILES, closed=module.ibm.closed):
            yield from laid_out(f"{folder}/{file}.tf", blocks_of(module), _COMMENT)
        for name, content in () if module.ibm.closed else configurations(module):
            yield _allocation(f"{folder}/{name}", content)
    for account in sorted(accounts):
        for file, made_of in _OF_ACCOUNT.items():
            yield from laid_out(f"{ACCOUNTS}/{account}/{file}.tf", made_of(account), _COMMENT)


def _allocation(path: str, content: dict[str, Any]) -> Laid:
    return Laid(path, lambda: content, lambda: text(content))


TARGET = cloud(CLOUD, _laid, unsupported, read_back, parts=PARTS, controls={CLOUD: CONTROLS})
