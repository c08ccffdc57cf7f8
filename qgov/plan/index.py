"""What is known of every blob without parsing it again.

A large repository changes in one or two files at a time. The index remembers, for each
git blob, which documents it holds, which tenant each belongs to and what that tenant
has to itself; with it, a plan loads only the tenants that a change touches. It is
a cache inside the git directory, keyed by content: deleting it costs time, never truth.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from qgov.language.documents import Document
from qgov.language.kinds.tenant import TenantSpec
from qgov.model.belonging import belongs_to
from qgov.model.scope import tenant_of
from qgov.model.tenants import cloud_accounts, ibm_accounts, retention_of
from qgov.plan import cache

__all__ = [
    "NAMED",
    "Index",
    "Summary",
    "Tie",
    "about",
    "exclusive_of",
    "load_index",
    "save_index",
    "summarize",
]

_FORMAT: Final = "qgov/index/v7"

NAMED: Final = "named group"
"""A group that a tenant brings into being without binding it; nobody else is excluded."""


class Tie(NamedTuple):
    """Something that several tenants may use: a group, a queue, a store, a token. Two of one
    `key` bear on each other when they use it differently (`use`), or when one of them was
    promised to share nothing (`alone`). `where` in the tenant it is used makes no difference to
    others, but each place is a finding of its own."""

    key: str
    use: str
    alone: bool
    where: str = ""


class Summary(NamedTuple):
    """One document of a blob: its kind and name, the tenant it belongs to (empty: the
    organization), the documents that it is about (`Kind/name`), what it has to itself (`what:
    key`), and what ties it to other tenants, as the fields of `Tie`."""

    kind: str
    name: str
    tenant: str
    about: Sequence[str] = ()
    exclusives: Sequence[str] = ()
    ties: Sequence[Sequence[Any]] = ()

    def tied(self) -> list[Tie]:
        """The ties, typed."""
        return [Tie(*tie) for tie in self.ties]


def exclusive_of(text: str) -> tuple[str, str]:
    """(what, key) of something that a tenant has to itself."""
    what, _, key = text.partition(": ")
    return what, key


Index = dict[str, tuple[Summary, ...] | None]
"""Blob id → its documents; None when the blob could not be read as documents."""


def summarize(documents: Iterable[Document]) -> tuple[Summary, ...]:
    """What is known of one blob's documents."""
    return tuple(
        Summary(
            d.kind,
            d.name,
            belongs_to(d),
            about(d),
            _exclusives(d.spec) if d.kind == "Tenant" else (),
            _ties(d) if d.kind == "Tenant" else (),
        )
        for d in documents
    )


def _ties(document: Document) -> tuple[Tie, ...]:
    spec, alone = document.spec, document.spec.isolation == "dedicated"
    roles: dict[str, set[str]] = defaultdict(set)
    for binding in spec.bindings:
        roles[f"group {binding.group}"].add(binding.role)
    found = {Tie(group, " ".join(sorted(held)), alone) for group, held in roles.items()}
    places: dict[str, list[str]] = defaultdict(list)
    for name, environment in spec.environments.items():
        if environment.queue:
            places[f"queue {environment.queue}"].append(name)
    for name, retention in retention_of(spec.retention):
        places[f"store {retention.store}"].append(name)
    found |= {Tie(key, "", alone, " ".join(sorted(where))) for key, where in places.items()}
    for account in spec.service_accounts:
        if (token := account.federation) is not None:
            key = f"token {token.issuer.rstrip('/')} {token.audience} {token.subject}"
            found.add(Tie(key, document.name, alone))
    for account in ibm_accounts(spec):
        # Its root module is there as long as some tenant has an instance in it.
        found.add(Tie(f"IBM account {account}", document.name, alone))
    return tuple(sorted(found))


def about(document: Document) -> tuple[str, ...]:
    """The documents that one is about (`Kind/name`): that it was, raises, silences or tests."""
    found = [f"{document.kind}/{former}" for former in document.metadata.previously or ()]
    if document.kind == "BudgetException":
        found.append(f"Budget/{document.spec.budget}")
    if document.kind == "Waiver":
        found.append(document.spec.document)
    if document.kind == "AccessTest":
        scopes = (case.resource.scope for case in document.spec.cases)
        found += (f"Tenant/{name}" for name in sorted({*map(tenant_of, scopes)} - {""}))
    return tuple(found)


def _exclusives(spec: TenantSpec) -> tuple[str, ...]:
    bound = {f"group: {b.group}" for b in spec.bindings if b.group is not None}
    answering = {spec.owner.group, *(account.owner for account in spec.service_accounts)}
    clouds = {f"{what}: {key}" for what, key, _ in cloud_accounts(spec)}
    return tuple(sorted(bound | {f"{NAMED}: {group}" for group in answering} | clouds))


def load_index(path: Path) -> Index:
    """The index kept at `path`; empty when there is none that can be trusted."""
    try:
        return {blob: _loaded(each) for blob, each in (cache.load(path, _FORMAT) or {}).items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def _loaded(stored: list[Any] | None) -> tuple[Summary, ...] | None:
    if stored is None:
        return None
    return tuple(
        Summary(kind, name, tenant, tuple(about), tuple(exclusives), tuple(map(tuple, ties)))
        for kind, name, tenant, about, exclusives, ties in stored
    )


def save_index(path: Path, index: Mapping[str, tuple[Summary, ...] | None]) -> None:
    """Keep the index at `path`; where that cannot be written, nothing is kept."""
    cache.save(path, _FORMAT, dict(index))
