"""Sweeps, one job for each point: what was sent counts, whatever comes afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cirq
import pytest
import sympy

from qgov.gateway.gateway import Denied, Refused
from qgov.gateway.recovery import differences
from qgov.gateway.verdicts import GarbledError
from qgov.gateway.verification import events
from tests.gateway.company import FITS, NOW, Gate, gate, model_with

ONE = 1_000_000
A, B = cirq.LineQubit.range(2)
TURN = cirq.Circuit(cirq.X(A) ** sympy.Symbol("t"), cirq.measure(A, key="m"))
NINETY = cirq.Linspace("t", 0, 1, 90)


class OneEach(cirq.Sampler):
    """As IonQ's: it sends one job for each parameter set, and can fail after one of them."""

    def __init__(self, at: int = 0, fail: Callable[[], Any] | None = None) -> None:
        self.sent, self.at, self.fail = 0, at, fail

    def run_sweep(
        self, program: cirq.AbstractCircuit, params: cirq.Sweepable, repetitions: int = 1
    ) -> Sequence[cirq.Result]:
        found: list[cirq.Result] = []
        for resolver in cirq.to_resolvers(params):
            self.sent += 1
            if self.sent == self.at and self.fail is not None:
                answer: Sequence[cirq.Result] = self.fail()
                return answer
            found += cirq.ZerosSampler().run_sweep(program, resolver, repetitions)
        return found


def raising(error: BaseException) -> Callable[[], Any]:
    def fail() -> Any:
        raise error

    return fail


def zeros(*measurements: cirq.Operation) -> Sequence[cirq.Result]:
    return cirq.ZerosSampler().run_sweep(cirq.Circuit(measurements), None, 10)


FAILURES: dict[str, Callable[[], Any]] = {
    "a value": raising(ValueError("a later failure")),
    "a key": raising(KeyError("id")),
    "the connection": raising(RuntimeError("lost")),
    "nothing": lambda: None,
    "no results": list,
    "something else": lambda: [{"m": 0}],
    "too many": lambda: cirq.ZerosSampler().run_sweep(TURN, [{"t": 0}] * 2, 10),
    "too few repetitions": lambda: cirq.ZerosSampler().run_sweep(TURN, [{"t": 0}], 9),
    "no measurement": lambda: [cirq.ResultDict()],
    "another key": lambda: zeros(cirq.measure(A, key="q")),
    "one key too many": lambda: zeros(cirq.measure(A, key="m"), cirq.measure(B, key="q")),
    "too many qubits": lambda: zeros(cirq.measure(A, B, key="m")),
}


@pytest.fixture
def gated(tmp_path: Path) -> Gate:
    """A budget that fits a hundred."""
    money = {"period": "monthly", "limit": "100.00 EUR", "stopAt": "100%"}
    return gate(tmp_path, model=model_with(budget=money))


def spent(gated: Gate) -> int:
    return gated.ledger.usage({"chemistry": "monthly"}, NOW).values["chemistry"]["spent_micros"]


@pytest.mark.parametrize("at", [1, 46, 90])
@pytest.mark.parametrize("how", FAILURES)
def test_ninety_points_that_fail_in_the_middle_charge_exactly_what_was_sent(
    gated: Gate, at: int, how: str
) -> None:
    inner = OneEach(at, FAILURES[how])
    with pytest.raises((ValueError, KeyError, RuntimeError, GarbledError)):
        gated.session().sampler("local-simulator", inner).run_sweep(TURN, NINETY, 10)
    assert inner.sent == at
    assert spent(gated) == at * ONE
    told = [event["unmapped"]["stage"] for event in events(gated.folder / "jobs.jsonl")]
    assert told == ["started", "succeeded"] * (at - 1) + ["started", "failed"]
    assert differences(gated.ledger, gated.folder / "jobs.jsonl") == []


def test_a_point_that_the_device_does_not_take_stops_the_sweep_before_anything_is_sent(
    gated: Gate,
) -> None:
    def check(circuit: cirq.AbstractCircuit) -> None:
        assert not cirq.is_parameterized(circuit)
        if cirq.X(A) ** 0.5 in list(circuit.all_operations()):
            raise ValueError("half turns are not for this device")

    inner = OneEach()
    sampler = gated.session().sampler("local-simulator", inner, check=check)
    with pytest.raises(Refused, match="half turns"):
        sampler.run_sweep(TURN, cirq.Linspace("t", 0, 1, 89), 10)
    assert (inner.sent, spent(gated)) == (0, 0)
    assert len(sampler.run_sweep(TURN, NINETY, 10)) == inner.sent == 90


def test_a_sweep_that_does_not_fit_its_budget_does_not_begin(tmp_path: Path) -> None:
    gated, inner = gate(tmp_path), OneEach()
    sampler = gated.session().sampler("local-simulator", inner)
    with pytest.raises(Denied, match="budget-exceeded"):
        sampler.run_sweep(TURN, NINETY, 10)
    assert (inner.sent, spent(gated)) == (0, 0)
    assert len(sampler.run_sweep(TURN, cirq.Linspace("t", 0, 1, FITS), 10)) == FITS
    with pytest.raises(Denied, match="budget-exceeded"):
        sampler.run(TURN, {"t": 0})
    assert inner.sent == FITS


def test_a_sweep_whose_budget_others_empty_meanwhile_stops_there(tmp_path: Path) -> None:
    gated = gate(tmp_path)
    session = gated.session()
    others = session.sampler("local-simulator", OneEach())

    class Slow(OneEach):
        def run_sweep(self, *arguments: Any, **options: Any) -> Sequence[cirq.Result]:
            others.run_sweep(TURN, cirq.Linspace("t", 0, 1, 9), 1)
            return super().run_sweep(*arguments, **options)

    inner = Slow()
    with pytest.raises(Denied, match="budget-exceeded"):
        session.sampler("local-simulator", inner).run_sweep(TURN, cirq.Linspace("t", 0, 1, 20), 1)
    assert inner.sent == FITS // 10
    assert spent(gated) == FITS * ONE


def test_every_form_of_a_measurement_is_answered(gated: Gate) -> None:
    inside = cirq.FrozenCircuit(cirq.X(A), cirq.measure(A, key="inner"))
    circuit = cirq.Circuit(
        cirq.CircuitOperation(inside, repetitions=1, use_repetition_ids=True),
        cirq.measure_single_paulistring(cirq.X(B) * cirq.Z(cirq.LineQubit(2)), key="parity"),
        cirq.measure(*cirq.LineQubit.range(3, 6), key="wide").with_tags("tagged"),
    )
    sampler = gated.session().sampler("local-simulator", cirq.Simulator())
    result = sampler.run(circuit, repetitions=10)
    plain = cirq.Simulator().run(circuit, repetitions=10)
    assert {key: bits.shape for key, bits in result.records.items()} == {
        key: bits.shape for key, bits in plain.records.items()
    }
