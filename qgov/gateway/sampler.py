"""A sampler that asks first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import cirq

from qgov.gateway.answers import plain_results
from qgov.gateway.circuits import Submission

if TYPE_CHECKING:
    from qgov.gateway.enforcement import Enforcement

__all__ = ["GovernedSampler"]


class GovernedSampler(cirq.Sampler):
    """Any `cirq.Sampler`, behind the gateway. Each point of a sweep is one job of the session's
    subject on the backend: samplers may send one each, and fail in the middle. Everything
    else that a sampler does (`run`, `run_batch` and their asynchronous forms) goes through
    `run_sweep`."""

    def __init__(
        self,
        session: Enforcement,
        backend: str,
        inner: cirq.Sampler,
        check: Callable[[Any], object] | None = None,
    ) -> None:
        self._session, self._backend, self._inner, self._check = session, backend, inner, check

    def run_sweep(
        self, program: cirq.AbstractCircuit, params: cirq.Sweepable, repetitions: int = 1
    ) -> Sequence[cirq.Result]:
        """Run the program for each parameter set. All of it must be allowed before the first
        one runs. Raises Denied, Refused, GarbledError, AuditError, LedgerError, and what the
        sampler raises: what was sent until then counts."""
        given: Any = program
        one = given if isinstance(given, cirq.AbstractCircuit) else None
        meant = self._session.meant(self._backend, one, params, repetitions)
        self._checked(meant)
        if len(meant.points) > 1:
            self._session.allowed(self._backend, meant)
        return [self._run(point) for point in meant.each()]

    def sample(
        self, program: cirq.AbstractCircuit, *, repetitions: int = 1, params: cirq.Sweepable = None
    ) -> Any:
        """As any sampler's. The parameter sets are counted before Cirq makes a list of them."""
        meant = self._session.meant(self._backend, program, params, repetitions)
        return super().sample(program, repetitions=meant.repetitions, params=list(meant.points))

    def _run(self, point: Submission) -> cirq.Result:
        with self._session.job(self._backend, point):
            answer = self._inner.run_sweep(point.programs[0], list(point.points), point.repetitions)
            (result,) = plain_results(answer, point)
        found: cirq.Result = result
        return found

    def _checked(self, meant: Submission) -> None:
        if self._check is None:
            return
        for circuit in meant.programs:
            for point in meant.points:
                try:
                    self._check(cirq.resolve_parameters(circuit, point))
                except Exception as error:
                    raise self._session.refusal(
                        self._backend, "not-on-device", f"{error} (not-on-device)"
                    ) from error
