"""Measure qgov side by side with what it is compared to, in one run.

    python benchmarks/run.py            # 10,000 documents
    python benchmarks/run.py --tenants 300 --repeat 3
    python benchmarks/run.py --against main~5       # and with itself at that commit, in turn
    python benchmarks/run.py --growth 333 3331 9998  # only how time and memory grow

Every figure is a whole process, best of `--repeat`. Ratios hold across machines,
milliseconds do not; those of the processor's time hold better where others work there too.
"""

from __future__ import annotations

import argparse
import io
import math
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from generate import generate

ROOT = Path(__file__).resolve().parent.parent

BASELINE = """
import sys, yaml
from pathlib import Path
count = 0
for path in sorted(Path(sys.argv[1]).rglob("*.yaml")):
    count += sum(1 for _ in yaml.load_all(path.read_bytes(), yaml.CSafeLoader))
"""


ROLE = ("roles/researcher.yaml", "input:write, ", "")
FLOOR = ("qgov.yaml", "maxTokenAge: 12h", "maxTokenAge: 8h")
TENANT = (
    "tenants/tenant-00001/tenant.yaml",
    "role: researcher, on: test/chemistry",
    "role: developer, on: test/chemistry",
)
OTHER = ("qgov.yaml", "title: A large company", "title: A larger company")
"""Edits of the generated company: a file, a text in it, and another."""


class Run(NamedTuple):
    """One process: wall-clock seconds, peak resident memory in MiB, and the seconds that it
    and what it started had a processor, which other work on the machine disturbs less."""

    seconds: float
    memory: float
    cpu: float


class Tree(NamedTuple):
    """A version of qgov, by the folder of its code, and the repositories that it is run on. Each
    version has its own, because a plan keeps an index in the git directory."""

    code: Path
    generated: Path
    worked: Path


class Row(NamedTuple):
    """One line of the table: the runs of each version, this one's first, and what this one's
    are compared with."""

    name: str
    runs: Sequence[Run]
    against: str = ""
    ratio: str = ""
    aim: str = ""


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
    command = [sys.executable, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(code), "SOURCE_DATE_EPOCH": "1795464000"}
    start = time.perf_counter()
    with subprocess.Popen(
        command, cwd=code, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        errors = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    if process.returncode:
        raise RuntimeError(f"{command} exited {process.returncode}: {errors.decode()[-2000:]}")
    return Run(seconds, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime)


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


def without_cache(tree: Tree) -> None:
    """Forget what plans have kept."""
    shutil.rmtree(tree.generated / ".git" / "qgov", ignore_errors=True)


def planned(
    change: tuple[str, str, str], trees: Sequence[Tree], repeat: int
) -> tuple[list[Run], list[Run]]:
    """The plan of an edit without a cache, and with one that another change has left."""

    def command(tree: Tree) -> Sequence[object]:
        return ["-m", "qgov", "plan", "--root", tree.generated]

    def warm(tree: Tree) -> None:
        changed(tree, OTHER)
        once(command(tree), tree.code)
        changed(tree, change)

    for tree in trees:
        changed(tree, change)
    cold = measure(command, trees, repeat, without_cache)
    cached = measure(command, trees, repeat, warm)
    for tree in trees:
        git(tree.generated, "checkout", "--quiet", ".")
    return cold, cached


def changed(tree: Tree, change: tuple[str, str, str]) -> None:
    """Make one edit of the generated company, and no other."""
    git(tree.generated, "checkout", "--quiet", ".")
    path, old, new = change
    edit(tree.generated / path, old, new)


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
    shutil.copytree(ROOT, tree.worked, ignore=shutil.ignore_patterns(".*", "qgov", "docs"))
    commit(tree.worked)
    subprocess.run([sys.executable, "-m", "compileall", "-q", "qgov"], cwd=code, check=True)
    return tree, documents


def rows(trees: Sequence[Tree], repeat: int) -> list[Row]:
    """Everything, measured."""

    def qgov(command: str, *options: str) -> Callable[[Tree], Sequence[object]]:
        return lambda tree: ["-m", "qgov", command, *options, "--root", tree.generated]

    targets = ("--target", "opa", "--target", "idp")
    bare = measure(lambda _: ["-c", "pass"], trees, 3 * repeat)
    loader = measure(lambda tree: ["-c", BASELINE, tree.generated], trees, repeat)
    compiled = measure(
        lambda tree: [*qgov("compile", *targets)(tree), "--out", tree.generated.parent / "out"],
        trees,
        repeat,
    )
    validated = measure(qgov("validate"), trees, repeat)
    role, role_cached = planned(ROLE, trees, repeat)
    floor, floor_cached = planned(FLOOR, trees, repeat)
    for tree in trees:
        changed(tree, TENANT)
    warm = measure(qgov("plan"), trees, repeat)
    shown = measure(qgov("plan", "--witness"), trees, repeat)
    helped = measure(lambda _: ["-m", "qgov", "--help"], trees, 3 * repeat)
    for tree in trees:
        edit(
            tree.worked / "tenants" / "aurora" / "tenant.yaml",
            "role: researcher, on: test/chemistry",
            "role: quantum-developer, on: test/chemistry",
        )
    worked = measure(lambda tree: ["-m", "qgov", "plan", "--root", tree.worked], trees, 3 * repeat)

    def times(runs: Sequence[Run], others: Sequence[Run]) -> str:
        by_cpu = runs[0].cpu / others[0].cpu
        return f"{runs[0].seconds / others[0].seconds:.2f} ({by_cpu:.2f} CPU)"

    def over_bare(runs: Sequence[Run]) -> str:
        return f"+{(runs[0].seconds - bare[0].seconds) * 1000:.0f} ms"

    yaml, plain, cold = "CSafeLoader", "bare interpreter", "cold validate"
    return [
        Row("bare interpreter", bare),
        Row("`yaml.load_all(CSafeLoader)` of all files", loader),
        Row("`qgov validate`, cold", validated, yaml, times(validated, loader), "≤ 0.80"),
        Row("`qgov compile` OPA and IdP, cold", compiled, yaml, times(compiled, loader), "≤ 1.50"),
        Row(
            "`qgov plan` of one changed file, cached",
            warm,
            cold,
            times(warm, validated),
            "≤ 0.12",
        ),
        Row("`qgov plan`, a role edited", role, cold, times(role, validated), "≤ 1.20"),
        Row("the same, cached", role_cached, cold, times(role_cached, validated), "≤ 0.40"),
        Row("`qgov plan`, a floor edited", floor, cold, times(floor, validated), "≤ 1.20"),
        Row("the same, cached", floor_cached, cold, times(floor_cached, validated), "≤ 0.40"),
        Row("`qgov plan --witness`, the same", shown, "plan without", times(shown, warm), "≤ 2.00"),
        Row("`qgov --help`", helped, plain, over_bare(helped), "≤ +60 ms"),
        Row("`qgov plan`, worked repository", worked, plain, over_bare(worked), "≤ +250 ms"),
    ]


def growth(sizes: Sequence[int], repeat: int) -> None:
    """Print how the processor's time and the memory grow with the company, and by which power of
    its documents from one size to the next: 1 is in proportion."""
    what = ("`qgov validate`, cold", "`qgov compile` OPA and IdP, cold", "a role edited", "cached")
    head = ["documents", *(f"{name}, {of}" for name in what for of in ("CPU", "memory", "slope"))]
    print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}")
    before: tuple[int, list[Run]] | None = None
    for tenants in sizes:
        with tempfile.TemporaryDirectory() as name:
            tree, documents = prepared(ROOT, Path(name), tenants)
            root, out = ("--root", tree.generated), Path(name) / "out"
            compiled = ["compile", "--target", "opa", "--target", "idp", "--out", out, *root]
            runs = [
                measure(lambda _, c=command: ["-m", "qgov", *c], [tree], repeat)[0]  # type: ignore[misc]
                for command in (["validate", *root], compiled)
            ]
            runs += [run for (run,) in planned(ROLE, [tree], repeat)]
        cells = [f"{documents:,}"]
        for index, run in enumerate(runs):
            slope = (
                "" if before is None else f"{power(before[0], before[1][index], documents, run)}"
            )
            cells += [f"{run.cpu:.2f} s", f"{run.memory:,.0f} MiB", slope]
        print(f"| {' | '.join(cells)} |", flush=True)
        before = documents, runs


