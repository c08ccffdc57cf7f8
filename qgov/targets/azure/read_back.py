"""The emitted Terraform back to accesses, by its text alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from qgov.model import principal as principals
from qgov.model.principal import Principal
from qgov.targets.cloud import FOLDER
from qgov.targets.hcl import Ref, parse
from qgov.targets.target import Access, Files

__all__ = ["CLOUD", "read_back"]

CLOUD: Final = "azure"
"""The folder of a tenant's root module in there."""

_ROLES: Final = {
    "c1410b24-3e69-4857-8f86-4d0a2e603250": ("job:submit",),
    "27af9d98-85b7-4dad-bc1b-df53a7fc8877": ("job:read", "result:read"),
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": ("audit:read",),
    "72fafb9e-0641-4937-9268-a91bfd8191a3": ("budget:read",),
}
"""What a role of Azure shows of permissions."""


def read_back(files: Files) -> frozenset[Access]:
    """The accesses that assignments give. Azure tells what is in a workspace alone: the scope is
    the tenant, or the environment that has a workspace of its own, and nothing is one's own."""
    folders = {path.rpartition("/")[0] for path in files if path.endswith(".tf")}
    return frozenset(each for folder in sorted(folders) for each in _accesses(folder, files))


def _accesses(folder: str, files: Files) -> Iterator[Access]:
    parts = folder.removeprefix(f"{FOLDER}/").split("/")
    if not folder.startswith(f"{FOLDER}/") or parts[1:2] != [CLOUD]:
        return
    scope = "/".join([parts[0], *parts[2:]])
    found: dict[str, dict[str, Mapping[str, Any]]] = defaultdict(dict)
    for path, content in sorted(files.items()):
        if path.rpartition("/")[0] == folder and path.endswith(".tf"):
            for block in parse(content):
                if block.type == "resource":
                    found[block.labels[0]][block.labels[1]] = block.attributes
    identities = found["azurerm_user_assigned_identity"]
    for kind, eligible in (
        ("azurerm_role_assignment", False),
        ("azurerm_pim_eligible_role_assignment", True),
    ):
        for given in found[kind].values():
            who = _principal(given["principal_id"], identities)
            role = given["role_definition_id"].rpartition("/")[2]
            if who is not None:
                for permission in _ROLES[role]:
                    yield Access(who, permission, scope, eligible, False)


def _principal(id_: Ref, identities: Mapping[str, Mapping[str, Any]]) -> Principal | None:
    """Whom an id is of; None of the workspace itself."""
    if id_.index is not None:
        return principals.group(id_.index)
    kind, label, _ = id_.expression.split(".", 2)
    if kind != "azurerm_user_assigned_identity":
        return None
    return principals.workload(identities[label]["tags"]["qgov-workload"])
