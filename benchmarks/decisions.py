"""Measure the engines and the gateway side by side with what they stand on, in one run.

    python benchmarks/decisions.py                    # 10, 1,000 and 10,000 tenants
    python benchmarks/decisions.py --tenants 10 1000
    python benchmarks/decisions.py --against main~5   # and another version's engines, in turn

No request is asked twice, so that nothing is gained by remembering an answer. Decisions are counted in this process, best of three; the bare engines answer the smallest
question that they can. Ratios hold across machines, figures a second do not.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from generate import generate  # noqa: E402
from measuring import Amount, Rate, Row, checked_out  # noqa: E402

from qgov.decision.access_tests import request_of  # noqa: E402
from qgov.language.kinds.access_test import Case  # noqa: E402
from qgov.model.access_model import AccessModel  # noqa: E402
from qgov.pipeline import load  # noqa: E402
from qgov.repository import read_work_tree  # noqa: E402

LIBRARIES = os.environ.get("PYTHONPATH", "")
AIMS = {"reference": 200_000, "rego": 8_000, "cedar": 20_000}
BETTER = {"reference": "≥ 3 × better", "cedar": "≥ 5 × better", "rego": "≥ 12 × better"}
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def company(folder: Path, tenants: int) -> AccessModel:
    """A generated company, understood."""
    generate(folder, tenants)
    files, _ = read_work_tree(folder)
    model = load(files).model
    assert model is not None
    return model


def questions(model: AccessModel, count: int) -> list[dict[str, Any]]:
    """Job submissions to tenants all over the company: allowed, and denied for one reason."""
    names = sorted(model.tenants)
    asked = []
    for number in range(count):
        tenant = names[number * 7919 % len(names)]
        who = {"groups": [f"{tenant}-developers"]}
        case = Case.model_validate(
            {
                "name": "benchmark",
                "subject": {"workload": f"{tenant}/nightly"} if number % 4 == 3 else who,
                "action": "job:submit",
                "resource": {
                    "scope": f"{tenant}/sandbox/chemistry",
                    "backend": "iqm-garnet" if number % 4 == 2 else "local-simulator",
                },
                "context": {"job": {"shots": 1000 - number % 900, "qubits": 2}},
                "expect": "allow",
            }
        )
        asked.append(request_of(model, case).to_json())
    return asked


ENGINES = """
import json, sys, time
from pathlib import Path
from decisions import company, questions
from qgov.decision.engine import EngineError, Settings
from qgov.decision.engines import engines
from qgov.targets import emit
model = company(Path(sys.argv[1]), int(sys.argv[2]))
asked = questions(model, int(sys.argv[3]))
artifacts, _ = emit(model, ["opa", "cedar"])
found = {}
for kind in engines().values():
    try:
        with kind.start(model, artifacts, Settings(deadline_s=60.0)) as engine:
            engine.decide(asked[:10])
            best = [0.0, 0.0]
            for _ in range(3):
                clocks = time.perf_counter, time.process_time
                start = [clock() for clock in clocks]
                engine.decide(asked)
                spent = [clock() - began for clock, began in zip(clocks, start)]
                best = [max(rate, len(asked) / seconds) for rate, seconds in zip(best, spent)]
            found[kind.name] = best
    except EngineError as error:
        print(f"{kind.name}: {error}", file=sys.stderr)
print(json.dumps(found))
"""
"""A process of a version: a folder, tenants, requests → decisions a second by the clock, and by
the processor's time of this process, without that of a server that it asks."""

GATEWAY = """
import json, sys
from decisions import measure_gateway
print(json.dumps(measure_gateway(int(sys.argv[1]))))
"""
"""A process of a version: jobs → milliseconds of one without the gateway and behind it."""


def said(code: Path, program: str, *arguments: object) -> Any:
    """What a program prints as JSON with the qgov and the benchmarks of a version."""
    path = os.pathsep.join([str(code), str(code / "benchmarks"), LIBRARIES])
    printed = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": path},
        cwd=code,
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    return json.loads(printed)


def rate(decide: Callable[[Sequence[Any]], object], asked: Sequence[Any]) -> float:
    """Decisions a second, the best of three."""
    decide(asked[:10])
    best = 0.0
    for _ in range(3):
        start = time.perf_counter()
        decide(asked)
        best = max(best, len(asked) / (time.perf_counter() - start))
    return best


def bare_rego(count: int) -> float:
    """rego-cpp with one comparison for a policy."""
    from regopy import Interpreter

    interpreter = Interpreter()
    interpreter.add_module(
        "p.rego", 'package p\nimport rego.v1\ndefault a := false\na if input.x == "y"\n'
    )
    bundle = interpreter.build("a := data.p.a", [])

    def decide(asked: Sequence[Any]) -> None:
        for _ in asked:
            interpreter.set_input({"x": "y"})
            str(interpreter.query_bundle(bundle))

    return rate(decide, range(count))


def bare_cedar(count: int) -> float:
    """Cedar with one unconditional permit for a policy."""
    import cedarpy

    policies = cedarpy.PolicySet.from_str("permit(principal, action, resource);")
    question = {"principal": 'U::"u"', "action": 'Action::"a"', "resource": 'R::"r"', "context": {}}

    def decide(asked: Sequence[Any]) -> None:
        cedarpy.is_authorized_batch([question] * len(asked), policies, [])

    return rate(decide, range(count))


def bare_python(count: int) -> float:
    """A look-up in a dict of dicts."""
    grants = {"tenant": {"group": {"job:submit": True}}}

    def decide(asked: Sequence[Any]) -> None:
        for _ in asked:
            grants.get("tenant", {}).get("group", {}).get("job:submit", False)

    return rate(decide, range(count))


