"""Bytes to text: UTF-8 that shows what it says."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from qgov.finding import Finding, Origin

__all__ = ["MAX_BYTES", "decode", "named", "unsafe_character"]

MAX_BYTES: Final = 4 * 1024 * 1024

# Controls, line separators that editors do not show, bidirectional overrides, and
# everything that Unicode's Default_Ignorable_Code_Point lets a font leave out: text that
# reads differently from what it is (https://trojansource.codes/, UTS #39).
_UNSAFE_TEXT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_LONE_CR = re.compile("\r(?!\n)")


def decode(path: str, data: bytes) -> tuple[str | None, list[Finding]]:
    """The text of a file at `path`, or None and why it is refused."""

    def refused(code: str, message: str, remedy: str, offset: int = 0) -> list[Finding]:
        before = data[:offset].decode("utf-8", "replace")
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        return [Finding(code, message, Origin(path, line, column), remedy)]

    if len(data) > MAX_BYTES:
        return None, refused(
            "QG101", f"the file has {len(data)} bytes, more than {MAX_BYTES}", "split the file"
        )
    if data.startswith(b"\xef\xbb\xbf"):
        return None, refused(
            "QG103", "the file starts with a byte order mark", "save it as UTF-8 without BOM"
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return None, refused("QG102", "the file is not UTF-8", "save it as UTF-8", error.start)
    if not text.strip():
        return None, refused("QG104", "the file is empty", "write a document or remove the file")
    if (bad := unsafe_character(text)) is not None:
        return None, refused(
            "QG105",
            f"{named(bad)} is not allowed",
            "remove it; text must show what it says",
            len(text[: bad.start()].encode()),
        )
    return text, []


def unsafe_character(text: str) -> re.Match[str] | None:
    """The first character that reads differently from what it is, if there is one."""
    return _UNSAFE_TEXT.search(text) or _LONE_CR.search(text)


def named(character: re.Match[str]) -> str:
    """A character as findings name it: by its code point and its name in Unicode."""
    name = unicodedata.name(character.group(), "control character").lower()
    return f"character U+{ord(character.group()):04X} ({name})"
