"""What a cloud cannot hold or express, as findings: `QG978` a name or a number, `QG979` what two
would write, and `QG980` what no control is written for, which does not stop the compiler."""

from __future__ import annotations

from typing import Final

from qgov.finding import Finding, Origin, Severity
from qgov.model.access_model import Binding, Tenant

__all__ = ["at_binding", "at_cloud", "refused"]

_WEAK: Final = frozenset({"QG980"})


def refused(code: str, message: str, remedy: str, origin: Origin, document: str) -> Finding:
    """A finding at a line of a document, as severe as its code is."""
    severity = Severity.WARNING if code in _WEAK else Severity.ERROR
    return Finding(code, message, origin, remedy, severity, document=document)


def at_binding(code: str, message: str, remedy: str, binding: Binding) -> Finding:
    """One at a binding."""
    return refused(code, message, remedy, binding.origin, binding.source.document)


def at_cloud(code: str, message: str, remedy: str, tenant: Tenant, *path: str) -> Finding:
    """One at what a tenant says of a cloud: `path` is where in `clouds`."""
    source = tenant.source
    return refused(code, message, remedy, source.at("clouds", *path), source.document)
