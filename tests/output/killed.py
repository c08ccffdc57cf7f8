"""Run `publish` again and again, each time killed at the next call into the file system.

    python -m tests.output.killed FOLDER first|again|partial|two-steps

prints one line of JSON for each moment: the call that was cut off, what then stood in the
folder (`old`, `new`, `absent` or a description), and what the next run made of it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import qgov.output.beside as beside_module
from qgov.output import publish
from tests.output.folders import OLD, OTHERS, contents, keep_others, siblings

NEW = {"idp/a.json": b"9", "policy/data.json": b"{}", "docs/x.md": b"x"}

# Calls that change something or that a change follows; reading more often adds nothing.
_CALLS = ("open", "os.", "shutil.", "tempfile.", "fcntl.", "ctypes.dlsym")


def _main(folder: Path, how: str) -> None:
    partial = how == "partial"
    if how == "two-steps":
        beside_module._exchanged = lambda *_: False

    def prepare(out: Path) -> None:
        if how != "first":
            publish(out, OLD, None)
            keep_others(out)

    def update(out: Path) -> None:
        publish(out, NEW, "c0ffee", partial=partial)

    states = {}
    for name, steps in (("old", [prepare]), ("new", [prepare, update])):
        for step in steps:
            step(folder / name / "out")
        states[name] = contents(folder / name / "out")
    number = 0
    while True:
        number += 1
        out = folder / str(number) / "out"
        out.parent.mkdir()
        prepare(out)
        cut_off = _killed(update, out, number)
        if cut_off is None:
            return
        found = contents(out)
        missing = "neither" if out.exists() else "absent"
        state = next((name for name, known in states.items() if known == found), missing)
        update(out)
        print(  # noqa: T201
            json.dumps(
                {
                    "cut_off": cut_off,
                    "state": state,
                    "then": "new" if contents(out) == states["new"] else "wrong",
                    "kept": how == "first" or OTHERS.items() <= contents(out).items(),
                    "left": siblings(out),
                }
            )
        )
        shutil.rmtree(out.parent)


def _killed(act: Callable[[Path], None], out: Path, number: int) -> str | None:
    """Act in a process that is killed just before its `number`th call; the call's name, or
    None when there were fewer."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        calls = 0

        def kill(event: str, _: tuple[Any, ...]) -> None:
            nonlocal calls
            if event.startswith(_CALLS):
                calls += 1
                if calls == number:
                    os.write(writing, event.encode())
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(kill)
        act(out)
        os._exit(0)
    os.close(writing)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reading) as stream:
        event = stream.read()
    if os.WIFSIGNALED(status):
        return event
    assert status == 0, f"{act} failed"
    return None


if __name__ == "__main__":
    _main(Path(sys.argv[1]), sys.argv[2])
