"""What a resource of any provider means for access."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from qgov.drift.observer import Effect
from qgov.model.access_model import AccessModel
from qgov.model.scope import EVERYWHERE
from qgov.model.tenants import VENDORS, cloud_accounts
from qgov.plan.risk import Risk

__all__ = ["effect_of", "tenants_by_account"]


class _Means(NamedTuple):
    """What resources whose type fits mean: the attributes that name whom they are given to, the
    permission that follows, how bad it is that nobody reviewed it, and in words."""

    types: str
    who: tuple[str, ...]
    permission: str | None
    risk: Risk
    words: str


_TABLE: Final = (
    _Means(
        r"keycloak_(authentication_|realm$|realm_events|realm_user_profile|required_action)",
        (),
        None,
        Risk.HIGH,
        "sign in on other conditions",
    ),
    _Means(
        r"keycloak_.*identity_provider", ("alias",), None, Risk.CRITICAL, "sign in from elsewhere"
    ),
    _Means(
        r"keycloak_.*(protocol_mapper|client_scope)", (), None, Risk.HIGH, "be given other claims"
    ),
    _Means(r"keycloak_.*client", ("client_id",), None, Risk.HIGH, "ask for tokens on other terms"),
    _Means(
        r"(keycloak|okta|azuread|aws_identitystore)_.*(group|role|user)",
        ("name", "display_name", "group_id", "principal_id", "member_id", "user_id"),
        None,
        Risk.HIGH,
        "be in another group, or hold another role",
    ),
    _Means(
        r"awscc?_.*spending_limit|aws_budgets_|google_billing_budget|azurerm_consumption_budget",
        (),
        "budget:write",
        Risk.HIGH,
        "spend up to another limit",
    ),
    _Means(
        r"aws_ssoadmin_account_assignment",
        ("principal_id",),
        "job:submit",
        Risk.HIGH,
        "by the cloud's own rights",
    ),
    _Means(
        r"aws_iam_(access_key|user)",
        ("user", "name"),
        "job:submit",
        Risk.CRITICAL,
        "with a key that does not end",
    ),
    _Means(
        r"aws_iam_|azurerm_role_assignment|google_.*_iam_|ibm_iam_",
        ("member", "principal_id", "role", "user", "group", "iam_id", "name", "access_group_id"),
        "job:submit",
        Risk.HIGH,
        "by the cloud's own rights",
    ),
    _Means(r".*(log|trail|sink|diagnostic).*", (), "audit:write", Risk.HIGH, "go unseen"),
    _Means(r".*(kms|key|secret|vault).*", (), "secret:rotate", Risk.HIGH, "read with other keys"),
    _Means(r".*(bucket|storage).*", (), "result:read", Risk.MEDIUM, "from a store kept otherwise"),
    _Means(r".*", (), None, Risk.MEDIUM, "use what it sets up otherwise than reviewed"),
)
"""The first that fits says it."""


def effect_of(type_: str, values: Mapping[str, Any], accounts: Mapping[str, str]) -> Effect:
    """What a resource means, where `accounts` are tenants by what their cloud accounts are
    called."""
    means = next(each for each in _TABLE if re.match(f"(?:{each.types})", type_))
    named = (values.get(name) for name in means.who)
    who = next((str(each) for each in named if isinstance(each, str) and each), None)
    texts = set(_texts(values))
    scope = next((tenant for key, tenant in accounts.items() if _among(key, texts)), EVERYWHERE)
    principal = f"principal:{who}" if who else "everyone"
    return Effect(means.risk, means.words, principal, means.permission, scope)


def _among(key: str, texts: set[str]) -> bool:
    """Whether an account is named: by itself, or as a part of an address."""
    return key in texts or any(key in re.split(r"[/:]", text) or key in text for text in texts)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value.lower()
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def tenants_by_account(model: AccessModel) -> dict[str, str]:
    """The tenants by what their cloud accounts are called in addresses."""
    found: dict[str, str] = {}
    for tenant in model.tenants.values():
        for what, key, at in cloud_accounts(tenant.spec):
            if at[2] in VENDORS:  # they have no Terraform, and their projects any name
                continue
            parts = key.split("/") if what.startswith("Azure") else [key]
            name = f"/subscriptions/{parts[0]}/resourcegroups/{parts[1]}" if len(parts) > 1 else key
            found[name.lower()] = tenant.name
    return found
