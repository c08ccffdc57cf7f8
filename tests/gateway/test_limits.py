"""What is too much, or cannot be foreseen, is refused in words and quickly, with an event."""

from __future__ import annotations

import itertools
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import cirq
import numpy as np
import pytest
import sympy

from qgov.gateway.circuits import MAX_CIRCUITS, REFUSALS, submission
from qgov.gateway.gateway import Refused
from qgov.gateway.operations import MAX_DEPTH, MAX_OPERATIONS, unrolled
from qgov.gateway.verification import events
from tests.gateway.company import BELL, NOW, Gate, gate
from tests.gateway.test_gateway import Recording

A, B, C = cirq.LineQubit.range(3)
T = sympy.Symbol("t")
TURN = cirq.Circuit(cirq.X(A) ** T, cirq.measure(A, key="m"))
MEASURED = cirq.measure(A, key="m")
MILLION = 10**6


@pytest.fixture
def gated(tmp_path: Path) -> Gate:
    return gate(tmp_path)


def times(circuit: cirq.AbstractCircuit, repetitions: Any, **more: Any) -> cirq.CircuitOperation:
    return cirq.CircuitOperation(circuit.freeze(), repetitions=repetitions, **more)


def nested(depth: int, repetitions: int) -> cirq.Circuit:
    circuit = cirq.Circuit(cirq.X(A))
    for _ in range(depth):
        circuit = cirq.Circuit(times(circuit, repetitions))
    return circuit


def twice(depth: int) -> cirq.Circuit:
    """Walked through as a tree, it has 2^depth leaves, and none of them does anything."""
    circuit = cirq.Circuit()
    for _ in range(depth):
        inner = times(circuit, 1)
        circuit = cirq.Circuit(inner, inner)
    return circuit


def forever() -> Iterator[dict[str, float]]:
    for n in itertools.count():
        yield {"t": float(n)}


SWEEPS: dict[str, Callable[[], Any]] = {
    "a line": lambda: cirq.Linspace("t", 0, 1, MILLION),
    "a product": lambda: cirq.Product(
        *(cirq.Linspace(name, 0, 1, MILLION) for name in ("t", "u", "v", "w"))
    ),
    "a product in a zip": lambda: cirq.Zip(
        cirq.Points("t", [0]), cirq.Linspace("u", 0, 1, MILLION) * cirq.Linspace("v", 0, 1, 9)
    ),
    "dictionaries": lambda: [{"t": 0.5}] * MILLION,
    "resolvers": lambda: [cirq.ParamResolver({"t": 0.5})] * MILLION,
    "lists of lists": lambda: [[{"t": 0.5}] * 1000] * 1000,
    "without end": forever,
    "a dictionary of lists": lambda: {"t": [0.5] * 1000, "u": [0.5] * 1000},
}


@pytest.mark.parametrize("way", ["run_sweep", "sample"])
@pytest.mark.parametrize("what", SWEEPS)
def test_a_million_points_are_refused_before_they_are_unrolled(
    gated: Gate, what: str, way: str
) -> None:
    params, inner = SWEEPS[what](), Recording()
    sampler = gated.session().sampler("local-simulator", inner)
    began = time.process_time()
    tracemalloc.start()
    try:
        with pytest.raises(Refused, match="10,000 circuits") as refused:
            getattr(sampler, way)(TURN, params=params)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40 * MILLION
    assert time.process_time() - began < 4
    assert refused.value.event
    assert inner.runs == 0
    assert [e["unmapped"]["stage"] for e in events(gated.folder / "jobs.jsonl")] == ["refused"]


def test_as_many_points_as_are_allowed_are_read() -> None:
    assert submission(TURN, cirq.Linspace("t", 0, 1, MAX_CIRCUITS)).work.circuits == MAX_CIRCUITS
    assert submission([TURN] * 2, cirq.Linspace("t", 0, 1, 5000)).work.circuits == MAX_CIRCUITS
    product = cirq.Linspace("t", 0, 1, 100) * cirq.Linspace("u", 0, 1, 100)
    assert submission(TURN, product).work.circuits == MAX_CIRCUITS


WAIT: Final = cirq.Circuit(cirq.X(A), [cirq.Moment()] * 999)


