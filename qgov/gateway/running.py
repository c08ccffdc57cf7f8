"""A job between its start and its end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from threading import Lock

from qgov.gateway.audit_events import JobFacts, Stage
from qgov.gateway.ledger import Ledger
from qgov.gateway.tables import Amounts

__all__ = ["Running"]


class Running:
    """A job that may run: reserved, and written down as started. It ends once: then it counts
    what it was estimated at, whether it succeeded or not, because it may have been sent. One
    that nobody ends stays reserved, and is recovered when its process has died."""

    def __init__(
        self,
        facts: JobFacts,
        estimate: Amounts,
        start: datetime,
        ledger: Ledger,
        clock: Callable[[], datetime],
        tell: Callable[..., str],
    ) -> None:
        self.facts, self._estimate, self._start = facts, estimate, start
        self._ledger, self._clock, self._tell = ledger, clock, tell
        self._lock, self._event = Lock(), ""

    def succeeded(self) -> str:
        """It ran to its end. Gives the event's uid. Raises AuditError, LedgerError."""
        return self._end(Stage.SUCCEEDED)

    def failed(self, error: str) -> str:
        """It did not; `error` is the name of an error or of a state. As `succeeded`."""
        return self._end(Stage.FAILED, error)

    def _end(self, stage: Stage, error: str = "") -> str:
        with self._lock:
            if not self._event:
                # That it started is on the disk: recovery settles it at the same estimate.
                self._ledger.settle(self.facts.job_id, self._estimate, self._clock(), flushed=False)
                self._event = self._tell(
                    stage, self.facts, error, start=self._start, actual=self._estimate
                )
            return self._event
