"""What a target is. Each is one file (or folder) of this folder that ends in `TARGET`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from msgspec import Struct, field

from qgov.finding import Finding
from qgov.model.access_model import AccessModel
from qgov.model.principal import Principal
from qgov.targets.control import Controls
from qgov.targets.parts import Parts
from qgov.targets.sections import EVERY_PERMISSION, Permissions, Section

__all__ = ["Access", "Files", "Streamed", "Target"]

Files = Mapping[str, bytes]
"""Relative POSIX path below the output folder → exact content."""

Streamed = Iterable[tuple[str, bytes]]
"""The same, one after the other: who reads on may let go of what was read."""


class Access(NamedTuple):
    """What every output says in common: a principal holds a permission at the scope of
    the binding, standing or just-in-time. `own` narrows it to what the subject owns."""

    principal: Principal
    permission: str
    scope: str
    eligible: bool
    own: bool


def _supports_everything(_: AccessModel) -> list[Finding]:
    return []


class Target(Struct, frozen=True):
    """An output of the compiler.

    `emit` is pure: no clock, environment, network, disk or randomness. `unsupported`
    says what the output cannot express, before any byte is written. `read_back` reads
    the emitted files, independently of `emit`, to the accesses that they give, so that
    all outputs can be shown to agree. `outline` is for files that take long to lay out: by
    path, values that are equal exactly when the files are. `stream` is for a target with files for
    each tenant: what `emit` gives, of which no more than one tenant's is held. `serves` are the
    types of identity providers to which it gives the roles of groups. `parts` says what the files
    are made of, and which fields that comes from. `sections` are for targets of which much looks
    at few permissions of roles: together they are the outline. `permissions` are those that
    `unsupported` looks at.
    `controls` is for the target of a cloud, or of several: by cloud, what it enforces.
    """

    name: str
    emit: Callable[[AccessModel], Files]
    unsupported: Callable[[AccessModel], list[Finding]] = _supports_everything
    read_back: Callable[[Files], frozenset[Access]] | None = None
    outline: Callable[[AccessModel], Mapping[str, object]] | None = None
    stream: Callable[[AccessModel], Streamed] | None = None
    serves: frozenset[str] = frozenset()
    parts: Parts | None = None
    sections: tuple[Section, ...] = ()
    permissions: Permissions = EVERY_PERMISSION
    controls: Mapping[str, Controls] = field(default_factory=dict)
