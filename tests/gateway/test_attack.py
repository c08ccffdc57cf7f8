"""What a program can reach from what the gateway hands out. Python hides nothing from a
program that looks behind underscores; this walks what is public."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import cirq
import cirq_google as cg
import duet
import pytest
from cirq_google.engine.abstract_engine import AbstractEngine
from cirq_google.engine.abstract_job import AbstractJob
from cirq_google.engine.abstract_processor import AbstractProcessor
from cirq_google.engine.abstract_program import AbstractProgram

from qgov.gateway.gateway import Denied, Identity, Refused, Session
from qgov.gateway.job import GovernedJob
from qgov.gateway.verification import events
from tests.gateway.company import IDENTITY, Gate, gate
from tests.gateway.test_processor import bell, inner_of

DEPTH = 3
SUBMITTING = (
    *("run", "run_async", "run_sweep", "run_sweep_async", "run_batch", "run_batch_async"),
    *("create_job", "create_program", "get_sampler", "submit"),
)
DEVICES = (cirq.Sampler, AbstractEngine, AbstractJob, AbstractProcessor, AbstractProgram)
LAST = ("cancel", "delete")
"""What spoils the rest of a walk is called at its end."""


def reachable(found: Any) -> Iterator[tuple[str, Any]]:
    """Public attributes, what methods without required arguments give, what they belong to,
    and what is in a container."""
    if isinstance(found, Mapping):
        yield from ((f"[{key!r}]", value) for key, value in found.items())
    elif isinstance(found, list | tuple | set | frozenset):
        yield from ((f"[{i}]", value) for i, value in enumerate(found))
    names = [name for name in dir(found) if not name.startswith("_")]
    for name in sorted(names, key=lambda name: (name in LAST, name)):
        value = getattr(found, name, None)
        yield f".{name}", value
        if inspect.ismethod(value):
            yield f".{name}.__self__", value.__self__
            try:
                given = value()
                yield f".{name}()", given if not inspect.iscoroutine(given) else awaited(given)
            except Exception as error:  # noqa: BLE001 - refused, denied, or in need of arguments
                yield f".{name}() raised", error


def awaited(coroutine: Any) -> Any:
    async def wait() -> Any:
        return await coroutine

    return duet.run(wait)  # type: ignore[attr-defined]


def walk(start: Any) -> Iterator[tuple[str, Any]]:
    """Everything up to `DEPTH` steps away, with the way to it."""
    seen = {id(start): start}
    layer = [("", start)]
    for _ in range(DEPTH):
        below: list[tuple[str, Any]] = []
        for way, found in layer:
            for step, value in reachable(found):
                yield way + step, value
                dull = isinstance(value, type | ModuleType | str | bytes | int | float | None)
                module = type(value).__module__.partition(".")[0]
                if dull or module in {"numpy", "pandas", "networkx", "sympy"} or id(value) in seen:
                    continue
                seen[id(value)] = value
                below.append((way + step, value))
        layer = below


def governed(value: Any) -> bool:
    return type(value).__module__.startswith("qgov.gateway")


def back_doors(start: Any, raw: Sequence[Any]) -> list[str]:
    """Ways to a raw object, to a device that is not the gateway's, or to a method of another
    that submits."""
    found = []
    for way, value in walk(start):
        if isinstance(value, type | ModuleType):
            continue
        submits = any(callable(getattr(value, name, None)) for name in SUBMITTING)
        is_raw = any(value is thing for thing in raw)
        if is_raw or ((isinstance(value, DEVICES) or submits) and not governed(value)):
            found.append(way)
    return found


def given_out(session: Session, engine: Any) -> dict[str, Any]:
    processor = session.processor("local-simulator", inner_of(engine))
    return {
        "processor": processor,
        "job": processor.run_sweep(bell(engine), device_config_name="", params=[{}, {}]),
        "batch": processor.run_sweep([bell(engine), bell(engine)], device_config_name=""),
        "processor's sampler": processor.get_sampler(),
        "sampler": session.sampler("local-simulator", inner_of(engine).get_sampler()),
        "session": session,
    }


@pytest.fixture
def engine() -> Any:
    return cg.engine.create_noiseless_virtual_engine_from_latest_templates()


@pytest.fixture
def gated(tmp_path: Path) -> Gate:
    return gate(tmp_path)


@pytest.mark.parametrize(
    "name", ["processor", "job", "batch", "processor's sampler", "sampler", "session"]
)
def test_nothing_that_is_given_out_leads_to_the_device(gated: Gate, engine: Any, name: str) -> None:
    start = given_out(gated.session(), engine)[name]
    inner = inner_of(engine)
    programs = engine.list_programs()
    raw = [engine, inner, *programs, *(job for p in programs for job in p.list_jobs())]
    assert len(raw) > 3
    assert back_doors(start, raw) == []
    assert len(list(walk(start))) > 20


def test_the_walk_finds_the_back_doors_of_the_raw_objects(engine: Any) -> None:
    inner = inner_of(engine)
    job = inner.run_sweep(bell(engine), device_config_name="", params=[{}], repetitions=1)
    assert ".engine()" in back_doors(inner, [engine])
    assert {".engine()", ".program()", ".get_processor()"} <= set(back_doors(job, [engine]))
    assert ".processor" in back_doors(inner.get_sampler(), [engine])


def test_nothing_runs_while_what_is_given_out_is_walked_through(gated: Gate, engine: Any) -> None:
    for start in given_out(gated.session(), engine).values():
        before = len(engine.list_programs())
        for _ in walk(start):
            pass
        assert len(engine.list_programs()) == before


# What one does to a job, the permission for it, and whether the developer has it.
ASKED: dict[str, tuple[Callable[[Any], Any], str, bool]] = {
    "results": (lambda job: job.results(), "result:read", True),
    "first result": (lambda job: job[0], "result:read", True),
    "iteration": (list, "result:read", True),
    "batched results": (lambda job: job.batched_results(), "result:read", True),
    "status": (lambda job: job.execution_status(), "job:read", True),
    "labels": (lambda job: job.labels(), "job:read", True),
    "circuit": (lambda job: job.get_circuit(), "input:read", True),
    "sweeps": (lambda job: job.get_repetitions_and_sweeps(), "input:read", True),
    "cancel": (lambda job: job.cancel(), "job:cancel", True),
    "delete": (lambda job: job.delete(), "result:delete", False),
}


def submitted(gated: Gate, engine: Any) -> AbstractJob:
    processor = gated.session().processor("local-simulator", inner_of(engine))
    job: AbstractJob = processor.run_sweep(bell(engine), device_config_name="", params=[{}, {}])
    return job


def told(gated: Gate) -> list[tuple[str, str]]:
    return [
        (event["api"]["operation"], event["unmapped"]["stage"])
        for event in events(gated.folder / "jobs.jsonl")
    ]


@pytest.mark.parametrize("what", ASKED)
def test_what_is_done_to_a_job_is_asked_for_and_written_down(
    gated: Gate, engine: Any, what: str
) -> None:
    act, permission, may = ASKED[what]
    job = submitted(gated, engine)
    if may:
        act(job)
        expected = [(permission, "started"), (permission, "succeeded")]
    else:
        with pytest.raises(Denied, match="no-grant"):
            act(job)
        expected = [(permission, "requested-denied")]
    assert [line for line in told(gated) if line[0] != "job:submit"][-len(expected) :] == expected


@pytest.mark.parametrize("what", ASKED)
def test_whoever_lost_the_permission_gets_nothing_of_a_job(
    gated: Gate, engine: Any, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    act, permission, _ = ASKED[what]
    job = submitted(gated, engine)
    (raw,) = (job for program in engine.list_programs() for job in program.list_jobs())
    touched: list[str] = []
    for name in ("results_async", "batched_results_async", "cancel", "delete", "labels"):
        monkeypatch.setattr(raw, name, lambda name=name: touched.append(name))
    terms = gated.gateway.ask
    monkeypatch.setattr(
        gated.gateway,
        "ask",
        lambda request: terms({**request, "subject": {**request["subject"], "properties": {}}}),
    )
    with pytest.raises(Denied, match=r"subject-unknown|no-grant"):
        act(job)
    assert touched == []
    assert told(gated)[-1] == (permission, "requested-denied")


@pytest.mark.parametrize(
    "name", ["engine", "program", "set_description", "set_labels", "add_labels", "remove_labels"]
)
def test_what_leads_around_the_gateway_is_refused_with_an_event(
    gated: Gate, engine: Any, name: str
) -> None:
    job = submitted(gated, engine)
    with pytest.raises(Refused, match="ask who administers the device") as refused:
        getattr(job, name)()
    assert refused.value.event
    assert told(gated)[-1] == ("job:submit", "refused")


def test_no_method_of_a_job_is_forgotten() -> None:
    own = {name for name in vars(GovernedJob) if not name.startswith("_")}
    assert AbstractJob.__abstractmethods__ <= own
    assert GovernedJob.__abstractmethods__ == frozenset()


def test_a_job_ends_as_the_engine_says_and_is_sampled_once(gated: Gate, engine: Any) -> None:
    job = submitted(gated, engine)
    assert [line for line in told(gated) if line[0] == "job:submit"] == [("job:submit", "started")]
    first, second = job.results(), job.results()
    assert [str(result) for result in first] == [str(result) for result in second]
    assert len(job.batched_results()) == 1
    assert job.cancel() is None
    assert [line for line in told(gated) if line[0] == "job:submit"] == [
        ("job:submit", "started"),
        ("job:submit", "succeeded"),
    ]


def test_a_cancelled_job_has_not_succeeded_and_counts(gated: Gate, engine: Any) -> None:
    submitted(gated, engine).cancel()
    assert ("job:submit", "failed") in told(gated)
    (job,) = gated.ledger.jobs()
    assert (job.state, job.actual) == ("settled", job.estimate)


def test_who_has_the_session_cannot_change_who_acts_in_it(gated: Gate) -> None:
    subject = {**IDENTITY.subject, "properties": {**IDENTITY.subject["properties"], "groups": []}}
    session = gated.session(identity=Identity(subject, dict(IDENTITY.context)))
    subject["properties"]["groups"].append("developers")
    with pytest.raises(Denied, match="no-grant"):
        session.sampler("local-simulator", cirq.ZerosSampler()).run(
            cirq.Circuit(cirq.measure(cirq.LineQubit(0), key="m"))
        )
