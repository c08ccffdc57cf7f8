"""The OPA bundle, answered by rego-cpp (regopy) in a process of its own with a deadline."""

from __future__ import annotations

import gzip
import io
import json
import selectors
import subprocess
import sys
import tarfile
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from qgov.decision.engine import EngineError
from qgov.decision.request import REASONS, WARNINGS, Decision, Request, normalize

__all__ = ["Bundle", "RegoEngine", "as_decision", "read_bundle"]

QUERY: Final = "decision := data.qgov.authz.decision"
MAX_BYTES: Final = 1 << 30
"""How much a bundle may unpack to; OPA's own bound for one file."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a bundle holds: Rego by file name, and the data of all its files in one."""

    revision: str
    modules: Mapping[str, str]
    data: Mapping[str, Any]


def read_bundle(content: bytes) -> Bundle:
    """Read a bundle's tarball. Raises EngineError when it is none, or a file collides."""
    modules: dict[str, str] = {}
    data: dict[str, Any] = {}
    manifest: Any = {}
    try:
        for name, text in _files(content):
            folder, _, base = name.rpartition("/")
            if base.endswith(".rego"):
                modules[name] = text
            elif base == "data.json":
                _merge(data, folder.split("/") if folder else [], json.loads(text), name)
            elif name == ".manifest":
                manifest = json.loads(text)
        revision = str(manifest.get("revision", ""))
    except (
        tarfile.TarError,
        gzip.BadGzipFile,
        zlib.error,
        EOFError,
        ValueError,
        AttributeError,
        RecursionError,
    ) as error:
        raise EngineError(f"the bundle cannot be read: {error}") from error
    if not modules:
        raise EngineError("the bundle holds no policy")
    return Bundle(revision, modules, data)


def _files(content: bytes) -> list[tuple[str, str]]:
    found, left = [], MAX_BYTES
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        for entry in archive:
            if not entry.isfile():
                continue
            left -= entry.size
            stream = archive.extractfile(entry)
            if left < 0 or stream is None:
                raise EngineError(f"the bundle unpacks to more than {MAX_BYTES} bytes")
            found.append(
                (entry.name.removeprefix("./").removeprefix("/"), stream.read().decode("utf-8"))
            )
    return found


def _merge(data: dict[str, Any], path: Sequence[str], value: Any, name: str) -> None:
    for label in reversed(path):
        value = {label: value}
    if not isinstance(value, dict):
        raise EngineError(f"{name} is no object")
    _merge_objects(data, value, name)


def _merge_objects(into: dict[str, Any], value: Mapping[str, Any], name: str) -> None:
    for key, child in value.items():
        if isinstance(child, dict) and isinstance(into.setdefault(key, {}), dict):
            _merge_objects(into[key], child, name)
        elif key in into:
            raise EngineError(f"{name} says `{key}` a second time")
        else:
            into[key] = child


def as_decision(answer: Any) -> Decision:
    """A policy's answer as a decision. Raises EngineError unless it is one: an answer that
    is not understood allows nothing."""
    fields = {"allow", "reasons", "warnings", "obligations", "revision"}
    if not isinstance(answer, dict) or set(answer) != fields:
        raise EngineError("the policy's answer is no decision")
    allow, obligations, revision = answer["allow"], answer["obligations"], answer["revision"]
    reasons = _codes(answer["reasons"], REASONS)
    warnings = _codes(answer["warnings"], WARNINGS)
    sound = (
        isinstance(allow, bool)
        and allow == (not reasons)
        and isinstance(obligations, dict)
        and isinstance(revision, str)
    )
    if not sound:
        raise EngineError("the policy's answer contradicts itself")
    return Decision(allow, reasons, warnings, obligations, revision)


def _codes(given: Any, known: Sequence[str]) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(g, str) and g in known for g in given):
        raise EngineError("the policy's answer has an unknown reason or warning")
    return tuple(sorted(set(given)))


class RegoEngine:
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
        worker = Path(__file__).with_name("rego_worker.py")
        self._command = tuple(command) or (sys.executable, "-P", str(worker))
        self._process: subprocess.Popen[bytes] | None = None
        self._unread = b""

    @property
    def revision(self) -> str:
        """The revision that the bundle's manifest claims."""
        return self._bundle.revision

    def decide(self, requests: Sequence[Request]) -> list[Decision]:
        """One decision for each request, in order. Raises EngineError."""
        answered: list[Decision] = []
        try:
            self._start()
            for request in requests:
                self._write(normalize(request))
                answered.append(self._answer(self._read(self._deadline_s)))
        except EngineError as error:
            self._stop()
            raise EngineError(str(error), answered) from error
        return answered

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

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

    def _stop(self) -> None:
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
            raise EngineError("rego-cpp answered with something else than JSON") from error

    @staticmethod
    def _answer(output: Any) -> Decision:
        bindings = output.get("bindings") if isinstance(output, dict) else None
        return as_decision(bindings.get("decision") if isinstance(bindings, dict) else None)
