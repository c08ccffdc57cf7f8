"""The commands by name, and the help that lists them: known without loading any, or Typer."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["ABOUT", "COMMANDS", "MOST_COLUMNS", "overview"]

ABOUT: Final = "Access to quantum clouds as a reviewed change."

COMMANDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "validate": "Check the configuration in the work tree.",
        "compile": "Compile the configuration into DIR, all of it or nothing.",
        "plan": "Show what a change does to effective access.",
        "explain": "Show why a request is allowed or denied.",
        "who-can": "Show who holds PERMISSION, where, on which conditions and why.",
        "drift": "Show what runs and is not as it was reviewed.",
        "import": "Write a configuration repository of what exists.",
        "elevate": "Put those who are elevated now into their groups, and take the others out.",
        "review": "Show who has what through which group, and hold reviewers' decisions to it.",
        "conform": "Prove a compiled bundle: derived cases, and circuits that run or do not.",
        "verify": "Check an evidence pack offline: digests, statement, signature, contents.",
        "schema": "Print the JSON Schema of KIND, or the names that have one.",
        "assess": "Show what of the 30-day and 90-day plans is done, partly done, and missing.",
        "init": "Write a new configuration repository that passes its own CI.",
        "audit": "Check audit logs.",
        "onboard": "Write a new tenant from the repository's templates.",
    }
)
"""Each is the file of its name in this folder, and there the function or the group `command`,
whose docstring begins with the same line."""

MOST_COLUMNS: Final = 100
_LEAST_COLUMNS: Final = 52


def overview(columns: int) -> str:
    """What `qgov --help` prints on a terminal of this width, laid out as Typer lays out the
    help of a command."""
    longest = max(map(len, COMMANDS))
    room = max(min(columns, MOST_COLUMNS), _LEAST_COLUMNS) - 2 - 6 - longest
    lines = [
        f"  {name.ljust(longest)}  {textwrap.shorten(line, room, placeholder='...')}"
        for name, line in COMMANDS.items()
    ]
    return "\n".join(
        [
            "Usage: qgov [OPTIONS] COMMAND [ARGS]...",
            "",
            f"  {ABOUT}",
            "",
            "Options:",
            "  --version   Print the version.",
            "  -h, --help  Show this message and exit.",
            "",
            "Commands:",
            *lines,
            "",
        ]
    )