TOO_MUCH: dict[str, tuple[str, Callable[[], cirq.AbstractCircuit]]] = {
    "10^30": ("too-many-operations", lambda: nested(1, 10**30)),
    "10^30 backwards": ("too-many-operations", lambda: nested(1, -(10**30))),
    "10^30 of nothing": ("too-many-operations", lambda: cirq.Circuit(times(twice(0), 10**30))),
    "ten to the tenth": ("too-many-operations", lambda: nested(10, 10)),
    "tagged": (
        "too-many-operations",
        lambda: cirq.Circuit(times(cirq.Circuit(cirq.X(A)), 10**30).with_tags("hidden")),
    ),
    "too deep": ("too-many-operations", lambda: nested(MAX_DEPTH + 1, 1)),
    "two to the fiftieth": ("too-many-operations", lambda: twice(MAX_DEPTH)),
    "one too many": ("too-many-operations", lambda: nested(1, MAX_OPERATIONS)),
    "waits": (
        "too-many-operations",
        lambda: cirq.Circuit(cirq.X(A), [cirq.Moment()] * MAX_OPERATIONS),
    ),
    "10^30 waits": ("too-many-operations", lambda: cirq.Circuit(cirq.X(A), times(WAIT, 10**30))),
    "symbolic": ("mid-circuit-control", lambda: nested(0, 1) + times(nested(0, 1), T)),
    "until": (
        "mid-circuit-control",
        lambda: cirq.Circuit(
            cirq.CircuitOperation(
                cirq.FrozenCircuit(cirq.X(B), cirq.measure(B, key="b")),
                use_repetition_ids=False,
                repeat_until=cirq.KeyCondition(cirq.MeasurementKey("b")),
            )
        ),
    ),
    "controlled inside": (
        "mid-circuit-control",
        lambda: cirq.Circuit(
            cirq.measure(B, key="b"),
            times(cirq.Circuit(times(cirq.Circuit(cirq.X(C).with_classical_controls("b")), 1)), 1),
        ),
    ),
    "controlled whole": (
        "mid-circuit-control",
        lambda: cirq.Circuit(
            cirq.measure(B, key="b"), times(nested(0, 1), 10**30).with_classical_controls("b")
        ),
    ),
    "controlled by a qubit": (
        "mid-circuit-control",
        lambda: cirq.Circuit(times(nested(0, 1), 10**30).controlled_by(B)),
    ),
    "measured twice in a repetition": (
        "duplicate-key",
        lambda: cirq.Circuit(
            cirq.CircuitOperation(
                cirq.FrozenCircuit(cirq.measure(B, key="b")),
                repetitions=2,
                use_repetition_ids=False,
            )
        ),
    ),
    "goes on in a repetition": (
        "mid-circuit-measurement",
        lambda: cirq.Circuit(
            cirq.CircuitOperation(
                cirq.FrozenCircuit(cirq.X(B), cirq.measure(B, key="b")),
                repetitions=2,
                use_repetition_ids=True,
            )
        ),
    ),
    "a qutrit inside": (
        "qudits",
        lambda: cirq.Circuit(
            times(cirq.Circuit(cirq.IdentityGate(qid_shape=(3,)).on(cirq.LineQid(7, 3))), 2)
        ),
    ),
}


@pytest.mark.parametrize("what", TOO_MUCH)
def test_what_cannot_be_foreseen_is_refused_quickly_in_words_with_an_event(
    gated: Gate, what: str
) -> None:
    reason, make = TOO_MUCH[what]
    circuit, inner = make() + cirq.Circuit(MEASURED), Recording()
    began = time.process_time()
    with pytest.raises(Refused) as refused:
        gated.session().sampler("local-simulator", inner).run(circuit)
    assert time.process_time() - began < 4
    assert refused.value.reason == reason
    assert REFUSALS[reason] in str(refused.value)
    (event,) = events(gated.folder / "jobs.jsonl")
    assert event["metadata"]["uid"] == refused.value.event
    assert inner.runs == 0


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("nest", [False, True])
def test_a_circuit_unrolls_to_what_cirq_unrolls_it_to_and_its_waits(seed: int, nest: bool) -> None:
    drawn = cirq.testing.random_circuit(4, 6, 0.4, random_state=seed)
    last = cirq.Moment(cirq.measure(*cirq.LineQubit.range(2), key="m").with_tags("last"))
    inside = times(cirq.Circuit.from_moments(*drawn), 1) if nest else drawn
    circuit = cirq.Circuit(inside, cirq.Moment(), last, tags=["whole"])
    found, wanted = (
        unrolled(circuit),
        cirq.unroll_circuit_op(circuit, deep=True, tags_to_check=None),
    )
    assert [*filter(None, found)] == [*filter(None, wanted)]
    assert len(found) == len(drawn) + 2
    found.append(cirq.X(cirq.q(0)))
    assert len(circuit) == (1 if nest else len(drawn)) + 2


