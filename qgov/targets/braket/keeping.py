"""`kept.tf`: what holds money and records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from qgov.finding import Finding
from qgov.targets.braket.module import Module
from qgov.targets.braket.money import budgets, limits
from qgov.targets.braket.storage import storage, trail
from qgov.targets.hcl import Block
from qgov.targets.refused import unretirable
from qgov.targets.retired import keeping

__all__ = ["kept", "misretired"]

_KINDS: Final = frozenset(
    {
        "aws_budgets_budget",
        "aws_budgets_budget_action",
        "aws_cloudtrail",
        "aws_s3_bucket",
        "awscc_braket_spending_limit",
    }
)


def _made(module: Module) -> list[Block]:
    return [*storage(module), *trail(module), *limits(module), *budgets(module)]


def kept(module: Module) -> list[Block]:
    """What guards them, and what lets go of those that are retired; of all where nobody uses the
    account any more."""
    return keeping(_made(module), _KINDS, module.account)


def misretired(module: Module) -> Iterator[Finding]:
    """Names that cannot be retired."""
    return unretirable(lambda: _made(module), _KINDS, module.account, module.tenant, *module.at)
