"""The worked repository, as what was reviewed."""

from __future__ import annotations

from pathlib import Path

from qgov.repository import read_work_tree
from tests.drift.conftest import model

__all__ = ["copy_of", "model"]


def copy_of(root: Path, there: Path, change: tuple[str, str]) -> Path:
    """The configuration in another folder, with one text of `qgov.yaml` in place of another."""
    files, _ = read_work_tree(root)
    assert change[0].encode() in files["qgov.yaml"]
    for path, data in files.items():
        (there / path).parent.mkdir(parents=True, exist_ok=True)
        (there / path).write_bytes(data)
    text = files["qgov.yaml"].decode().replace(*change)
    (there / "qgov.yaml").write_text(text, encoding="utf-8")
    return there
