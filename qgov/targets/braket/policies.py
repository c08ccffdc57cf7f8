"""What IAM is told: the policy documents, each a value that becomes a JSON file.

Nothing is allowed that the configuration does not give, and only what IAM can see: the device,
the account, the region, the place of a result in its bucket. IAM sees neither shots, cost,
circuits and projects of a task nor who submitted it, so that what is narrower goes through the
gateway.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from qgov.model.access_model import Workload
from qgov.targets.braket.module import Entitlement, Module

__all__ = [
    "PERMISSIONS",
    "SPENDING",
    "Statement",
    "elevation_trust",
    "entitlement_policy",
    "federation_trust",
    "guardrail",
    "stop",
    "text",
    "trail_bucket_policy",
]

Statement = dict[str, Any]

SPENDING: Final = (
    "braket:CreateSpendingLimit",
    "braket:DeleteSpendingLimit",
    "braket:UpdateSpendingLimit",
)
"""What only the role that applies the Terraform may do."""

_TASKS: Final = ("braket:CreateJob", "braket:CreateQuantumTask")
PERMISSIONS: Final = frozenset(
    {
        "audit:read",
        "budget:read",
        "job:cancel",
        "job:read",
        "job:submit",
        "result:delete",
        "result:read",
    }
)
"""Those that IAM has something to say of; nothing else of a role is looked at."""

_KEYS: Final = {"s3:GetObject": "kms:Decrypt", "s3:PutObject": "kms:GenerateDataKey"}
_IDENTITY_CENTER: Final = "role/aws-reserved/sso.amazonaws.com/*"
_SELF: Final = "${aws:userid}"  # a variable of IAM: who asks


def text(statements: Sequence[Statement]) -> bytes:
    """The statements as a policy document."""
    document = {"Version": "2012-10-17", "Statement": statements}
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def entitlement_policy(module: Module, held: Entitlement) -> list[Statement]:
    """What who holds an entitlement may do in the tenant's account; empty when IAM has nothing to
    say of it."""
    return _policies(module)[held]


@lru_cache(maxsize=1)
def _policies(module: Module) -> Mapping[Entitlement, list[Statement]]:
    return {held: _policy(module, held) for held in module.entitlements}


def _policy(module: Module, held: Entitlement) -> list[Statement]:
    permissions, whole = held.role.permissions, held.whole
    found = [*_submit(module, held)] if held.devices else []
    tasks = _tasks(module)
    if "job:read" in permissions:
        # A task's ARN is random: who was not told of it cannot ask for it. Only a reader of
        # the whole tenant may search.
        found.append(_allow("ReadTask", ["braket:GetQuantumTask"], tasks))
        if whole and not permissions["job:read"]:
            found.append(_allow("SearchTasks", ["braket:SearchQuantumTasks"], ["*"]))
    if whole and permissions.get("job:cancel") is False:
        found.append(_allow("CancelTask", ["braket:CancelQuantumTask"], tasks))
    if "result:read" in permissions:
        found += _results(module, held, "ReadResults", "s3:GetObject", permissions["result:read"])
    if "result:delete" in permissions:
        found += _results(module, held, "DeleteResults", "s3:DeleteObject", own=False)
    if module.own_key and any(s["Action"][0] in _KEYS for s in found):
        found.append(
            _keys(module, sorted({_KEYS[a] for s in found for a in s["Action"] if a in _KEYS}))
        )
    if whole and "budget:read" in permissions:
        found.append(_allow("ReadLimits", ["braket:SearchSpendingLimits"], ["*"]))
    if whole and "audit:read" in permissions:
        bucket = f"arn:aws:s3:::{module.trail_bucket}"
        found.append(_allow("ReadTrail", ["s3:GetObject"], [f"{bucket}/*"]))
        found.append(_allow("SearchTrail", ["cloudtrail:LookupEvents"], ["*"]))
    if not found:
        return []
    return [*found, {"Sid": "DenySpendingLimits", **_deny(SPENDING, ["*"])}]


def _submit(module: Module, held: Entitlement) -> Iterator[Statement]:
    """Tasks on its devices, each in the device's region, with results in a place of one's own."""
    account = module.account.account
    for region in sorted({each.region for each in held.devices}):
        devices = [each.pattern for each in held.devices if each.region == region]
        name = region.title().replace("-", "")
        here = {"StringEquals": {"aws:RequestedRegion": region}}
        tasks = f"arn:aws:braket:{region}:{account}:quantum-task/*"
        yield _allow(f"Submit{name}", ["braket:CreateQuantumTask"], [*devices, tasks], here)
        yield _allow(f"See{name}", ["braket:GetDevice"], devices, here)
    buckets = {bucket for r, bucket in module.buckets.items() if r in _regions(held)}
    if buckets:
        keys = [f"arn:aws:s3:::{b}/{_own(held)}" for b in sorted(buckets)]
        yield _allow("StoreResults", ["s3:PutObject"], keys)


def _regions(held: Entitlement) -> set[str]:
    return {each.region for each in held.devices}


def _own(held: Entitlement) -> str:
    """The keys of one's own results: `ENVIRONMENT/PROJECT/USERID/`."""
    depth = held.scope.count("/")
    return f"{held.prefix}{'*/' * (2 - depth)}{_SELF}/*"


