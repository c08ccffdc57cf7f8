"""`roles.tf` and `workloads.tf`: who holds which role of Azure, standing or just-in-time."""

from __future__ import annotations

from typing import Final

from qgov.model.access_model import Workload
from qgov.model.principal import is_group, name_of
from qgov.targets.azure.entitlements import GIVEN, Entitlement, Terms, eligible, standing, terms
from qgov.targets.azure.module import Module, resource
from qgov.targets.cloud import both
from qgov.targets.hcl import Block, Ref, Value, address
from qgov.targets.moved import moved

__all__ = ["roles", "workloads"]

_WORKSPACE: Final = Ref("azapi_resource.workspace.id")
_AUDIT: Final = Ref("azurerm_storage_account.audit.id")


def roles(module: Module) -> list[Block]:
    """A role assignment for what is held standing; for what is held just-in-time an eligible
    one, and a policy of its activations."""
    found: list[Block] = []
    renamed: list[tuple[Ref, Ref]] = []
    for held in standing(module):
        place = _address(module, "assignment", held)
        found.append(resource("role_assignment", place, _assignment(module, held)))
        renamed.append(_renamed(module, "assignment", held, "role_assignment"))
    agreed = {given: asked for given, asked in terms(module).items() if asked is not None}
    for given, asked in sorted(agreed.items()):
        found.append(_policy(module, given, asked))
    for held in eligible(module):
        place = _address(module, "eligible", held)
        assigned = {**_role(module, held.given), "principal_id": _principal(held)}
        policy = {"depends_on": [Ref(f"azurerm_role_management_policy.{_policy_name(held.given)}")]}
        found.append(resource("pim_eligible_role_assignment", place, {**assigned, **policy}))
        renamed.append(_renamed(module, "eligible", held, "pim_eligible_role_assignment"))
    return found + moved(renamed)


def _address(module: Module, what: str, held: Entitlement, *, former: bool = False) -> str:
    """`WHAT_ROLE__group__NAME`. A group and a workload may have the same name."""
    kind = "group" if is_group(held.principal) else "workload"
    name = name_of(held.principal)
    if not is_group(held.principal):
        known = module.renames.workload(name) if former else name
        return address(what, held.given, kind, known.partition("/")[2])
    return address(what, held.given, kind, module.renames.group(name) if former else name)


def _renamed(module: Module, what: str, held: Entitlement, kind: str) -> tuple[Ref, Ref]:
    old = _address(module, what, held, former=True)
    return both(f"azurerm_{kind}", old, _address(module, what, held))


def _role(module: Module, given: str) -> dict[str, Value]:
    on: dict[str, Value] = {"workspace": _WORKSPACE, "audit": _AUDIT, "group": module.group}
    known = GIVEN[given]
    return {"scope": on[known.on], "role_definition_id": module.role(known.guid)}


def _principal(held: Entitlement) -> Ref:
    if is_group(held.principal):
        return Ref("var.group_ids", name_of(held.principal))
    account = name_of(held.principal).partition("/")[2]
    return Ref(f"azurerm_user_assigned_identity.{address('workload', account)}.principal_id")


def _assignment(module: Module, held: Entitlement) -> dict[str, Value]:
    found = {**_role(module, held.given), "principal_id": _principal(held)}
    if is_group(held.principal):
        return {**found, "principal_type": "Group"}
    # Entra knows of a new identity only after a while, and would be asked.
    return {
        **found,
        "principal_type": "ServicePrincipal",
        "skip_service_principal_aad_check": True,
    }


def _policy_name(given: str) -> str:
    return address("policy", given)


def _policy(module: Module, given: str, asked: Terms) -> Block:
    """What an activation takes. Nobody has to renew that they are eligible: a review does."""
    hours, minutes = divmod(asked.longest_s // 60, 60)
    approver: dict[str, Value] = {
        "object_id": Ref("var.group_ids", asked.approvers),
        "type": "Group",
    }
    activation: dict[str, Value] = {
        "maximum_duration": "PT" + (f"{hours}H" if hours else "") + (f"{minutes}M" * bool(minutes)),
        "require_approval": True,
        "require_justification": True,
        "require_multifactor_authentication": asked.mfa,
        "require_ticket_info": asked.ticket,
    }
    stage = Block("approval_stage", (), {}, (Block("primary_approver", (), approver),))
    return resource(
        "role_management_policy",
        _policy_name(given),
        _role(module, given),
        Block("activation_rules", (), activation, (stage,)),
        Block("eligible_assignment_rules", (), {"expiration_required": False}),
    )


def known_workloads(module: Module) -> list[Workload]:
    """The workloads that hold something."""
    names = {name_of(held.principal) for held in standing(module) if not is_group(held.principal)}
    return [known for known in module.workloads if known.id in names]


def workloads(module: Module) -> list[Block]:
    """An identity for each workload, and whose tokens it is known by: exactly their `iss`, `sub`
    and `aud`."""
    found: list[Block] = []
    renamed: list[tuple[Ref, Ref]] = []
    for known in known_workloads(module):
        assert known.issuer is not None
        assert known.subject is not None
        assert known.audience is not None
        place = address("workload", known.spec.name)
        former = address("workload", module.renames.workload(known.id).partition("/")[2])
        name = f"qgov-{known.spec.name}"
        found += [
            resource(
                "user_assigned_identity",
                place,
                {
                    "name": name,
                    "resource_group_name": module.workspace.resource_group,
                    "location": module.workspace.location,
                    "tags": {"qgov-workload": known.id},
                },
            ),
            resource(
                "federated_identity_credential",
                place,
                {
                    "name": name,
                    "user_assigned_identity_id": Ref(f"azurerm_user_assigned_identity.{place}.id"),
                    "issuer": known.issuer,
                    "subject": known.subject,
                    "audience": [known.audience],
                },
            ),
        ]
        renamed += [
            both(f"azurerm_{kind}", former, place)
            for kind in ("user_assigned_identity", "federated_identity_credential")
        ]
    return found + moved(renamed)
