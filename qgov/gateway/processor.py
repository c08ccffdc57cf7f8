"""A processor of Google's Quantum Engine that asks first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NoReturn

import cirq
from cirq_google.engine.abstract_job import AbstractJob
from cirq_google.engine.abstract_processor import AbstractProcessor
from cirq_google.engine.processor_sampler import ProcessorSampler

from qgov.gateway.job import GovernedJob
from qgov.gateway.sampler import GovernedSampler
from qgov.gateway.verdicts import GarbledError

if TYPE_CHECKING:
    from qgov.gateway.enforcement import Enforcement

__all__ = ["GovernedProcessor"]

OPTIONS: Final = frozenset(
    {
        "device_config_name",
        "run_name",
        "snapshot_id",
        "program_id",
        "job_id",
        "program_description",
        "program_labels",
        "job_description",
        "job_labels",
    }
)
"""What a job can be given, beside what is decided on."""

CONFIGURATION: Final = ("run_name", "snapshot_id", "device_config_name")
"""What a sampler of a processor knows of the device."""


def _passed_on(name: str) -> Any:
    def method(self: GovernedProcessor, *arguments: Any, **options: Any) -> Any:
        """As the processor does."""
        return getattr(self._inner, name)(*arguments, **options)

    return method


def _refused(name: str) -> Any:
    def method(self: GovernedProcessor, *_: Any, **__: Any) -> NoReturn:
        """Refused: it is not for who runs jobs."""
        raise self._session.refusal(
            self._backend,
            "administration",
            f"`{name}` is not for who runs jobs: ask who administers the device",
        )

    return method


class GovernedProcessor(AbstractProcessor):
    """Any `cirq_google` processor, behind the gateway. What runs circuits is one job of the
    session's subject on the backend, a sweep too, because the engine takes it as one; what
    tells about the device is passed on; what administers it, or leads around the gateway,
    is refused.
    """

    def __init__(self, session: Enforcement, backend: str, inner: AbstractProcessor) -> None:
        self._session, self._backend, self._inner = session, backend, inner

    async def run_async(
        self,
        program: cirq.AbstractCircuit,
        *,
        param_resolver: cirq.ParamResolver | None = None,
        repetitions: int = 1,
        **options: Any,
    ) -> Any:
        """Run one circuit and wait for its result. Raises as `run_sweep_async`."""
        points = [param_resolver or cirq.ParamResolver({})]
        job = await self._submitted(program, points, repetitions, options)
        return (await job._of_call())[0]  # noqa: SLF001 - the call's own job

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
        """Submit the program(s) for each parameter set. Raises Denied, Refused, GarbledError,
        AuditError, LedgerError, and what the processor raises. Options are the processor's
        own. What the processor raises counts: it may have sent the job."""
        return await self._submitted(program, params, repetitions, options)

    async def _submitted(
        self, program: Any, params: Any, repetitions: Any, options: Mapping[str, Any]
    ) -> GovernedJob:
        if unknown := options.keys() - OPTIONS:
            raise TypeError(f"a processor knows no option {', '.join(sorted(unknown))}")
        meant = self._session.meant(self._backend, program, params, repetitions)
        running = self._session.begin(self._backend, meant)
        try:
            job: Any = await self._inner.run_sweep_async(
                meant.program,
                params=list(meant.points),
                repetitions=meant.repetitions,
                **options,
            )
        except BaseException as error:
            running.failed(type(error).__name__)
            raise
        if not isinstance(job, AbstractJob):
            event = running.failed(GarbledError.__name__)
            raise GarbledError("the processor answered no job", event)
        return GovernedJob(self._session, running, meant, job, self)

    def get_sampler(self, *arguments: Any, **options: Any) -> Any:
        """The processor's sampler, behind the gateway."""
        inner: Any = self._inner.get_sampler(*arguments, **options)
        if isinstance(inner, ProcessorSampler) and inner.processor is self._inner:
            return _WholeSampler(self, {name: getattr(inner, name) for name in CONFIGURATION})
        return GovernedSampler(self._session, self._backend, inner)

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


class _WholeSampler(cirq.Sampler):
    """The sampler of a governed processor: a sweep is one job, costed as all its points."""

    def __init__(self, processor: GovernedProcessor, configuration: Mapping[str, str]) -> None:
        self._processor, self._configuration = processor, configuration

    async def run_sweep_async(
        self, program: cirq.AbstractCircuit, params: cirq.Sweepable, repetitions: int = 1
    ) -> Sequence[cirq.Result]:
        """Run the program for each parameter set. Raises as the processor does."""
        submit = self._processor._submitted  # noqa: SLF001 - its processor's own
        job = await submit(program, params, repetitions, self._configuration)
        return await job._of_call()  # noqa: SLF001 - the call's own job
