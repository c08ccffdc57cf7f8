"""The proof that goes into a pack: conformance of the compiled bundle, and the audit events
of one job that ran and one that was refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Any, Final

from msgspec import Struct

from qgov.conformance.case import Case
from qgov.conformance.prove import asked_of, prove
from qgov.conformance.run import Progress
from qgov.conformance.subject import compiled, subject_of
from qgov.conformance.table import in_force
from qgov.decision.engines import engines
from qgov.model.access_model import AccessModel

__all__ = ["ENGINE", "Proof", "proof_of"]

ENGINE: Final = "cedar"
"""What answers: as for witnesses, embedded and the fastest that reads compiled policies."""


class Proof(Struct, frozen=True):
    """A `qgov/conformance/v1` document, and sample logs by file name: those of the first
    submission that was allowed and of the first that was refused, each whole, so that it
    verifies."""

    document: Mapping[str, Any]
    samples: Mapping[str, bytes]


def proof_of(model: AccessModel, tell: Callable[[str], Progress]) -> Proof:
    """Run every case of a model against its own bundle. Raises EngineError, and FindingsError
    when it cannot be compiled."""
    held = in_force(model)
    subject = subject_of(held, compiled(held))
    kind = engines()[ENGINE]
    with TemporaryDirectory(prefix="qgov-evidence-") as kept:
        document = prove(
            subject,
            [kind],
            asked_of(subject),
            engine=ENGINE,
            tell=tell,
            keep=lambda case, folder: _keep(case, folder, Path(kept)),
        )
        samples = {file.name: file.read_bytes() for file in sorted(Path(kept).iterdir())}
    return Proof(document, samples)


def _keep(case: Case, folder: Path, kept: Path) -> None:
    """Copy the logs of the first case of a verdict. By files: it may be another process."""
    verdict = "allowed" if case.expect == "allow" else "refused"
    for stream, name in (("jobs", f"jobs-{verdict}.jsonl"), ("admin", "admin.jsonl")):
        if not (kept / name).exists():
            copyfile(folder / f"{stream}.jsonl", kept / name)
