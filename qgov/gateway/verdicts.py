"""The ways in which a job does not run."""

from __future__ import annotations

from qgov.decision.decision import Decision
from qgov.decision.engine import EngineError

__all__ = ["Denied", "GarbledError", "GatewayError", "Refused"]


class GatewayError(Exception):
    """A job did not run, or not to its end; `event` is the uid of the audit event."""

    def __init__(self, message: str, event: str = "") -> None:
        super().__init__(message)
        self.event = event


class Denied(GatewayError):  # noqa: N818 - the word of the decision
    """The decision point said no, or could not be asked (`cause`); `decision` says why, and `also`
    in words what its reasons do not tell."""

    def __init__(
        self, decision: Decision, event: str, cause: EngineError | None = None, also: str = ""
    ) -> None:
        why = f": {cause}" if cause else f": {also}" if also else ""
        super().__init__(f"denied ({', '.join(decision.reasons)}){why}", event)
        self.decision, self.cause = decision, cause


class Refused(GatewayError):  # noqa: N818 - beside Denied
    """The gateway did not ask: policy does not mean such a job; `reason` is a code."""

    def __init__(self, reason: str, message: str, event: str = "") -> None:
        super().__init__(message, event)
        self.reason = reason


class GarbledError(GatewayError):
    """What answered is no result of what was asked for. The job counts: it was sent."""
