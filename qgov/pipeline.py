"""The stages in order, readable in one place: files → model → findings → artifacts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from qgov.checks import check
from qgov.finding import Finding, has_errors, in_order
from qgov.language.documents import Documents, read_documents
from qgov.model.access_model import AccessModel
from qgov.model.link import link
from qgov.targets import emit

__all__ = ["Compiled", "compile_files", "understand", "validate_files"]


@dataclass(frozen=True, slots=True)
class Compiled:
    """What became of a repository; no artifacts when there was an error."""

    documents: Documents
    model: AccessModel | None
    findings: tuple[Finding, ...]
    artifacts: Mapping[str, bytes]


def understand(files: Mapping[str, bytes]) -> tuple[Documents, AccessModel | None, list[Finding]]:
    """Read and link: what the files say, what that means, and what is wrong with it."""
    documents, unreadable = read_documents(files)
    model, unresolved = link(documents)
    return documents, model, [*unreadable, *unresolved]


def validate_files(files: Mapping[str, bytes], now: datetime) -> Compiled:
    """Read, link and check. Rules judge only what is understood whole: they wait until
    the language and the links are free of errors."""
    documents, model, findings = understand(files)
    if model is not None and not has_errors(findings):
        findings += check(model, now)
    return Compiled(documents, model, tuple(in_order(findings)), {})


def compile_files(
    files: Mapping[str, bytes], now: datetime, only: Collection[str] = ()
) -> Compiled:
    """Read, link, check and emit the targets (all, or those named in `only`)."""
    checked = validate_files(files, now)
    if checked.model is None or has_errors(checked.findings):
        return checked
    artifacts, unsupported = emit(checked.model, only)
    findings = tuple(in_order([*checked.findings, *unsupported]))
    return Compiled(checked.documents, checked.model, findings, artifacts)
