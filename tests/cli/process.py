"""The command line as its own process, where that makes a difference."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

__all__ = ["ENVIRONMENT", "ROOT", "spawn"]

ROOT = Path(__file__).parents[2]
"""The worked configuration repository, which is also the source."""

ENVIRONMENT = {
    **{
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("COVERAGE_", "GIT_", "LC_", "QGOV_"))
        and name not in ("LANG", "NO_COLOR")
    },
    "PYTHONPATH": str(ROOT),
    "SOURCE_DATE_EPOCH": "1795428000",
}
"""What a process of the tests finds. It is not measured, which would double its time: every
command is measured in this process."""


def spawn(
    *arguments: object, cwd: Path = ROOT, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run `python -m qgov` and return what it printed and its status."""
    return subprocess.run(
        [sys.executable, "-m", "qgov", *map(str, arguments)],
        cwd=cwd,
        env={**ENVIRONMENT, **(env or {})},
        capture_output=True,
        check=False,
    )
