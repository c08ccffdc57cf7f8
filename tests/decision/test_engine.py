"""An engine that crashes, hangs or talks nonsense is an error, and the error a denial."""

from __future__ import annotations

import gzip
import io
import sys
import tarfile
from collections.abc import Sequence

import pytest

from qgov.decision.answer import as_decision
from qgov.decision.bundle import read_bundle
from qgov.decision.decision import Decision
from qgov.decision.engine import UNANSWERED, EngineError, decide_or_deny
from qgov.decision.engines.reference import ReferenceEngine
from qgov.decision.engines.rego import RegoEngine
from qgov.decision.request_parts import RequestJson
from qgov.targets.opa import TARGET
from tests.decision.harness import DEVELOPER, MODEL, PIPELINE

BUNDLE = TARGET.emit(MODEL)["policy/opa/bundle.tar.gz"]
READY = "import sys, time; sys.stdin.readline(); print('{\"ready\":true}', flush=True); "
NEXT = READY + "sys.stdin.readline(); "


def engine(program: str, deadline_s: float = 5.0) -> RegoEngine:
    return RegoEngine(BUNDLE, deadline_s=deadline_s, command=(sys.executable, "-c", program))


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("raise SystemExit(3)", "ended unexpectedly"),
        ("print('{}')", "did not accept the bundle"),
        (NEXT + "import os; os.abort()", "ended unexpectedly"),
        (NEXT + "print('undefined', flush=True); time.sleep(60)", "something other than JSON"),
        (NEXT + "print('{\"bindings\": {}}', flush=True); time.sleep(60)", "no decision"),
        (
            NEXT + "print('{\"bindings\": [', end='', flush=True); time.sleep(60)",
            "did not answer within 0.5 s",
        ),
        (NEXT + "time.sleep(60)", "did not answer within 0.5 s"),
    ],
    ids=["no start", "refused", "abort", "undefined", "empty", "half", "hang"],
)
def test_a_failing_engine_raises_and_the_request_is_denied(program: str, message: str) -> None:
    with engine(program, deadline_s=0.5) as failing:
        with pytest.raises(EngineError, match=message):
            failing.decide([DEVELOPER])
        decisions, error = decide_or_deny(failing, [DEVELOPER, PIPELINE])
    assert decisions == [UNANSWERED, UNANSWERED]
    assert not UNANSWERED.allow
    assert error is not None


def test_what_was_answered_before_the_failure_stands() -> None:
    class Tired:
        name = "tired"
        calls = 0

        def decide(self, requests: Sequence[RequestJson]) -> list[Decision]:
            raise EngineError("tired", ReferenceEngine(MODEL).decide(requests[:1]))

        def __enter__(self) -> Tired:
            return self

        def __exit__(self, *_: object) -> None: ...

    decisions, error = decide_or_deny(Tired(), [DEVELOPER, DEVELOPER])
    assert [d.allow for d in decisions] == [True, False]
    assert str(error) == "tired"


def test_an_engine_starts_afresh_after_a_failure() -> None:
    with RegoEngine(BUNDLE) as rego:
        assert rego.decide([DEVELOPER])[0].allow
        process = rego._process
        assert process is not None
        process.kill()
        process.wait()
        with pytest.raises(EngineError, match="ended unexpectedly"):
            rego.decide([DEVELOPER])
        assert rego.decide([DEVELOPER])[0].allow


def test_the_process_ends_with_the_engine() -> None:
    with RegoEngine(BUNDLE) as rego:
        rego.decide([DEVELOPER])
        process = rego._process
        assert process is not None
    assert process.returncode is not None


def test_no_request_gives_no_decision() -> None:
    with RegoEngine(BUNDLE) as rego:
        assert rego.decide([]) == []
        assert rego.revision.startswith("sha256:")
    with ReferenceEngine(MODEL, "r") as reference:
        assert reference.decide([DEVELOPER])[0].revision == "r"


SOUND = {"allow": True, "reasons": [], "warnings": [], "obligations": {}, "revision": "r"}


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        True,
        {},
        {**SOUND, "more": 1},
        {**SOUND, "allow": 1},
        {**SOUND, "allow": False},
        {**SOUND, "reasons": ["no-grant"]},
        {**SOUND, "allow": False, "reasons": ["because"]},
        {**SOUND, "reasons": "no-grant"},
        {**SOUND, "warnings": ["mind"]},
        {**SOUND, "obligations": []},
        {**SOUND, "revision": None},
    ],
    ids=repr,
)
def test_an_answer_that_is_no_decision_allows_nothing(answer: object) -> None:
    with pytest.raises(EngineError):
        as_decision(answer)
    assert as_decision(SOUND).allow


def bundle(**files: str) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return gzip.compress(raw.getvalue())


def test_data_files_of_a_bundle_are_one_tree() -> None:
    read = read_bundle(
        bundle(
            **{
                "/p.rego": "package p",
                "./data.json": '{"a": {"b": 1}}',
                "a/c/data.json": '{"d": 2}',
                ".manifest": '{"revision": "r"}',
                "README.md": "x",
            }
        )
    )
    assert read.data == {"a": {"b": 1, "c": {"d": 2}}}
    assert dict(read.modules) == {"p.rego": "package p"}
    assert read.revision == "r"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"not a tarball", "cannot be read"),
        (BUNDLE[:200], "cannot be read"),
        (gzip.compress(b"not a tarball"), "cannot be read"),
        (bundle(**{"p.rego": "package p", "data.json": "{"}), "cannot be read"),
        (bundle(**{"p.rego": "package p", "data.json": "[]"}), "is no object"),
        (
            bundle(**{"p.rego": "package p", "data.json": '{"a": 1}', "a/data.json": "{}"}),
            "second time",
        ),
        (bundle(**{"data.json": "{}"}), "no policy"),
    ],
    ids=["bytes", "cut", "gzip", "json", "list", "collision", "empty"],
)
def test_a_bundle_that_cannot_be_read_is_an_error(content: bytes, message: str) -> None:
    with pytest.raises(EngineError, match=message):
        RegoEngine(content)
