"""The worked repository, as what was reviewed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from qgov.model.access_model import AccessModel
from qgov.pipeline import load
from qgov.repository import read_work_tree
from tests.drift.scim_service import Directory, provisioned

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def model() -> AccessModel:
    files, _ = read_work_tree(ROOT)
    found = load(files).model
    assert found is not None
    return found


@pytest.fixture
def directory(model: AccessModel) -> Iterator[Directory]:
    """A SCIM service that was provisioned with what was compiled."""
    with provisioned(model) as service:
        yield service
