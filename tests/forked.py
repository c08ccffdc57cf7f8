"""Another process beside this one, however little there is to do and wherever tests run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from qgov import beside

__all__ = ["forked"]


@contextmanager
def forked() -> Iterator[list[int]]:
    """Inside, all that may go on beside this process does; gives a list with an item for each."""
    found: list[int] = []

    def can_fork() -> bool:
        if not beside._is_child:
            found.append(len(found))
        return not beside._is_child

    with patch.object(beside, "MANY", 0), patch.object(beside, "_can_fork", can_fork):
        yield found
