"""Measure how a drift run reads a large realm of a real Keycloak: side by side, and one by one.

    python benchmarks/drift.py                        # 1,000 groups, 10,000 people, 500 clients
    python benchmarks/drift.py --groups 100 --people 1000 --clients 50
    python benchmarks/drift.py --latency 0 20         # milliseconds in front of each request

Each run is a process of its own, in turn. A server on the same machine shares its processors, so
that there the work of both sides decides and not how many requests are on their way; `--latency`
is what a network adds, and there the ratio says what reading side by side is worth. Starts the
Keycloak of `.ci/install-keycloak`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import httpx  # noqa: E402

from qgov.drift.compare import compare  # noqa: E402
from qgov.drift.observer import Asked  # noqa: E402
from qgov.drift.observers.keycloak import OBSERVER  # noqa: E402
from qgov.pipeline import load  # noqa: E402
from qgov.repository import read_work_tree  # noqa: E402

NOW = datetime(2025, 11, 23, 10, 0, tzinfo=UTC)
PARALLEL = Asked.__dataclass_fields__["parallel"].default


CHUNK = 500
"""How many things the server is given at a time."""


def grown(groups: int, people: int, clients: int) -> Iterator[dict[str, Any]]:
    """What the realm gets besides, in parts: groups, people (each in one group) and clients."""
    things: dict[str, list[dict[str, Any]]] = {
        "groups": [
            {"name": f"load-{number}", "path": f"/load-{number}"} for number in range(groups)
        ],
        "clients": [
            {"clientId": f"load-{number}", "fullScopeAllowed": False, "publicClient": True}
            for number in range(clients)
        ],
        "users": [
            {
                "username": f"person-{number}",
                "enabled": True,
                "groups": [f"/load-{number % groups}"],
            }
            for number in range(people)
        ],
    }
    for kind, all_of in things.items():
        for begin in range(0, len(all_of), CHUNK):
            yield {"ifResourceExists": "FAIL", kind: all_of[begin : begin + CHUNK]}


def serving(groups: int, people: int, clients: int) -> Iterator[tuple[str, str, int]]:
    """The address of a server with such a realm, a token, and the id of its process."""
    from tests.drift.realm import import_realm, token_of
    from tests.keycloak.realms import REALMS, emitted
    from tests.keycloak.server import running

    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder, "home"), {}, {}) as server,
    ):
        import_realm(server, emitted()["workforce"])
        for part in grown(groups, people, clients):
            path = f"/admin/realms/{REALMS['workforce']}/partialImport"
            server.admin.post(path, json=part, timeout=600).raise_for_status()
        # A token lives for a minute, a run of one request after the other may not.
        server.admin.put("/admin/realms/master", json={"accessTokenLifespan": 3600})
        yield f"http://127.0.0.1:{server.port}", token_of(server), _process(server.port)


def _process(port: int) -> int:
    """The server's own process: the java that was told to listen there."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if words[0].endswith(b"java") and f"--http-port={port}".encode() in words:
                return int(entry.name)
    raise RuntimeError("the server's process is not found")


def _cpu(process: int) -> float:
    """The seconds that a process had a processor."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(parallel: int, latency_s: float) -> dict[str, float]:
    """One run in this process."""
    sent = 0
    handle = httpx.HTTPTransport.handle_request

    def late(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        nonlocal sent
        sent += 1
        time.sleep(latency_s)
        return handle(self, request)

    httpx.HTTPTransport.handle_request = late  # type: ignore[method-assign]
    files, _ = read_work_tree(ROOT)
    model = load(files).model
    assert model is not None
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    asked = Asked(model, "workforce", os.environ, NOW, parallel=parallel)
    began, cpu = time.perf_counter(), time.process_time()
    (seen,) = OBSERVER.observe(asked)
    read = time.perf_counter()
    drift = compare(model, seen, NOW)
    return {
        "requests": sent,
        "read_s": read - began,
        "compare_s": time.perf_counter() - read,
        "cpu_s": time.process_time() - cpu,
        "memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "before_mib": before / 1024,
        "facts": seen.found.count,
        "drift": len(drift),
    }


def run(base: str, token: str, process: int, parallel: int, latency_ms: float) -> dict[str, float]:
    """One run in a process of its own, with what it cost the server."""
    before = _cpu(process)
    words = [sys.executable, __file__, "--measure", str(parallel), str(latency_ms / 1000)]
    environment = {**os.environ, "QGOV_KEYCLOAK_URL": base, "QGOV_KEYCLOAK_TOKEN": token}
    out = subprocess.run(words, env=environment, stdout=subprocess.PIPE, check=True).stdout
    found: dict[str, float] = json.loads(out)
    return {**found, "server_cpu_s": _cpu(process) - before}


def _row(name: str, latency: float, found: dict[str, float]) -> str:
    return (
        f"| {name} | {latency:g} ms | {found['requests']:,} | {found['read_s']:.1f} s "
        f"| {found['compare_s']:.2f} s | {found['cpu_s']:.1f} s | {found['server_cpu_s']:.1f} s "
        f"| {found['memory_mib']:.0f} MiB |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--groups", type=int, default=1000)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--latency", type=float, nargs="+", default=[0, 20], metavar="MS")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(int(given.measure[0]), float(given.measure[1]))))
        return
    print(f"{given.groups:,} groups, {given.people:,} people, {given.clients:,} clients\n")
    print("| reads | latency | requests | reading | comparing | own CPU | server CPU | memory |")
    print("|---|---|---|---|---|---|---|---|")
    for base, token, process in serving(given.groups, given.people, given.clients):
        run(base, token, process, PARALLEL, 0)  # warm
        for latency in given.latency:
            together = run(base, token, process, PARALLEL, latency)
            alone = run(base, token, process, 1, latency)
            print(_row(f"{PARALLEL} at a time", latency, together))
            print(_row("one by one", latency, alone))
            print(f"\nside by side {alone['read_s'] / together['read_s']:.1f} × as fast\n")


if __name__ == "__main__":
    main()
