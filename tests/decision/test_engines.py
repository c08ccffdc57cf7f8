"""What holds for every engine that is a file of `qgov/decision/engines/`."""

from __future__ import annotations

import json
import os
import pkgutil
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import pytest

from qgov.contracts import decision as contract
from qgov.contracts.telling import tell
from qgov.decision import engines as folder
from qgov.decision.decision import Decision
from qgov.decision.engine import Engine, EngineError, EngineKind, Settings
from qgov.decision.engines import engines
from qgov.decision.reference import decide
from qgov.targets import emit
from tests.decision.harness import DEVELOPER, MODEL
from tests.decision.test_reasons import ALLOWED, DENIED

ARTIFACTS: Final = emit(MODEL)[0]
REQUESTS: Final = [*ALLOWED.values(), *(request for request, _ in DENIED.values())]
LIBRARIES: Final = ("cedarpy", "cirq", "joserfc", "cryptography", "regopy", "wasmtime")
NEEDED: Final = {"rego": "regopy", "cedar": "cedarpy"}
"""The library of an engine, where it is one."""

each = pytest.mark.parametrize("kind", engines().values(), ids=list(engines()))


def started(kind: EngineKind) -> Engine:
    """The engine by its artifacts alone; a skip when its program or library is missing."""
    settings = Settings()
    if kind.name in NEEDED and find_spec(NEEDED[kind.name]) is None:
        pytest.skip(f"{NEEDED[kind.name]} is not installed")
    if kind.name == "opa":
        beside = str(Path(sys.executable).parent)
        opa = os.environ.get("QGOV_OPA") or shutil.which("opa") or shutil.which("opa", path=beside)
        if not opa:
            pytest.skip("opa is not installed (.ci/install-opa)")
        settings = Settings(opa=opa)
    return kind.start(MODEL, {path: ARTIFACTS[path] for path in kind.needs}, settings)


def said(decision: Decision) -> dict[str, Any]:
    """A decision as JSON, without the revision, which an engine has and the reference has not."""
    return {**tell(contract.Decision, decision), "revision": None}


def test_every_file_is_an_engine_of_its_name() -> None:
    files = {module.name for module in pkgutil.iter_modules(folder.__path__)}
    assert set(engines()) == files
    assert list(engines()) == sorted(engines())
    assert {name: kind.name for name, kind in engines().items()} == {n: n for n in engines()}
    assert {"opa", "reference", "rego"} <= set(engines())


@each
def test_an_engine_needs_what_the_compiler_writes(kind: EngineKind) -> None:
    assert set(kind.needs) <= set(ARTIFACTS)
    assert (kind.needs == ()) is (kind.name == "reference")


@pytest.mark.real
@each
def test_an_engine_decides_as_the_reference_does(kind: EngineKind) -> None:
    with started(kind) as engine:
        assert engine.name == kind.name
        decisions = engine.decide(REQUESTS)
    revisions = {decision.revision for decision in decisions}
    assert len(revisions) == 1
    assert (revisions == {""}) is (kind.name == "reference")
    for request, decision in zip(REQUESTS, decisions, strict=True):
        assert said(decision) == said(decide(MODEL, request)), json.dumps(request)


@pytest.mark.real
@each
def test_no_request_is_no_decision(kind: EngineKind) -> None:
    with started(kind) as engine:
        assert engine.decide([]) == []
        assert engine.decide([DEVELOPER])[0].allow
        assert engine.decide([]) == []


class Unreadable(dict[str, Any]):
    """A request at which an engine fails, where it is read field by field."""

    def get(self, *_: object) -> Any:
        raise EngineError("unreadable")


@pytest.mark.real
@each
def test_after_an_error_the_next_call_starts_afresh(kind: EngineKind) -> None:
    with started(kind) as engine:
        first = engine.decide([DEVELOPER])
        with pytest.raises(EngineError, match="unreadable") as raised:
            engine.decide([DEVELOPER, Unreadable(subject=None)])
        # The reference has no world outside that could fail it: it keeps no account.
        assert list(raised.value.answered) == ([] if kind.name == "reference" else first)
        assert engine.decide([DEVELOPER, DEVELOPER]) == first * 2


@each
def test_nothing_is_imported_or_started_before_it_is_asked(kind: EngineKind) -> None:
    text = (
        f"import sys, {kind.start.__module__}\n"
        f"print([name for name in {LIBRARIES} if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", text],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
