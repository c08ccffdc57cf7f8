"""Killed at any moment, a run leaves the old folder or the new one, and the next run mends it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def moments(folder: Path, how: str) -> list[dict[str, Any]]:
    run = subprocess.run(
        [sys.executable, "-m", "tests.output.killed", folder, how],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    return [json.loads(line) for line in run.stdout.splitlines()]


@pytest.mark.parametrize("how", ["first", "again", "partial"])
def test_the_folder_is_wholly_the_old_one_or_wholly_the_new_one(tmp_path: Path, how: str) -> None:
    found = moments(tmp_path, how)
    states = [moment["state"] for moment in found]

    assert set(states) == {"old", "new"}
    assert states == sorted(states, reverse=True), "once it is new, it stays so"
    assert len(found) >= 15
    assert {moment["cut_off"] for moment in found} >= {"open", "os.mkdir", "os.rmdir"}
    assert {(moment["then"], moment["kept"], *moment["left"]) for moment in found} == {
        ("new", True)
    }


def test_in_two_steps_the_old_folder_is_put_back_by_the_next_run(tmp_path: Path) -> None:
    found = moments(tmp_path, "two-steps")
    states = Counter(moment["state"] for moment in found)

    assert set(states) == {"old", "new", "absent"}
    assert states["absent"] == 1, "between two renames, and at no other moment"
    assert {(moment["then"], moment["kept"], *moment["left"]) for moment in found} == {
        ("new", True)
    }
