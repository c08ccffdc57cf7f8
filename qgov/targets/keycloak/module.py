"""What one Keycloak is made from."""

from __future__ import annotations

from typing import Final

from qgov.model.access_model import AccessModel
from qgov.targets import directory
from qgov.targets.directory import Module, shortened

__all__ = ["WIDTH", "Module", "modules", "short"]

WIDTH: Final = 255
"""The most characters of a name, a description or one value of an attribute in Keycloak."""


def modules(model: AccessModel) -> tuple[Module, ...]:
    """A root module for each Keycloak."""
    return directory.modules(model, "keycloak")


def short(text: str) -> str:
    """A text within the width of Keycloak's columns."""
    return shortened(text, WIDTH)
