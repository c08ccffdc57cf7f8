"""What runs: the worked repository compiled, a Keycloak with its realms, an OPA with its signed
bundle, and the gateway between circuits and a simulator that stands for every device."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from qgov.decision.bundle import read_bundle
from qgov.decision.engine import EngineError, Settings
from qgov.decision.engines.opa import OpaEngine
from qgov.decision.engines.opa.server import KEY_ID, OpaServer, program_at
from qgov.gateway.audit import AuditLog
from qgov.gateway.gateway import Gateway
from qgov.gateway.ledger import Ledger
from qgov.identity.asking import Surroundings
from qgov.identity.identity import NO_HEADERS, Authenticates, Identity, Refused
from qgov.identity.verifier import Verifier
from qgov.language.scalars import format_instant
from qgov.model.access_model import AccessModel
from qgov.pipeline import load
from qgov.records import replace
from qgov.repository import read_work_tree
from tests.keycloak.issuer import WorkloadIssuer, vouching
from tests.keycloak.realms import JWKS_VARIABLE, PIPELINES, REALMS
from tests.keycloak.server import ADMIN, Server, running

__all__ = ["Architecture", "Clock", "Desk", "started"]

ROOT: Final = Path(__file__).parents[3]
BUNDLE: Final = "build/policy/opa/bundle.tar.gz"
START_S: Final = 60.0
CONFIGURATION: Final = ("qgov.yaml", "roles", "tenants", "budgets", "tests/access")

ELEVATION: Final = """\
apiVersion: qgov/v1
kind: Elevation
metadata: {{name: aurora-reference-mei}}
spec:
  subject: mei@northwind.example
  role: quantum-developer
  on: aurora/production
  reason: A run of the reference architecture
  ticket: QGOV-200
  requestedBy: mei@northwind.example
  approvedBy: ines@northwind.example
  notBefore: {begins}
  expires: {ends}
"""
"""A just-in-time elevation that was reviewed and merged today."""


@dataclass(slots=True)
class Clock:
    """The time of the system, and `later` than that where a token has to grow old."""

    later: timedelta = timedelta()

    def __call__(self) -> datetime:
        """The time now, in UTC."""
        return datetime.now(UTC) + self.later


@dataclass(frozen=True, slots=True)
class Desk:
    """The platform's own desk: elevations that were asked for and approved there, beside those
    that were merged as documents. Adds them to who a token says that somebody is."""

    verifier: Authenticates
    granted: list[Mapping[str, str | list[str]]] = field(default_factory=list)

    def identify(
        self, token: str, *, now: datetime, headers: Mapping[str, str] = NO_HEADERS
    ) -> Identity | Refused:
        """Whose a token is, with what was granted to them."""
        found = self.verifier.identify(token, now=now, headers=headers)
        if isinstance(found, Refused):
            return found
        own = [each for each in self.granted if each["subject"] == found.subject["id"]]
        return replace(found, context={**found.context, "elevations": own})


@dataclass(frozen=True, slots=True)
class Architecture:
    """Everything that runs, until the block of `started` ends."""

    folder: Path
    model: AccessModel
    keycloak: Server
    issuer: WorkloadIssuer
    opa_url: str
    clock: Clock
    desk: Desk
    gateway: Gateway

    def qgov(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command line, as an operator has it: it knows where the servers are."""
        servers = {
            "QGOV_KEYCLOAK_URL": f"http://127.0.0.1:{self.keycloak.port}",
            "QGOV_KEYCLOAK_AUTH_REALM": "master",
            "QGOV_KEYCLOAK_CLIENT_ID": ADMIN,
            "QGOV_KEYCLOAK_CLIENT_SECRET": ADMIN,
            "QGOV_OPA_URL": self.opa_url,
        }
        return _qgov(self.folder, *arguments, environment=servers)

    def takes_a_bundle_of_others(self) -> bool:
        """Whether an OPA starts with this bundle that trusts another key than ours."""
        _, another = _keys(self.folder, "another")
        bundle = self.folder.joinpath(BUNDLE).read_bytes()
        try:
            OpaServer(program_at("opa"), bundle, another.read_bytes(), START_S).stop()
        except EngineError as error:
            if "verif" not in str(error):
                raise SystemExit(str(error)) from error
            return False
        return True

    def elevate(self) -> None:
        """Who is elevated now is in a just-in-time group. Raises SystemExit where anybody is
        not."""
        done = self.qgov("elevate", "--apply", "--now", format_instant(self.clock()))
        if done.returncode:
            raise SystemExit(f"{done.stdout}{done.stderr}")

    def drift(self) -> list[dict[str, Any]]:
        """What `qgov drift` finds now, in every system that runs. Raises SystemExit where it
        cannot read one."""
        done = self.qgov("drift", "--now", format_instant(self.clock()), "--format", "json")
        if done.returncode:
            raise SystemExit(done.stderr)
        found: list[dict[str, Any]] = json.loads(done.stdout)["drift"]
        return found


