"""A company whose one budget fits fifty jobs, its gateway, and processes that submit to it.

`python -m tests.gateway.company` imports Cirq once and forks what submits: it reads
`start FOLDER OWNER SUBMISSIONS` and answers with a process's number, or `wait PROCESS`
and answers with how it ended (negative: by which signal).
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cirq

from qgov.decision.bundle import read_bundle
from qgov.decision.engine import Engine
from qgov.decision.engines.reference import ReferenceEngine
from qgov.gateway.audit import AuditLog
from qgov.gateway.gateway import Gateway, GatewayError, Identity, Session
from qgov.gateway.ledger import Ledger
from qgov.identity.identity import Authenticates
from qgov.model.access_model import AccessModel
from qgov.targets.opa import TARGET
from tests.decision.harness import DEVELOPER, FILES
from tests.strategies import linked

__all__ = ["BELL", "FITS", "IDENTITY", "MODEL", "NOW", "SCOPE", "Gate", "gate", "model_with"]

FITS = 50
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
SCOPE = "aurora/sandbox/chemistry"
_CONTEXT = ("token", "mfa", "managed_device", "country", "elevations", "approvals")
IDENTITY = Identity(DEVELOPER["subject"], {name: DEVELOPER["context"][name] for name in _CONTEXT})
A, B = cirq.LineQubit.range(2)
BELL = cirq.Circuit(cirq.H(A), cirq.CNOT(A, B), cirq.measure(A, B, key="m"))


def model_with(**budget: Any) -> AccessModel:
    """The harness's company where a job on the simulator costs 1 EUR, and the budget of the
    chemistry fits fifty; parts of the budget's spec can be replaced."""
    organization = json.loads(FILES["qgov.yaml"])
    organization["spec"]["backends"]["local-simulator"] = {
        **organization["spec"]["backends"]["local-simulator"],
        "price": {"perTask": "1.00 EUR", "source": "made up", "asOf": "2026-11-01"},
    }
    chemistry = json.loads(FILES["budgets/chemistry.yaml"])
    chemistry["spec"] |= {
        "budget": {"period": "monthly", "limit": f"{FITS}.00 EUR", "stopAt": "100%"},
        "quotas": [],
        **budget,
    }
    developer = json.loads(FILES["roles/developer.yaml"])
    developer["spec"]["permissions"] += ["result:read:own", "input:read"]
    developer["spec"]["requires"]["job"]["circuits"] = 100
    files = {
        **FILES,
        "roles/developer.yaml": json.dumps(developer).encode(),
        "qgov.yaml": json.dumps(organization).encode(),
        "budgets/chemistry.yaml": json.dumps(chemistry).encode(),
    }
    del files["budgets/more.yaml"], files["budgets/for-oneself.yaml"]
    return linked(files)


MODEL = model_with()


class Gate:
    """A gateway in a folder, with its parts at hand."""

    def __init__(
        self,
        folder: Path,
        owner: str = "one",
        *,
        model: AccessModel = MODEL,
        engine: Engine | None = None,
        clock: Callable[[], datetime] = lambda: NOW,
        authenticator: Authenticates | None = None,
    ) -> None:
        self.folder = folder
        numbers = itertools.count()
        self.ledger = Ledger(folder / "ledger.db", owner)
        self.jobs = AuditLog(folder / "jobs.jsonl", "jobs")
        self.admin = AuditLog(folder / "admin.jsonl", "admin")
        self.gateway = Gateway(
            engine=engine or ReferenceEngine(model),
            bundle=read_bundle(TARGET.emit(model)["policy/opa/bundle.tar.gz"]),
            ledger=self.ledger,
            jobs=self.jobs,
            admin=self.admin,
            clock=clock,
            new_id=lambda: f"{owner}-{next(numbers)}",
            authenticator=authenticator,
        )

    def session(self, scope: str = SCOPE, identity: Identity = IDENTITY) -> Session:
        """The developer's session."""
        return self.gateway.session(identity, scope)

    def close(self) -> None:
        """Let go of the files."""
        for part in (self.ledger, self.jobs, self.admin):
            part.close()


def gate(folder: Path, **options: Any) -> Gate:
    """A gateway in a new or existing folder."""
    folder.mkdir(exist_ok=True)
    return Gate(folder, **options)


def submit(folder: Path, owner: str, submissions: int) -> None:
    """Submit so many jobs; say in `OWNER.out` `ran` or the error for each as soon as it ended."""
    gated = gate(folder, owner=owner)
    sampler = gated.session().sampler("local-simulator", cirq.ZerosSampler())
    with (folder / f"{owner}.out").open("w") as out:
        for _ in range(submissions):
            try:
                sampler.run(BELL, repetitions=1)
            except GatewayError as error:
                out.write(f"{error}\n")
            else:
                out.write("ran\n")
            out.flush()
    gated.close()


def start(folder: str, owner: str, submissions: str) -> int:
    """Submit in a process of its own; returns its number."""
    if (process := os.fork()) == 0:
        status = 1
        try:
            submit(Path(folder), owner, int(submissions))
            status = 0
        except Exception:
            traceback.print_exc()
            raise
        finally:
            os._exit(status)
    return process


def wait(process: str) -> int:
    """How a process ended."""
    return os.waitstatus_to_exitcode(os.waitpid(int(process), 0)[1])


def main() -> None:
    """Do what standard input asks for, line by line."""
    commands: dict[str, Callable[..., int]] = {"start": start, "wait": wait}
    for line in sys.stdin:
        command, *arguments = line.split()
        sys.stdout.write(f"{commands[command](*arguments)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
