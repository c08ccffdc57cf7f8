"""Principals: who holds an access. `group:NAME`, `workload:TENANT/NAME`, or `user:ID` for a
person who is elevated. The one place that makes them and takes them apart."""

from __future__ import annotations

from typing import NewType

__all__ = [
    "Principal",
    "group",
    "is_group",
    "is_user",
    "is_workload",
    "kind_of",
    "name_of",
    "user",
    "workload",
]

Principal = NewType("Principal", str)
"""As every output spells it; sorts by kind and then by name."""


def group(name: str) -> Principal:
    """The people of a directory group."""
    return Principal(f"group:{name}")


def workload(id_: str) -> Principal:
    """A service account, by `TENANT/NAME`."""
    return Principal(f"workload:{id_}")


def user(id_: str) -> Principal:
    """One person, by their directory id."""
    return Principal(f"user:{id_}")


def kind_of(principal: str) -> str:
    """`group`, `workload` or `user`."""
    return principal.partition(":")[0]


def name_of(principal: str) -> str:
    """What follows the kind: a group's name, a workload's or a person's id."""
    return principal.partition(":")[2]


def is_group(principal: str) -> bool:
    """Whether it is a directory group."""
    return principal.startswith("group:")


def is_workload(principal: str) -> bool:
    """Whether it is a service account."""
    return principal.startswith("workload:")


def is_user(principal: str) -> bool:
    """Whether it is one person."""
    return principal.startswith("user:")
