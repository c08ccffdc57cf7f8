"""Loading one side for the commands that ask about a single moment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from qgov.errors import FindingsError, Report
from qgov.model.access_model import AccessModel
from qgov.pipeline import load
from qgov.repository import at_ref, open_repository, read_work_tree

__all__ = ["files_at", "model_at"]


def files_at(root: Path, ref: str | None = None) -> Mapping[str, bytes]:
    """The configuration of the work tree or of a commit. Raises FindingsError for a file
    that is refused."""
    if ref is None:
        files, findings = read_work_tree(root)
    else:
        snapshot = at_ref(open_repository(root), root, ref)
        files, findings = snapshot.read(snapshot.blobs), list(snapshot.findings)
    if findings:
        raise FindingsError(Report(findings))
    return files


def model_at(root: Path, ref: str | None = None) -> AccessModel:
    """What the configuration means. Raises FindingsError when it cannot be understood."""
    loaded = load(files_at(root, ref))
    if loaded.model is None:
        raise FindingsError(Report(loaded.findings))
    return loaded.model
