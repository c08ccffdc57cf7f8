"""What an `Organization` says must hold of every access, and of every change."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from qgov.language.concerns import DIFFERENT, FEWER, LESS, MEMBERS, MORE, RULES, WORDS, KeyedBy
from qgov.language.forms import form
from qgov.language.kinds.base import Name, PermissionName, Strict
from qgov.language.scalars import ScopeField, Share, Text

__all__ = ["Assurance", "Guardrail", "Guardrails", "Rails"]


_Principals = Annotated[
    list[Annotated[str, form("principals or all")]],
    Field(
        default=["*"], min_length=1, description="`group:NAME`, `workload:TENANT/NAME`; `*` globs."
    ),
]
_Spared = Annotated[
    list[Annotated[str, form("principals")]],
    Field(default_factory=list, description="Principals it is not about."),
]
_Permissions = Annotated[
    list[PermissionName], Field(min_length=1, description="The permissions it is about.")
]
_Scopes = Annotated[
    list[ScopeField],
    Field(default=["*"], min_length=1, description="The scopes it is about."),
]
_StandingOnly = Annotated[
    bool, Field(default=False, description="Just-in-time access does not count.")
]


class Guardrail(Strict):
    """A statement over principal × permission × scope that must hold of no access."""

    concern: ClassVar = RULES

    name: Name = Field(description="Its name in reports.")
    why: Annotated[Text, WORDS] = Field(description="The reason, shown when it is broken.")
    principals: Annotated[_Principals, FEWER]
    except_principals: Annotated[_Spared, MEMBERS]
    permissions: Annotated[_Permissions, FEWER]
    scopes: Annotated[_Scopes, FEWER]
    # None are any, so that neither more nor fewer of them are looser by themselves.
    backends: list[Name] = Field(default_factory=list, description="Absent: any.")
    standing_only: Annotated[_StandingOnly, MORE]


class Assurance(Guardrail):
    """A statement over principal × permission × scope that must hold of some access: the more it
    is about, the easier that is."""

    concern: ClassVar = RULES

    principals: Annotated[_Principals, MEMBERS]
    except_principals: Annotated[_Spared, FEWER]
    # `x` beside `x:own` asks for more than `x:own` alone.
    permissions: Annotated[_Permissions, DIFFERENT]
    scopes: Annotated[_Scopes, MEMBERS]
    standing_only: Annotated[_StandingOnly, LESS]


class Guardrails(Strict):
    """`never`: no access may match. `always`: some access must match."""

    concern: ClassVar = RULES

    never: Annotated[list[Guardrail], FEWER, KeyedBy(("name",))] = Field(
        default_factory=list, description="No access may match."
    )
    always: Annotated[list[Assurance], FEWER, KeyedBy(("name",))] = Field(
        default_factory=list, description="Some access must match."
    )


class Rails(Strict):
    """Bounds on what one change may take away."""

    concern: ClassVar = RULES

    max_removed: Annotated[Share, MORE] = Field(
        2500, description="Most accesses that a change may remove."
    )
    min_accesses: Annotated[int, MORE] = Field(
        10, ge=1, description="How many there must be before shares are counted."
    )
    recovery_permission: PermissionName = Field(
        "policy:write", description="What is needed to undo a change."
    )
    min_people: Annotated[int, LESS] = Field(2, ge=1, description="How many people must keep it.")
