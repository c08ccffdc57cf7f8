"""A file of what was worked out before, in the git directory: believed only as it was written.

Its first line says of which format and language it is, and the digest of the rest. A file that was
cut off, changed or written by another version is none.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from qgov import __version__
from qgov.language.kinds import KINDS

__all__ = ["load", "save"]


def load(path: Path, format_: str) -> Any:
    """What is kept at `path`; None when there is nothing that can be believed."""
    try:
        head, _, body = path.read_bytes().partition(b"\n")
        return json.loads(body) if head == _head(format_, body) else None
    except (OSError, ValueError, RecursionError):
        return None


def save(path: Path, format_: str, content: Any) -> None:
    """Keep a value of JSON at `path`, whole or not at all; a folder that cannot be written is no
    error, because this is only a cache."""
    body = json.dumps(content, separators=(",", ":")).encode()
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(_head(format_, body) + b"\n" + body)
        partial.replace(path)
    except OSError:
        with suppress(OSError):
            partial.unlink()


def _head(format_: str, body: bytes) -> bytes:
    # A blob that this version of the language reads may be one that another refuses.
    language = f"{__version__}:{len(KINDS)}"
    return f"{format_} {language} {hashlib.sha256(body).hexdigest()}".encode()
