"""The proof that goes into a pack: conformance of the compiled bundle, and the audit events
of one job that ran and one that was refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

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


@dataclass(frozen=True, slots=True)
class Proof:
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
    samples: dict[str, bytes] = {}

    def keep(case: Case, folder: Path) -> None:
        verdict = "allowed" if case.expect == "allow" else "refused"
        for stream, name in (("jobs", f"jobs-{verdict}.jsonl"), ("admin", "admin.jsonl")):
            samples.setdefault(name, (folder / f"{stream}.jsonl").read_bytes())

    kind = engines()[ENGINE]
    document = prove(subject, [kind], asked_of(subject), engine=ENGINE, tell=tell, keep=keep)
    return Proof(document, dict(sorted(samples.items())))
