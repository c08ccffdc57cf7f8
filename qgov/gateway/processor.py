"""A processor of Google's Quantum Engine that asks first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cirq
import cirq_google as cg
from cirq_google.engine.abstract_job import AbstractJob
from cirq_google.engine.abstract_processor import AbstractProcessor

from qgov.gateway.circuits import Guarded, cirq_milliseconds, work_of
from qgov.gateway.sampler import GovernedSampler
from qgov.gateway.verdicts import Refused

__all__ = ["GovernedProcessor"]


class GovernedProcessor(AbstractProcessor):
    """Any `cirq_google` processor, behind the gateway. What runs circuits is one job of the
    session's subject on the backend; what tells about the device is passed on; what
    administers it, or leads around the gateway, is refused.

    A job counts as it was asked for when the engine has taken it: results come later.
    """

    def __init__(self, guarded: Guarded, inner: AbstractProcessor) -> None:
        self._guarded, self._inner = guarded, inner

    async def run_sweep_async(
        self,
        program: cirq.AbstractCircuit
        | Sequence[cirq.AbstractCircuit]
        | Mapping[str, cirq.AbstractCircuit],
        *,
        params: cirq.Sweepable = None,
        repetitions: int = 1,
        **options: Any,
    ) -> AbstractJob:
        """Submit the program(s) for each parameter set. Raises Denied, Refused, AuditError,
        LedgerError, and what the processor raises. Options are the processor's own."""
        resolvers = list(cirq.to_resolvers(params)) if params is not None else None
        with self._guarded(
            lambda: work_of(program, resolvers, repetitions),
            device_ms=lambda: cirq_milliseconds(program, resolvers, repetitions),
        ):
            return await self._inner.run_sweep_async(
                program, params=resolvers, repetitions=repetitions, **options
            )

    def get_sampler(self, *arguments: Any, **options: Any) -> Any:
        """The processor's sampler, behind the gateway."""
        return GovernedSampler(self._guarded, self._inner.get_sampler(*arguments, **options))

    def engine(self) -> Any:
        """Refused: the engine has every processor without a gateway."""
        raise _administration("engine")

    def create_reservation(self, *_: Any, **__: Any) -> Any:
        """Refused."""
        raise _administration("create_reservation")

    def update_reservation(self, *_: Any, **__: Any) -> Any:
        """Refused."""
        raise _administration("update_reservation")

    def remove_reservation(self, *_: Any, **__: Any) -> Any:
        """Refused."""
        raise _administration("remove_reservation")

    def get_reservation(self, *arguments: Any, **options: Any) -> Any:
        """As the processor does."""
        return self._inner.get_reservation(*arguments, **options)

    def list_reservations(self, *arguments: Any, **options: Any) -> Any:
        """As the processor does."""
        return self._inner.list_reservations(*arguments, **options)

    def get_schedule(self, *arguments: Any, **options: Any) -> Any:
        """As the processor does."""
        return self._inner.get_schedule(*arguments, **options)

    def health(self) -> Any:
        """As the processor does."""
        return self._inner.health()

    def expected_down_time(self) -> Any:
        """As the processor does."""
        return self._inner.expected_down_time()

    def expected_recovery_time(self) -> Any:
        """As the processor does."""
        return self._inner.expected_recovery_time()

    def supported_languages(self) -> Any:
        """As the processor does."""
        return self._inner.supported_languages()

    def get_device(self) -> cirq.Device:
        """As the processor does."""
        return self._inner.get_device()

    def get_device_specification(self) -> Any:
        """As the processor does."""
        return self._inner.get_device_specification()

    def list_calibrations(self, *arguments: Any, **options: Any) -> Any:
        """As the processor does."""
        return self._inner.list_calibrations(*arguments, **options)

    def get_calibration(self, *arguments: Any, **options: Any) -> Any:
        """As the processor does."""
        return self._inner.get_calibration(*arguments, **options)

    def get_current_calibration(self) -> cg.Calibration | None:
        """As the processor does."""
        return self._inner.get_current_calibration()


def _administration(what: str) -> Refused:
    return Refused(
        "administration", f"`{what}` is not for who runs jobs: ask who administers the device"
    )
