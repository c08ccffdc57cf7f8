"""One OPA server that takes policies and data one after the other: a mutant costs
milliseconds, not a start."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Final, Self

from qgov.decision.engines.opa.server import _LAUNCH

__all__ = ["REVISION", "RefusedError", "Server"]

REVISION: Final = "mutant"

START_S: Final = 60

BATCH: Final = """package batch
answers := [d | some request in input; d := data.qgov.authz.decision with input as request]
"""


class RefusedError(Exception):
    """The server has no use for it: a policy that does not compile, an evaluation that fails."""


class Server:
    """OPA behind a socket of its own. `deadline_s` bounds one call."""

    def __init__(self, opa: str, deadline_s: float = 20.0) -> None:
        self._opa = opa
        self._deadline_s = deadline_s

    def __enter__(self) -> Self:
        self._folder = TemporaryDirectory(prefix="qgov-mutants-")
        self._socket = Path(self._folder.name, "s")
        # The processes of a pool end without leaving any `with`: the server dies with its own.
        command = [sys.executable, "-I", "-S", "-c", _LAUNCH, str(os.getpid())]
        command += [self._opa, "run", "--server", "--addr", f"unix://{self._socket}"]
        self._process = subprocess.Popen(
            [*command, "--skip-version-check", "--log-level", "error"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._connection: _Connection | None = None
        end = time.monotonic() + START_S
        while True:
            try:
                self._ask("PUT", "/v1/policies/batch", BATCH)
                break
            except RefusedError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)
        self._ask("PUT", "/v1/data/qgov/revision", REVISION)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()

    def policy(self, text: str) -> None:
        """Serve this policy from now on. Raises RefusedError when it does not compile."""
        self._ask("PUT", "/v1/policies/authz", text)

    def data(self, model: Any) -> None:
        """Serve this data from now on."""
        self._ask("PUT", "/v1/data/qgov/model", model)

    def decide(self, requests: Sequence[Any]) -> list[Any]:
        """The answers; fewer than requests where one is undefined. Raises RefusedError for an
        evaluation that fails or takes too long."""
        answers: list[Any] = self._ask("POST", "/v1/data/batch/answers", {"input": requests})
        return answers

    def _ask(self, method: str, path: str, body: Any) -> Any:
        text = body if path.startswith("/v1/policies") else json.dumps(body)
        if self._connection is None:
            self._connection = _Connection(self._socket, self._deadline_s)
        try:
            self._connection.request(method, path, text)
            response = self._connection.getresponse()
            content = response.read()
        except OSError as error:
            self._connection.close()
            self._connection = None
            raise RefusedError(f"no answer: {error}") from error
        if response.status >= 300:
            raise RefusedError(content.decode(errors="replace"))
        return json.loads(content).get("result") if content else None


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path, deadline_s: float) -> None:
        super().__init__("localhost", timeout=deadline_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
