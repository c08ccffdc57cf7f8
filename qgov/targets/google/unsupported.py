"""What Google cannot hold, and whom no federation proves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from qgov.finding import Finding
from qgov.model.access_model import AccessModel
from qgov.targets.google.module import Module, modules, unlisted
from qgov.targets.refused import at_binding, refused

__all__ = ["unsupported"]

_ACCOUNT: Final = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")


def unsupported(model: AccessModel) -> list[Finding]:
    """Names that Google cannot hold, and workloads that it cannot be told of."""
    return [finding for module in modules(model) for finding in _of(module)]


def _of(module: Module) -> Iterator[Finding]:
    for known in module.workloads:
        if not _ACCOUNT.fullmatch(known.spec.name):
            yield refused(
                "QG978",
                f"`{known.spec.name}` cannot be a service account of Google's, whose names have 6 "
                "to 30 characters and begin with a letter",
                "rename the service account",
                known.source.at("name"),
                known.source.document,
            )
    for each in module.used.listed:
        problem = unlisted(module.project, each)
        if each.workload is not None and problem is not None:
            yield at_binding(
                "QG980",
                f"Google is not told of `{each.workload.id}`: {problem}",
                "say exactly who it is in `federation`, or let it go through the gateway",
                each.binding,
            )
