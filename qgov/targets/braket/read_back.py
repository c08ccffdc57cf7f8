"""The emitted Terraform back to accesses, by its text and its policies alone."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from qgov.model import principal as principals
from qgov.model.principal import Principal
from qgov.targets.cloud import FOLDER
from qgov.targets.hcl import Ref, parse
from qgov.targets.target import Access, Files

__all__ = ["CLOUD", "Holder", "guardrails", "holders", "read_back"]

CLOUD: Final = "braket"
"""The folder of a tenant's root module in there."""

_ELIGIBLE: Final = "qgov:eligible:"
_ACTIONS: Final = {
    "braket:CreateQuantumTask": "job:submit",
    "braket:SearchQuantumTasks": "job:read",
    "braket:CancelQuantumTask": "job:cancel",
    "braket:SearchSpendingLimits": "budget:read",
    "cloudtrail:LookupEvents": "audit:read",
    "s3:GetObject": "result:read",
    "s3:DeleteObject": "result:delete",
}
"""What an action shows of a permission."""


class Holder(Struct, frozen=True):
    """Who has what in an account: a principal with the statements of one policy. `trust` is that
    of the role to assume, None for a permission set."""

    principal: Principal
    eligible: bool
    role: str
    scope: str
    account: str
    name: str
    policy: tuple[Mapping[str, Any], ...]
    trust: tuple[Mapping[str, Any], ...] | None


def read_back(files: Files) -> frozenset[Access]:
    """The accesses that permission sets and IAM roles give, as far as AWS can tell them apart."""
    return frozenset(access for held in holders(files) for access in _accesses(held))


def holders(files: Files) -> Iterator[Holder]:
    """Everybody who has something in any account."""
    folders = {path.rpartition("/")[0] for path in files if path.endswith(".tf")}
    for folder in sorted(folders):
        if _tenant(folder):
            yield from _holders(folder, files)


def _tenant(folder: str) -> str:
    """The tenant whose module is in a folder; empty when it is none of AWS."""
    parts = folder.removeprefix(f"{FOLDER}/").split("/")
    ours = folder.startswith(f"{FOLDER}/") and parts[1:2] == [CLOUD]
    return parts[0] if ours else ""


def guardrails(files: Files) -> dict[str, tuple[tuple[Mapping[str, Any], ...], ...]]:
    """Account → the statements of each policy that the organization attaches to it."""
    found: dict[str, tuple[tuple[Mapping[str, Any], ...], ...]] = {}
    for path, content in sorted(files.items()):
        folder, _, name = path.rpartition("/")
        if name != "guardrails.tf" or not _tenant(folder):
            continue
        blocks = [block for block in parse(content) if block.type == "resource"]
        policies = {
            block.labels[1]: _document(folder, block.attributes["content"], files)
            for block in blocks
            if block.labels[0] == "aws_organizations_policy"
        }
        for block in blocks:
            attached, account = block.attributes.get("policy_id"), block.attributes.get("target_id")
            if isinstance(attached, Ref) and isinstance(account, str):
                found[account] = (*found.get(account, ()), policies[_label(attached)])
    return found


def _document(folder: str, beside: Any, files: Files) -> tuple[Mapping[str, Any], ...]:
    """The statements of a policy document beside a module."""
    return tuple(json.loads(files[f"{folder}/{beside.path}"])["Statement"])


def _holders(folder: str, files: Files) -> Iterator[Holder]:
    found: dict[str, dict[str, Mapping[str, Any]]] = defaultdict(dict)
    account = ""
    for path, content in sorted(files.items()):
        if path.rpartition("/")[0] != folder or not path.endswith(".tf"):
            continue
        for block in parse(content):
            if block.type == "resource":
                found[block.labels[0]][block.labels[1]] = block.attributes
            elif isinstance(accounts := block.attributes.get("allowed_account_ids"), list):
                account = str(accounts[0])

    sets = found["aws_ssoadmin_permission_set"]
    inline = {
        _label(each["permission_set_arn"]): _document(folder, each["inline_policy"], files)
        for each in found["aws_ssoadmin_permission_set_inline_policy"].values()
    }
    for given in found["aws_ssoadmin_account_assignment"].values():
        label, group = _label(given["permission_set_arn"]), given["principal_id"].index
        held, policy = sets[label], inline[label]
        who, where = principals.group(group), given["target_id"]
        role, scope = held["tags"]["qgov:role"], held["tags"]["qgov:scope"]
        yield Holder(who, False, role, scope, where, held["name"], policy, None)
    for given in found["aws_iam_role_policy"].values():
        attributes = found["aws_iam_role"][_label(given["role"])]
        policy = _document(folder, given["policy"], files)
        trust = _document(folder, attributes["assume_role_policy"], files)
        tags = attributes["tags"]
        for who, eligible in _assuming(tags):
            role, scope = tags["qgov:role"], tags["qgov:scope"]
            yield Holder(who, eligible, role, scope, account, attributes["name"], policy, trust)


def _assuming(tags: Mapping[str, str]) -> Iterator[tuple[Principal, bool]]:
    """Whom a role is for, and whether only while they are elevated."""
    if (id_ := tags.get("qgov:workload")) is not None:
        yield principals.workload(id_), False
    for key in tags:
        if key.startswith(_ELIGIBLE):
            yield principals.group(key.removeprefix(_ELIGIBLE)), True


def _accesses(held: Holder) -> Iterator[Access]:
    for statement in held.policy:
        if statement["Effect"] != "Allow":
            continue
        for action in statement["Action"]:
            permission = _ACTIONS.get(action)
            resources = statement["Resource"]
            if permission is None or "arn:aws:s3:::qgov-trail-" in resources[0]:
                continue
            own = all("${aws:userid}" in each for each in resources)
            yield Access(held.principal, permission, held.scope, held.eligible, own)


def _label(reference: Ref) -> str:
    """The name in `type.name.attribute`."""
    return reference.expression.split(".")[1]
