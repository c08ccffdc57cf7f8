"""What a cloud cannot hold or express, as findings: `QG978` a name or a number, `QG979` what two
would write, `QG988` what cannot be retired, and `QG980` what no control is written for, which does
not stop the compiler."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final

from qgov.finding import Finding, Origin, Severity
from qgov.model.access_model import Binding, Tenant
from qgov.targets.hcl import Block
from qgov.targets.retired import Account, misretired

__all__ = ["at_binding", "at_cloud", "refused", "unretirable"]

_WEAK: Final = frozenset({"QG980"})


def refused(code: str, message: str, remedy: str, origin: Origin, document: str) -> Finding:
    """A finding at a line of a document, as severe as its code is."""
    severity = Severity.WARNING if code in _WEAK else Severity.ERROR
    return Finding(code, message, origin, remedy, severity, document=document)


def at_binding(code: str, message: str, remedy: str, binding: Binding) -> Finding:
    """One at a binding."""
    return refused(code, message, remedy, binding.origin, binding.source.document)


def at_cloud(code: str, message: str, remedy: str, tenant: Tenant, *path: str | int) -> Finding:
    """One at what a tenant says of a cloud: `path` is where in `clouds`."""
    source = tenant.source
    return refused(code, message, remedy, source.at("clouds", *path), source.document)


def unretirable(
    made: Callable[[], Sequence[Block]],
    kinds: Collection[str],
    account: Account,
    tenant: Tenant,
    *path: str,
) -> Iterator[Finding]:
    """What `retired` of an account names and may not: see `misretired`. Few accounts have any, and
    only for these is anything made."""
    for index, problem in misretired(made(), kinds, account) if account.retired else ():
        message = f"`{account.retired[index]}` cannot be retired: {problem}"
        remedy = "name what is gone and `terraform plan` refuses to let go"
        yield at_cloud("QG988", message, remedy, tenant, *path, "retired", index)
