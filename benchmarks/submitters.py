"""Submit jobs from many threads at once through a gateway with a durable ledger and log; run by
`benchmarks/run.py --only submitters` on each version in turn, with FOLDER THREADS JOBS_OF_EACH.

Prints, as JSON, jobs a second, and how often a second a page of a file is flushed in the same
folder. What Cirq would take to sample is left out.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import time
from pathlib import Path
from threading import Thread
from typing import Any

import cirq
from decisions import NOW, company, questions

from qgov.decision.bundle import read_bundle
from qgov.decision.engines.reference import ReferenceEngine
from qgov.gateway.audit import AuditLog
from qgov.gateway.gateway import Gateway, Identity
from qgov.gateway.ledger import Ledger
from qgov.model.access_model import AccessModel
from qgov.targets import emit


def gateway_in(folder: Path, model: AccessModel) -> Gateway:
    """A gateway with a durable ledger and log in a folder."""
    artifacts, _ = emit(model, ["opa"])
    numbers = itertools.count()
    return Gateway(
        engine=ReferenceEngine(model),
        bundle=read_bundle(artifacts["policy/opa/bundle.tar.gz"]),
        ledger=Ledger(folder / "ledger.db", "bench"),
        jobs=AuditLog(folder / "jobs.jsonl", "jobs"),
        admin=AuditLog(folder / "admin.jsonl", "admin"),
        clock=lambda: NOW,
        new_id=lambda: f"job-{next(numbers)}",
    )


def governed(gateway: Gateway, request: dict[str, Any], bare: cirq.Sampler) -> cirq.Sampler:
    """A sampler as whoever makes a request gets it, in a project of their tenant."""
    token = {**request["context"]["token"], "issued_at": NOW.isoformat()}
    identity = Identity(request["subject"], {**request["context"], "token": token})
    scope = f"{request['resource']['properties']['tenant']}/sandbox/chemistry"
    found: cirq.Sampler = gateway.session(identity, scope).sampler("local-simulator", bare)
    return found


def samplers(folder: Path, count: int) -> list[cirq.Sampler]:
    """Those of ten tenants, in turn."""
    model = company(folder / "company", 10)
    gateway = gateway_in(folder, model)
    people = [each for each in questions(model, 40) if each["subject"]["type"] == "user"]
    bare = cirq.ZerosSampler()
    return [governed(gateway, people[number % 10], bare) for number in range(count)]


def jobs_a_second(folder: Path, count: int, each: int) -> float:
    """How many Bell circuits run, submitted by so many threads at once."""
    a, b = cirq.LineQubit.range(2)
    bell = cirq.Circuit(cirq.H(a), cirq.CNOT(a, b), cirq.measure(a, b, key="m"))
    found = samplers(folder, count)
    found[0].run(bell)

    def submit(sampler: cirq.Sampler) -> None:
        for _ in range(each):
            sampler.run(bell)

    threads = [Thread(target=submit, args=(sampler,)) for sampler in found]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return count * each / (time.perf_counter() - start)


def flushes_a_second(folder: Path, count: int = 50) -> float:
    """How often a page that was written is flushed."""
    with (folder / "flushed").open("wb", buffering=0) as file:
        start = time.perf_counter()
        for _ in range(count):
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
        return count / (time.perf_counter() - start)


if __name__ == "__main__":
    where, threads, jobs = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    print(json.dumps([jobs_a_second(where, threads, jobs), flushes_a_second(where)]))
