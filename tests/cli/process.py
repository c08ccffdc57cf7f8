"""The command line as its own process, where that makes a difference."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["ENVIRONMENT", "ROOT", "spawn", "spawn_once"]

ROOT = Path(__file__).parents[2]
"""The worked configuration repository, which is also the source."""

ENVIRONMENT = {
    **{
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GIT_", "LC_", "QGOV_")) and name not in ("LANG", "NO_COLOR")
    },
    "PYTHONPATH": str(ROOT),
    "SOURCE_DATE_EPOCH": "1795428000",
}


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


_IN_TURN = """
import json, sys
from qgov.cli import main
for arguments in json.loads(sys.argv[1]):
    sys.argv = ["qgov", *arguments]
    try:
        main()
    except SystemExit as stop:
        for stream in (sys.stdout, sys.stderr):
            print(f"\\0{stop.code}", file=stream, flush=True)
"""


def spawn_once(
    commands: Sequence[Sequence[object]], *, env: Mapping[str, str], cwd: Path = ROOT
) -> list[tuple[int, bytes, bytes]]:
    """Run several commands in turn in one process with just this environment: the status of
    each, and what it printed on standard output and standard error."""
    done = subprocess.run(
        [sys.executable, "-c", _IN_TURN, json.dumps([[*map(str, c)] for c in commands])],
        cwd=cwd,
        env=env,
        capture_output=True,
        check=True,
    )
    found, text = [], (done.stdout, done.stderr)
    for _ in commands:
        (out, status, more), (err, _, rest) = (_until_status(stream) for stream in text)
        found.append((status, out, err))
        text = more, rest
    assert text == (b"", b"")
    return found


def _until_status(stream: bytes) -> tuple[bytes, int, bytes]:
    printed, _, rest = stream.partition(b"\0")
    status, _, rest = rest.partition(b"\n")
    return printed, int(status), rest
