"""How the Terraform of three clouds grows with the tenants: each has an account in Amazon Braket,
Azure Quantum and IBM Quantum.

    python benchmarks/clouds.py                        # 1,000 and 10,000 tenants
    python benchmarks/clouds.py --tenants 100 200

Each figure is a whole process. What reading and linking take alone stands beside it, and what is
written of one tenant is told by its digest, which is the same however many there are.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import generate
from measuring import ROOT, Run, edit, once

CLOUDS: Final = ("braket", "azure", "ibm")
LINKED: Final = """
import sys
from pathlib import Path
from qgov.pipeline import load
from qgov.repository import at_hand
assert load(at_hand(Path(sys.argv[1]))[0]).model is not None
"""

DEVICES: Final = """\
    ionq-forte:
      {cloud: azure, vendor: ionq, class: qpu, region: westeurope, jurisdiction: eu, target: ionq.qpu.forte-1, qubits: 36,
       limits: {shots: 20000}, price: {perTask: 0.30 EUR, perShot: 0.01 EUR, source: generated, asOf: 2026-09-01}}
    ibm-aachen:
      {cloud: ibm, vendor: ibm, class: qpu, region: eu-de, jurisdiction: eu, target: ibm_aachen, qubits: 156,
       limits: {shots: 20000}, price: {perSecond: 1.60 EUR, source: generated, asOf: 2026-09-01}}
  queues:
"""
VENDORS: Final = """\
  vendors:
    ionq: {title: IonQ, country: US, reviewed: 2026-09-01, reviewEvery: 1y}
    ibm: {title: IBM, country: US, reviewed: 2026-09-01, reviewEvery: 1y}
"""
ACCOUNTS: Final = """
    azure:
      {{subscription: 00000000-0000-0000-0000-{number:012d}, resourceGroup: {name}, workspace: {name}, location: westeurope,
       storageAccount: results{number:05d}, auditStorageAccount: audit{number:05d},
       providers: {{ionq: {{plan: pay-as-you-go-cred}}}}}}
    ibm:
      instance: "crn:v1:bluemix:public:quantum-computing:eu-de:a/{number:032x}:00000000-0000-4000-8000-{number:012x}::"
      plan: premium
      region: eu-de
"""


def company(folder: Path, tenants: int) -> None:
    """Write `benchmarks/generate.py`'s repository, in which each tenant has three clouds."""
    generate.generate(folder, tenants)
    organization = folder / "qgov.yaml"
    edit(organization, "  queues: ", DEVICES.removesuffix("\n").replace("queues:", "queues: "))
    edit(organization, "  vendors:\n", VENDORS)
    rate = "{rate: '0.92', asOf: 2026-09-01, source: generated}"
    edit(organization, "  currency: EUR\n", f"  currency: EUR\n  exchangeRates: {{USD: {rate}}}\n")
    target = "target: arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet"
    edit(organization, "region: eu-north-1, ", f"region: eu-north-1, {target}, ")
    for number in range(1, tenants + 1):
        name = f"tenant-{number:05d}"
        path = folder / "tenants" / name / "tenant.yaml"
        edit(
            path,
            "local-simulator, iqm-garnet",
            "local-simulator, iqm-garnet, ionq-forte, ibm-aachen",
        )
        edit(path, "role: pipeline, on: sandbox/chemistry", "role: pipeline, on: test/chemistry")
        path.write_text(path.read_text() + ACCOUNTS[1:].format(name=name, number=number))


def compiled(root: Path, out: Path, clouds: Sequence[str]) -> Run:
    """One compilation of some clouds."""
    targets = [word for cloud in clouds for word in ("--target", cloud)]
    shutil.rmtree(out, ignore_errors=True)
    return once(["-m", "qgov", "compile", *targets, "--root", root, "--out", out], ROOT)


def written(out: Path) -> str:
    """How many files there are, and their bytes."""
    sizes = [path.stat().st_size for path in out.rglob("*") if path.is_file()]
    return f"{len(sizes):,} | {sum(sizes) / 1e6:.1f}"


def one_tenant(out: Path) -> str:
    """The digest of all that is written of one tenant."""
    digest = hashlib.sha256()
    for path in sorted((out / "terraform" / "tenants" / "tenant-00001").rglob("*.*")):
        digest.update(path.relative_to(out).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def line(tenants: int, what: str, run: Run, linked: Run, files: str = " | ") -> str:
    """A line of the Markdown table. A tenant's share is without reading and linking."""
    each = 1000 * (run.cpu - linked.cpu) / tenants
    return (
        f"| {tenants:,} | {what} | {run.cpu:.2f} s | {run.seconds:.2f} s "
        f"| {run.memory:,.0f} MiB | {each:.2f} | {files} |"
    )


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tenants", nargs="+", type=int, default=[1_000, 10_000])
    head = ("tenants", "what", "CPU", "clock", "memory", "ms a tenant", "files", "MB")
    print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for tenants in parser.parse_args().tenants:
        with tempfile.TemporaryDirectory() as name:
            root, out = Path(name) / "repository", Path(name) / "out"
            company(root, tenants)
            linked = once(["-c", LINKED, root], ROOT)
            print(line(tenants, "read and linked", linked, linked), flush=True)
            for clouds in (*((cloud,) for cloud in CLOUDS), CLOUDS):
                run = compiled(root, out, clouds)
                what = clouds[0] if len(clouds) == 1 else "all three"
                print(line(tenants, what, run, linked, written(out)), flush=True)
            print(f"the first of {tenants:,} tenants: {one_tenant(out)}", file=sys.stderr)


if __name__ == "__main__":
    main()
