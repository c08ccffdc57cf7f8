"""What things are called for people, read back from where the compiled directory says it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from qgov.drift.facts import Setting
from qgov.drift.imports.said import Said
from qgov.model.principal import workload

__all__ = ["of_group", "of_organization", "of_role", "of_workload", "owner_of", "printable"]

_MOST: Final = 1000
_OWNER: Final = "Owner: "


def printable(words: Mapping[Setting, str]) -> dict[Setting, str]:
    """The words that the language takes as a text."""
    return {
        setting: text
        for setting, text in words.items()
        if text.strip() == text and text.isprintable() and len(text) <= _MOST
    }


def of_organization(said: Said, name: str) -> dict[str, str]:
    """Its title, where that is another than its name."""
    return _title(said, Setting("realm", "", "displayName"), name)


def of_group(said: Said, name: str) -> dict[str, str]:
    """The title of a group."""
    return _title(said, Setting("group", name, "description"), "")


def of_workload(said: Said, name: str) -> dict[str, str]:
    """The title of a workload."""
    return _title(said, Setting("client", workload(name), "name"), name.partition("/")[2])


def owner_of(said: Said, name: str) -> str | None:
    """The group that answers for a workload, where the source names one that there is."""
    text = said.words.get(Setting("client", workload(name), "description"), "")
    owner = text.removeprefix(_OWNER)
    return owner if text.startswith(_OWNER) and owner in said.groups else None


def of_role(said: Said, name: str) -> dict[str, str]:
    """The title and the description of a role, which all scopes agree on."""
    found = {
        text
        for setting, text in said.words.items()
        if setting.kind == "role" and setting.name.startswith(f"qgov:{name}:")
    }
    if len(found) != 1:
        return {}
    title, _, about = found.pop().partition(": ")
    words = {"title": title} if title != name or about else {}
    return {**words, **({"description": about} if about else {})}


def _title(said: Said, setting: Setting, name: str) -> dict[str, str]:
    text = said.words.get(setting, "")
    return {"title": text} if text and text != name else {}
