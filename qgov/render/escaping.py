"""Text made safe for where it goes: a terminal, a CI log, Markdown, HTML.

What a document says is hostile. It is shown and not obeyed: controls and what turns or hides
text are spelled out, and markup, links and mentions stay the characters that they are. In
HTML that is `plain`, and then the templates' own escaping.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["annotation", "code", "escape", "no_command", "one_line", "plain", "ticked"]

_CONTROL: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    r"\ud800-\udfff]"
)
"""Controls, what turns or hides text, and lone surrogates, which cannot be written."""

_COMMAND: Final = re.compile(r"(?<!\S):(?=:)|#(?=#\[)")
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]#!|~<>&$])")


def _spelled(found: re.Match[str]) -> str:
    return f"\\x{ord(found[0]):02x}"


def plain(text: str) -> str:
    """The text with control characters shown instead of obeyed."""
    return _CONTROL.sub(_spelled, text)


def one_line(text: str) -> str:
    """As `plain`, on one line: breaks and tabs are shown too."""
    return plain(text).replace("\n", "\\n").replace("\t", "\\t")


def no_command(line: str) -> str:
    """A line that a CI log does not read as a command
    (https://docs.github.com/actions/reference/workflow-commands-for-github-actions)."""
    return _COMMAND.sub(_spelled, line)


def annotation(text: str, *, is_property: bool = False) -> str:
    """The value of a workflow command of GitHub, or of a property of one."""
    for raw, safe in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A")):
        text = text.replace(raw, safe)
    return text.replace(":", "%3A").replace(",", "%2C") if is_property else text


def escape(text: str) -> str:
    """Free text as Markdown: no markup, link, mention, HTML, emoji or autolink survives."""
    flat = " ".join(plain(text).split())
    marked = _SPECIAL.sub(r"\\\1", flat).replace("\\<", "&lt;").replace("\\&", "&amp;")
    # A word joiner keeps mentions, autolinks and emoji from forming.
    unlinked = marked.replace("@", "@\u2060").replace("://", ":\u2060//")
    unlinked = re.sub(r"(?i)\bwww(?=\.)", "ww\u2060w", unlinked)
    return re.sub(r":(?=[a-z0-9_+-]+:)", ":\u2060", unlinked)


def code(text: str) -> str:
    """A name in Markdown's code span, which it cannot leave, safe inside a table cell."""
    # Two backticks around nothing are no code span; a space between them is.
    flat = " ".join(plain(text).split()).replace("|", "\u2502") or " "
    longest = max((len(run) for run in re.findall(r"`+", flat)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{fence}{pad}{flat}{pad}{fence}"


def ticked(text: str) -> str:
    """A sentence of qgov, whose names stand in single backticks, as Markdown."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    # A name may have no backtick of its own; an empty one would leave its span.
    return "".join(
        (code(part) if part else "") if index % 2 else _spaced(part)
        for index, part in enumerate(parts)
    )


def _spaced(text: str) -> str:
    """Escaped, with the spaces around it that `escape` would take away."""
    inner = escape(text)
    return f"{' ' * text[:1].isspace()}{inner}{' ' * (bool(inner) and text[-1:].isspace())}"
