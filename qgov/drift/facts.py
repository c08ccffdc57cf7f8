"""What an observer tells of a system, in the same words for every system."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final, NamedTuple, TypeAlias

from msgspec import Struct, field

from qgov.language.persons import folded
from qgov.model.principal import Principal, name_of, user

__all__ = [
    "ANYONE",
    "EVERYONE",
    "Facts",
    "Held",
    "Person",
    "Plain",
    "Setting",
    "client",
    "label_of",
]

Plain: TypeAlias = "str | int | float | bool | tuple[Plain, ...] | None"
"""What a setting may hold: compared, and shown, as it is."""

EVERYONE: Final = Principal("everyone")
"""Whoever has an account at the system."""

ANYONE: Final = Principal("anyone")
"""Whoever reaches the system."""


def client(id_: str) -> Principal:
    """A client of an identity provider that is no workload of ours."""
    return Principal(f"client:{id_}")


def label_of(person: Principal) -> Principal:
    """A person without a name: the same for the same person, in every report."""
    digest = hashlib.sha256(folded(name_of(person)).encode()).hexdigest()
    return user(f"~{digest[:12]}")


class Held(NamedTuple):
    """Somebody has a role at a scope, all the time or (`eligible`) by an elevation that may be
    asked for. `through` is the chain that gives it, outermost first, in words that follow
    "through"; empty where it is given as it is reviewed."""

    principal: Principal
    role: str
    scope: str
    through: tuple[str, ...] = ()
    eligible: bool = False

    @property
    def what(self) -> tuple[Principal, str, str, bool]:
        """What is held, whatever it goes through."""
        return self.principal, self.role, self.scope, self.eligible


class Setting(NamedTuple):
    """A field of a thing that access rests on: (`client`, `qgov`, `fullScopeAllowed`)."""

    kind: str
    name: str
    field: str


class Person(NamedTuple):
    """What is known of an account in a group. `signed_in` None: the system does not say. `id`:
    what the configuration knows the person by, where that is not the name."""

    name: str
    enabled: bool = True
    signed_in: bool | None = None
    external: bool = False
    service_account: bool = False
    id: str = ""

    @property
    def known_as(self) -> str:
        """What the configuration knows the person by."""
        return self.id or self.name


class Facts(Struct, frozen=True):
    """What a system holds, or what it should.

    `elevated` holds by an elevation that was carried out. `roles` are the permissions (to whether
    they are narrowed to one's own) of roles that the system itself defines. A thing of `settings`
    exists where it has the field of the empty name. `groups` are by their whole path. `revision`
    is that of a policy bundle.
    """

    held: tuple[Held, ...] = ()
    elevated: tuple[Held, ...] = ()
    roles: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    settings: dict[Setting, Plain] = field(default_factory=dict)
    groups: Mapping[str, tuple[Person, ...]] = field(default_factory=dict)
    revision: str | None = None

    @property
    def count(self) -> int:
        """How many facts these are."""
        members = sum(map(len, self.groups.values()))
        parts = (self.held, self.elevated, self.roles, self.settings, self.groups)
        return sum(map(len, parts)) + members + (self.revision is not None)
