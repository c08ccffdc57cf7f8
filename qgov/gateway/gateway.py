"""The policy enforcement point: what stands between a program and a device.

For every job, in this order: refuse what policy does not mean, estimate, ask the decision
point, reserve in the ledger, write the audit event, run, settle, write the outcome. Where
one of these cannot be done the ones after it are not: a log that cannot be written runs
nothing. A job's way is in `qgov.gateway.session`.
"""

from __future__ import annotations

from qgov.gateway.point import EnforcementPoint
from qgov.gateway.session import Session
from qgov.gateway.verdicts import Denied, GatewayError, Identity, Refused

__all__ = ["Denied", "Gateway", "GatewayError", "Identity", "Refused", "Session"]


class Gateway(EnforcementPoint):
    """An enforcement point, whose sessions run jobs."""

    def session(self, identity: Identity, scope: str, *, trace: str = "") -> Session:
        """What one subject does in one project: its jobs and steps are one trace. Raises
        ValueError for a scope that is no project's."""
        return Session(self, identity, scope, trace or self.new_id())
