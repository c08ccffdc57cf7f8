"""`instances.tf` and `networks.tf`: the instances, their devices, and what reaches them."""

from __future__ import annotations

import json
from typing import Final

from qgov.targets.cloud import KEPT, both
from qgov.targets.hcl import Block, Ref, Value, address
from qgov.targets.ibm.actions import SERVICE
from qgov.targets.ibm.limits import limit
from qgov.targets.ibm.module import Instance, Module, resource
from qgov.targets.moved import moved

__all__ = ["MANAGED", "instances", "networks"]

MANAGED: Final = {"pay-as-you-go": "paygo", "premium": "premium"}
"""The plans whose limits IBM's allocation tool writes, and what it calls them. It has no other."""


def instances(module: Module) -> list[Block]:
    """The instances, which exist and are adopted, each with the devices that its environments
    name and no other. The limit is written here only where the allocation tool does not write
    it."""
    found: list[Block] = []
    renamed: list[tuple[Ref, Ref]] = []
    for each in module.instances:
        found.append(
            Block(
                "import",
                (),
                {"to": Ref(f"ibm_resource_instance.{each.address}"), "id": each.spec.instance},
            )
        )
        found.append(
            resource(
                "resource_instance",
                each.address,
                {
                    "name": each.title,
                    "service": SERVICE,
                    "plan": Ref("var.plans", each.spec.plan),
                    "location": each.spec.region,
                    "parameters_json": json.dumps(_parameters(module, each), sort_keys=True),
                },
                KEPT,
            )
        )
        former = address("instance", module.renames.scope(each.tenant), *each.key[1:])
        renamed.append(both("ibm_resource_instance", former, each.address))
    return found + moved(renamed)


def _parameters(module: Module, each: Instance) -> dict[str, Value]:
    """What IBM Quantum is told of an instance. An empty list of backends is none at all."""
    found: dict[str, Value] = {"backends": list(each.devices)}
    most = None if each.spec.plan in MANAGED else limit(module, each)
    if most is not None:
        found["instance_limit_seconds"] = str(most)
    return found


def networks(module: Module) -> list[Block]:
    """Context-based restrictions: a zone of the networks that an instance names, and the rule
    that it is reached from there alone."""
    found: list[Block] = []
    for each in module.instances:
        if not each.spec.networks:
            continue
        addresses = tuple(
            Block("addresses", (), {"type": _kind(text), "value": text})
            for text in sorted(set(each.spec.networks))
        )
        zone = Ref(f"ibm_cbr_zone.{each.address}.id")
        context: dict[str, Value] = {"name": "networkZoneId", "value": zone}
        guid = Ref(f"ibm_resource_instance.{each.address}.guid")
        targets: dict[str, Value] = {
            "accountId": each.account,
            "serviceName": SERVICE,
            "serviceInstance": guid,
        }
        found += [
            resource(
                "cbr_zone",
                each.address,
                {"name": each.title, "account_id": each.account},
                *addresses,
            ),
            resource(
                "cbr_rule",
                each.address,
                {"description": f"Only from {each.title}", "enforcement_mode": "enabled"},
                Block("contexts", (), {}, (Block("attributes", (), context),)),
                Block(
                    "resources",
                    (),
                    {},
                    tuple(
                        Block("attributes", (), {"name": name, "value": value})
                        for name, value in targets.items()
                    ),
                ),
            ),
        ]
    return found


def _kind(address: str) -> str:
    """What IBM calls an address or a subnet."""
    return "subnet" if "/" in address else "ipAddress"