def power(few: int, less: Run, many: int, more: Run) -> str:
    """By which power of the documents the processor's time grows."""
    return f"{math.log(more.cpu / less.cpu) / math.log(many / few):.2f}"


def as_line(row: Row) -> str:
    """A line of the Markdown table; what another version needed stands behind."""
    now, *before = row.runs
    cells = [row.name, *figures(now), row.against, row.ratio, row.aim]
    for run in before:
        cells += [
            *figures(run),
            f"{now.seconds / run.seconds:.2f}",
            f"{now.cpu * 1000:,.0f} / {run.cpu * 1000:,.0f} ms = {now.cpu / run.cpu:.2f}",
        ]
    return f"| {' | '.join(cells)} |"


def figures(run: Run) -> tuple[str, str]:
    """Time and peak memory."""
    return f"{run.seconds * 1000:,.0f} ms", f"{run.memory:,.0f} MiB"


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tenants", type=int, default=3331)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--against", metavar="COMMIT", help="measure that commit too, in turn")
    parser.add_argument("--growth", nargs="+", type=int, metavar="TENANTS", help="only this")
    arguments = parser.parse_args()
    if arguments.growth:
        growth(arguments.growth, arguments.repeat)
        return
    head = ["what", "time", "peak memory", "against", "ratio", "aim"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tree, documents = prepared(ROOT, folder / "now", arguments.tenants)
        trees = [tree]
        if arguments.against:
            code = checked_out(arguments.against, folder / "code")
            trees.append(prepared(code, folder / "before", arguments.tenants)[0])
            head += [f"time at {arguments.against}", "its memory", "now to then", "CPU"]
        measured = rows(trees, arguments.repeat)
    print(f"{documents:,} documents, Python {sys.version.split()[0]}\n")
    print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}")
    print("\n".join(map(as_line, measured)))


if __name__ == "__main__":
    main()
