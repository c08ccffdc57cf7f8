"""A job of Google's Quantum Engine behind the gateway."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NoReturn

import cirq
from cirq_google.engine.abstract_job import AbstractJob

from qgov.gateway.answers import plain_results
from qgov.gateway.circuits import Submission
from qgov.gateway.running import Running
from qgov.gateway.verdicts import GarbledError

if TYPE_CHECKING:
    from cirq_google.engine.abstract_processor import AbstractProcessor

    from qgov.gateway.enforcement import Enforcement

__all__ = ["GovernedJob"]

SUCCESS: Final = "SUCCESS"
FAILURES: Final = frozenset({"FAILURE", "CANCELLED"})
"""The states in which a job has ended."""


def _seen(name: str) -> Any:
    def method(self: GovernedJob) -> Any:
        """As the job does, for who may read jobs."""
        with self._session.access("job:read", self._running.facts):
            found = getattr(self._inner, name)()
            self._look()
        return found

    return method


def _refused(name: str) -> Any:
    def method(self: GovernedJob, *_: Any, **__: Any) -> NoReturn:
        """Refused: it leads around the gateway, or changes what was decided on."""
        raise self._session.refusal(
            self._running.facts.backend,
            "administration",
            f"`{name}` leads around the gateway or changes what was decided on: ask who "
            "administers the device",
        )

    return method


class GovernedJob(AbstractJob):
    """Any job of `cirq_google` that a governed processor has submitted. Reading it, its
    circuits and its results, cancelling and deleting it need the permissions `job:read`,
    `input:read`, `result:read`, `job:cancel` and `result:delete`, and are written down;
    what leads to the engine, the program or the raw processor is refused.

    The gateway learns of the end of the job from who looks at it: until then its estimate
    stays reserved.
    """

    def __init__(
        self,
        session: Enforcement,
        running: Running,
        meant: Submission,
        inner: AbstractJob,
        processor: AbstractProcessor,
    ) -> None:
        self._session, self._running, self._meant = session, running, meant
        self._inner, self._processor = inner, processor
        self._results: list[Any] | None = None
        self._look()

    def id(self) -> str:
        """The engine's name of the job."""
        return str(self._inner.id())

    def get_processor(self) -> AbstractProcessor:
        """The governed processor that it was submitted with."""
        return self._processor

    create_time = _seen("create_time")
    update_time = _seen("update_time")
    description = _seen("description")
    labels = _seen("labels")
    processor_ids = _seen("processor_ids")
    execution_status = _seen("execution_status")
    failure = _seen("failure")
    get_calibration = _seen("get_calibration")

    engine = _refused("engine")
    program = _refused("program")
    set_description = _refused("set_description")
    set_labels = _refused("set_labels")
    add_labels = _refused("add_labels")
    remove_labels = _refused("remove_labels")

    def get_circuit(self, circuit_num: int | None = None) -> cirq.Circuit:
        """A copy of a circuit as it was decided on. Raises Denied, AuditError, IndexError."""
        with self._session.access("input:read", self._running.facts):
            return self._meant.programs[circuit_num or 0].copy()

    def get_repetitions_and_sweeps(
        self,
        circuit_num: int | None = None,  # noqa: ARG002 - the same for every circuit
    ) -> tuple[int, list[cirq.Sweep]]:
        """As it was decided on, the same for every circuit. Raises Denied, AuditError."""
        with self._session.access("input:read", self._running.facts):
            return self._meant.repetitions, [cirq.ListSweep(list(self._meant.points))]

    def cancel(self) -> bool | None:
        """Cancel the job, which counts: nobody knows what it took. Raises Denied, AuditError,
        LedgerError, and what the engine raises."""
        with self._session.access("job:cancel", self._running.facts):
            done = self._inner.cancel()
            self._look()
        return None if done is None else bool(done)

    def delete(self) -> bool | None:
        """Delete the job and its results. Raises as `cancel` does."""
        with self._session.access("result:delete", self._running.facts):
            self._look()
            done = self._inner.delete()
            self._running.failed("DELETED")  # nobody will know of another end
            self._results = None
        return None if done is None else bool(done)

    async def results_async(self) -> Sequence[Any]:
        """Wait for the results, which are fetched once. Raises Denied, GarbledError,
        AuditError, LedgerError, and what the engine raises."""
        with self._session.access("result:read", self._running.facts):
            return list(await self._fetched())

    async def batched_results_async(self) -> Sequence[Sequence[Any]]:
        """The results of each circuit, as `results_async`."""
        with self._session.access("result:read", self._running.facts):
            found, points = await self._fetched(), len(self._meant.points)
            return [found[i : i + points] for i in range(0, len(found), points)]

    async def _of_call(self) -> list[Any]:
        """The results for the call that submitted: `job:submit` is enough to run a circuit.
        Nobody else can see the job, so it ends here."""
        try:
            return await self._fetched()
        except BaseException as error:
            self._running.failed(type(error).__name__)
            raise

    async def _fetched(self) -> list[Any]:
        if self._results is None:
            try:
                answer = await self._inner.results_async()
                found = plain_results(answer, self._meant)
            except GarbledError as error:
                error.event = self._running.failed(type(error).__name__)
                raise
            except BaseException:
                self._look()  # without an end, it may be asked again
                raise
            self._look()
            self._running.succeeded()
            self._results = found
        return self._results

    def _look(self) -> None:
        """End the job when the engine says that it has ended."""
        try:
            state = self._inner.execution_status().name
        except Exception:  # noqa: BLE001 - then it is open until somebody looks again
            return
        if state == SUCCESS:
            self._running.succeeded()
        elif state in FAILURES:
            self._running.failed(state)
