"""Engines held against the reference: started for a model, asked, and counted."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import pytest

from qgov.decision.decision import Decision
from qgov.decision.engine import Engine, EngineKind, Settings
from qgov.decision.engines import engines
from qgov.decision.engines.rego import RegoEngine
from qgov.decision.reference import decide
from qgov.model.access_model import AccessModel
from qgov.records import replace
from qgov.targets import emit

__all__ = [
    "COMPARED",
    "JUDGED",
    "Disagreement",
    "available",
    "disagreements",
    "settings_for",
    "shown",
    "start",
]

COMPARED: Final = "compared"
"""The property of a test's report that says what it compared: `tests/conftest.py` sums up."""

LIBRARIES: Final = {"rego": "wasmtime", "rego-cpp": "regopy", "cedar": "cedarpy"}
"""The library of an engine, where it is one."""

BUNDLE: Final = "policy/opa/bundle.tar.gz"

JUDGED: Final = {
    **{name: kind for name, kind in engines().items() if name != "reference"},
    # What answers from a policy that is not ours, asked about ours: another voice.
    "rego-cpp": EngineKind("rego-cpp", lambda _, made, __: RegoEngine(made[BUNDLE]), (BUNDLE,)),
}
"""The engines that must say what the reference says."""

Disagreement = tuple[dict[str, Any], Decision, Decision]
"""A request, what the reference says, and what the engine says."""


def _opa() -> str | None:
    beside = str(Path(sys.executable).parent)
    return os.environ.get("QGOV_OPA") or shutil.which("opa") or shutil.which("opa", path=beside)


def available(name: str) -> bool:
    """Whether the engine's program or library is here."""
    if name == "opa":
        return bool(_opa())
    return name not in LIBRARIES or find_spec(LIBRARIES[name]) is not None


def settings_for(kind: EngineKind) -> Settings:
    """The engine's surroundings here; a skip when its program or library is missing."""
    if not available(kind.name):
        remedy = "" if kind.name in LIBRARIES else " (.ci/install-opa)"
        pytest.skip(f"{LIBRARIES.get(kind.name, kind.name)} is not installed{remedy}")
    return Settings(opa=_opa() or "opa") if kind.name == "opa" else Settings()


def start(kind: EngineKind, model: AccessModel) -> Engine:
    """The engine with what is compiled from the model."""
    settings = settings_for(kind)
    targets = {path.split("/")[1] for path in kind.needs}
    artifacts, findings = emit(model, targets) if targets else ({}, [])
    assert set(kind.needs) <= set(artifacts), findings
    return kind.start(model, {path: artifacts[path] for path in kind.needs}, settings)


def disagreements(
    kind: EngineKind,
    model: AccessModel,
    requests: Sequence[dict[str, Any]],
    wanted: Sequence[Decision] | None = None,
) -> list[Disagreement]:
    """The requests that the engine decides otherwise than the reference (whose decisions are
    `wanted`, where they are known), in any part of the answer but the revision, which the
    reference has not."""
    with start(kind, model) as engine:
        decisions = engine.decide(requests)
    assert len(decisions) == len(requests)
    if wanted is None:
        wanted = [decide(model, request) for request in requests]
    return [
        (request, want, got)
        for request, want, got in zip(requests, wanted, decisions, strict=True)
        if replace(got, revision="") != want
    ]


def shown(found: Sequence[Disagreement]) -> str:
    """The first disagreements, for a person."""
    return "\n".join(
        f"{json.dumps(request)}\n  reference: {want}\n  engine:    {got}"
        for request, want, got in found[:3]
    )
