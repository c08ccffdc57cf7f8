"""What `qgov compile` writes for programs: `qgov/manifest/v1` and `qgov/group-mappings/v1`."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from qgov.contracts.conditions import Eligible
from qgov.contracts.terms import Commit, Count, Digest, Instant, Scope, Sha256, one_of, said
from qgov.language.permissions import NAMES

__all__ = ["Entry", "GroupMappings", "Manifest"]


class Entry(TypedDict):
    """An artifact; `size` is in bytes."""

    path: Annotated[str, Field(pattern="^[^/]")]
    sha256: Sha256
    size: Count


class Manifest(TypedDict):
    """The artifacts of a folder that `qgov compile` wrote."""

    schema: Literal["qgov/manifest/v1"]
    commit: Commit | None
    content_digest: Digest
    qgov_version: str
    artifacts: list[Entry]


class Binding(TypedDict):
    """A role that is held at a scope, with its permissions."""

    role: str
    scope: Scope
    permissions: list[Annotated[str, one_of(sorted(NAMES))]]
    eligible: Eligible | None
    expires: NotRequired[Annotated[Instant, said("When the binding ends by itself.")]]


class Workload(TypedDict):
    """The token that a workload is known by, and what it holds."""

    issuer: str | None
    audience: str | None
    subject: str | None
    maxTokenAge: Count | None
    bindings: list[Binding]


class GroupMappings(TypedDict):
    """What a claim's values, and workloads, mean at sign-in."""

    schema: Literal["qgov/group-mappings/v1"]
    provider: str
    type: str
    protocol: str
    issuer: str
    audience: str
    groupsClaim: str
    names: NotRequired[
        Annotated[
            dict[str, str],
            said("Which group a value is, where not each is a group's name; others mean nothing."),
        ]
    ]
    groups: Annotated[dict[str, list[Binding]], said("What each value of the claim means.")]
    workloads: dict[str, Workload]
