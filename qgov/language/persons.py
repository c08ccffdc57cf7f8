"""Persons by their directory ids, compared as directories compare them."""

from __future__ import annotations

from unicodedata import normalize

__all__ = ["approved_by_another", "escaped", "folded"]


def folded(person: str) -> str:
    r"""The normal form of an id: two ids are the same person's when theirs are equal.

    Unicode's form C without case, and what is not ASCII escaped (`\xf6`), so that every
    policy engine, whatever it knows of Unicode, compares the same bytes.
    """
    if person.isascii():
        return person.lower()
    caseless = normalize("NFC", normalize("NFC", person).casefold())
    return escaped(caseless).lower()


def escaped(text: str) -> str:
    r"""The text in ASCII, other characters as `\xf6`. No document's id holds a backslash."""
    return text.encode("ascii", "backslashreplace").decode()


def approved_by_another(approver: str | None, *interested: str | None) -> bool:
    """Whether somebody approved who is none of those who asked or profit."""
    return approver is not None and folded(approver) not in {
        folded(person) for person in interested if person is not None
    }
