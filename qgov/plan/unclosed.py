"""Accounts of clouds that go with everybody in them: nothing is taken from anybody there.

Only a plan sees it: the compiler knows one commit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from qgov.finding import Finding, Severity
from qgov.model.access_model import AccessModel, Tenant
from qgov.model.renames import renames
from qgov.model.tenants import aws_accounts, azure_workspaces

__all__ = ["UNCLOSED", "unclosed"]

UNCLOSED: Final = "QG165"


def unclosed(base: AccessModel | None, head: AccessModel | None) -> Iterator[Finding]:
    """A warning for each account that is gone and was not closed before."""
    if base is None or head is None:
        return
    former = renames(head)
    there = {
        (known, at)
        for name, tenant in head.tenants.items()
        for at in _accounts(tenant)
        for known in (name, former.scope(name))
    }
    for name, tenant in base.tenants.items():
        for at, closed in _accounts(tenant).items():
            if closed or (name, at) in there:
                continue
            field = ".".join(at)
            yield Finding(
                UNCLOSED,
                f"`clouds.{field}` of `{name}` goes, and its module with it, in which Terraform "
                "does nothing any more: who has access there keeps it",
                tenant.source.at("clouds", *at),
                "write `closed: true` there first, and remove it when that is applied",
                Severity.WARNING,
                document=tenant.source.document,
            )


def _accounts(tenant: Tenant) -> dict[tuple[str, ...], bool]:
    """Where in `clouds` the accounts are that have a module of their own → whether it is closed."""
    ibm = tenant.spec.clouds.ibm
    return {
        **{at: account.closed for _, account, at in aws_accounts(tenant.spec)},
        **{at: space.closed for _, space, at in azure_workspaces(tenant.spec)},
        **({("ibm",): ibm.closed} if ibm is not None else {}),
    }
