"""An AWS account, as moto's server answers for it, and its spending limits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from qgov.drift.drift import Kind, Report
from qgov.drift.observe import chosen, observe
from qgov.drift.observer import UnreadableError
from qgov.drift.observers.aws.policies import permissions_in
from qgov.model.access_model import AccessModel
from tests.drift.conftest import NOW
from tests.drift.loopback import Reply, as_json, serving

ACCOUNT = "410000000101"
GITHUB = "token.actions.githubusercontent.com"
BRAKET = {"Effect": "Allow", "Action": "braket:*", "Resource": "*"}
GARNET = "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet"


class Cloud:
    """The account as its administrator sees it."""

    def __init__(self, moto: str) -> None:
        self.moto = moto
        self.limits: list[dict[str, str]] = []
        self.reply: Reply | None = None
        self.iam = boto3.client("iam")
        self.sso = boto3.client("sso-admin")
        self.store = boto3.client("identitystore")

    def answer(self, _path: str, _query: str) -> Reply:
        return self.reply or as_json({"spendingLimits": self.limits})

    def role(self, name: str, trust: Any, policy: Any = BRAKET) -> None:
        self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=as_policy(trust))
        self.iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=as_policy(policy))

    def assign(self, group: str) -> None:
        instance = self.sso.list_instances()["Instances"][0]
        store = instance["IdentityStoreId"]
        id_ = self.store.create_group(IdentityStoreId=store, DisplayName=group)["GroupId"]
        arn = self.sso.create_permission_set(InstanceArn=instance["InstanceArn"], Name="Runner")
        which = {
            "InstanceArn": instance["InstanceArn"],
            "PermissionSetArn": arn["PermissionSet"]["PermissionSetArn"],
        }
        self.sso.put_inline_policy_to_permission_set(**which, InlinePolicy=as_policy(BRAKET))
        self.sso.create_account_assignment(
            **which,
            TargetId=ACCOUNT,
            TargetType="AWS_ACCOUNT",
            PrincipalType="GROUP",
            PrincipalId=id_,
        )


def as_policy(statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(**principal: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}


def federated(subject: str | None, audience: str = "qgov") -> dict[str, Any]:
    wanted = {f"{GITHUB}:aud": audience} | ({f"{GITHUB}:sub": subject} if subject else {})
    arn = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{GITHUB}"
    return {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": arn},
        "Condition": {"StringEquals": wanted},
    }


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "MOTO_ACCOUNT_ID": ACCOUNT,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "eu-north-1",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    try:
        one = Cloud(f"http://{host}:{port}")
        with serving(one.answer) as base:
            monkeypatch.setenv("AWS_ENDPOINT_URL_BRAKET", base)
            yield one
    finally:
        server.stop()


def read(model: AccessModel, **environment: str) -> Report:
    return observe(model, chosen(["aws"], environment), environment, NOW)


def with_limits(model: AccessModel, cloud: Cloud) -> None:
    """A limit for each device of the tenant."""
    names = {n for e in model.tenants["aurora"].environments.values() for n in e.backends}
    facts = (model.organization.backends[name].value for name in names)
    cloud.limits = [
        {"deviceArn": str(one.target), "spendingLimit": "100.00"}
        for one in facts
        if one.cloud == "braket" and one.backend_class == "qpu"
    ]


@pytest.mark.real
def test_an_account_without_other_ways_is_in_sync(model: AccessModel, cloud: Cloud) -> None:
    with_limits(model, cloud)
    assert cloud.limits
    nightly = model.workloads["aurora/aurora-nightly"]
    cloud.role(
        "nightly", federated(nightly.subject), {**BRAKET, "Action": "braket:CreateQuantumTask"}
    )
    cloud.role("gateway", trust(AWS=f"arn:aws:iam::{ACCOUNT}:root"))
    cloud.role("reader", trust(AWS="*"), {**BRAKET, "Action": "s3:GetObject"})
    cloud.assign("aurora-developers")
    allowed = {**BRAKET, "Action": ["braket:CreateQuantumTask", "braket:GetQuantumTask"]}
    instance = cloud.sso.list_instances()["Instances"][0]["InstanceArn"]
    (arn,) = cloud.sso.list_permission_sets(InstanceArn=instance)["PermissionSets"]
    cloud.sso.put_inline_policy_to_permission_set(
        InstanceArn=instance, PermissionSetArn=arn, InlinePolicy=as_policy(allowed)
    )
    assert read(model, QGOV_AWS_GATEWAY_ROLE="gateway").drift == ()


@pytest.mark.real
def test_ways_around_the_gateway_are_told(model: AccessModel, cloud: Cloud) -> None:
    cloud.role("any-token", federated(None))
    cloud.role("other-branch", federated("repo:northwind/aurora:ref:refs/heads/other"))
    cloud.role("open", trust(AWS="*"))
    cloud.iam.create_user(UserName="eve")
    everything = as_policy({**BRAKET, "Action": "*"})
    cloud.iam.put_user_policy(UserName="eve", PolicyName="all", PolicyDocument=everything)
    cloud.iam.create_access_key(UserName="eve")
    cloud.assign("contractors")
    told = [(str(d.kind), d.permission, d.message) for d in read(model).drift]

    def says(kind: Kind, permission: str, *words: str) -> bool:
        return any(k == kind and p == permission and all(w in m for w in words) for k, p, m in told)

    assert says(Kind.UNMANAGED, "job:submit", "anyone may", "`any-token`, any token of")
    assert says(Kind.UNMANAGED, "job:submit", "refs/heads/other", "`other-branch`")
    assert says(Kind.UNMANAGED, "job:submit", "anyone may", "`open`, a trust of everyone")
    assert says(Kind.UNMANAGED, "job:submit", "the IAM user `eve`", "1 access key that")
    assert says(Kind.UNMANAGED, "member:write", "the IAM user `eve`")
    assert says(Kind.UNMANAGED, "job:submit", "`contractors` may", "the permission set `Runner`")
    assert says(Kind.UNMANAGED, "budget:write", "`contractors` may")
    missing = [m for k, _, m in told if k == Kind.MISSING]
    assert any(GARNET in m and "spend without the cloud's own limit" in m for m in missing)


@pytest.mark.real
@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (
            Reply(b'{"__type": "AccessDeniedException"}', status=403),
            "SearchSpendingLimits: forbidden",
        ),
        (Reply(b"<html>", kind="text/html"), "AWS"),
        (Reply(b'{"spendingLimits": ['), "AWS"),
        (as_json({"spendingLimits": [], "nextToken": "again"}), "a page came twice"),
    ],
)
def test_what_is_refused_or_cut_off_is_unreadable(
    model: AccessModel, cloud: Cloud, reply: Reply, reason: str
) -> None:
    cloud.reply = reply
    with pytest.raises(UnreadableError, match=reason):
        read(model)


@pytest.mark.parametrize(
    ("documents", "permissions"),
    [
        ([BRAKET], {"job:submit", "job:cancel", "job:read", "budget:write"}),
        ([{**BRAKET, "Action": "BRAKET:create*"}], {"job:submit", "budget:write"}),
        ([{**BRAKET, "Action": "s3:*"}], set()),
        ([BRAKET, {**BRAKET, "Effect": "Deny"}], set()),
        ([BRAKET, {**BRAKET, "Effect": "Deny", "Action": "braket:CreateJob"}], {"job:submit"}),
        ([BRAKET, {**BRAKET, "Effect": "Deny", "Condition": {"Bool": {}}}], {"job:submit"}),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], {"member:write"}),
    ],
)
def test_policies_are_read_as_the_most_that_they_allow(
    documents: list[Any], permissions: set[str]
) -> None:
    found = permissions_in([{"Statement": documents}])
    assert found >= permissions
    assert permissions or not found
