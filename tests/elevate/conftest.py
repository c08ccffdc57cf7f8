"""The worked repository with a realm of its own name, which these tests may change."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from qgov.model.access_model import AccessModel
from qgov.pipeline import load
from qgov.repository import read_work_tree
from tests.drift.conftest import ROOT

REALM = "elevating"
MEI = "tenants/aurora/elevations/aurora-2026-11-mei.yaml"


def model_of(files: Mapping[str, bytes]) -> AccessModel:
    found = load(files).model
    assert found is not None
    return found


@pytest.fixture(scope="session")
def files() -> dict[str, bytes]:
    found, _ = read_work_tree(ROOT)
    text = found["qgov.yaml"].decode().replace("realm: quantum", f"realm: {REALM}")
    return {**found, "qgov.yaml": text.encode()}


@pytest.fixture(scope="session")
def own(files: dict[str, bytes]) -> AccessModel:
    return model_of(files)
