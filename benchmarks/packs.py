"""Measure the proofs of a pull request side by side with another version, in turn.

    python benchmarks/packs.py --against main~5
    python benchmarks/packs.py --against main~5 --engines cedar rego

Each row is a whole process on the worked repository: an evidence pack of a budget's change,
`qgov verify` of it, and `qgov conform`. Best of `--repeat`; the ratio of the processor's time
holds on a busy machine too.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from measuring import (
    ROOT,
    Amount,
    Row,
    Tree,
    as_line,
    checked_out,
    columns,
    commit,
    edit,
    git,
    measure,
)

WORKED = ("qgov.yaml", "roles", "budgets", "templates", "tenants", "tests/access")
ENGINES = ("reference", "cedar", "rego", "all")


def prepared(code: Path, folder: Path) -> Tree:
    """A version with its own worked repository, one budget changed in a second commit."""
    for name in WORKED:
        source, to = code / name, folder / name
        to.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, to)
        elif source.exists():
            shutil.copy(source, to)
    commit(folder)
    edit(folder / "budgets" / "aurora-chemistry.yaml", "stopAt: 100%", "stopAt: 90%")
    git(folder, "commit", "-qam", "change")
    return Tree(code, folder, folder)


def packed(trees: Sequence[Tree], repeat: int) -> Iterator[Row]:
    """A pack made and verified, and its size."""

    def pack(tree: Tree) -> Sequence[object]:
        shutil.rmtree(tree.worked.with_suffix(".pack"), ignore_errors=True)
        to = ("--evidence", tree.worked.with_suffix(".pack"))
        return ["-m", "qgov", "plan", "--root", tree.worked, "--base", "HEAD~1", *to]

    made = measure(pack, trees, repeat)
    yield Row("evidence pack of a budget's change", made, aim="≥ 5 × better")
    files = [tree.worked.with_suffix(".pack").rglob("*.*") for tree in trees]
    sizes = [sum(file.stat().st_size for file in each) / 1e6 for each in files]
    yield Row("its size", [Amount(size, "MB") for size in sizes], aim="≤ 3 MB")
    verified = measure(
        lambda tree: ["-m", "qgov", "verify", tree.worked.with_suffix(".pack")], trees, repeat
    )
    yield Row("`qgov verify` of it", verified, aim="≤ 1,000 ms")


def conformed(trees: Sequence[Tree], engines: Sequence[str], repeat: int) -> Iterator[Row]:
    """The worked repository proven by each engine, and by all."""
    for engine in engines:
        asked = ("conform", "--engine", engine)
        runs = measure(
            lambda tree, asked=asked: ["-m", "qgov", *asked, "--root", tree.code],  # type: ignore[misc]
            trees,
            repeat,
        )
        aim = "≥ 4 × better" if engine == "all" else ""
        yield Row(f"`qgov {' '.join(asked)}`", runs, aim=aim)


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", metavar="COMMIT", required=True)
    parser.add_argument("--engines", nargs="*", default=ENGINES)
    parser.add_argument("--repeat", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        code = checked_out(arguments.against, folder / "code")
        trees = [prepared(ROOT, folder / "now"), prepared(code, folder / "before")]
        print(columns(arguments.against), flush=True)
        for row in packed(trees, arguments.repeat):
            print(as_line(row), flush=True)
        for row in conformed(trees, arguments.engines, arguments.repeat):
            print(as_line(row), flush=True)


if __name__ == "__main__":
    main()
