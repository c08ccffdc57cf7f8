"""`guardrails.tf`: what the organization denies to everybody in the account."""

from __future__ import annotations

from qgov.targets.braket.module import ORGANIZATION, Module, policy_file, resource
from qgov.targets.hcl import Block, Ref

__all__ = ["guardrails"]


def guardrails(module: Module) -> list[Block]:
    """The service control policy of the account, and the one that a spent budget attaches."""
    return [
        _policy(module, "guardrail", "Devices, limits, trail and buckets"),
        resource(
            "organizations_policy_attachment",
            "guardrail",
            {
                **ORGANIZATION,
                "policy_id": Ref("aws_organizations_policy.guardrail.id"),
                "target_id": module.account.account,
            },
        ),
        _policy(module, "stop", "No tasks: attached when the budget is spent"),
    ]


def _policy(module: Module, name: str, about: str) -> Block:
    return resource(
        "organizations_policy",
        name,
        {
            **ORGANIZATION,
            "name": f"qgov-{module.name}-{name}",
            "description": about,
            "type": "SERVICE_CONTROL_POLICY",
            "content": policy_file(name),
        },
    )
