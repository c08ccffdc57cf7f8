"""The policy that qgov carries in WebAssembly: of which text it is, and how it can fail."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from shutil import copytree
from typing import Any, Final

import pytest

from qgov.decision.bundle import Bundle, read_bundle
from qgov.decision.engine import EngineError, Settings
from qgov.decision.engines.rego import ENGINE, RegoEngine
from qgov.decision.engines.rego.compiled import POLICY, CompiledRegoEngine, carried
from qgov.decision.engines.rego.sandbox import Policy, _nanoseconds
from qgov.decision.reference import decide
from qgov.decision.request import Request
from qgov.targets.opa import TARGET
from tests.decision.compared import BUNDLE, JUDGED, settings_for
from tests.decision.harness import DEVELOPER, MODEL, PIPELINE, asking, elevation

CONTENT: Final = TARGET.emit(MODEL)[BUNDLE]
READ: Final = read_bundle(CONTENT)
ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = "qgov/decision/engines/rego/carried"


def code() -> bytes:
    found = carried(READ)
    assert found is not None
    return found


@pytest.fixture
def engine() -> Iterator[CompiledRegoEngine]:
    settings_for(JUDGED["rego"])
    with CompiledRegoEngine(READ, code()) as made:
        yield made


def test_one_policy_is_carried_and_it_is_of_the_text_that_is_written() -> None:
    text = files("qgov.targets.opa").joinpath("policy", POLICY).read_bytes()
    names = [
        entry.name for entry in files("qgov.decision.engines.rego").joinpath("carried").iterdir()
    ]
    assert names == [f"{sha256(text).hexdigest()}.wasm"], "run .ci/compile-policy"


@pytest.mark.real
def test_opa_compiles_the_same_bytes_again(tmp_path: Path) -> None:
    opa = settings_for(JUDGED["opa"]).opa
    said = subprocess.run([opa, "version"], capture_output=True, text=True, check=True).stdout
    wanted = re.search(r"^version=(.*)$", (ROOT / ".ci/install-opa").read_text(), re.MULTILINE)
    assert wanted is not None
    if f"Version: {wanted[1]}\n" not in said:
        pytest.skip(f"opa is not {wanted[1]}, by which the policy was compiled")
    for folder in (".ci", "qgov/targets/opa/policy", FOLDER):
        copytree(ROOT / folder, tmp_path / folder)
    before = {path.name: path.read_bytes() for path in (tmp_path / FOLDER).iterdir()}
    subprocess.run([tmp_path / ".ci/compile-policy", opa], check=True, capture_output=True)
    assert {path.name: path.read_bytes() for path in (tmp_path / FOLDER).iterdir()} == before


def started(bundle: bytes) -> object:
    settings_for(JUDGED["rego"])
    return ENGINE.start(MODEL, {BUNDLE: bundle}, Settings())


def test_our_policy_is_answered_compiled() -> None:
    assert isinstance(started(CONTENT), CompiledRegoEngine)


@pytest.mark.parametrize(
    "modules",
    [
        {POLICY: READ.modules[POLICY] + "\n"},
        {**READ.modules, "qgov/more.rego": "package qgov.authz\n"},
        {"qgov/other.rego": READ.modules[POLICY]},
    ],
    ids=["changed", "more", "elsewhere"],
)
def test_another_policy_is_not_taken_for_ours(modules: dict[str, str]) -> None:
    assert carried(Bundle(READ.revision, modules, READ.data)) is None


def test_without_wasmtime_rego_cpp_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qgov.decision.engines.rego.find_spec", lambda _: None)
    with ENGINE.start(MODEL, {BUNDLE: CONTENT}, Settings()) as made:
        assert isinstance(made, RegoEngine)


def test_the_policy_is_started_once_for_all_questions(
    engine: CompiledRegoEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    class Counted(Policy):
        def __init__(self, *given: Any) -> None:
            made.append(self)
            super().__init__(*given)

    monkeypatch.setattr("qgov.decision.engines.rego.compiled.Policy", Counted)
    for _ in range(3):
        engine.decide([DEVELOPER, PIPELINE])
    assert len(made) == 1


def test_what_needs_more_room_than_is_set_aside_is_decided_alike(
    engine: CompiledRegoEngine,
) -> None:
    """The input, and the instants and texts that the host answers with."""
    request = asking(DEVELOPER, elevations=[elevation(ticket=f"T-{n}") for n in range(2500)])
    wanted = decide(MODEL, request)
    for _ in range(2):
        found = engine.decide([request, DEVELOPER])
        assert (found[0].allow, found[0].reasons) == (wanted.allow, wanted.reasons)
        assert found[1].allow


def test_a_deadline_ends_a_decision_and_the_next_starts_afresh() -> None:
    settings_for(JUDGED["rego"])
    request = asking(DEVELOPER, elevations=[elevation(ticket=f"T-{n}") for n in range(40_000)])
    with CompiledRegoEngine(READ, code(), deadline_s=0.0) as engine:
        with pytest.raises(EngineError, match="did not answer within 0 s"):
            engine.decide([request])
        assert engine.decide([DEVELOPER])[0].allow


@pytest.mark.parametrize(
    ("given", "message"),
    [(b"", "cannot be started"), (b"\0asm\1\0\0\0", "cannot be started")],
    ids=["nothing", "an empty module"],
)
def test_a_module_that_is_no_policy_is_an_error(given: bytes, message: str) -> None:
    settings_for(JUDGED["rego"])
    with pytest.raises(EngineError, match=message):
        Policy(given, {})


def test_data_of_another_policy_gives_no_permission(engine: CompiledRegoEngine) -> None:
    bare = Bundle("r", READ.modules, {})
    with CompiledRegoEngine(bare, code()) as other:
        assert not other.decide([DEVELOPER])[0].allow
    assert engine.decide([DEVELOPER])[0].allow


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("1970-01-01T00:00:01+00:00", 1_000_000_000),
        ("2026-11-23T10:00:00+02:00", 1_795_420_800_000_000_000),
        ("1969-12-31T23:59:59+00:00", -1_000_000_000),
        ("2026-02-30T00:00:00+00:00", None),
        ("9999-12-31T00:00:00+00:00", None),
        ("0001-01-01T00:00:00+23:00", None),
        ("2026-11-23T10:00:00", None),
        ("", None),
    ],
)
def test_an_instant_is_read_as_opa_reads_it(text: str, instant: int | None) -> None:
    assert _nanoseconds(text) == instant


def test_a_request_is_asked_as_every_engine_reads_it(engine: CompiledRegoEngine) -> None:
    shaped = Request.from_json(PIPELINE).to_json()
    assert engine.decide([PIPELINE]) == engine.decide([shaped])
