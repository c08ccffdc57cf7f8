"""A small repository with two commits, and the packs of its changes."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from qgov.cli import run
from tests.cli.process import ENVIRONMENT
from tests.plan.worlds import BASELINE, World, changed

__all__ = ["GAIN", "HOSTILE", "Called", "Pair", "call", "process", "world_of"]

HOSTILE = "<img src=x onerror=alert(1)> @team [x](javascript:alert(1)) =cmd() `whoami`"
"""A title that does something wherever it is not escaped."""

ATLAS = "tenants/atlas.yaml"
GAIN: Mapping[str, str] = changed(
    BASELINE,
    {
        ATLAS: {
            "    - {group: atlas-leads, ": "    - {group: atlas-guests, role: reader, on: sandbox}\n"
            "    - {group: atlas-leads, "
        }
    },
)
"""The baseline with a group more in a sandbox."""


class Called(NamedTuple):
    """What a call returned and printed."""

    status: int
    out: str
    err: str


class Pair(NamedTuple):
    """An Ed25519 key in PEM, and its public half."""

    private: bytes
    public: bytes

    @classmethod
    def of(cls, seed: int) -> Pair:
        """Always the same for the same seed."""
        key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        return cls(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        )


def world_of(folder: Path, head: Mapping[str, str] = GAIN) -> World:
    """A repository whose `main` is the baseline and whose `change` is the head."""
    world = World.at(folder, BASELINE)
    world.git("checkout", "--quiet", "-b", "change")
    world.commit(head)
    return world


@contextmanager
def _streams() -> Iterator[tuple[io.BytesIO, io.BytesIO]]:
    bytes_ = io.BytesIO(), io.BytesIO()
    kept = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = map(io.TextIOWrapper, bytes_)
    fresh = sys.stdout, sys.stderr
    try:
        yield bytes_
    finally:
        sys.stdout, sys.stderr = kept
        for stream in fresh:
            stream.flush()
            stream.detach()


def call(*arguments: object) -> Called:
    """`qgov` in this process."""
    with _streams() as (out, err):
        status = run([str(argument) for argument in arguments])
    return Called(status, out.getvalue().decode(), err.getvalue().decode())


def process(*arguments: object, cwd: Path, **environment: str) -> Called:
    """`qgov` as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "qgov", *map(str, arguments)],
        cwd=cwd,
        env={**ENVIRONMENT, "GIT_CONFIG_GLOBAL": os.devnull, **environment},
        capture_output=True,
        check=False,
    )
    return Called(done.returncode, done.stdout.decode(), done.stderr.decode())
