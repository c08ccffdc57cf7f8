"""`roles.tf`: what a role gives in an instance, as a custom role of IBM's IAM."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

from qgov.model.access_model import Role
from qgov.targets.cloud import both
from qgov.targets.hcl import Block, Ref, address
from qgov.targets.ibm.actions import SERVICE, actions_of
from qgov.targets.ibm.module import Module, resource
from qgov.targets.moved import moved

__all__ = ["custom_roles", "role_of", "title_of"]


def custom_roles(module: Module) -> list[Block]:
    """A custom role for each role that somebody holds in an instance: in all of it, or in a part.
    They are the tenant's own, although an account keeps them, so that no two tenants write one."""
    tenant, renamed = module.tenant.name, module.renames
    return [
        *(
            resource(
                "iam_custom_role",
                _address(role.name, whole=whole),
                {
                    "name": f"Qgov{_digest(tenant, role.name, whole=whole)}",
                    "display_name": title_of(tenant, role.name, whole=whole),
                    "service": SERVICE,
                    "actions": actions_of(role, whole=whole),
                },
            )
            for role, whole in _held(module)
        ),
        *moved(
            both(
                "ibm_iam_custom_role",
                _address(renamed.role(role.name), whole=whole),
                _address(role.name, whole=whole),
            )
            for role, whole in _held(module)
        ),
    ]


def role_of(role: str, *, whole: bool) -> Ref:
    """The name by which a policy knows a custom role."""
    return Ref(f"ibm_iam_custom_role.{_address(role, whole=whole)}.display_name")


def title_of(tenant: str, role: str, *, whole: bool) -> str:
    """The name for people, of which IBM keeps 50 characters."""
    return f"qgov {role} {_digest(tenant, role, whole=whole)[:8]}"


def _held(module: Module) -> Iterator[tuple[Role, bool]]:
    found = {
        (held.role.name, whole): held.role
        for held in module.entitlements
        for _, whole in held.instances
    }
    return ((role, whole) for (_, whole), role in sorted(found.items(), key=lambda each: each[0]))


def _address(role: str, *, whole: bool) -> str:
    return address("role", role, *(["whole"] if whole else []))


def _digest(tenant: str, role: str, *, whole: bool) -> str:
    """16 letters and digits: IBM wants a name of nothing else, of 30 at most, that begins with a
    capital."""
    digest = hashlib.sha256(f"{tenant}\0{role}\0{whole}".encode()).digest()
    return base64.b32encode(digest[:10]).decode().lower()
