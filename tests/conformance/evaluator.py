"""The evaluator of IAM policies, where it is installed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from qgov.conformance.native.iam_simulate import FOLDER, installed
from tests.targets.worked import ROOT


def need_evaluator() -> Path:
    """Skip the test when the evaluator is missing; fail it when QGOV_REQUIRE_REAL=1."""
    found = installed(os.environ.get(FOLDER, str(ROOT / ".iam-simulate")))
    if found is None and os.environ.get("QGOV_REQUIRE_REAL") == "1":
        pytest.fail("QGOV_REQUIRE_REAL=1 but missing: iam-simulate (.ci/install-iam-simulate)")
    if found is None:
        pytest.skip("missing: iam-simulate")
    return found