def measure_engines(
    sizes: Sequence[int], count: int, codes: Sequence[Path]
) -> list[dict[str, dict[int, Rate]]]:
    """For each version: engine → tenants → decisions a second."""
    found: list[dict[str, dict[int, Rate]]] = [{} for _ in codes]
    for size in sizes:
        for code, rates in zip(codes, found, strict=True):
            print(f"{code}, {size:,} tenants …", file=sys.stderr)
            with tempfile.TemporaryDirectory() as name:
                measured = said(code, ENGINES, f"{name}/company", size, count)
            for engine, rate in measured.items():
                rates.setdefault(engine, {})[size] = Rate(*rate)
    return found


def rates(codes: Sequence[Path], tenants: int, count: int) -> Iterator[Row]:
    """Decisions a second of each engine that all versions have."""
    found = measure_engines([tenants], count, codes)
    for engine, now in found[0].items():
        figures = [now[tenants], *(then[engine][tenants] for then in found[1:] if engine in then)]
        yield Row(f"decisions, {engine}", figures, aim=BETTER.get(engine, ""))


JOBS: Final = 150
"""Jobs behind the gateway: a quota of the company stops more of them in a day."""


def overhead(codes: Sequence[Path]) -> Iterator[Row]:
    """What the gateway adds to a job."""
    measured = [said(code, GATEWAY, JOBS) for code in codes]
    bare = [Amount(direct, "ms") for direct, _ in measured]
    yield Row("a Bell circuit of 1,000 repetitions, bare", bare)
    added = [Amount(governed - direct, "ms") for direct, governed in measured]
    yield Row("what the gateway adds to it", added, aim="its flushes + 0.5 ms")


def _submitted(code: Path, program: str, threads: int, each: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as name:
        jobs, flushes = said(code, program, name, threads, each)
    return jobs, flushes


def submitted(codes: Sequence[Path]) -> Iterator[Row]:
    """Jobs a second of one submitter, and of 32 at once."""
    program = (ROOT / "benchmarks" / "submitters.py").read_text(encoding="utf-8")
    for threads, each in ((1, 40), (32, 4)):
        found, flushes = [], 0.0
        for code in codes:
            jobs, flushes = max(_submitted(code, program, threads, each) for _ in range(2))
            found.append(Amount(jobs, "jobs/s"))
        yield Row(f"jobs of {threads} at once", found, f"{flushes:,.0f} flushes of a page a second")


def measure_gateway(jobs: int) -> tuple[float, float]:
    """Milliseconds of a Bell circuit of 1,000 repetitions on Cirq's simulator: bare, and
    behind the gateway with a durable ledger and log. Medians, taken in turns."""
    import cirq
    from submitters import gateway_in, governed

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = company(folder / "company", 10)
        a, b = cirq.LineQubit.range(2)
        bell = cirq.Circuit(cirq.H(a), cirq.CNOT(a, b), cirq.measure(a, b, key="m"))
        bare = cirq.Simulator(seed=1)
        behind = governed(gateway_in(folder, model), questions(model, 1)[0], bare)
        times: dict[int, list[float]] = {0: [], 1: []}
        for number in range(2 * jobs):
            sampler = (bare, behind)[number % 2]
            start = time.perf_counter()
            sampler.run(bell, repetitions=1000)
            times[number % 2].append(1000 * (time.perf_counter() - start))
        return statistics.median(times[0]), statistics.median(times[1])


def main() -> None:
    """Run everything and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tenants", type=int, nargs="+", default=[10, 1000, 10_000])
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--against", metavar="COMMIT", help="measure its engines too, in turn")
    arguments = parser.parse_args()
    sizes, count = arguments.tenants, arguments.requests
    bare = {
        "reference": bare_python(count * 100),
        "rego": bare_rego(count),
        "cedar": bare_cedar(count),
    }
    with tempfile.TemporaryDirectory() as name:
        codes = [ROOT]
        if arguments.against:
            codes.append(checked_out(arguments.against, Path(name)))
        found, *before = measure_engines(sizes, count, codes)
    direct, governed = measure_gateway(JOBS)
    print("\nDecisions a second\n")
    heads = [f"{size:,} tenants" for size in sizes]
    heads += [f"to {arguments.against}, {size:,} tenants" for size in sizes for _ in before]
    print(f"| engine | {' | '.join(heads)} | slowest to fastest | bare engine | aim |")
    print("|---|" + "---|" * (len(heads) + 3))
    for name, by_size in found.items():
        clock = {size: rate.clock for size, rate in by_size.items()}
        figures = [f"{clock[size]:,.0f}" for size in sizes]
        for then in before:
            figures += [f"{clock[size] / then[name][size].clock:.1f} ×" for size in sizes]
        cells = " | ".join(figures)
        spread = min(clock.values()) / max(clock.values())
        floor = f"{bare[name]:,.0f}" if name in bare else ""
        aim = f"≥ {AIMS[name]:,}, ≥ 0.80" if name in AIMS else ""
        print(f"| {name} | {cells} | {spread:.2f} | {floor} | {aim} |")
    print("\nA Bell circuit of 1,000 repetitions\n\n| | ms |\n|---|---|")
    print(f"| `cirq.Simulator` | {direct:.2f} |\n| behind the gateway | {governed:.2f} |")
    print(f"| overhead (aim: under 2) | {governed - direct:.2f} |")


if __name__ == "__main__":
    main()
