"""Kind `Role`: a named set of permissions with the conditions it requires."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from qgov.language.concerns import ACCESS, FEWER, LESS, MEMBERS, PRESENT, RULES
from qgov.language.kinds.base import Floor, Metadata, Name, PermissionName, Strict

__all__ = ["RoleDocument", "RoleSpec"]


class RoleSpec(Strict):
    """What a role may do, and on which conditions."""

    concern: ClassVar = ACCESS

    permissions: Annotated[list[PermissionName], MEMBERS] = Field(
        min_length=1, description="Permissions of the closed catalogue."
    )
    requires: Floor = Field(
        default_factory=lambda: Floor.model_validate({}),
        description="Conditions on top of the floors.",
    )
    conflicts_with: Annotated[list[Name], RULES, FEWER] = Field(
        default_factory=list, description="Roles that the same principal may not also hold."
    )
    privileged: Annotated[bool, RULES, LESS] = Field(
        False, description="Administers the platform; needs MFA and review whatever it permits."
    )


class RoleDocument(Strict):
    """A role."""

    looser: ClassVar = PRESENT

    metadata: Metadata
    spec: RoleSpec