def _results(
    module: Module, held: Entitlement, name: str, action: str, own: bool
) -> Iterator[Statement]:
    buckets = sorted(module.buckets.values())
    if buckets:
        keys = _own(held) if own else f"{held.prefix}*"
        yield _allow(name, [action], [f"arn:aws:s3:::{bucket}/{keys}" for bucket in buckets])


def _keys(module: Module, actions: list[str]) -> Statement:
    """The use of the keys of the account, through S3 alone; which key, its own policy says."""
    through = {"StringLike": {"kms:ViaService": "s3.*.amazonaws.com"}}
    keys = [f"arn:aws:kms:{region}:{module.account.account}:key/*" for region in module.buckets]
    return _allow("UseKeys", actions, keys, through)


def _tasks(module: Module) -> list[str]:
    account = module.account.account
    return [f"arn:aws:braket:{region}:{account}:quantum-task/*" for region in module.regions]


def _allow(
    name: str, actions: list[str], resources: list[str], where: Mapping[str, Any] | None = None
) -> Statement:
    found: Statement = {"Sid": name, "Effect": "Allow", "Action": actions, "Resource": resources}
    return found | ({"Condition": where} if where else {})


def _deny(actions: Sequence[str], resources: list[str]) -> Statement:
    return {"Effect": "Deny", "Action": list(actions), "Resource": resources}


def federation_trust(module: Module, workload: Workload) -> list[Statement]:
    """Who may assume the role of a workload: tokens of its issuer with exactly its `sub` and
    `aud`. The issuer is the name of the provider and of the keys, without its scheme."""
    assert workload.issuer is not None
    issuer = workload.issuer.removeprefix("https://")
    provider = f"arn:aws:iam::{module.account.account}:oidc-provider/{issuer}"
    return [
        {
            "Sid": "Federation",
            "Effect": "Allow",
            "Principal": {"Federated": provider},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {
                    f"{issuer}:aud": workload.audience,
                    f"{issuer}:sub": workload.subject,
                }
            },
        }
    ]


