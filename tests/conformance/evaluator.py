"""The evaluator of IAM policies, where it is installed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from qgov.conformance.native.iam_simulate import FOLDER, installed
from tests.targets.worked import ROOT


def need_evaluator() -> Path:
    """Skip the test when the evaluator is missing; tests/conftest.py fails it where it must run."""
    found = installed(os.environ.get(FOLDER, str(ROOT / ".iam-simulate")))
    if found is None:
        pytest.skip("missing: iam-simulate (.ci/install-iam-simulate)")
    return found
