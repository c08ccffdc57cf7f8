"""The sound repository of the corpus, with edits, as a model."""

from __future__ import annotations

from qgov.language.documents import read_documents
from qgov.model.access_model import AccessModel
from qgov.model.accesses import Cell, accesses
from qgov.model.conditions import Conditions
from tests.bad.corpus import BASE, examine

__all__ = ["BASE", "conditions", "edited", "model_of"]


def edited(path: str, old: str, new: str, files: dict[str, bytes] = BASE) -> dict[str, bytes]:
    """The repository with one piece of text replaced."""
    assert files[path].count(old.encode()) == 1, f"{old!r} in {path}"
    return {**files, path: files[path].replace(old.encode(), new.encode())}


def model_of(files: dict[str, bytes] = BASE) -> AccessModel:
    """The model of a repository without faults."""
    _, findings = read_documents(files)
    assert findings == []
    _, model, findings = examine(files)
    assert findings == []
    assert model is not None
    return model


def conditions(files: dict[str, bytes] = BASE) -> dict[Cell, list[Conditions]]:
    """What each access takes, by every way to it."""
    return {
        cell: [path.conditions for path in paths]
        for cell, paths in accesses(model_of(files)).items()
    }
