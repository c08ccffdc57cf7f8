"""Each benchmark at a small size, run as a person runs it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "benchmarks"
TINY = ("--tenants", "4", "--small", "3", "--repeat", "1", "--requests", "10")
SEEN = r"\d[\d,]* ms"

pytestmark = pytest.mark.no_cover  # whole processes


def printed(name: str, *options: str, scratch: Path) -> list[list[str]]:
    """The cells of each row that a benchmark prints."""
    done = subprocess.run(
        [sys.executable, BENCHMARKS / name, *options],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(scratch)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_row_of_a_company_is_measured(tmp_path: Path) -> None:
    parts = ("start", "validate", "compile", "file", "role", "floor", "small")
    head, *rows = printed("run.py", *TINY, "--only", *parts, scratch=tmp_path)
    assert head[:4] == ["what", "time or size", "CPU", "peak memory"]
    names = [row[0] for row in rows]
    assert len(names) == len({*names}) == 16
    assert "`qgov plan`, a floor edited, cached" in names
    assert "`qgov plan`, a role edited, 3 tenants" in names
    for row in rows:
        assert re.fullmatch(SEEN, row[1]), row
        assert re.fullmatch(SEEN, row[2]), row
        assert re.fullmatch(r"[1-9]\d* MiB", row[3]), row


def test_another_version_is_measured_beside_it(tmp_path: Path) -> None:
    head, *rows = printed(
        "run.py", *TINY, "--against", "HEAD", "--only", "validate", scratch=tmp_path
    )
    assert head[7:] == ["at HEAD", "its CPU", "its memory", "better by", "CPU"]
    assert len(rows) == 2
    for row in rows:
        assert re.fullmatch(SEEN, row[7]), row
        assert re.fullmatch(r"\d+\.\d\d ×", row[11]), row


def test_engines_and_the_gateway_are_measured(tmp_path: Path) -> None:
    _, *rows = printed("run.py", *TINY, "--only", "decisions", "gateway", scratch=tmp_path)
    figures = {row[0]: row[1] for row in rows}
    assert re.fullmatch(r"[1-9][\d,]* /s", figures["decisions, reference"])
    assert re.fullmatch(r"\d+\.\d\d ms", figures["what the gateway adds to it"])


def test_growth_has_the_power_from_one_size_to_the_next(tmp_path: Path) -> None:
    _, *rows = printed("run.py", "--repeat", "1", "--growth", "3", "6", scratch=tmp_path)
    assert [row[0] for row in rows] == ["15", "24"]
    assert [rows[0][column] for column in (3, 6, 9, 12)] == [""] * 4
    assert all(re.fullmatch(r"-?\d+\.\d\d", rows[1][column]) for column in (3, 6, 9, 12))


@pytest.mark.real
def test_peers_are_asked_what_they_notice_or_skipped_with_words(tmp_path: Path) -> None:
    none = tmp_path / "none"
    _, *rows = printed(
        "peers.py", "--tenants", "3", "--repeat", "1", "--peers", str(none), scratch=tmp_path
    )
    checks = {row[0]: row[2:5] for row in rows}
    assert checks["`qgov validate`"] == ["yes", "yes", "yes"]
    assert checks.get("`opa eval --fail-defined`", ["yes"] * 3) == ["yes", "yes", "yes"]
    terraform = checks.get("`terraform validate` of the directory's module", ["yes", "yes", "—"])
    assert terraform == ["yes", "yes", "—"]
