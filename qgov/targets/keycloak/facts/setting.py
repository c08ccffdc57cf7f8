"""A value that Terraform and a realm's own JSON call by different names."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Seconds", "Setting"]


class Seconds(int):
    """A length of time, which the two write differently."""


class Setting(NamedTuple):
    """One value: the name of its argument in Terraform, the name of its field in Keycloak's JSON
    (`attributes/NAME` for one of the attributes), and the value."""

    argument: str
    field: str
    value: bool | int | str | Seconds
