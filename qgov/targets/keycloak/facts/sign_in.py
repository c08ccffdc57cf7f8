"""How people sign in: levels of authentication, each with its steps.

A level is what the token then says (`acr`). Where a second factor is enforced there is one level
only, which takes both: with a lower one below it, a client that asks for no level (such as the
account console) lets in with a password alone, and a stolen one enrols a code of its own. Its
number is 2: 1 is what Keycloak gives to whoever signs in by a way without levels, such as the
direct grant, so that such a token would say a second factor that nobody showed.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from qgov.targets.keycloak.facts.realm import session_s
from qgov.targets.keycloak.module import Module

__all__ = [
    "CONDITION",
    "COOKIE",
    "FLOW",
    "FORMS",
    "Level",
    "levels",
    "loa_map",
    "minimum",
]

FLOW: Final = "qgov-browser"
FORMS: Final = "qgov-browser-forms"
COOKIE: Final = "auth-cookie"
CONDITION: Final = "conditional-level-of-authentication"
_KNOWN: Final = "auth-username-password-form"
_HELD: Final = "auth-otp-form"


class Level(NamedTuple):
    """A level of authentication: the word for it, its number, and what it takes on top of the
    levels below it. People without a code must set one up: Keycloak asks that for a required
    execution only."""

    name: str
    number: int
    steps: tuple[str, ...]

    @property
    def alias(self) -> str:
        """The name of its part of the flow."""
        return f"{FLOW}-{self.name}"

    def config(self, module: Module) -> dict[str, str]:
        """What its condition is set to: once reached, a level holds as long as the session."""
        return {"loa-condition-level": str(self.number), "loa-max-age": str(session_s(module))}


def levels(module: Module) -> tuple[Level, ...]:
    """The levels, lowest first."""
    if module.provider.mfa == "enforced":
        return (Level("mfa", 2, (_KNOWN, _HELD)),)
    return (Level("pwd", 1, (_KNOWN,)), Level("mfa", 2, (_HELD,)))


def minimum(module: Module) -> str:
    """The level that nobody stays below."""
    return levels(module)[0].name


def loa_map(module: Module) -> dict[str, int]:
    """Word → number."""
    return {level.name: level.number for level in levels(module)}
