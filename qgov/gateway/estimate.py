"""What a job will take, before it runs: device time and cost, from the price book."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import ceil

from qgov.gateway.circuits import Work
from qgov.gateway.gates import Gates
from qgov.gateway.tables import Amounts
from qgov.gateway.terms import BackendTerms
from qgov.model.price import Price

__all__ = ["UnpricedError", "amounts_of", "cost_micros"]

SIMULATED_MS = 1000
"""What a simulator's circuit is estimated to take where its document does not say."""

_MS_IN_HOUR = 3_600_000


class UnpricedError(ValueError):
    """A circuit has a gate that the backend's price does not count."""

    def __init__(self) -> None:
        super().__init__(
            "the backend is priced by the gate, and a circuit has one on more than two qubits that "
            "the price does not count; decompose it first"
        )


def _none_counted() -> Sequence[Gates]:
    raise ValueError("the price depends on gates, and nobody counted them")


def amounts_of(
    backend: BackendTerms,
    work: Work,
    device_ms: Callable[[], int],
    gates: Callable[[], Sequence[Gates]] = _none_counted,
) -> Amounts:
    """The estimate of a job: its cost in micros, its time in milliseconds. `device_ms` is
    Cirq's own estimate, asked for when the backend's document says nothing; `gates` those of
    each circuit, asked for when the price depends on them. Raises UnpricedError for a gate that
    has no price, ValueError for more than can be counted."""
    if backend.shots_per_second is not None:
        overhead_ms = 1000 * work.circuits * (backend.overhead_s or 0)
        milliseconds = overhead_ms - (-1000 * work.shots // backend.shots_per_second)
    elif backend.backend_class == "qpu":
        milliseconds = device_ms()
    else:
        milliseconds = SIMULATED_MS * work.circuits
    on_device = backend.backend_class == "qpu"
    price = backend.price
    return Amounts(
        cost_micros=0 if price is None else cost_micros(price, work, milliseconds, gates),
        shots=work.shots,
        circuits=work.circuits,
        qpu_ms=milliseconds if on_device else 0,
        simulator_ms=0 if on_device else milliseconds,
    )


def cost_micros(
    price: Price, work: Work, milliseconds: int, gates: Callable[[], Sequence[Gates]]
) -> int:
    """What a job costs: each circuit, at each of its points, is a task of its own and costs the
    minimum at least. Exact until all is added up; then rounded up. Raises UnpricedError."""
    by_gate = price.has_gates or price.per_measurement_micros > 0
    circuits = gates() if by_gate else [Gates()]
    shots = Fraction(work.shots, work.circuits)
    of_time = Fraction(milliseconds, work.circuits * _MS_IN_HOUR) * price.per_hour_micros
    tasks = [
        price.per_task_micros + of_time + shots * (price.per_shot_micros + _a_shot(price, counted))
        for counted in circuits
    ]
    points = Fraction(work.circuits, len(circuits))
    return ceil(points * sum(max(price.minimum_micros, task) for task in tasks))


def _a_shot(price: Price, gates: Gates) -> int | Fraction:
    """What the gates and measurements of a circuit cost once. Raises UnpricedError."""
    per_control = price.two_qubit_gates_per_control
    unknown = gates.others + (gates.controls if per_control is None else 0)
    if unknown and price.has_gates:
        raise UnpricedError
    return (
        gates.one_qubit * price.per_one_qubit_gate_micros
        + (gates.two_qubit + gates.controls * (per_control or 0)) * price.per_two_qubit_gate_micros
        + gates.measurements * price.per_measurement_micros
    )
