"""What one subject does in one project, and the way of each of its jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from qgov.gateway.audit_events import Stage
from qgov.gateway.enforcement import Enforcement
from qgov.gateway.verdicts import Denied

__all__ = ["Session"]

Check = Callable[[Any], object]


class Session(Enforcement):
    """One subject in one project. Made by `Gateway.session`."""

    def sampler(self, backend: str, inner: Any, *, check: Check | None = None) -> Any:
        """A `cirq.Sampler` that runs on `inner` what is allowed on the backend. `check` raises
        for a circuit, with its parameters resolved, that the device does not take: it is
        refused and costs nothing, where an error of `inner` may come after it has sent it."""
        from qgov.gateway.sampler import GovernedSampler  # noqa: PLC0415 - brings Cirq in

        return GovernedSampler(self, backend, inner, check)

    def processor(self, backend: str, inner: Any) -> Any:
        """A `cirq_google` processor that runs on `inner` what is allowed on the backend."""
        from qgov.gateway.processor import GovernedProcessor  # noqa: PLC0415 - brings cirq_google in

        return GovernedProcessor(self, backend, inner)

    @contextmanager
    def step(self, name: str, action: str = "") -> Iterator[None]:
        """A classical step of a hybrid workflow, in the same trace and log as its jobs. With
        an action (`input:write`, `result:read`) the subject must be allowed it. Raises
        Denied, Refused, AuditError."""
        gateway = self._gateway
        self.renew()
        began = gateway.clock()
        if action:
            decision, error = gateway.ask(self._request(action, "", began, {}, {}))
            if not decision.allow:
                raise Denied(decision, self._tell_step(Stage.DENIED, name, began), error)
        self._tell_step(Stage.STARTED, name, began)
        outer, self._step = self._step, name
        try:
            yield
        except BaseException as error:
            self._tell_step(Stage.FAILED, name, began, type(error).__name__)
            raise
        finally:
            self._step = outer
        self._tell_step(Stage.SUCCEEDED, name, began)
