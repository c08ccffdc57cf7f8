"""Commands called in this process, and a repository as `qgov init` writes it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from qgov.adoption.additions import new_folder
from qgov.adoption.starter import PROGRAMS, starter
from tests.adoption.worlds import NOW
from tests.cli.conftest import Call, call

__all__ = ["Call", "call"]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(NOW.timestamp())))
    monkeypatch.delenv("QGOV_DEBUG", raising=False)


@pytest.fixture(scope="session")
def new_files() -> Mapping[str, bytes]:
    """The files of a new repository, of the organization `acme` with the tenant `pilot`."""
    return starter("acme", "pilot", NOW).files


@pytest.fixture
def repository(tmp_path: Path, new_files: Mapping[str, bytes]) -> Path:
    """A new repository on the disk."""
    folder = tmp_path / "acme"
    new_folder(folder, new_files, PROGRAMS)
    return folder
