"""How a review writes down what it is about, so that it is found again."""

from __future__ import annotations

from unicodedata import normalize

from qgov.drift.facts import Held
from qgov.language.text import unsafe_character

__all__ = ["access_words", "written"]


def written(name: str) -> str:
    """A name as a file may hold it: what would read differently from what it is, spelled out."""
    if name.isascii() and name.isprintable():
        return name
    flat = normalize("NFC", name).encode("utf-8", "backslashreplace").decode()
    return "".join(
        c.encode("unicode_escape").decode() if unsafe_character(c) or c in "\r\n\t" else c
        for c in flat
    )


def access_words(held: Held) -> str:
    """What is held, in a line."""
    way = f", through {', '.join(held.through)}" if held.through else ""
    return written(f"{held.role} on {held.scope}{', just in time' if held.eligible else ''}{way}")
