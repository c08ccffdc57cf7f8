"""The OPA bundle, answered without another program.

By its policy compiled to WebAssembly (`compiled`), where the policy is the one that qgov writes
and wasmtime is installed; else by rego-cpp (regopy), in a process of its own with a deadline.
"""

from __future__ import annotations

import json
import selectors
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from qgov.decision.answer import as_decision
from qgov.decision.bundle import read_bundle
from qgov.decision.decision import Decision
from qgov.decision.engine import Closing, EngineError, EngineKind, Settings, in_turn
from qgov.decision.engines.rego.compiled import CompiledRegoEngine, carried
from qgov.decision.request import Request
from qgov.decision.request_parts import RequestJson
from qgov.model.access_model import AccessModel

__all__ = ["ENGINE", "RegoEngine"]

QUERY: Final = "decision := data.qgov.authz.decision"


class RegoEngine(Closing):
    """A bundle in rego-cpp.

    `deadline_s` bounds one answer, `start_s` reading and compiling the bundle; both in
    seconds. After an error the next call starts afresh.
    """

    name = "rego"

    def __init__(
        self,
        bundle: bytes,
        *,
        deadline_s: float = 5.0,
        start_s: float = 60.0,
        command: Sequence[str] = (),
    ) -> None:
        self._bundle = read_bundle(bundle)
        self._deadline_s = deadline_s
        self._start_s = start_s
        worker = Path(__file__).with_name("worker.py")
        self._command = tuple(command) or (sys.executable, "-P", str(worker))
        self._process: subprocess.Popen[bytes] | None = None
        self._unread = b""

    @property
    def revision(self) -> str:
        """The revision that the bundle's manifest claims."""
        return self._bundle.revision

    def decide(self, requests: Sequence[RequestJson]) -> list[Decision]:
        """One decision for each request, in order. Raises EngineError."""
        try:
            self._start()
            return in_turn(self._decide, requests)
        except EngineError:
            self.close()
            raise

    def _decide(self, request: RequestJson) -> Decision:
        self._write(Request.from_json(request).to_json())
        return self._answer(self._read(self._deadline_s))

    def _start(self) -> None:
        if self._process is not None:
            return
        self._unread = b""
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and file
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._write(
            {"modules": dict(self._bundle.modules), "data": self._bundle.data, "query": QUERY}
        )
        if self._read(self._start_s) != {"ready": True}:
            raise EngineError("rego-cpp did not accept the bundle")

    def close(self) -> None:
        """Let go of what `decide` started; it starts afresh when it is called again."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.communicate()

    def _write(self, value: Any) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(value, ensure_ascii=False).encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise EngineError("rego-cpp ended unexpectedly") from error

    def _read(self, within_s: float) -> Any:
        """The next line as JSON. Raises EngineError when there is none in time."""
        assert self._process is not None
        assert self._process.stdout is not None
        end = time.monotonic() + within_s
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._unread:
                if not selector.select(max(0.0, end - time.monotonic())):
                    raise EngineError(f"rego-cpp did not answer within {within_s:g} s")
                chunk = self._process.stdout.read1(1 << 16)  # type: ignore[attr-defined]
                if not chunk:
                    raise EngineError("rego-cpp ended unexpectedly")
                self._unread += chunk
        line, _, self._unread = self._unread.partition(b"\n")
        try:
            return json.loads(line)
        except ValueError as error:
            raise EngineError("rego-cpp answered with something other than JSON") from error

    @staticmethod
    def _answer(output: Any) -> Decision:
        bindings = output.get("bindings") if isinstance(output, dict) else None
        return as_decision(bindings.get("decision") if isinstance(bindings, dict) else None)


def _start(
    _: AccessModel, artifacts: Mapping[str, bytes], settings: Settings
) -> CompiledRegoEngine | RegoEngine:
    content = artifacts["policy/opa/bundle.tar.gz"]
    code = carried(bundle := read_bundle(content)) if find_spec("wasmtime") else None
    if code is not None:
        return CompiledRegoEngine(bundle, code, deadline_s=settings.deadline_s)
    return RegoEngine(content, deadline_s=settings.deadline_s)


ENGINE = EngineKind("rego", _start, needs=("policy/opa/bundle.tar.gz",))
