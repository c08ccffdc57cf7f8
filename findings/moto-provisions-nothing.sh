#!/usr/bin/env bash
# moto 5.2.5: an account assignment of IAM Identity Center that succeeded provisions no permission set.
#
# Guess: an assignment made is an assignment seen, whichever way one asks: AWS documents that a
# successful CreateAccountAssignment provisions the permission set in the account. In fact both lists
# of what is provisioned stay empty until ProvisionPermissionSet is called. A tool that starts from
# them finds no access at all in its tests, and the test that wants none to be left over passes.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check 'moto[ssoadmin]==5.2.5' boto3==1.44.8
export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any AWS_DEFAULT_REGION=us-east-1

"$work/venv/bin/python" - <<'PY'
from importlib.metadata import version

import boto3
from moto import mock_aws

ACCOUNT = "111122223333"


def counts(sso, instance, permission_set):
    both = {"InstanceArn": instance, "PermissionSetArn": permission_set}
    return (
        len(sso.list_account_assignments(AccountId=ACCOUNT, **both)["AccountAssignments"]),
        len(sso.list_accounts_for_provisioned_permission_set(**both)["AccountIds"]),
        len(
            sso.list_permission_sets_provisioned_to_account(
                InstanceArn=instance, AccountId=ACCOUNT
            ).get("PermissionSets", [])
        ),
    )


print("moto", version("moto"), "boto3", version("boto3"))
with mock_aws():
    sso = boto3.client("sso-admin")
    instance = sso.list_instances()["Instances"][0]["InstanceArn"]
    made = sso.create_permission_set(InstanceArn=instance, Name="researcher")
    permission_set = made["PermissionSet"]["PermissionSetArn"]
    both = {"InstanceArn": instance, "PermissionSetArn": permission_set}
    status = sso.create_account_assignment(
        **both,
        TargetId=ACCOUNT,
        TargetType="AWS_ACCOUNT",
        PrincipalType="GROUP",
        PrincipalId="11112222-3333-4444-5555-666677778888",
    )["AccountAssignmentCreationStatus"]["Status"]
    seen = [status, counts(sso, instance, permission_set)]
    sso.provision_permission_set(**both, TargetType="AWS_ACCOUNT", TargetId=ACCOUNT)
    seen.append(counts(sso, instance, permission_set))
print("assigned:", seen[0])
for when, (assigned, accounts, sets) in zip(("then", "after ProvisionPermissionSet"), seen[1:]):
    print(f"{when}: assignments {assigned}, accounts of the set {accounts}, sets of the account {sets}")
assert seen[:2] == ["SUCCEEDED", (1, 0, 0)], "it provisions now: this finding is history"
PY