@pytest.mark.parametrize(
    ("circuit", "moments"),
    {
        "plainly": (WAIT, 1000),
        "nested": (cirq.Circuit(times(WAIT, 3)), 3000),
        "nested twice": (
            cirq.Circuit(times(cirq.Circuit(times(WAIT, 3), cirq.Moment()), -2)),
            6002,
        ),
        "beside what is shorter": (cirq.Circuit(cirq.Moment(times(WAIT, 2), cirq.Y(B))), 2000),
    }.values(),
)
def test_a_device_waits_where_nothing_happens(circuit: cirq.Circuit, moments: int) -> None:
    busy = cirq.Circuit([cirq.X(A)] * moments, [cirq.I(B)] * moments)
    assert len(unrolled(circuit)) == moments
    measured = cirq.Circuit(cirq.measure(A, B, key="m"))
    waiting, working = (submission(each + measured).device_ms() for each in (circuit, busy))
    assert waiting == working


def test_a_nested_circuit_is_what_it_unrolls_to() -> None:
    flat = cirq.Circuit([cirq.X(A)] * 1000, MEASURED)
    wrapped = cirq.Circuit(nested(3, 10).all_operations(), MEASURED)
    assert submission(wrapped).device_ms() == submission(flat).device_ms()
    assert (
        submission(wrapped).device_ms() > submission(cirq.Circuit(cirq.X(A), MEASURED)).device_ms()
    )
    assert submission(wrapped).program == wrapped


def test_a_cost_that_cannot_be_counted_is_refused(
    gated: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qgov.gateway.estimate.cost_micros", lambda *_: 10**16)
    with pytest.raises(Refused, match="beyond-measure") as refused:
        gated.session().sampler("local-simulator", Recording()).run(BELL)
    assert refused.value.event


@pytest.mark.parametrize("five", [np.int64(5), np.uint8(5), 5])
def test_a_whole_number_of_numpy_is_one(gated: Gate, five: Any) -> None:
    result = gated.session().sampler("local-simulator", Recording()).run(BELL, repetitions=five)
    assert result.repetitions == 5
    assert {e["unmapped"]["job"]["shots"] for e in events(gated.folder / "jobs.jsonl")} == {5}


@pytest.mark.parametrize("none", [np.int64(0), np.bool_(True), np.float64(5), np.array([5])])
def test_what_is_no_whole_number_of_numpy_is_refused(gated: Gate, none: Any) -> None:
    with pytest.raises(Refused, match="no-repetitions"):
        gated.session().sampler("local-simulator", Recording()).run(BELL, repetitions=none)


def test_what_was_decided_on_is_what_runs_whatever_the_caller_does(gated: Gate) -> None:
    """The circuit and the parameters change while the decision point thinks."""
    circuit, point = TURN.copy(), {"t": 0.0}
    ask = gated.gateway.ask

    def changing(request: Any) -> Any:
        circuit.insert(0, [cirq.X(q) for q in cirq.LineQubit.range(30)])
        point["t"] = 1.0
        return ask(request)

    gated.gateway.ask = changing  # type: ignore[method-assign]
    ran: list[tuple[cirq.AbstractCircuit, Any]] = []

    class Seeing(Recording):
        def run_sweep(self, program: Any, params: Any, repetitions: int = 1) -> Any:
            ran.append((program, params))
            return super().run_sweep(program, params, repetitions)

    (result,) = gated.session().sampler("local-simulator", Seeing()).run_sweep(circuit, [point])
    ((program, params),) = ran
    assert program == TURN != circuit
    assert params == [cirq.ParamResolver({"t": 0.0})]
    assert result.params == cirq.ParamResolver({"t": 0.0})
    assert (
        gated.ledger.usage({"chemistry": "monthly"}, NOW).values["chemistry"]["circuits/day"] == 1
    )
