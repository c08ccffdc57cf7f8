"""The resources of the Terraform and the statements of the policies, and which fields they come
from. A test walks all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from qgov.targets.hcl import Outline
from qgov.targets.origins import BOUND, MONEY, ORGANIZATION
from qgov.targets.outlines import unfolded
from qgov.targets.parts import Key, Parts, Table

__all__ = ["FIELDS", "PARTS", "Policy"]


class Policy(NamedTuple):
    """A policy document as it is compared: what it is of, and what it says."""

    of: Key
    statements: list[dict[str, Any]]


_BACKENDS: Final = f"{ORGANIZATION} spec.backends.*"
_STORES: Final = f"{ORGANIZATION} spec.stores.*"
_TENANT: Final = "Tenant/{tenant}"
_ACCOUNTS: Final = f"{_TENANT} spec.clouds.braket.environments"
_AWS: Final = f"{_TENANT} spec.clouds.{{aws}}"  # `braket`, or `braket.environments.NAME`
_ACCOUNT: Final = (f"{_AWS}.account",)
_DEPLOY: Final = (f"{_AWS}.deployRole", *_ACCOUNT)
_DEVICES: Final = (
    f"{_BACKENDS}.cloud",
    f"{_BACKENDS}.jurisdiction",
    f"{_BACKENDS}.region",
    f"{_BACKENDS}.target",
    f"{_TENANT} spec.residency",
    f"{_TENANT} spec.environments.*.backends",
    f"{_TENANT} spec.environments.*.projects",
    _ACCOUNTS,
)
"""Which devices jobs of the account may use."""

_PRICED: Final = (
    *_DEVICES,
    f"{_BACKENDS}.class",
    f"{_BACKENDS}.limits.shots",
    f"{_BACKENDS}.price",
    "Budget/* spec.approval",
    "Budget/* spec.backends",
    "Budget/* spec.scope",
    *MONEY,
)
"""What puts a device into a class of price."""

_ADMITTED: Final = (
    *BOUND,
    f"{_TENANT} spec.identityProvider",
    f"{_TENANT} spec.serviceAccounts[*].federation",
    f"{ORGANIZATION} spec.groups.*.identityProvider",
    f"{ORGANIZATION} spec.identityProviders.*.issuer",
)
_HELD: Final = (
    *_ADMITTED,
    *_PRICED,
    "Role/{role} spec.permissions",
    f"{_AWS}.resultsBucket",
)
"""What gives a role at a scope, of which IAM has something to say."""

_FLOORS: Final = (
    f"{ORGANIZATION} spec.floors.",
    f"{ORGANIZATION} spec.tiers.*.floors.",
    f"{_TENANT} spec.floors.",
    f"{_TENANT} spec.environments.*.floors.",
    "Role/{role} spec.requires.",
)
_TOKEN_AGE: Final = (
    *(f"{floor}maxTokenAge" for floor in _FLOORS),
    *_ADMITTED,
    f"{_TENANT} spec.environments.*.tier",
    f"{_TENANT} spec.serviceAccounts[*].maxTokenLifetime",
    _ACCOUNTS,
)
_SECOND_FACTOR: Final = (
    *(f"{floor}mfa" for floor in _FLOORS),
    *_TOKEN_AGE,
    f"{ORGANIZATION} spec.identityProviders.*.mfa",
)
_CAP: Final = (
    *_DEVICES,
    *MONEY,
    "Budget/* spec.budget",
    "Budget/* spec.group",
    "Budget/* spec.backends",
    "Budget/* spec.scope",
)
"""The most that may be spent."""

_CONTACT: Final = (f"{_TENANT} spec.owner.contact",)
_HOME: Final = (f"{_AWS}.region", *_DEVICES)
_BUCKETS: Final = (f"{_AWS}.resultsBucket", *_HOME)
_KEPT: Final = (f"{_TENANT} spec.retention.results", f"{_TENANT} spec.retention.auditLogs")
_KEYS: Final = (*_KEPT, f"{_STORES}.encryption", f"{_AWS}.resultsBucket")
_BUCKET: Final = (*_BUCKETS, *_ACCOUNT)
_LOCKED: Final = (*_BUCKET, *_KEPT, f"{_STORES}.immutable")

_SET: Final = "{tenant} {aws} aws_ssoadmin_permission_set {address} {role} {scope}"
_ASSIGNMENT: Final = (
    "{tenant} {aws} aws_ssoadmin_account_assignment {address} {role} {scope} {group}"
)
_ELEVATION: Final = "{tenant} {aws} aws_iam_role {address} elevation {role} {scope}"
_WORKLOAD: Final = "{tenant} {aws} aws_iam_role {address} workload {workload} {role} {scope}"
_ENTITLED: Final = "{tenant} {aws} policy entitlement {role} {scope}"

FIELDS: Final[Table] = {
    "{tenant} {aws}": (_AWS,),
    "{tenant} {aws} terraform": (_AWS, *_CAP),
    "{tenant} {aws} variable": (_AWS, *_HELD, *_KEYS, *_CAP),
    "{tenant} {aws} provider aws": _ACCOUNT,
    "{tenant} {aws} provider aws account region": _HOME,
    "{tenant} {aws} provider awscc": _CAP,
    "{tenant} {aws} removed": (_AWS, *_CAP, *_BUCKETS),
    "{tenant} {aws} moved": (
        *_HELD,
        f"{ORGANIZATION} spec.groups.*.previously",
        "Role/* metadata.previously",
        f"{_TENANT} metadata.previously",
        f"{_TENANT} spec.environments.*.previously",
        f"{_TENANT} spec.environments.*.projects[*].previously",
        f"{_TENANT} spec.serviceAccounts[*].previously",
    ),
    _SET: _HELD,
    f"{_SET} session_duration": _TOKEN_AGE,
    "{tenant} {aws} aws_ssoadmin_permission_set_inline_policy {address} {role} {scope}": _HELD,
    _ASSIGNMENT: _HELD,
    f"{_ASSIGNMENT} target_id": _ACCOUNT,
    "{tenant} {aws} aws_iam_openid_connect_provider": _HELD,
    _ELEVATION: _HELD,
    _WORKLOAD: _HELD,
    f"{_WORKLOAD} max_session_duration": _TOKEN_AGE,
    "{tenant} {aws} aws_iam_role_policy {address} elevation {role} {scope}": _HELD,
    "{tenant} {aws} aws_iam_role_policy {address} workload {workload} {role} {scope}": _HELD,
    "{tenant} {aws} aws_organizations_policy": _ACCOUNT,
    "{tenant} {aws} aws_organizations_policy_attachment": _ACCOUNT,
    "{tenant} {aws} aws_s3_bucket": _BUCKET,
    "{tenant} {aws} aws_s3_bucket {address} object_lock_enabled": _LOCKED,
    "{tenant} {aws} aws_s3_bucket_lifecycle_configuration": (*_BUCKET, *_KEPT),
    "{tenant} {aws} aws_s3_bucket_object_lock_configuration": _LOCKED,
    "{tenant} {aws} aws_s3_bucket_policy": _BUCKET,
    "{tenant} {aws} aws_s3_bucket_public_access_block": _BUCKET,
    "{tenant} {aws} aws_s3_bucket_server_side_encryption_configuration": _BUCKET,
    "{tenant} {aws} aws_s3_bucket_server_side_encryption_configuration {address} rule": (
        *_KEYS,
        *_HOME,
    ),
    "{tenant} {aws} aws_s3_bucket_versioning": _BUCKET,
    "{tenant} {aws} terraform_data": (_AWS, *_CAP, *_BUCKETS),
    "{tenant} {aws} aws_cloudtrail": _ACCOUNT,
    "{tenant} {aws} aws_cloudtrail trail region": _HOME,
    "{tenant} {aws} aws_cloudtrail trail kms_key_id": (*_KEYS, *_HOME),
    "{tenant} {aws} aws_cloudtrail trail event_selector": _BUCKETS,
    "{tenant} {aws} awscc_braket_spending_limit": _CAP,
    "{tenant} {aws} aws_budgets_budget": _CAP,
    "{tenant} {aws} aws_budgets_budget braket cost_filter": _ACCOUNT,
    "{tenant} {aws} aws_budgets_budget braket notification": (*_CAP, *_CONTACT),
    "{tenant} {aws} aws_budgets_budget_action": _CAP,
    "{tenant} {aws} aws_budgets_budget_action stop definition": _ACCOUNT,
    "{tenant} {aws} aws_budgets_budget_action stop subscriber": _CONTACT,
    _ENTITLED: (*_HELD, *_KEYS),
    f"{_ENTITLED} {{statement}} Action": ("Role/{role} spec.permissions", *_KEYS),
    f"{_ENTITLED} {{statement}} Resource": (*_HELD, *_BUCKET),
    "{tenant} {aws} policy elevation {role} {scope}": (*_HELD, *_SECOND_FACTOR),
    "{tenant} {aws} policy elevation {role} {scope} SecondFactor Condition": _SECOND_FACTOR,
    "{tenant} {aws} policy elevation {role} {scope} {statement} Principal": _ACCOUNT,
    "{tenant} {aws} policy elevation {role} {scope} IdentityCenter Condition": _ACCOUNT,
    "{tenant} {aws} policy workload {workload}": _HELD,
    "{tenant} {aws} policy workload {workload} Federation Principal": (
        f"{_TENANT} spec.serviceAccounts[{{workload}}].federation",
        *_ACCOUNT,
    ),
    "{tenant} {aws} policy guardrail": _ACCOUNT,
    "{tenant} {aws} policy guardrail DenyOtherDevices": (*_DEVICES, *_ACCOUNT),
    "{tenant} {aws} policy guardrail DenyBuckets Resource": _BUCKET,
    "{tenant} {aws} policy guardrail {statement} Condition": _DEPLOY,
    "{tenant} {aws} policy stop": _ACCOUNT,
    "{tenant} {aws} policy trail-bucket": (*_HOME, *_ACCOUNT),
}


def _read(path: str, value: Any) -> dict[str, Any]:
    """The blocks of a file, or the statements of a policy, by tenant and account."""
    _, _, tenant, _, *folders, _ = path.split("/")
    if isinstance(value, Policy):
        folders = folders[:-1]
    aws = ".".join(["braket", *(f"environments.{own}" for own in folders)])
    account: dict[str, Any] = {}
    for key, content in _keyed(value):
        at = account
        for name in key:
            at = at.setdefault(name, {})
        at |= content
    return {tenant: {aws: account}}


def _keyed(value: Outline | Policy) -> Iterator[tuple[Key, Mapping[str, Any]]]:
    if isinstance(value, Policy):
        for statement in value.statements:
            yield ("policy", *value.of, statement["Sid"]), statement
        return
    for block, labels, content in unfolded(value):
        yield _names(block, labels, content), content


def _names(block: str, labels: Sequence[str], content: Mapping[str, Any]) -> Key:
    """The key of a block: of a resource its type and label, then the names that this is of."""
    if block in ("moved", "removed"):
        return (block, content["from"])
    if block == "provider":
        return (block, *labels, content.get("alias", "account").strip('"'))
    if block != "resource":
        return (block, *labels)
    kind, label = labels
    for what in ("assignment", "elevation", "permission_set", "workload"):
        if label.startswith(f"{what}_"):
            names = [n.replace("_", "/") for n in label.removeprefix(f"{what}_").split("__")]
            return (kind, label, *_of(what, names))
    return (kind, label)


def _of(what: str, names: Sequence[str]) -> Key:
    """What a label names, without the class of price that may stand after the scope."""
    if what == "assignment":
        return (*names[:2], names[-1])
    if what == "permission_set":
        return tuple(names[:2])
    return (what, *names[: 3 if what == "workload" else 2])


def _resource(key: Key) -> str:
    """The address of a resource, the statement of a policy, or what else a block is."""
    _, _, kind, *rest = key
    if kind == "policy":
        count = {"entitlement": 3, "elevation": 3, "workload": 2}.get(rest[0], 1)
        return rest[count] if len(rest) > count else rest[0]
    return ".".join([kind, *rest[: kind != "terraform"]])


PARTS: Final = Parts(("terraform/tenants/*/braket/*",), _read, FIELDS, resource=_resource)
