"""What conformance judges: a bundle, fresh or given, and the engines that can answer from it."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from qgov.conformance.run import Compiled
from qgov.decision.bundle import read_bundle
from qgov.decision.engine import EngineError, EngineKind, Settings
from qgov.decision.engines import engines
from qgov.decision.engines.opa import server
from qgov.errors import FindingsError, QgovError, Report
from qgov.finding import has_errors
from qgov.model.access_model import AccessModel
from qgov.targets import emit, targets
from qgov.targets.opa.signing import BUNDLE

__all__ = ["ALL", "able", "compiled", "has_library", "read_compiled", "subject_of"]

ALL: Final = "all"
_TARGETS: Final = ("opa", "cedar")
_LIBRARIES: Final = {"rego": "regopy", "cedar": "cedarpy"}
"""Engines that are a library, by its name."""


def compiled(held: AccessModel) -> Mapping[str, bytes]:
    """What is compiled of a model that holds what is in force alone. Raises FindingsError
    when it cannot be."""
    artifacts, findings = emit(held, [name for name in _TARGETS if name in targets()])
    if has_errors(findings):
        raise FindingsError(Report(findings))
    return artifacts


def read_compiled(path: Path) -> Mapping[str, bytes]:
    """A bundle's file, or all policies of a folder that `qgov compile` wrote. Raises OSError,
    and QgovError when the folder has no bundle."""
    if not path.is_dir():
        return {BUNDLE: path.read_bytes()}
    files = (file for file in (path / "policy").rglob("*") if file.is_file())
    found = {file.relative_to(path).as_posix(): file.read_bytes() for file in files}
    if BUNDLE not in found:
        raise QgovError(f"{path} has no {BUNDLE}: write it with `qgov compile --out`")
    return found


def subject_of(
    held: AccessModel, artifacts: Mapping[str, bytes], settings: Settings | None = None
) -> Compiled:
    """The artifacts, and the model that they are held to. Raises EngineError when the bundle
    cannot be read."""
    return Compiled(held, artifacts, read_bundle(artifacts[BUNDLE]), settings or Settings())


def able(
    engine: str, subject: Compiled, *, fresh: bool
) -> tuple[tuple[EngineKind, ...], Mapping[str, str]]:
    """The engines to ask, and of `all` those that cannot be asked with the reason. Raises
    EngineError where the one that is wanted cannot be."""
    wanted = engines().values() if engine == ALL else (engines()[engine],)
    reasons = {kind.name: _unable(kind, subject, fresh) for kind in wanted}
    left_out = {name: why for name, why in reasons.items() if why is not None}
    if engine in left_out:
        raise EngineError(f"{engine} cannot be asked: {left_out[engine]}")
    return tuple(kind for kind in wanted if kind.name not in left_out), left_out


def _unable(kind: EngineKind, subject: Compiled, fresh: bool) -> str | None:
    """Why an engine cannot be asked; None when it can."""
    if not fresh and not kind.needs:
        return "it answers from the documents, not from a bundle"
    if missing := sorted(set(kind.needs) - subject.artifacts.keys()):
        return f"there is no {missing[0]}; give the folder that `qgov compile --out` wrote"
    library = _LIBRARIES.get(kind.name)
    if library is not None and not has_library(library):
        return f"{library} is not installed; install qgov[engines]"
    if kind.name == "opa" and subject.settings.opa_url is None:
        try:
            server.program_at(subject.settings.opa)
        except EngineError as error:
            return str(error)
    return None


def has_library(name: str) -> bool:
    """Whether an optional library is installed."""
    return importlib.util.find_spec(name) is not None
