"""Loading one side for the commands that ask about a single moment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qgov.cli.common import say

if TYPE_CHECKING:
    from qgov.model.access_model import AccessModel

__all__ = ["model_at"]


def model_at(root: Path, ref: str | None) -> AccessModel | None:
    """The model of the work tree or of a commit; None, with the findings on standard
    error, when it cannot be understood."""
    from qgov.pipeline import load
    from qgov.render.findings import as_text
    from qgov.repository import at_ref, open_repository, read_work_tree

    if ref is None:
        files, findings = read_work_tree(root)
    else:
        snapshot = at_ref(open_repository(root), root, ref)
        files, findings = snapshot.read(snapshot.blobs), list(snapshot.findings)
    if not findings:
        loaded = load(files)
        if loaded.model is not None:
            return loaded.model
        findings = list(loaded.findings)
    say(as_text(findings).rstrip())
    return None
