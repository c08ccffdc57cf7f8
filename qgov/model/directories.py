"""How each product's tokens name a group: the value of the claim that a group is known by.

Keycloak writes the full path, Okta the name, Entra the object id; any other is said to write the
id where one is written, else the name. What a product can hold stands beside it, in one table.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from qgov.language.kinds.directory import IdentityProvider
from qgov.model.access_model import AccessModel, Group

__all__ = ["DIRECTORIES", "Directory", "claim_value", "claimed", "directory_id", "is_made"]


class Directory(Struct, frozen=True):
    """A product. `by_id` and `by_name` are what its groups claim may hold; `longest` is the most
    characters of a name; `id_form` is what an id must look like, `id_words` how that is told. A
    directory that is `ours` holds the groups that qgov makes, under qgov's names."""

    by_id: bool
    by_name: bool
    longest: int
    id_form: re.Pattern[str] | None = None
    id_words: str = ""
    ours: bool = False
    folds: bool = False
    """Whether case makes no difference to its ids."""
    made: bool = True
    """Whether Terraform makes its groups, those with an id apart."""


_ANY: Final = re.compile(r"(?s).+")

DIRECTORIES: Final[Mapping[str, Directory]] = {
    "keycloak": Directory(by_id=False, by_name=True, longest=255, ours=True),
    "okta": Directory(
        by_id=False,
        by_name=True,
        longest=255,
        id_form=re.compile(r"00g[A-Za-z0-9]{17}"),
        id_words="`00g` and 17 letters and digits",
    ),
    "entra": Directory(
        by_id=True,
        by_name=False,
        longest=256,
        id_form=re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"),
        id_words="an object id such as 6f1c0a52-0f6e-4c37-9f0b-3a1d2c4e5f60",
        folds=True,
    ),
    "generic": Directory(
        by_id=True,
        by_name=True,
        longest=1000,
        id_form=_ANY,
        id_words="what the claim holds",
        made=False,
    ),
}
"""By the `type` of an identity provider."""


def claim_value(provider: IdentityProvider, group: Group) -> str | None:
    """What the groups claim holds for a group, the `/` before a Keycloak's path left out; None
    where nobody has said it, so that nobody can be in the group."""
    directory = DIRECTORIES[provider.type]
    if directory.by_id and (id_ := directory_id(provider, group)) is not None:
        return id_
    return group.called if directory.by_name else None


def directory_id(provider: IdentityProvider, group: Group) -> str | None:
    """The id of a group as its directory compares it; None where nobody has said it."""
    id_ = group.directory_id
    return id_.lower() if id_ is not None and DIRECTORIES[provider.type].folds else id_


def is_made(provider: IdentityProvider, group: Group) -> bool:
    """Whether Terraform makes a group, and did not find it there."""
    return DIRECTORIES[provider.type].made and group.directory_id is None


def claimed(model: AccessModel, provider: str) -> dict[str, str] | None:
    """Claim value → group, where a provider's tokens say something other than the groups' names:
    then no other value means anything, nor one that is two groups'. None where each value is a
    name."""
    return model.once(_claimed)[provider]


def _claimed(model: AccessModel) -> Mapping[str, dict[str, str] | None]:
    return {name: _claimed_at(model, name) for name in model.organization.providers}


def _claimed_at(model: AccessModel, provider: str) -> dict[str, str] | None:
    of = model.organization.providers[provider].value
    groups = model.once(_by_provider).get(provider, ())
    values = {group.name: claim_value(of, group) for group in groups}
    if DIRECTORIES[of.type].by_name and all(value == name for name, value in values.items()):
        return None
    counted = Counter(values.values())
    return {
        value: name
        for name, value in sorted(values.items())
        if value is not None and counted[value] == 1
    }


def _by_provider(model: AccessModel) -> Mapping[str, tuple[Group, ...]]:
    found: dict[str, list[Group]] = {}
    for group in model.groups.values():
        found.setdefault(group.provider, []).append(group)
    return {name: tuple(groups) for name, groups in found.items()}
