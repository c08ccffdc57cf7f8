"""Measure qgov side by side with what it is compared to, in one run.

    python benchmarks/run.py            # 10,000 documents
    python benchmarks/run.py --tenants 300 --repeat 3

Every figure is a whole process, best of `--repeat`. Ratios hold across machines,
milliseconds do not.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
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


class Run(NamedTuple):
    """One process: wall-clock seconds and peak resident memory in MiB."""

    seconds: float
    memory: float


def measure(command: Sequence[str], repeat: int, folder: Path = ROOT, status: int = 0) -> Run:
    """The best of several runs of a command. Raises RuntimeError when it fails."""
    best = Run(float("inf"), 0.0)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SOURCE_DATE_EPOCH": "1795464000"}
    for _ in range(repeat):
        start = time.perf_counter()
        with subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as process:
            assert process.stderr is not None
            errors = process.stderr.read()
            _, code, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(code)
        seconds = time.perf_counter() - start
        if process.returncode != status:
            raise RuntimeError(f"{command} exited {process.returncode}: {errors.decode()[-2000:]}")
        best = min(best, Run(seconds, usage.ru_maxrss / 1024))
    return best


def git(folder: Path, *arguments: str) -> None:
    """Run git quietly with an identity."""
    subprocess.run(
        ["git", "-c", "user.name=bench", "-c", "user.email=bench@bench.example", *arguments],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
    )


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


def row(name: str, run: Run, against: str, ratio: str, aim: str) -> str:
    """One line of the Markdown table."""
    return f"| {name} | {run.seconds * 1000:,.0f} ms | {run.memory:,.0f} MiB | {against} | {ratio} | {aim} |"


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tenants", type=int, default=3331)
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    python, repeat = sys.executable, arguments.repeat
    qgov = [python, "-m", "qgov"]
    with tempfile.TemporaryDirectory() as name:
        folder, company = Path(name) / "repository", Path(name) / "worked"
        documents = generate(folder, arguments.tenants)
        commit(folder)
        shutil.copytree(ROOT, company, ignore=shutil.ignore_patterns(".*", "qgov", "docs"))
        commit(company)

        bare = measure([python, "-c", "pass"], 3 * repeat)
        loader = measure([python, "-c", BASELINE, str(folder)], repeat)
        out = Path(name) / "out"
        compiled = measure(
            [
                *qgov,
                "compile",
                "--root",
                str(folder),
                "--out",
                str(out),
                "--target",
                "opa",
                "--target",
                "idp",
            ],
            repeat,
        )
        validated = measure([*qgov, "validate", "--root", str(folder)], repeat)
        changed = folder / "tenants" / "tenant-00001" / "tenant.yaml"
        edit(changed, "role: researcher, on: test/chemistry", "role: developer, on: test/chemistry")
        warm = measure([*qgov, "plan", "--root", str(folder)], repeat)
        shown = measure([*qgov, "plan", "--witness", "--root", str(folder)], repeat)
        helped = measure([*qgov, "--help"], 3 * repeat)
        edit(
            company / "tenants" / "aurora" / "tenant.yaml",
            "role: researcher, on: test/chemistry",
            "role: quantum-developer, on: test/chemistry",
        )
        worked = measure([*qgov, "plan", "--root", str(company)], 3 * repeat)

    ratio = compiled.seconds / loader.seconds
    share = warm.seconds / validated.seconds
    print(f"{documents:,} documents, Python {sys.version.split()[0]}\n")
    print("| what | time | peak memory | against | ratio | aim |\n|---|---|---|---|---|---|")
    print(row("bare interpreter", bare, "", "", ""))
    print(row("`yaml.load_all(CSafeLoader)` of all files", loader, "", "", ""))
    print(
        row(
            "`qgov validate`, cold",
            validated,
            "CSafeLoader",
            f"{validated.seconds / loader.seconds:.2f}",
            "",
        )
    )
    print(
        row("`qgov compile` OPA and IdP, cold", compiled, "CSafeLoader", f"{ratio:.2f}", "≤ 1.50")
    )
    print(
        row(
            "`qgov plan` of one changed file, cached",
            warm,
            "cold validate",
            f"{share:.2f}",
            "≤ 0.20",
        )
    )
    print(
        row(
            "`qgov plan --witness`, the same",
            shown,
            "plan without",
            f"{shown.seconds / warm.seconds:.2f}",
            "≤ 2.00",
        )
    )
    print(
        row(
            "`qgov --help`",
            helped,
            "bare interpreter",
            f"+{(helped.seconds - bare.seconds) * 1000:.0f} ms",
            "≤ +150 ms",
        )
    )
    print(
        row(
            "`qgov plan`, worked repository",
            worked,
            "bare interpreter",
            f"+{(worked.seconds - bare.seconds) * 1000:.0f} ms",
            "≤ +400 ms",
        )
    )


if __name__ == "__main__":
    main()
