"""What the language says of a source: a value that the documents are written from."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct, field

from qgov.drift.facts import Setting
from qgov.model.principal import Principal

__all__ = ["Bound", "Directory", "Leave", "Note", "Said", "Terms", "Why", "Wishes", "Workload"]


class Directory(Struct, frozen=True):
    """An identity provider that is imported: what the configuration calls it, its product, the
    issuer of its tokens, and the realm of a Keycloak."""

    name: str
    type: str
    issuer: str
    realm: str | None = None


class Leave(NamedTuple):
    """By whose leave a rule is waived for what exists and it refuses: who asked, who approved, and
    the ticket."""

    requested_by: str
    approved_by: str
    ticket: str


class Wishes(Struct, frozen=True):
    """What no source tells: the organization's name, and the groups that administer the platform
    and approve that; None: those that do, or those of `qgov init`. `leave` None: what a rule
    refuses is left out."""

    organization: str
    admins: str | None = None
    approvers: str | None = None
    leave: Leave | None = None


class Why(StrEnum):
    """Why a line is in the list: the source has it and the configuration does not say it; the
    configuration says what the source does not tell; or both, and applying it would change it."""

    UNSAID = "unsaid"
    ASSUMED = "assumed"
    CHANGES = "changes"


class Note(NamedTuple):
    """Something that somebody should look at: what, why, and what to do about it."""

    kind: Why
    what: str
    why: str
    remedy: str


class Terms(NamedTuple):
    """How an eligible binding is elevated."""

    approvers: str
    max_duration_s: int
    ticket: bool


class Bound(NamedTuple):
    """A role of somebody at a scope."""

    principal: Principal
    role: str
    scope: str
    terms: Terms | None = None


class Workload(NamedTuple):
    """A service account by whose tokens it is known, and how old these may be, in seconds."""

    issuer: str | None = None
    audience: str | None = None
    subject: str | None = None
    max_age_s: int | None = None


class Said(Struct, frozen=True):
    """Groups (name → how many people are able to act for it, None where nobody knows), roles
    (name → permissions), who is bound, and workloads by TENANT/NAME. `provider` are fields of the
    identity provider as the language writes them; `token_age_s` how old people's tokens may be;
    `words` are what the source calls things for people."""

    directory: Directory
    provider: Mapping[str, str] = field(default_factory=dict)
    tokens: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, int | None] = field(default_factory=dict)
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    bindings: tuple[Bound, ...] = ()
    workloads: Mapping[str, Workload] = field(default_factory=dict)
    token_age_s: int | None = None
    words: Mapping[Setting, str] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
