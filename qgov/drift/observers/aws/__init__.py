"""Amazon Web Services: who may run tasks in a tenant's account besides the gateway, and the
spending limits of its devices.

What a principal may do by the configuration in that tenant is no drift. The gateway's own role is
named by `QGOV_AWS_GATEWAY_ROLE`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from qgov.drift.facts import Facts, Held, Setting
from qgov.drift.observer import Asked, Effect, Observation, Observer, UnreadableError
from qgov.drift.observers.aws.policies import permissions_in, statements_of
from qgov.drift.observers.aws.read import NEEDS, Account, read_account
from qgov.model.access_model import AccessModel, Tenant
from qgov.model.accesses import accesses
from qgov.model.principal import Principal, group, user, workload
from qgov.model.scope import tenant_of
from qgov.plan.risk import Risk

__all__ = ["OBSERVER"]

_GATEWAY: Final = "QGOV_AWS_GATEWAY_ROLE"
_MARKS: Final = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN")
_OWN_ROLE: Final = "/aws-service-role/"
_ASSIGNED: Final = "AWSReservedSSO_"
_ADMINISTRATOR: Final = {"Effect": "Allow", "Action": "*", "Resource": "*"}
_MANAGED: Final[Mapping[str, Mapping[str, Any]]] = {
    "AdministratorAccess": _ADMINISTRATOR,
    "PowerUserAccess": {"Effect": "Allow", "NotAction": ["iam:*", "sso:*"], "Resource": "*"},
    "AmazonBraketFullAccess": {"Effect": "Allow", "Action": "braket:*", "Resource": "*"},
    "IAMFullAccess": {"Effect": "Allow", "Action": "iam:*", "Resource": "*"},
}
"""The policies of AWS itself that matter here, whose text only a permission set does not carry."""

_Way = tuple[Principal, frozenset[str], tuple[str, ...]]


def _observe(asked: Asked) -> Iterator[Observation]:
    braket = [b.value for b in asked.model.organization.backends.values()]
    qpus = {
        b.target: b.region
        for b in braket
        if b.cloud == "braket" and b.backend_class == "qpu" and b.target
    }
    account = read_account(asked, qpus.values())
    tenant = _tenant(asked.model, account.id)
    if asked.what not in (None, account.id):
        raise UnreadableError(f"the credentials are of the account {account.id}, not {asked.what}")
    names = {name for environment in tenant.environments.values() for name in environment.backends}
    used = {
        str(fact.value.target)
        for name, fact in asked.model.organization.backends.items()
        if name in names and fact.value.target in qpus
    }
    try:
        ways = [*_ways(asked, account)]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UnreadableError(f"the account {account.id}: a policy cannot be read") from error
    found, roles = _beyond(asked.model, tenant.name, ways)
    yield Observation(
        f"aws:{account.id}",
        "aws",
        Facts(roles=roles, settings={Setting("spending limit", arn, ""): True for arn in used}),
        Facts(
            held=tuple(found),
            roles=roles,
            settings={
                Setting("spending limit", arn, ""): True for arn in account.limits if arn in used
            },
        ),
        lambda *_: _unlimited(tenant.name),
    )


def _tenant(model: AccessModel, account: str) -> Tenant:
    for tenant in model.tenants.values():
        braket = tenant.spec.clouds.braket
        if braket is not None and braket.account == account:
            return tenant
    raise UnreadableError(f"no tenant has the AWS account {account}")


def _unlimited(tenant: str) -> Effect:
    return Effect(Risk.HIGH, "spend without the cloud's own limit", "everyone", None, tenant)


def _beyond(
    model: AccessModel, tenant: str, ways: Iterable[_Way]
) -> tuple[list[Held], dict[str, dict[str, bool]]]:
    """What nobody reviewed: for each way, what its principal may not do in the tenant anyway."""
    reviewed: set[tuple[str, str]] = set()
    for cell, paths in accesses(model).items():
        if tenant_of(cell.scope) == tenant and any(p.conditions.eligible is None for p in paths):
            reviewed.add((cell.principal, cell.permission))
    found: list[Held] = []
    roles: dict[str, dict[str, bool]] = {}
    for principal, permissions, through in ways:
        more = sorted(p for p in permissions if (principal, p) not in reviewed)
        if more:
            role = f"aws: {' '.join(more)}"
            roles[role] = dict.fromkeys(more, False)
            found.append(Held(principal, role, tenant, through))
    return found, roles


def _ways(asked: Asked, account: Account) -> Iterator[_Way]:
    """Who may do what, and through which."""
    texts = {
        policy["Arn"]: version["Document"]
        for policy in account.details["Policies"]
        for version in policy["PolicyVersionList"]
        if version["IsDefaultVersion"]
    }
    for one in account.assignments:
        granted = permissions_in([*one.policies, *_managed(one.managed, texts)])
        who = group(one.name) if one.kind == "GROUP" else user(one.name)
        yield who, granted, (f"the permission set `{one.permission_set}`",)
    yield from _of_users(account, texts)
    gateway = asked.setting(_GATEWAY)
    for role in account.details["RoleDetailList"]:
        name = role["RoleName"]
        if role["Path"].startswith(_OWN_ROLE) or name.startswith(_ASSIGNED) or name == gateway:
            continue
        granted = permissions_in(
            [
                *(each["PolicyDocument"] for each in role["RolePolicyList"]),
                *_managed((a["PolicyArn"] for a in role["AttachedManagedPolicies"]), texts),
            ]
        )
        for who, how in _trusted(asked.model, role["AssumeRolePolicyDocument"]):
            yield who, granted, (f"the IAM role `{name}`", *how)


def _managed(arns: Iterable[str], texts: Mapping[str, Any]) -> Iterator[Any]:
    """The texts of managed policies. One whose text is not known is taken for the worst."""
    for arn in arns:
        own = texts.get(arn)
        known = _MANAGED.get(arn.rpartition("/")[2])
        if own is not None:
            yield own
        elif known is not None or not arn.startswith("arn:aws:iam::aws:policy/"):
            yield {"Statement": [known or _ADMINISTRATOR]}


def _of_users(account: Account, texts: Mapping[str, Any]) -> Iterator[_Way]:
    groups = {one["GroupName"]: one for one in account.details["GroupDetailList"]}
    for one in account.details["UserDetailList"]:
        name = one["UserName"]
        keys = account.keys.get(name, 0)
        how = (f"{keys} access key{'s' * (keys != 1)} that do not end",) if keys else ()
        own = one["AttachedManagedPolicies"]
        sources: list[tuple[Any, Any, tuple[str, ...]]] = [(one.get("UserPolicyList", ()), own, ())]
        for of in one.get("GroupList", []):
            inside = groups[of]
            sources.append(
                (
                    inside["GroupPolicyList"],
                    inside["AttachedManagedPolicies"],
                    (f"the IAM group `{of}`",),
                )
            )
        for inline, attached, way in sources:
            documents = [
                *(each["PolicyDocument"] for each in inline),
                *_managed((each["PolicyArn"] for each in attached), texts),
            ]
            who = Principal(f"principal:{one['Arn']}")
            yield who, permissions_in(documents), (f"the IAM user `{name}`", *way, *how)


def _trusted(model: AccessModel, document: Any) -> Iterator[tuple[Principal, tuple[str, ...]]]:
    """Who may assume a role: a workload of the configuration where the trust names its issuer,
    audience and subject alone; else whom the trust names."""
    for statement in statements_of(document):
        if statement.get("Effect") != "Allow":
            continue
        named = statement.get("Principal")
        entries: Iterable[tuple[str, Any]] = [("AWS", named)]
        if isinstance(named, Mapping):
            entries = named.items()
        for kind, value in entries:
            for each in [value] if isinstance(value, str) else value:
                if kind == "Federated" and ":oidc-provider/" in each:
                    yield _federated(model, each.partition(":oidc-provider/")[2], statement)
                elif each == "*":
                    yield Principal("anyone"), ("a trust of everyone",)
                elif kind != "Service":
                    yield Principal(f"principal:{each}"), ()


def _federated(
    model: AccessModel, issuer: str, statement: Mapping[str, Any]
) -> tuple[Principal, tuple[str, ...]]:
    condition = statement.get("Condition") or {}
    wanted: dict[str, list[str]] = {}
    for operator in ("StringEquals", "StringLike"):
        for key, value in (condition.get(operator) or {}).items():
            wanted[key] = [value] if isinstance(value, str) else list(value)
    subjects = wanted.get(f"{issuer}:sub", [])
    for known in model.workloads.values():
        same = known.issuer is not None and known.issuer.removeprefix("https://") == issuer
        if same and subjects == [known.subject] and f"{issuer}:aud" in wanted:
            return workload(known.id), ()
    if not subjects:
        return Principal("anyone"), (f"any token of `{issuer}`",)
    return Principal(f"principal:{issuer} {json.dumps(subjects)}"), (f"tokens of `{issuer}`",)


OBSERVER: Final = Observer(
    "aws",
    NEEDS,
    _observe,
    lambda environment: any(environment.get(mark) for mark in _MARKS),
)
