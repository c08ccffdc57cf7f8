"""The stages in order, readable in one place: `load` (files → documents → model) → `check`
(→ findings) → `emit` (→ artifacts).

Commands that look at one moment load everything. A plan loads of its two moments what the
change between them reaches, and says what it knows of the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from qgov import checks, targets
from qgov.finding import Finding, has_errors, in_order
from qgov.language.documents import Documents, read_documents
from qgov.model.access_model import AccessModel, Exclusive
from qgov.model.link import link, link_roles
from qgov.records import replace

__all__ = ["EVERYTHING", "Loaded", "Rest", "check", "emit", "load", "stream", "understand"]


class Rest(Struct, frozen=True):
    """What is known of the documents that are not loaded: the (kind, name) of each, and what
    their tenants have to themselves that a loaded one has as well."""

    names: Collection[tuple[str, str]] = ()
    exclusives: Collection[Exclusive] = ()


EVERYTHING: Final = Rest()
"""Nothing is left out."""


class Loaded(Struct, frozen=True):
    """What was read of a repository, what it means, and what is wrong with it; `silenced` is
    what would be, were it not waived. There is no
    model where the language or the links have errors, and no artifact before `emit`, or where
    anything has."""

    documents: Documents
    model: AccessModel | None
    findings: tuple[Finding, ...]
    artifacts: Mapping[str, bytes]
    silenced: tuple[Finding, ...] = ()


def load(files: Mapping[str, bytes]) -> Loaded:
    """Read and link: what files (path → bytes) say, and what that means."""
    return understand(*read_documents(files))


def understand(
    documents: Documents,
    unreadable: Sequence[Finding] = (),
    rest: Rest = EVERYTHING,
    other: Loaded | None = None,
) -> Loaded:
    """Link documents that were read; `unreadable` is what could not be. What they mean as those of
    `other` do, with the same of the rest, is shared with it."""
    if other is not None and other.model is not None and not other.findings and not unreadable:
        alike = link_roles(other.model, documents)
        if alike is not None:
            return Loaded(documents, alike, (), {})
    model, unresolved = link(documents, rest.names, rest.exclusives)
    findings = tuple(in_order([*unreadable, *unresolved]))
    return Loaded(documents, None if has_errors(findings) else model, findings, {})


def check(loaded: Loaded, now: datetime) -> Loaded:
    """With what the rules find by a clock. They judge only what is understood whole."""
    if loaded.model is None:
        return loaded
    found, silenced = checks.judge(loaded.model, now)
    findings = tuple(in_order([*loaded.findings, *found]))
    return replace(loaded, findings=findings, silenced=tuple(in_order(silenced)))


def emit(loaded: Loaded, only: Collection[str] = ()) -> Loaded:
    """With the artifacts of all targets, or of those named in `only`."""
    emitted, artifacts = stream(loaded, only)
    return replace(emitted, artifacts=dict(sorted(artifacts)))


def stream(
    loaded: Loaded, only: Collection[str] = ()
) -> tuple[Loaded, Iterator[tuple[str, bytes]]]:
    """With what the targets cannot express; and (path, content) of each artifact, which is made
    when it is asked for, so that they need not all be held."""
    if loaded.model is None or has_errors(loaded.findings):
        return loaded, iter(())
    artifacts, unsupported = targets.stream(loaded.model, only)
    findings = tuple(in_order([*loaded.findings, *unsupported]))
    return replace(loaded, findings=findings), artifacts