@contextmanager
def started(folder: Path) -> Iterator[Architecture]:
    """Compile into a folder and start what was compiled. Ends every process."""
    clock = Clock()
    _configure(folder, clock())
    private, public = _keys(folder, "own")
    _compile(folder, private)
    bundle = folder / BUNDLE
    realms = {name: folder.joinpath(f"build/idp/{name}/realm.json").read_bytes() for name in REALMS}
    files, _ = read_work_tree(folder)
    model = load(files).model
    assert model is not None
    with ExitStack() as stack:
        opa_url = stack.enter_context(_opa(bundle, public))
        issuer = stack.enter_context(vouching(PIPELINES.issuer))
        variables = {JWKS_VARIABLE: issuer.jwks_url}
        keycloak = stack.enter_context(running(folder / "keycloak", realms, variables))
        terms = read_bundle(bundle.read_bytes())
        addresses = _addresses(model, keycloak) | {issuer.issuer: issuer.address}
        desk = Desk(Verifier(terms, Surroundings(addresses)))
        gateway = Gateway(
            engine=stack.enter_context(OpaEngine(bundle.read_bytes(), Settings(opa_url=opa_url))),
            bundle=terms,
            ledger=stack.enter_context(Ledger(folder / "ledger.db", "reference")),
            jobs=stack.enter_context(AuditLog(folder / "jobs.jsonl", "jobs")),
            admin=stack.enter_context(AuditLog(folder / "admin.jsonl", "admin")),
            clock=clock,
            new_id=lambda: str(uuid.uuid4()),
            authenticator=desk,
        )
        yield Architecture(folder, model, keycloak, issuer, opa_url, clock, desk, gateway)


def _configure(folder: Path, now: datetime) -> None:
    """The worked repository, and an elevation that holds now."""
    for name in CONFIGURATION:
        source, copy = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, copy)
        else:
            shutil.copy2(source, copy)
    begins, ends = (format_instant(now + timedelta(minutes=m)) for m in (-5, 55))
    document = folder / "tenants/aurora/elevations/aurora-reference-mei.yaml"
    document.write_text(ELEVATION.format(begins=begins, ends=ends), encoding="utf-8")


def _keys(folder: Path, name: str) -> tuple[Path, Path]:
    """A key to sign the bundle with, and what OPA verifies it with."""
    key = ec.generate_private_key(ec.SECP256R1())
    private, public = folder / f"{name}-signing.pem", folder / f"{name}-verification.pem"
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    public.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return private, public


def _compile(folder: Path, signing_key: Path) -> None:
    """As CI compiles it: exceptions end by themselves, so a commit is judged by its own time."""
    when = (
        os.environ.get("SOURCE_DATE_EPOCH")
        or subprocess.run(
            ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
    )
    compile_ = ("compile", "--out", "build", "--signing-key", str(signing_key))
    done = _qgov(folder, *compile_, environment={"SOURCE_DATE_EPOCH": when})
    if done.returncode:
        raise SystemExit(done.stderr)


def _qgov(
    folder: Path, *arguments: str, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("QGOV_")}
    return subprocess.run(
        [sys.executable, "-m", "qgov", *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env={**own, "PYTHONPATH": str(ROOT), **environment},
    )


def _addresses(model: AccessModel, keycloak: Server) -> dict[str, str]:
    """Issuer → where it is asked: behind the same proxy, on loopback."""
    base = f"http://127.0.0.1:{keycloak.port}/realms"
    providers = model.organization.providers
    return {providers[name].value.issuer: f"{base}/{realm}" for name, realm in REALMS.items()}


@contextmanager
def _opa(bundle: Path, key: Path) -> Iterator[str]:
    """The address of an OPA that takes no bundle but a signed one."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    verify = ["--verification-key", str(key), "--verification-key-id", KEY_ID]
    verify += ["--signing-alg", "ES256"]
    serve = [program_at("opa"), "run", "--server", "--addr", address, "--skip-version-check"]
    with bundle.with_name("opa.log").open("wb") as log:
        process = subprocess.Popen(
            [*serve, "--log-level", "error", *verify, "--bundle", str(bundle)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(f"http://{address}/health?bundles", process)
        yield f"http://{address}"
    finally:
        process.kill()
        process.wait()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            if httpx.get(url, trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise SystemExit("OPA did not start with the signed bundle")
