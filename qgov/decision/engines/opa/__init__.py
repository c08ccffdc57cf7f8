"""The OPA bundle, answered by Open Policy Agent's own server over its REST API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Any, Final

from qgov.decision.answer import as_decision
from qgov.decision.bundle import read_bundle
from qgov.decision.decision import Decision
from qgov.decision.engine import Closing, EngineError, EngineKind, Settings
from qgov.decision.engines.opa.http import JsonClient, at_url
from qgov.decision.engines.opa.server import OpaServer, program_at
from qgov.decision.request import Request
from qgov.decision.request_parts import RequestJson
from qgov.model.access_model import AccessModel

__all__ = ["ENGINE", "OpaEngine"]

DECISION: Final = "/v1/data/qgov/authz/decision"
CONNECTIONS: Final = 4
"""How many questions are asked at once: an answer is mostly waiting."""


class OpaEngine(Closing):
    """A bundle in an OPA server: one started here, or the one at `settings.opa_url`.

    `settings.deadline_s` bounds one answer, `start_s` the start; both in seconds. Every
    decision must be of the bundle's revision. After an error the next call starts afresh.
    """

    name = "opa"

    def __init__(
        self, bundle: bytes, settings: Settings | None = None, *, start_s: float = 60.0
    ) -> None:
        """Raises EngineError for a bundle that cannot be read, and for a key that is of no use."""
        self._bundle = bundle
        self._settings = settings or Settings()
        self._start_s = start_s
        self._revision = read_bundle(bundle).revision
        self._server: OpaServer | None = None
        self._clients: tuple[JsonClient, ...] = ()
        if self._settings.opa_url is not None and self._settings.bundle_key is not None:
            raise EngineError(
                "an OPA server that is given by its URL verifies bundles by its own keys: "
                "configure the key there, or let the server be started here"
            )

    @property
    def revision(self) -> str:
        """The revision that the bundle's manifest claims."""
        return self._revision

    @property
    def pid(self) -> int | None:
        """The process of the server that was started here; None when there is none."""
        return self._server.pid if self._server is not None else None

    def decide(self, requests: Sequence[RequestJson]) -> list[Decision]:
        """One decision for each request, in order. Raises EngineError."""
        try:
            self._start()
            answers, failures = self._ask(requests)
        except BaseException:
            self.close()
            raise
        if failures:
            first = min(failures)
            # A process that dies closes its connections some moments before it is gone.
            ended = self._server.ended(0.2) if self._server is not None else None
            self.close()
            why = str(failures[first]) if ended is None else f"OPA ended unexpectedly: {ended}"
            raise EngineError(why, [answers[n] for n in range(first)]) from failures[first]
        return [answers[n] for n in range(len(requests))]

    def _start(self) -> None:
        if self._clients:
            return
        url = self._settings.opa_url
        if url is not None:
            self._clients = tuple(at_url("OPA", url) for _ in range(CONNECTIONS))
        else:
            program = program_at(self._settings.opa)
            key = self._settings.bundle_key
            self._server = OpaServer(program, self._bundle, key, self._start_s)
            self._clients = tuple(self._server.client() for _ in range(CONNECTIONS))
        self._check_revision(self._clients[0])

    def close(self) -> None:
        """Let go of what `decide` started; it starts afresh when it is called again."""
        clients, self._clients = self._clients, ()
        for client in clients:
            client.close()
        server, self._server = self._server, None
        if server is not None:
            server.stop()

    def _check_revision(self, client: JsonClient) -> None:
        """Raises EngineError unless the server has activated this very bundle."""
        path = f"{DECISION}?provenance=true"
        answer = client.ask(path, {"input": {}}, within_s=self._settings.deadline_s)
        try:
            bundles = answer["provenance"]["bundles"].values()
            active = sorted({str(bundle["revision"]) for bundle in bundles})
        except (KeyError, TypeError, AttributeError):
            active = []
        if self._revision not in active:
            raise self._stale(", ".join(active) or "no bundle with a revision")
        self._decision(answer)

    def _stale(self, active: str) -> EngineError:
        return EngineError(f"OPA is stale: it serves {active}, expected {self._revision}")

    def _ask(
        self, requests: Sequence[RequestJson]
    ) -> tuple[dict[int, Decision], dict[int, EngineError]]:
        """The answers and the failures by the request's index. Every request before the
        first that failed was answered, because they are taken in order."""
        answers: dict[int, Decision] = {}
        failures: dict[int, EngineError] = {}
        waiting: SimpleQueue[int] = SimpleQueue()
        for index in range(len(requests)):
            waiting.put(index)

        def work(client: JsonClient) -> None:
            while not failures:
                try:
                    index = waiting.get_nowait()
                except Empty:
                    return
                try:
                    question = {"input": Request.from_json(requests[index]).to_json()}
                    answer = client.ask(DECISION, question, within_s=self._settings.deadline_s)
                    answers[index] = self._decision(answer)
                except EngineError as error:
                    failures[index] = error

        if len(requests) <= 1:
            work(self._clients[0])
        else:
            with ThreadPoolExecutor(min(CONNECTIONS, len(requests))) as pool:
                list(pool.map(work, self._clients))
        return answers, failures

    def _decision(self, answer: Any) -> Decision:
        if not isinstance(answer, dict):
            raise EngineError("OPA answered with something other than an object")
        if "warning" in answer:
            raise EngineError("OPA warns that it was asked in a wrong way")
        if "result" not in answer:
            raise EngineError("OPA has no decision: data.qgov.authz.decision is undefined there")
        decision = as_decision(answer["result"])
        if decision.revision != self._revision:
            raise self._stale(decision.revision or "no revision")
        return decision


def _start(_: AccessModel, artifacts: Mapping[str, bytes], settings: Settings) -> OpaEngine:
    return OpaEngine(artifacts["policy/opa/bundle.tar.gz"], settings)


ENGINE = EngineKind("opa", _start, needs=("policy/opa/bundle.tar.gz",))
