"""`docs/identity.md`: its table of reasons, as the code has them."""

from __future__ import annotations

import re
from typing import Final

from qgov.identity.reasons import WORDS

__all__ = ["with_reasons"]

_BLOCK: Final = re.compile(r"(?<=-->\n)(?:\|[^\n]*\n)*(?=<!-- end -->)")


def with_reasons(page: str) -> str:
    """The page with the table between its marks written anew."""
    rows = [f"| `{reason}` | {words} |\n" for reason, words in WORDS.items()]
    return _BLOCK.sub(lambda _: "".join(["| reason | when |\n|---|---|\n", *rows]), page, count=1)
