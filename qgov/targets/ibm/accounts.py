"""What belongs to an IBM Cloud account and not to a tenant: custom roles, of which an account has
few, and the route of its audit events. A root module of its own, which is applied first."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from qgov.targets.hcl import Block, Ref, Value, address
from qgov.targets.ibm.actions import SERVICE, actions_of
from qgov.targets.ibm.module import Module, custom_role, resource

__all__ = ["Account", "accounts", "activity_tracker", "custom_roles"]

_LOCATIONS: Final = ("eu-de", "global", "us-east")
"""Where events of IBM Quantum are made, and those of IAM."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account, and the actions of each of its custom roles: (role, whether for all of an
    instance) → actions."""

    id: str
    roles: tuple[tuple[str, bool, tuple[str, ...]], ...]


def accounts(modules: Sequence[Module]) -> Iterator[Account]:
    """The accounts that the instances of some modules belong to."""
    used: dict[str, dict[tuple[str, bool], tuple[str, ...]]] = {}
    for module in modules:
        for each in module.instances:
            used.setdefault(each.account, {})
        for held in module.entitlements:
            for instance, name in held.instances:
                whole = name == custom_role(held.role.name, whole=True)
                actions = tuple(actions_of(held.role, whole=whole))
                used[instance.account][held.role.name, whole] = actions
    for account, roles in sorted(used.items()):
        found = ((role, whole, actions) for (role, whole), actions in sorted(roles.items()))
        yield Account(account, tuple(found))


def custom_roles(account: Account) -> list[Block]:
    """A custom role for each role that somebody holds in an instance of the account."""
    return [
        resource(
            "iam_custom_role",
            address("role", role, *(["whole"] if whole else [])),
            {
                "name": _name(role, whole=whole),
                "display_name": custom_role(role, whole=whole),
                "service": SERVICE,
                "actions": list(actions),
            },
        )
        for role, whole, actions in account.roles
    ]


def _name(role: str, *, whole: bool) -> str:
    """A name as IBM wants it: 30 letters and digits at most, the first one a capital."""
    digest = hashlib.sha256(f"{role}\0{whole}".encode()).digest()
    return f"Qgov{base64.b32encode(digest[:10]).decode().lower()}"


def activity_tracker(_: Account) -> list[Block]:
    """Where the account's audit events go: a bucket of the audit store, locked by its owner."""
    names = ("endpoint", "target_crn", "bucket")
    endpoint: dict[str, Value] = {name: Ref(f"var.audit_{name}") for name in names}
    target = resource(
        "atracker_target",
        "audit",
        {"name": "qgov-audit", "target_type": "cloud_object_storage"},
        Block("cos_endpoint", (), {**endpoint, "service_to_service_enabled": True}),
    )
    rule: dict[str, Value] = {
        "target_ids": [Ref("ibm_atracker_target.audit.id")],
        "locations": list(_LOCATIONS),
    }
    route = resource("atracker_route", "audit", {"name": "qgov-audit"}, Block("rules", (), rule))
    return [target, route]