def elevation_trust(module: Module, held: Entitlement) -> list[Statement]:
    """Who may assume a role that is held just-in-time: principals of the account to whom the
    system of elevations gave `sts:AssumeRole`, for as long as it does.

    IAM sees a second factor here and nowhere else, and only one of its own: a session of
    Identity Center carries none, so for these the identity provider answers, if it asks all.
    """
    root = f"arn:aws:iam::{module.account.account}"
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"{root}:root"},
        "Action": "sts:AssumeRole",
    }
    if not held.conditions.mfa:
        return [{"Sid": "Elevation", **trust}]
    asked: dict[str, Any] = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    if (age := held.conditions.max_token_age_s) is not None:
        asked["NumericLessThanEquals"] = {"aws:MultiFactorAuthAge": str(age)}
    found = [{"Sid": "SecondFactor", **trust, "Condition": asked}]
    if _asks_everyone(module, held):
        center = {"ArnLike": {"aws:PrincipalArn": f"{root}:{_IDENTITY_CENTER}"}}
        found.append({"Sid": "IdentityCenter", **trust, "Condition": center})
    return found


def _asks_everyone(module: Module, held: Entitlement) -> bool:
    """Whether each identity provider of who may be elevated asks all for a second factor."""
    model = module.model
    groups = (model.group_of(b.principal) for b in held.bindings if b.eligible is not None)
    providers = {group.provider for group in groups if group is not None}
    return all(model.organization.providers[name].value.mfa == "enforced" for name in providers)


def guardrail(module: Module) -> list[Statement]:
    """What nobody in the account may do, whatever other policies say: use another device, change
    a spending limit, or touch the trail and the buckets. The role that applies this may."""
    account = module.account.account
    patterns = [each.pattern for each in module.devices]
    own = [f"arn:aws:braket:*:{account}:{kind}/*" for kind in ("job", "quantum-task")]
    others = {"ArnNotEquals": {"aws:PrincipalArn": module.deploy_role}}
    buckets = sorted({*module.buckets.values(), module.trail_bucket})
    return [
        {
            "Sid": "DenyOtherDevices",
            "Effect": "Deny",
            "Action": list(_TASKS),
            "NotResource": [*patterns, *own],
        },
        {"Sid": "DenySpendingLimits", **_deny(SPENDING, ["*"]), "Condition": others},
        {
            "Sid": "DenyTrail",
            **_deny(
                [
                    "cloudtrail:DeleteTrail",
                    "cloudtrail:PutEventSelectors",
                    "cloudtrail:StopLogging",
                    "cloudtrail:UpdateTrail",
                ],
                ["*"],
            ),
            "Condition": others,
        },
        {
            "Sid": "DenyBuckets",
            **_deny(
                [
                    "s3:BypassGovernanceRetention",
                    "s3:DeleteBucket",
                    "s3:PutBucketObjectLockConfiguration",
                    "s3:PutBucketPolicy",
                    "s3:PutBucketVersioning",
                    "s3:PutLifecycleConfiguration",
                ],
                [f"arn:aws:s3:::{b}{part}" for b in buckets for part in ("", "/*")],
            ),
            "Condition": others,
        },
    ]


def stop() -> list[Statement]:
    """What the budget attaches when it is spent: no task and no job of anybody."""
    return [{"Sid": "DenyTasks", **_deny(_TASKS, ["*"])}]


def trail_bucket_policy(module: Module) -> list[Statement]:
    """CloudTrail, for this trail alone, writes to the bucket; nobody comes without TLS."""
    bucket, account = f"arn:aws:s3:::{module.trail_bucket}", module.account.account
    trail = f"arn:aws:cloudtrail:{module.home}:{account}:trail/{module.trail_name}"
    service = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    ours = {"aws:SourceArn": trail}
    return [
        {
            "Sid": "TrailLooks",
            **service,
            "Action": "s3:GetBucketAcl",
            "Resource": bucket,
            "Condition": {"StringEquals": ours},
        },
        {
            "Sid": "TrailWrites",
            **service,
            "Action": "s3:PutObject",
            "Resource": f"{bucket}/AWSLogs/{account}/*",
            "Condition": {"StringEquals": {**ours, "s3:x-amz-acl": "bucket-owner-full-control"}},
        },
        {
            "Sid": "DenyWithoutTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [bucket, f"{bucket}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ]
