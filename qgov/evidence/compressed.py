"""Files of a pack that are kept compressed (XZ): `xz --decompress` gives a person the text.

A newer liblzma may compress the same text to other bytes: who compares packs compares texts.
"""

from __future__ import annotations

import lzma
from typing import Final

__all__ = ["SUFFIX", "compressed", "text_of"]

SUFFIX: Final = ".xz"
PRESET: Final = 1
"""Thousands of like cases shrink to a seventieth; more takes long and gives little."""
MOST_BYTES: Final = 1 << 28
"""How much a file may unpack to."""
MOST_MEMORY: Final = 1 << 26
"""What unpacking may take, in bytes."""


def compressed(content: bytes) -> bytes:
    """The content as it lies in a pack."""
    return lzma.compress(content, preset=PRESET)


def text_of(path: str, content: bytes) -> bytes:
    """What a file of a pack says: unpacked, where its name says that it is compressed. Raises
    ValueError when it is not, or unpacks to too much."""
    if not path.endswith(SUFFIX):
        return content
    opened = lzma.LZMADecompressor(lzma.FORMAT_XZ, MOST_MEMORY)
    try:
        found = opened.decompress(content, MOST_BYTES)
    except lzma.LZMAError as error:
        raise ValueError(f"it cannot be unpacked: {error}") from error
    if not opened.eof or opened.unused_data:
        raise ValueError("it is not one compressed text, or too long")
    return found
