"""A processor of Google's Quantum Engine that asks first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cirq
from cirq_google.engine.abstract_job import AbstractJob
from cirq_google.engine.abstract_processor import AbstractProcessor

from qgov.gateway.circuits import Guarded, cirq_milliseconds, work_of
from qgov.gateway.sampler import GovernedSampler
from qgov.gateway.verdicts import Refused

__all__ = ["GovernedProcessor"]


def _passed_on(name: str) -> Any:
    def method(self: GovernedProcessor, *arguments: Any, **options: Any) -> Any:
        """As the processor does."""
        return getattr(self._inner, name)(*arguments, **options)

    return method


def _refused(name: str) -> Any:
    def method(*_: Any, **__: Any) -> Any:
        """Refused: it is not for who runs jobs."""
        raise Refused(
            "administration",
            f"`{name}` is not for who runs jobs: ask who administers the device",
        )

    return method


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

    # What tells about the device.
    get_reservation = _passed_on("get_reservation")
    list_reservations = _passed_on("list_reservations")
    get_schedule = _passed_on("get_schedule")
    health = _passed_on("health")
    expected_down_time = _passed_on("expected_down_time")
    expected_recovery_time = _passed_on("expected_recovery_time")
    supported_languages = _passed_on("supported_languages")
    get_device = _passed_on("get_device")
    get_device_specification = _passed_on("get_device_specification")
    list_calibrations = _passed_on("list_calibrations")
    get_calibration = _passed_on("get_calibration")
    get_current_calibration = _passed_on("get_current_calibration")

    # What administers it; the engine has every processor without a gateway.
    engine = _refused("engine")
    create_reservation = _refused("create_reservation")
    update_reservation = _refused("update_reservation")
    remove_reservation = _refused("remove_reservation")
