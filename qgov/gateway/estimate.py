"""What a job will take, before it runs: device time and cost, from the price book."""

from __future__ import annotations

from collections.abc import Callable

from qgov.gateway.circuits import Work
from qgov.gateway.tables import Amounts
from qgov.gateway.terms import BackendTerms

__all__ = ["amounts_of", "cost_micros"]

SIMULATED_MS = 1000
"""What a simulator's circuit is estimated to take where its document does not say."""

_MS_IN_HOUR = 3_600_000


def amounts_of(backend: BackendTerms, work: Work, device_ms: Callable[[], int]) -> Amounts:
    """The estimate of a job: its cost in micros, its time in milliseconds. `device_ms` is
    Cirq's own estimate, asked for when the backend's document says nothing."""
    if backend.shots_per_second is not None:
        overhead_ms = 1000 * work.circuits * (backend.overhead_s or 0)
        milliseconds = overhead_ms - (-1000 * work.shots // backend.shots_per_second)
    elif backend.backend_class == "qpu":
        milliseconds = device_ms()
    else:
        milliseconds = SIMULATED_MS * work.circuits
    on_device = backend.backend_class == "qpu"
    return Amounts(
        cost_micros=cost_micros(backend, work, milliseconds),
        shots=work.shots,
        circuits=work.circuits,
        qpu_ms=milliseconds if on_device else 0,
        simulator_ms=0 if on_device else milliseconds,
    )


def cost_micros(backend: BackendTerms, work: Work, milliseconds: int) -> int:
    """What a job costs, rounded up: a circuit is a task, and each costs the minimum at least."""
    price = backend.price
    if price is None:
        return 0
    return max(
        work.circuits * price.minimum_micros,
        work.circuits * price.per_task_micros
        + work.shots * price.per_shot_micros
        - (-milliseconds * price.per_hour_micros // _MS_IN_HOUR),
    )
