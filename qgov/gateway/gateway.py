"""The policy enforcement point: what stands between a program and a device.

For every job, in this order: refuse what policy does not mean, estimate, ask the decision
point, reserve in the ledger, write the audit event, run, settle, write the outcome. Where
one of these cannot be done the ones after it are not: a log that cannot be written runs
nothing. A job's way is in `qgov.gateway.session`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from qgov.gateway.participant import labels_of
from qgov.gateway.point import EnforcementPoint
from qgov.gateway.session import Session
from qgov.gateway.verdicts import Denied, GatewayError, Refused
from qgov.identity.identity import NO_HEADERS, Identity

__all__ = ["Denied", "Gateway", "GatewayError", "Identity", "Refused", "Session"]


class Gateway(EnforcementPoint):
    """An enforcement point, whose sessions run jobs."""

    def sign_in(
        self, token: str, scope: str, *, headers: Mapping[str, str] = NO_HEADERS, trace: str = ""
    ) -> Session:
        """What the bearer of a token does in one project. The token is verified now and before
        each decision, so that a session ends with it. `headers` are those that the deployment's
        own proxy set. Raises Refused, AuditError; ValueError for a scope that is no project's.
        """
        who = partial(self.identified, token, dict(headers), labels_of(scope))
        return Session(self, who(), scope, trace or self.new_id(), who)

    def session(self, identity: Identity, scope: str, *, trace: str = "") -> Session:
        """What one subject, whom the platform has verified by other means, does in one project:
        its jobs and steps are one trace. Raises ValueError for a scope that is no project's."""
        return Session(self, identity, scope, trace or self.new_id())
