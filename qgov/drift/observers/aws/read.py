"""The reads: one account, whole, by the clients of boto3."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from msgspec import Struct

from qgov.drift.observer import Asked, Need, UnreadableError

__all__ = ["NEEDS", "Account", "Assignment", "read_account"]

NEEDS: Final = (
    Need("sts:GetCallerIdentity", "none", "which account this is"),
    Need(
        "iam:GetAccountAuthorizationDetails",
        "iam:GetAccountAuthorizationDetails",
        "roles, users, groups, their policies, and who may assume a role",
    ),
    Need("iam:ListAccessKeys", "iam:ListAccessKeys", "keys that do not end"),
    Need("sso:ListInstances", "sso:ListInstances", "whether there is an Identity Center"),
    Need(
        "sso:ListPermissionSets, ListAccountAssignments, DescribePermissionSet",
        "sso:List*, sso:Describe*",
        "who is assigned what in the account",
    ),
    Need(
        "sso:GetInlinePolicyForPermissionSet, ListManagedPoliciesInPermissionSet",
        "sso:Get*, sso:List*",
        "what a permission set allows",
    ),
    Need("identitystore:DescribeGroup, DescribeUser", "identitystore:Describe*", "their names"),
    Need("braket:SearchSpendingLimits", "braket:SearchSpendingLimits", "what may be spent"),
)

_REFUSED: Final = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")

T = TypeVar("T")


class Assignment(Struct, frozen=True):
    """Somebody is assigned a permission set in the account."""

    kind: str
    name: str
    permission_set: str
    policies: tuple[Any, ...]
    managed: tuple[str, ...]


class Account(Struct, frozen=True):
    """What an account holds. `limits` are by the ARN of the device, in text as the cloud says."""

    id: str
    details: Mapping[str, list[Mapping[str, Any]]]
    keys: Mapping[str, int]
    assignments: tuple[Assignment, ...]
    limits: Mapping[str, str]


def read_account(asked: Asked, regions: Iterable[str]) -> Account:
    """The account that the credentials are of. Raises UnreadableError for whatever is refused,
    or ends before its end."""
    import boto3  # noqa: PLC0415 - takes half a second, which only this observer needs
    from botocore.config import Config  # noqa: PLC0415 - with it

    config = Config(
        connect_timeout=asked.timeout_s,
        read_timeout=asked.timeout_s,
        retries={"mode": "standard", "max_attempts": 2},
    )
    session = boto3.Session()

    def service(name: str, region: str | None = None) -> Any:
        return session.client(
            name, region_name=region or session.region_name or "us-east-1", config=config
        )

    with _said():
        account = str(service("sts").get_caller_identity()["Account"])
        iam = service("iam")
        details = _details(iam)
        keys = {
            user["UserName"]: sum(
                key["Status"] == "Active"
                for key in _all(
                    iam.list_access_keys, "AccessKeyMetadata", UserName=user["UserName"]
                )
            )
            for user in details["UserDetailList"]
        }
        assignments = tuple(_assignments(service("sso-admin"), service("identitystore"), account))
        limits: dict[str, str] = {}
        for region in sorted(set(regions)):
            limits.update(_limits(service("braket", region)))
    return Account(account, details, keys, assignments, limits)


@contextmanager
def _said() -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as above

    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        why = "forbidden" if code in _REFUSED else code or "refused"
        raise UnreadableError(f"{error.operation_name}: {why}") from error
    except (BotoCoreError, KeyError, TypeError, ValueError) as error:
        raise UnreadableError(
            f"AWS: {' '.join(str(error).split()) or type(error).__name__}"
        ) from error


def _all(call: Callable[..., Any], key: str, **arguments: Any) -> list[Any]:
    """Every entry of a list, whatever its call names the next page."""
    found: list[Any] = []
    seen: set[str] = set()
    while True:
        page = call(**arguments)
        found += page[key]
        name, next_ = next(
            ((n, page[n]) for n in ("Marker", "NextToken", "nextToken") if page.get(n)), ("", "")
        )
        if not next_:
            if page.get("IsTruncated"):
                raise UnreadableError(f"{key}: cut off")
            return found
        if next_ in seen:
            raise UnreadableError(f"{key}: a page came twice")
        seen.add(next_)
        arguments[name] = next_


def _details(iam: Any) -> dict[str, list[Mapping[str, Any]]]:
    lists = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
    found: dict[str, list[Mapping[str, Any]]] = {name: [] for name in lists}
    arguments: dict[str, str] = {}
    while True:
        page = iam.get_account_authorization_details(**arguments)
        for name in lists:
            found[name] += page[name]
        if not page.get("IsTruncated"):
            return found
        if page["Marker"] == arguments.get("Marker"):
            raise UnreadableError("GetAccountAuthorizationDetails: a page came twice")
        arguments["Marker"] = page["Marker"]


def _assignments(sso: Any, store: Any, account: str) -> Iterator[Assignment]:
    for instance in _all(sso.list_instances, "Instances"):
        arn = instance["InstanceArn"]
        for permission_set in _all(sso.list_permission_sets, "PermissionSets", InstanceArn=arn):
            which = {"InstanceArn": arn, "PermissionSetArn": permission_set}
            assigned = _all(
                sso.list_account_assignments, "AccountAssignments", AccountId=account, **which
            )
            if not assigned:
                continue
            name = sso.describe_permission_set(**which)["PermissionSet"]["Name"]
            inline = sso.get_inline_policy_for_permission_set(**which).get("InlinePolicy")
            managed = _all(
                sso.list_managed_policies_in_permission_set, "AttachedManagedPolicies", **which
            )
            for one in assigned:
                yield Assignment(
                    one["PrincipalType"],
                    _name(store, instance["IdentityStoreId"], one),
                    name,
                    (inline,) if inline else (),
                    tuple(each["Arn"] for each in managed),
                )


def _name(store: Any, id_: str, assigned: Mapping[str, str]) -> str:
    if assigned["PrincipalType"] == "GROUP":
        found = store.describe_group(IdentityStoreId=id_, GroupId=assigned["PrincipalId"])
        return str(found["DisplayName"])
    found = store.describe_user(IdentityStoreId=id_, UserId=assigned["PrincipalId"])
    return str(found["UserName"])


def _limits(braket: Any) -> dict[str, str]:
    found = _all(braket.search_spending_limits, "spendingLimits")
    return {str(one["deviceArn"]): str(one["spendingLimit"]) for one in found}
