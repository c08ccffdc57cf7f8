"""Change the policies and their data, one thing at a time, and see that somebody notices.

`python -m tests.mutants.run` judges every mutant, writes docs/assurance-mutants.md, and
fails on a survivor without a reason in survivors.toml and on a reason without a survivor.
"""

from __future__ import annotations

import re
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple

from qgov.decision.engines.opa.server import program_at
from tests.mutants import cedar, data, rego
from tests.mutants.bench import Bench, Mutant, Verdict

__all__ = [
    "DEFAULT",
    "Judged",
    "family_of",
    "judge",
    "reasons",
    "report",
    "sample",
    "unexplained",
    "unneeded",
]

ROOT: Final = Path(__file__).parents[2]
SURVIVORS: Final = Path(__file__).with_name("survivors.toml")
PAGE: Final = ROOT / "docs" / "assurance-mutants.md"
HEAD: Final = """# Mutants: what is caught, and why the rest survives

Written by `make mutants`; [How we know that the evaluators say the same](assurance.md#mutants) \
says what a mutant is and when it counts as caught.

"""
ALIKE: Final = 1
"""Of each change of each kind of field of the data, so many: the others differ in names."""

PROCESSES: Final = 2
FAMILIES: Final = {
    "rego": "Rego's text",
    "cedar": "Cedar's text",
    "data": "OPA's data, of the tests' repository",
    "worked": "OPA's data, of the worked repository",
    "entities": "Cedar's entities",
}
DEFAULT: Final = ("rego", "cedar", "data")
"""What the whole run judges; the others only when they are named."""


class Judged(NamedTuple):
    """A mutant and what became of it."""

    id: str
    family: str
    kind: str
    verdict: Verdict


_bench: Bench


def _ready() -> None:
    _bench.__enter__()


def family_of(mutant: Mutant) -> str:
    """What was changed: a name of `FAMILIES`."""
    if isinstance(mutant, rego.Mutant):
        return "rego"
    if isinstance(mutant, cedar.CedarMutant):
        return "cedar"
    of, what = mutant.id.split(" ")[:2]
    return "entities" if what == "entities" else "data" if of == "harness" else "worked"


def _judge(mutant: Mutant) -> Judged:
    return Judged(mutant.id, family_of(mutant), mutant.kind, _bench.judge(mutant))


def judge(bench: Bench, mutants: Sequence[Mutant]) -> list[Judged]:
    """Every mutant's verdict, in two processes that share the kill sets of this one."""
    global _bench  # noqa: PLW0603 - what the processes are forked with
    _bench = bench
    for mutant in mutants:
        if isinstance(mutant, data.DataMutant):
            bench.data_suite(mutant.id.partition(" ")[0])
    with ProcessPoolExecutor(PROCESSES, initializer=_ready) as pool:
        return list(pool.map(_judge, mutants, chunksize=4))


def sample(mutants: Sequence[Mutant], share: int) -> list[Mutant]:
    """One of so many, always the same."""
    return [m for m in mutants if int.from_bytes(sha256(m.id.encode()).digest()[:4]) % share == 0]


def reasons() -> dict[str, str]:
    """Why mutants survive: a pattern of ids, in which `*` is any text, to the reason."""
    written = tomllib.loads(SURVIVORS.read_text())
    found: dict[str, str] = dict(written["equivalent"])
    for why, patterns in written["alike"].items():
        found |= dict.fromkeys(patterns, why)
    return found


def unexplained(judged: Iterable[Judged], known: dict[str, str]) -> list[str]:
    """The survivors without a reason."""
    return [
        j.id
        for j in judged
        if j.verdict is Verdict.SURVIVED and not any(_like(j.id, pattern) for pattern in known)
    ]


def unneeded(judged: Iterable[Judged], known: dict[str, str]) -> list[str]:
    """The reasons that no survivor has."""
    survivors = [j.id for j in judged if j.verdict is Verdict.SURVIVED]
    return [p for p in known if not any(_like(survivor, p) for survivor in survivors)]


def _like(name: str, pattern: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name) is not None


def report(judged: Sequence[Judged], known: dict[str, str]) -> str:
    """The table and the survivors, as Markdown."""
    counts: dict[tuple[str, str], Counter[Verdict]] = {}
    for j in judged:
        counts.setdefault((j.family, j.kind), Counter())[j.verdict] += 1
    lines = ["| where | what | made | caught | equivalent |", "|---|---|---:|---:|---:|"]
    total = Counter[Verdict]()
    for (family, kind), count in counts.items():
        lines.append(_row(FAMILIES[family], kind, count))
        total += count
    lines += [_row("**all**", "", total), ""]
    lines += ["What survives decides every request as the policy does:", ""]
    survivors = [j.id for j in judged if j.verdict is Verdict.SURVIVED]
    for why, patterns in groupby(known, known.__getitem__):
        named = (f"`{p}` ({sum(_like(survivor, p) for survivor in survivors)})" for p in patterns)
        lines.append(f"- {', '.join(named)}: {why}")
    return "\n".join(lines)


def _row(where: str, what: str, count: Counter[Verdict]) -> str:
    caught, survived = count[Verdict.CAUGHT], count[Verdict.SURVIVED]
    return f"| {where} | {what} | {caught + survived} | {caught} | {survived} |"


def main(families: Sequence[str] = ()) -> int:
    """The whole run, or that of the families named, which writes no page."""
    began = time.monotonic()
    bench = Bench(program_at("opa"))
    chosen = families or DEFAULT
    judged = judge(bench, [m for m in bench.mutants(ALIKE) if family_of(m) in chosen])
    known = reasons()
    if not families:
        PAGE.write_text(f"{HEAD}{report(judged, known)}\n", encoding="utf-8")
    bad = [f"survives: {name}" for name in unexplained(judged, known)]
    idle = [] if families else unneeded(judged, known)
    bad += [f"explained, but survives no more: {name}" for name in idle]
    counts = Counter(str(j.verdict) for j in judged)
    said = [*bad, f"{dict(counts)} in {time.monotonic() - began:.0f} s"]
    sys.stdout.write("\n".join(said) + "\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
