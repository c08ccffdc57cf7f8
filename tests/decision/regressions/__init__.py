"""What engines once disagreed about: each file says what, where, and what is right.

A file holds `about` (one line: what disagreed, and where), `repository` (`harness`, or files
by path) and `cases`, each a `request` with the expected `allow` and `reasons`, and `warnings`
where there are some.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from qgov.model.access_model import AccessModel
from tests.decision.harness import MODEL
from tests.strategies import linked

__all__ = ["Case", "cases"]

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Case:
    """One request of a file; `name` is the file's with a number, `repository` the model's."""

    name: str
    repository: str
    model: AccessModel
    request: dict[str, Any]
    allow: bool
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]


@cache
def cases() -> tuple[Case, ...]:
    """Every case of every file."""
    return tuple(case for path in sorted(FOLDER.glob("*.json")) for case in _read(path))


def _read(path: Path) -> Iterator[Case]:
    content = json.loads(path.read_text())
    written = content["repository"]
    files = {} if written == "harness" else written
    model = linked({at: json.dumps(d).encode() for at, d in files.items()}) if files else MODEL
    for index, case in enumerate(content["cases"]):
        yield Case(
            f"{path.stem}-{index}",
            path.stem if files else "harness",
            model,
            case["request"],
            case["allow"],
            tuple(case["reasons"]),
            tuple(case.get("warnings", ())),
        )
