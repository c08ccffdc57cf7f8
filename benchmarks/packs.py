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
from collections.abc import Sequence
from pathlib import Path

from run import ROOT, Run, Tree, checked_out, commit, edit, figures, git, measure

WORKED = ("qgov.yaml", "roles", "budgets", "templates", "tenants", "tests/access")


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


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", metavar="COMMIT", required=True)
    parser.add_argument("--engines", nargs="*", default=["reference", "cedar", "rego", "all"])
    parser.add_argument("--repeat", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        code = checked_out(arguments.against, folder / "code")
        trees = [prepared(ROOT, folder / "now"), prepared(code, folder / "before")]

        def pack(tree: Tree) -> Sequence[object]:
            shutil.rmtree(tree.worked.with_suffix(".pack"), ignore_errors=True)
            to = ("--evidence", tree.worked.with_suffix(".pack"))
            return ["-m", "qgov", "plan", "--root", tree.worked, "--base", "HEAD~1", *to]

        columns = ("what", "time", "peak memory", f"at {arguments.against}", "its memory")
        print(f"| {' | '.join(columns)} | CPU, then to now |\n{'|---' * 6}|")
        show("evidence pack of a budget's change", measure(pack, trees, arguments.repeat))
        sizes = [
            sum(file.stat().st_size for file in tree.worked.with_suffix(".pack").rglob("*.*")) / 1e6
            for tree in trees
        ]
        print(f"| its size | {sizes[0]:.1f} MB | | {sizes[1]:.1f} MB | | |", flush=True)
        verify = measure(
            lambda tree: ["-m", "qgov", "verify", tree.worked.with_suffix(".pack")],
            trees,
            arguments.repeat,
        )
        show("`qgov verify` of it", verify)
        for engine in arguments.engines:
            asked = ("conform", "--engine", engine)
            runs = measure(
                lambda tree, asked=asked: ["-m", "qgov", *asked, "--root", tree.code],
                trees,
                arguments.repeat,
            )
            show(f"`qgov {' '.join(asked)}`", runs)


def show(what: str, runs: Sequence[Run]) -> None:
    """A line of the table."""
    now, then = runs
    cells = [what, *figures(now), *figures(then), f"{then.cpu / now.cpu:.1f} ×"]
    print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
