"""The proof of a cloud: its questions, asked and counted."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from msgspec import Struct

from qgov.conformance.native.aws_misses import questions
from qgov.conformance.native.iam_simulate import answers, version
from qgov.conformance.native.question import Answer
from qgov.contracts.native import Native
from qgov.contracts.telling import tell
from qgov.errors import FindingsError, Report
from qgov.finding import has_errors
from qgov.model.access_model import AccessModel
from qgov.targets import emit

__all__ = ["CLOUDS", "prove_native"]

CLOUDS: Final = ("aws",)
"""The clouds whose policies an evaluator can be asked about."""


class _Proof(Struct, frozen=True):
    cloud: str
    evaluator: str
    questions: list[Answer]

    @property
    def summary(self) -> dict[str, int]:
        passed = sum(answer.passed for answer in self.questions)
        allowed = sum(answer.allowed for answer in self.questions)
        asked = len(self.questions)
        return {
            "passed": passed,
            "failed": asked - passed,
            "allowed": allowed,
            "denied": asked - allowed,
        }


def prove_native(model: AccessModel, cloud: str, folder: Path) -> Native:
    """What an evaluator in a folder says of the policies that a model compiles to for a cloud.
    Raises FindingsError when they cannot be, QgovError when there is nothing to ask or the
    evaluator fails."""
    files, findings = emit(model, ["braket"])
    if has_errors(findings):
        raise FindingsError(Report(findings))
    found = answers(questions(model, files), folder)
    return tell(Native, _Proof(cloud, version(folder), found))
