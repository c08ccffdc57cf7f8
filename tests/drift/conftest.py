"""The worked repository, as what was reviewed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from qgov.model.access_model import AccessModel
from qgov.pipeline import load
from qgov.repository import read_work_tree

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def model() -> AccessModel:
    files, _ = read_work_tree(ROOT)
    found = load(files).model
    assert found is not None
    return found
