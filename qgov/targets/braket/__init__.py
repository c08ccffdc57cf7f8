"""Terraform for each tenant's AWS account: a root module under
`terraform/tenants/<tenant>/braket/`, and one in `braket/<environment>/` for each environment
that has an account of its own.

A role at a scope, for the devices of one class of price, is what IAM is told of. A group that
holds it standing has a permission set of IAM Identity Center, a workload an IAM role that it
assumes with a token of its own issuer. What is held just-in-time is an IAM role that nobody may
assume until the system of elevations lets them. Policies lie beside the module as the JSON that
AWS reads. Service control policies hold for everybody in the account, spending limits and a
budget stop what costs too much, and a trail records it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final

from qgov.model.access_model import AccessModel
from qgov.model.conditions import Conditions
from qgov.targets.braket.controls import CONTROLS
from qgov.targets.braket.guardrails import guardrails
from qgov.targets.braket.keeping import kept
from qgov.targets.braket.module import Module, modules
from qgov.targets.braket.money import budgets, cap, limits
from qgov.targets.braket.parts import PARTS, Policy
from qgov.targets.braket.people import assigned, permission_sets
from qgov.targets.braket.policies import (
    PERMISSIONS,
    Statement,
    entitlement_policy,
    guardrail,
    stop,
    text,
    trail_bucket_policy,
)
from qgov.targets.braket.read_back import CLOUD, read_back
from qgov.targets.braket.roles import elevated, federated, roles, trusts
from qgov.targets.braket.storage import storage, trail
from qgov.targets.braket.unsupported import unsupported
from qgov.targets.braket.versions import SCHEMA_VERSIONS, versions
from qgov.targets.cloud import FOLDER, Laid, cloud, comment, files_of, laid_out
from qgov.targets.parts import Key
from qgov.targets.sections import Parted, Section

__all__ = ["SCHEMA_VERSIONS", "TARGET"]

_SCHEMAS: Final = "the schemas of " + " and ".join(
    f"hashicorp/{name} {version}" for name, version in SCHEMA_VERSIONS.items()
)
_COMMENT: Final = comment(_SCHEMAS)
_NOTED: Final = {
    "limits": comment(
        _SCHEMAS,
        "Apply it anew when a period begins, with its period_start and period_end: outside\n"
        "of them AWS rejects every task.",
    )
}
_CAMPAIGN: Final = comment(_SCHEMAS, "Outside of the campaign AWS rejects every task.")
_FILES: Final = {
    "versions": versions,
    "permission_sets": permission_sets,
    "roles": roles,
    "guardrails": guardrails,
    "storage": storage,
    "trail": trail,
    "limits": limits,
    "budgets": budgets,
    "kept": kept,
}


def _laid(model: AccessModel) -> Iterator[Laid]:
    return _files(modules(model))


def _outline(model: AccessModel, only: Collection[str] | None = None) -> dict[str, Any]:
    found = (each for each in modules(model) if only is None or _folder(each) in only)
    return {each.path: each.outline() for each in _files(found)}


def _conditions(model: AccessModel) -> dict[str, tuple[Conditions, ...]]:
    """Folder → what each entitlement asks for: all that floors decide of a module."""
    return {
        _folder(each): tuple(e.conditions for e in each.entitlements) for each in modules(model)
    }


def _said(module: Module, file: str) -> str:
    """What a file says first."""
    known = cap(module) if file == "limits" else None
    if known is not None and known.campaign is not None:
        return _CAMPAIGN
    return _NOTED.get(file, _COMMENT)


def _folder(module: Module) -> str:
    return "/".join(filter(None, (FOLDER, module.tenant.name, CLOUD, module.own)))


def _files(found: Iterable[Module]) -> Iterator[Laid]:
    for module in found:
        folder = _folder(module)
        for file, blocks_of in files_of(_FILES, closed=module.account.closed):
            said = _said(module, file)
            yield from laid_out(f"{folder}/{file}.tf", blocks_of(module), said)
        for name, key, statements in () if module.account.closed else _documents(module):
            yield _policy(f"{folder}/policies/{name}.json", key, statements)


def _policy(path: str, key: Key, statements: list[Statement]) -> Laid:
    return Laid(path, lambda: Policy(key, statements), lambda: text(statements))


def _documents(module: Module) -> Iterator[tuple[str, Key, list[Statement]]]:
    """(name, what it is of, statements) of each policy document."""
    used = {held.name: held for held in assigned(module)}
    used |= {held.name: held for _, _, held in federated(module)}
    used |= {held.name: held for _, held in elevated(module)}
    for name, held in sorted(used.items()):
        yield name, ("entitlement", *held.key[:2]), entitlement_policy(module, held)
    yield from trusts(module)
    yield "guardrail", ("guardrail",), guardrail(module)
    yield "stop", ("stop",), stop()
    yield "trail-bucket", ("trail-bucket",), trail_bucket_policy(module)


TARGET = cloud(
    CLOUD,
    _laid,
    unsupported,
    read_back,
    parts=PARTS,
    controls={CLOUD: CONTROLS},
    sections=(Section(_outline, PERMISSIONS, by_floors=Parted(_conditions, _outline)),),
    permissions=PERMISSIONS,
)
