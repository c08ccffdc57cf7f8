"""What belongs to an IBM Cloud account and not to a tenant: the route of its audit events, which
tell of all instances. A root module of its own."""

from __future__ import annotations

from typing import Final

from qgov.targets.hcl import Block, Ref, Value
from qgov.targets.ibm.module import resource

__all__ = ["activity_tracker"]

_LOCATIONS: Final = ("eu-de", "global", "us-east")
"""Where events of IBM Quantum are made, and those of IAM."""


def activity_tracker(_: str) -> list[Block]:
    """Where an account's audit events go: a bucket of the audit store, locked by its owner."""
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
