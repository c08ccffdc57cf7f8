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

from collections.abc import Collection, Iterator
from typing import Final

from qgov.model.access_model import AccessModel
from qgov.model.conditions import Conditions
from qgov.targets.braket.controls import CONTROLS
from qgov.targets.braket.guardrails import guardrails
from qgov.targets.braket.module import Module, modules
from qgov.targets.braket.money import budgets, limits
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
from qgov.targets.braket.read_back import CLOUD, FOLDER, read_back
from qgov.targets.braket.roles import elevated, federated, roles, trusts
from qgov.targets.braket.storage import storage, trail
from qgov.targets.braket.unsupported import unsupported
from qgov.targets.braket.versions import SCHEMA_VERSIONS, versions
from qgov.targets.hcl import Block, Outline, outline, render
from qgov.targets.kept import addresses, kept
from qgov.targets.parts import Key
from qgov.targets.sections import Parted, Section
from qgov.targets.target import Target

__all__ = ["SCHEMA_VERSIONS", "TARGET"]

_COMMENT: Final = (
    "Written by qgov from the reviewed configuration. The next compilation overwrites edits.\n"
    "Compiled against the schemas of "
    + " and ".join(f"hashicorp/{name} {version}" for name, version in SCHEMA_VERSIONS.items())
    + "."
)
_NOTES: Final = {
    "limits": "Apply it anew when a period begins, with its period_start and period_end: outside\n"
    "of them AWS rejects every task.",
}
_KEPT: Final = frozenset(
    {
        "aws_budgets_budget",
        "aws_budgets_budget_action",
        "aws_cloudtrail",
        "aws_s3_bucket",
        "awscc_braket_spending_limit",
    }
)


def _kept(module: Module) -> list[Block]:
    """What keeps money and records."""
    made = [*storage(module), *trail(module), *limits(module), *budgets(module)]
    return [kept("resources", addresses(made, _KEPT))]


_FILES: Final = {
    "versions": versions,
    "permission_sets": permission_sets,
    "roles": roles,
    "guardrails": guardrails,
    "storage": storage,
    "trail": trail,
    "limits": limits,
    "budgets": budgets,
    "kept": _kept,
}


def _emit(model: AccessModel) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for module in modules(model):
        folder = _folder(module)
        for file, blocks in _files(module):
            comment = f"{_COMMENT}\n{_NOTES.get(file, '')}".rstrip()
            found[f"{folder}/{file}.tf"] = render(blocks, comment)
        for name, _, statements in _documents(module):
            found[f"{folder}/policies/{name}.json"] = text(statements)
    return found


def _outline(
    model: AccessModel, only: Collection[str] | None = None
) -> dict[str, Outline | Policy]:
    found: dict[str, Outline | Policy] = {}
    for module in modules(model):
        folder = _folder(module)
        if only is not None and folder not in only:
            continue
        for file, blocks in _files(module):
            found[f"{folder}/{file}.tf"] = outline(blocks)
        for name, key, statements in _documents(module):
            found[f"{folder}/policies/{name}.json"] = Policy(key, statements)
    return found


def _conditions(model: AccessModel) -> dict[str, tuple[Conditions, ...]]:
    """Folder → what each entitlement asks for: all that floors decide of a module."""
    return {
        _folder(each): tuple(e.conditions for e in each.entitlements) for each in modules(model)
    }


def _folder(module: Module) -> str:
    own = f"/{module.own}" if module.own else ""
    return f"{FOLDER}/{module.tenant.name}/{CLOUD}{own}"


def _files(module: Module) -> Iterator[tuple[str, list[Block]]]:
    """(name, blocks) of each file of Terraform; one without blocks is not written."""
    for file, blocks_of in _FILES.items():
        if blocks := blocks_of(module):
            yield file, blocks


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


TARGET = Target(
    "braket",
    _emit,
    unsupported,
    read_back,
    _outline,
    parts=PARTS,
    controls={CLOUD: CONTROLS},
    sections=(Section(_outline, PERMISSIONS, by_floors=Parted(_conditions, _outline)),),
    permissions=PERMISSIONS,
)
