"""Loading one side for the commands that ask about a single moment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from qgov.cli.common import choose
from qgov.errors import FindingsError, Report
from qgov.finding import has_errors
from qgov.model.access_model import AccessModel
from qgov.model.accesses import scopes_at
from qgov.model.scope import EVERYWHERE, matches
from qgov.pipeline import load
from qgov.repository import at_hand, at_ref, open_repository

__all__ = ["choose_scope", "files_at", "model_at", "model_of"]


def choose_scope(model: AccessModel, scope: str, option: str) -> str:
    """The scope (which may have `*` labels) when there is one like it. Raises
    typer.BadParameter: what is asked about nothing would be answered with nobody, or no."""
    known = [found for level in range(4) for found in scopes_at(model, EVERYWHERE, level)]
    if any(matches(scope, one) for one in known):
        return scope
    return choose(scope, known, option)


def files_at(root: Path, ref: str | None = None) -> Mapping[str, bytes]:
    """The configuration of the work tree or of a commit. Raises FindingsError for a file
    that is refused."""
    if ref is None:
        files, findings = at_hand(root)
    else:
        snapshot = at_ref(open_repository(root), root, ref)
        files, findings = snapshot.read(snapshot.blobs), list(snapshot.findings)
    if has_errors(findings):
        raise FindingsError(Report(findings))
    return files


def model_at(root: Path, ref: str | None = None) -> AccessModel:
    """What the configuration means. Raises FindingsError when it cannot be understood."""
    return model_of(files_at(root, ref))


def model_of(files: Mapping[str, bytes]) -> AccessModel:
    """As `model_at`, of files."""
    loaded = load(files)
    if loaded.model is None:
        raise FindingsError(Report(loaded.findings))
    return loaded.model
