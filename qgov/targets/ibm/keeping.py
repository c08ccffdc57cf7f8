"""`kept.tf`: the instances, which jobs and their results are in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from qgov.finding import Finding
from qgov.targets.hcl import Block
from qgov.targets.ibm.instances import instances
from qgov.targets.ibm.module import Module
from qgov.targets.refused import unretirable
from qgov.targets.retired import guarded, let_go

__all__ = ["kept", "misretired"]

_KINDS: Final = frozenset(
    {
        "ibm_resource_instance",
    }
)


def _made(module: Module) -> list[Block]:
    return instances(module)


def kept(module: Module) -> list[Block]:
    """What guards them, and what lets go of those that are retired; of all where nobody uses the
    account any more."""
    how = let_go if module.ibm.closed else guarded
    return how(_made(module), _KINDS, module.ibm.retired)


def misretired(module: Module) -> Iterator[Finding]:
    """Names that cannot be retired."""
    names = module.ibm.retired
    made = [] if module.ibm.closed else _made(module)
    yield from unretirable(names, _KINDS, made, module.tenant, "ibm")
