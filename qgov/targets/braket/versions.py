"""`versions.tf`: which Terraform and providers, and what only who applies it can know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from qgov.language.periods import period
from qgov.targets.braket.module import Module
from qgov.targets.braket.money import cap, limits
from qgov.targets.braket.people import assigned
from qgov.targets.braket.storage import stores
from qgov.targets.cloud import head, without_unused
from qgov.targets.hcl import Block, Ref, Value

__all__ = ["SCHEMA_VERSIONS", "versions"]

SCHEMA_VERSIONS: Final = {"aws": "6.25.0", "awscc": "1.106.0"}
"""The versions of hashicorp's providers whose schemas the resources are written for."""

_SOURCES: Final = {name: f"hashicorp/{name}" for name in SCHEMA_VERSIONS}


def versions(module: Module) -> list[Block]:
    """Terraform, the variables, and a provider for the account, for the organization and for each
    region with limits."""
    limited = sorted({str(block.attributes["provider"]) for block in limits(module)})
    needed = ("aws", "awscc") if limited else ("aws",)
    pins = {name: SCHEMA_VERSIONS[name] for name in needed}
    found = [
        *head(pins, _SOURCES, _variables(module)),
        Block(
            "provider",
            ("aws",),
            {"region": module.home, "allowed_account_ids": [module.account.account]},
        ),
        Block(
            "provider",
            ("aws",),
            {"alias": "organization", "region": Ref("var.organization_region")},
        ),
        *(Block("provider", ("awscc",), _regional(alias)) for alias in limited),
    ]
    return without_unused(found) if module.account.closed else found


def _regional(alias: str) -> dict[str, Value]:
    region = alias.partition(".")[2]
    return {"alias": region, "region": region}


def _variables(module: Module) -> Iterator[tuple[str, str, str]]:
    """(name, type, description) of what the configuration does not say."""
    yield (
        "organization_region",
        "string",
        "The region of IAM Identity Center; aws.organization signs in to the account that runs it",
    )
    if assigned(module):
        yield "identity_center_instance_arn", "string", "The instance of IAM Identity Center"
        yield (
            "group_ids",
            "map(string)",
            "The id in Identity Center of each directory group, which SCIM put there",
        )
    if names := stores(module):
        yield (
            "kms_key_arns",
            "map(string)",
            f"The key of each store and region, as STORE:REGION: {', '.join(names)}",
        )
    if cap(module, campaigns=False) is not None and module.devices:
        yield (
            "budget_action_role_arn",
            "string",
            "The role in the administering account by which AWS Budgets attaches a policy",
        )
    known = cap(module)
    if known is not None and known.campaign is None and limits(module):
        one = period(known.period).one
        yield "period_start", "string", f"When the {one} begins (RFC 3339, UTC)"
        yield "period_end", "string", f"When the {one} ends (RFC 3339, UTC)"
