"""`kept.tf`: the instances, which jobs and their results are in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from qgov.finding import Finding
from qgov.targets.hcl import Block
from qgov.targets.ibm.instances import instances
from qgov.targets.ibm.module import Module
from qgov.targets.refused import unretirable
from qgov.targets.retired import keeping

__all__ = ["kept", "misretired"]

_KINDS: Final = frozenset({"ibm_resource_instance"})


def kept(module: Module) -> list[Block]:
    """What guards them, and what lets go of those that are retired; of all where nobody uses the
    account any more."""
    return keeping(instances(module), _KINDS, module.ibm)


def misretired(module: Module) -> Iterator[Finding]:
    """Names that cannot be retired."""
    return unretirable(lambda: instances(module), _KINDS, module.ibm, module.tenant, "ibm")
