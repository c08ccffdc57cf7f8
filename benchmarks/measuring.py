"""What every benchmark measures with: processes, versions of qgov, and the lines of a table."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from generate import generate

ROOT = Path(__file__).resolve().parent.parent

NOW = {"SOURCE_DATE_EPOCH": "1795464000"}
"""The moment that all versions are told it is."""


class Run(NamedTuple):
    """One process: wall-clock seconds, peak resident memory in MiB (at least that of the process
    which starts it), and the seconds that it and what it started had a processor, which other work
    on the machine disturbs less."""

    seconds: float
    memory: float
    cpu: float


class Rate(NamedTuple):
    """Something done a second: by the clock, and by the seconds that its process had a
    processor."""

    clock: float
    cpu: float


class Amount(NamedTuple):
    """A size or a time that was measured otherwise."""

    value: float
    unit: str


Figure = Run | Rate | Amount


class Tree(NamedTuple):
    """A version of qgov, by the folder of its code, and the repositories that it is run on. Each
    version has its own, because a plan keeps an index in the git directory."""

    code: Path
    generated: Path
    worked: Path


class Row(NamedTuple):
    """One line of the table: a figure of each version, this one's first, and what this one's
    is compared with."""

    name: str
    figures: Sequence[Figure]
    against: str = ""
    ratio: str = ""
    aim: str = ""


# -------------------------------------------------------------------------------------- processes


def measure(
    arguments: Callable[[Tree], Sequence[object]],
    trees: Sequence[Tree],
    repeat: int,
    before: Callable[[Tree], None] = lambda _: None,
) -> list[Run]:
    """The best of several runs of Python in each tree, which take turns, each with something
    `before` that is not measured. Raises RuntimeError when one fails."""
    best = [Run(*[float("inf")] * 3)] * len(trees)
    for _ in range(repeat):
        for index, tree in enumerate(trees):
            before(tree)
            best[index] = Run(*map(min, best[index], once(arguments(tree), tree.code)))
    return best


def once(arguments: Sequence[object], code: Path) -> Run:
    """One run of Python with the qgov of a folder. Raises RuntimeError when it fails."""
    return timed([sys.executable, *arguments], code, {"PYTHONPATH": str(code)})


def timed(
    command: Sequence[object], folder: Path, environment: Mapping[str, str], status: int = 0
) -> Run:
    """One run of a program in a folder, with these variables besides. Raises RuntimeError when it
    ends with another status."""
    start = time.perf_counter()
    with subprocess.Popen(
        [*map(str, command)],
        cwd=folder,
        env={**os.environ, **NOW, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr is not None
        errors = process.stderr.read()
        _, ended, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(ended)
    seconds = time.perf_counter() - start
    if process.returncode != status:
        raise RuntimeError(f"{command} exited {process.returncode}: {errors.decode()[-2000:]}")
    return Run(seconds, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime)


# --------------------------------------------------------------------------------------- versions


def git(folder: Path, *arguments: str) -> bytes:
    """Run git with an identity; returns what it prints."""
    identity = ("-c", "user.name=bench", "-c", "user.email=bench@bench.example")
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE).stdout


def commit(folder: Path) -> None:
    """Make a folder a repository with one commit."""
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "base")


def edit(path: Path, old: str, new: str) -> None:
    """Replace a text that must be there."""
    text = path.read_text()
    assert old in text, (path, old)
    path.write_text(text.replace(old, new))


def checked_out(revision: str, folder: Path) -> Path:
    """The files of a commit of this repository, in a folder that git does not know of."""
    archive = git(ROOT, "archive", "--format=tar", revision)
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return folder


def prepared(code: Path, folder: Path, tenants: int) -> tuple[Tree, int]:
    """A version with its repositories, and how many documents are in the generated one."""
    tree = Tree(code, folder / "repository", folder / "worked")
    documents = generate(tree.generated, tenants)
    commit(tree.generated)
    shutil.copytree(code, tree.worked, ignore=shutil.ignore_patterns(".*", "qgov", "docs", "build"))
    commit(tree.worked)
    subprocess.run([sys.executable, "-m", "compileall", "-q", "qgov"], cwd=code, check=True)
    return tree, documents


# ---------------------------------------------------------------------------------------- a table


def heads(*names: str) -> str:
    """The head of a Markdown table."""
    return f"| {' | '.join(names)} |\n|{'---|' * len(names)}"


def columns(against: str | None) -> str:
    """The head of a table of rows."""
    names = ["what", "time or size", "CPU", "peak memory", "against", "ratio", "aim"]
    if against:
        names += [f"at {against}", "its CPU", "its memory", "better by", "CPU"]
    return heads(*names)


def as_line(row: Row) -> str:
    """A line of the Markdown table; what another version needed stands behind, and how many
    times better this one is."""
    now, *before = row.figures
    cells = [row.name, *figures(now), row.against, row.ratio, row.aim]
    for figure in before:
        cells += [*figures(figure), *better(now, figure)]
    return f"| {' | '.join(cells)} |"


def figures(figure: Figure) -> tuple[str, str, str]:
    """What was measured, and where it is a process its processor's time and peak memory."""
    if isinstance(figure, Run):
        seconds, memory, cpu = figure
        return f"{seconds * 1000:,.0f} ms", f"{cpu * 1000:,.0f} ms", f"{memory:,.0f} MiB"
    if isinstance(figure, Rate):
        return f"{figure.clock:,.0f} /s", f"{figure.cpu:,.0f} /s", ""
    return f"{figure.value:,.2f} {figure.unit}", "", ""


def better(now: Figure, then: Figure) -> tuple[str, str]:
    """How many times less it is than then, or for a rate more; by the clock and the processor."""
    if isinstance(now, Run) and isinstance(then, Run):
        return f"{then.seconds / now.seconds:.2f} ×", f"{then.cpu / now.cpu:.2f} ×"
    if isinstance(now, Rate) and isinstance(then, Rate):
        return f"{now.clock / then.clock:.2f} ×", f"{now.cpu / then.cpu:.2f} ×"
    assert isinstance(now, Amount)
    assert isinstance(then, Amount)
    more = now.value / then.value
    return f"{more if now.unit.endswith('/s') else 1 / more:.2f} ×", ""


def times(runs: Sequence[Run], others: Sequence[Run]) -> str:
    """This version's run by another of its runs."""
    by_cpu = runs[0].cpu / others[0].cpu
    return f"{runs[0].seconds / others[0].seconds:.2f} ({by_cpu:.2f} CPU)"
