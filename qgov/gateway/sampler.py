"""A sampler that asks first."""

from __future__ import annotations

from collections.abc import Sequence

import cirq

from qgov.gateway.circuits import Guarded, cirq_milliseconds, work_of

__all__ = ["GovernedSampler"]


class GovernedSampler(cirq.Sampler):
    """Any `cirq.Sampler`, behind the gateway: each sweep is one job of the session's subject
    on the backend. Everything else that a sampler does (`run`, `sample`, `run_batch` and
    their asynchronous forms) goes through `run_sweep`."""

    def __init__(self, guarded: Guarded, inner: cirq.Sampler) -> None:
        self._guarded, self._inner = guarded, inner

    def run_sweep(
        self, program: cirq.AbstractCircuit, params: cirq.Sweepable, repetitions: int = 1
    ) -> Sequence[cirq.Result]:
        """Run the program for each parameter set. Raises Denied, Refused, AuditError,
        LedgerError, and what the sampler raises."""
        # Unrolled once: what is counted is what runs, also where `params` can be read once.
        resolvers = list(cirq.to_resolvers(params)) if params is not None else None
        with self._guarded(
            lambda: work_of(program, resolvers, repetitions),
            device_ms=lambda: cirq_milliseconds(program, resolvers, repetitions),
        ):
            return self._inner.run_sweep(program, resolvers, repetitions)
