"""One file, put in the place of another: the whole of it or nothing."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

__all__ = ["put_file"]


def put_file(path: Path, content: bytes) -> None:
    """Write the file in one step, readable by all. Raises OSError."""
    handle, name = tempfile.mkstemp(prefix=".qgov-new-", dir=path.parent)
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        fresh.chmod(0o644)
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
