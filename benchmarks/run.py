"""Measure qgov side by side with what it is compared to, in one run.

    python benchmarks/run.py            # 10,000 documents
    python benchmarks/run.py --tenants 300 --repeat 3
    python benchmarks/run.py --against main~5       # and itself at that commit, in turn
    python benchmarks/run.py --only role floor      # parts of the table
    python benchmarks/run.py --growth 333 3331 9998  # only how time and memory grow

Every figure is a whole process, best of `--repeat`, or what `decisions.py` counts. Ratios hold
across machines, milliseconds do not; those of the processor's time hold better where others work
there too.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import commands
import packs
from commands import Companies, planned
from measuring import ROOT, Row, Run, Tree, as_line, checked_out, columns, heads, measure, prepared


@dataclass(frozen=True)
class Asked:
    """What is measured: the code of each version, this one's first; scratch for their
    repositories; how many tenants the company and the smaller one have."""

    codes: Sequence[Path]
    folder: Path
    tenants: int
    small: int
    repeat: int
    requests: int

    @cached_property
    def company(self) -> Companies:
        """The company."""
        return self._companies(self.tenants)

    @cached_property
    def smaller(self) -> Companies:
        """The company of which a role is edited besides."""
        return self._companies(self.small)

    def _companies(self, tenants: int) -> Companies:
        folder = self.folder / str(tenants)
        found = [
            prepared(code, folder / str(index), tenants) for index, code in enumerate(self.codes)
        ]
        print(f"\n{found[0][1]:,} documents …", file=sys.stderr)
        return Companies([tree for tree, _ in found], self.repeat)

    @cached_property
    def changed(self) -> list[Tree]:
        """The worked repository of each version with a budget changed."""
        return [
            packs.prepared(code, self.folder / f"packs-{index}")
            for index, code in enumerate(self.codes)
        ]


def small(asked: Asked) -> Iterator[Row]:
    """The edit of a role in the smaller company, and its validation."""
    for row in (*commands.validate(asked.smaller), *commands.role(asked.smaller)):
        yield row._replace(name=f"{row.name}, {asked.small:,} tenants")


def decided(asked: Asked) -> Iterator[Row]:
    """Decisions a second of each engine."""
    import decisions  # qgov is in it: a process that is started counts the memory of its parent

    return decisions.rates(asked.codes, asked.tenants, asked.requests)


def overhead(asked: Asked) -> Iterator[Row]:
    """What the gateway adds to a job."""
    import decisions

    return decisions.overhead(asked.codes)


def submitted(asked: Asked) -> Iterator[Row]:
    """Jobs a second of many submitters."""
    import decisions

    return decisions.submitted(asked.codes)


PARTS: Mapping[str, Callable[[Asked], Iterator[Row]]] = {
    "start": lambda asked: commands.start(asked.company),
    "validate": lambda asked: commands.validate(asked.company),
    "compile": lambda asked: commands.compiled(asked.company),
    "file": lambda asked: commands.one_file(asked.company),
    "role": lambda asked: commands.role(asked.company),
    "floor": lambda asked: commands.floor(asked.company),
    "small": small,
    "pack": lambda asked: packs.packed(asked.changed, asked.repeat),
    "conform": lambda asked: packs.conformed(asked.changed, packs.ENGINES, asked.repeat),
    "decisions": decided,
    "gateway": overhead,
    "submitters": submitted,
}


def growth(sizes: Sequence[int], repeat: int) -> None:
    """Print how the processor's time and the memory grow with the company, and by which power of
    its documents from one size to the next: 1 is in proportion."""
    what = ("`qgov validate`, cold", "`qgov compile` OPA and IdP, cold", "a role edited", "cached")
    names = [f"{name}, {of}" for name in what for of in ("CPU", "memory", "slope")]
    print(heads("documents", *names), flush=True)
    before: tuple[int, list[Run]] | None = None
    for tenants in sizes:
        with tempfile.TemporaryDirectory() as name:
            tree, documents = prepared(ROOT, Path(name), tenants)
            root, out = ("--root", tree.generated), Path(name) / "out"
            compiled = ["compile", "--target", "opa", "--target", "idp", "--out", out, *root]
            runs = []
            for command in (["validate", *root], compiled):
                runs += measure(lambda _, c=command: ["-m", "qgov", *c], [tree], repeat)  # type: ignore[misc]
                print(f"{documents:,} documents: {runs[-1]}", file=sys.stderr)
            runs += [run for (run,) in planned(commands.ROLE, [tree], repeat)]
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


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--tenants", type=int, default=3331, help="of the company (10,000 documents)"
    )
    parser.add_argument("--small", type=int, default=331, help="tenants of a smaller one")
    parser.add_argument("--requests", type=int, default=400, help="decided for a rate")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--against", metavar="COMMIT", help="measure that commit too, in turn")
    parser.add_argument("--only", nargs="+", choices=PARTS, metavar="ROW", help=", ".join(PARTS))
    parser.add_argument("--growth", nargs="+", type=int, metavar="TENANTS", help="only this")
    given = parser.parse_args()
    if given.growth:
        growth(given.growth, given.repeat)
        return
    with tempfile.TemporaryDirectory() as name:
        folder, codes = Path(name), [ROOT]
        if given.against:
            codes.append(checked_out(given.against, folder / "code"))
        asked = Asked(codes, folder, given.tenants, given.small, given.repeat, given.requests)
        print(f"{given.tenants:,} tenants, Python {sys.version.split()[0]}\n")
        print(columns(given.against), flush=True)
        for part in given.only or PARTS:
            for row in PARTS[part](asked):
                print(as_line(row), flush=True)


if __name__ == "__main__":
    main()
