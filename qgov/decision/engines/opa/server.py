"""An OPA server of our own: one bundle, behind a socket that nobody else can open."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import Future
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Final

from qgov.decision.engine import EngineError
from qgov.decision.engines.opa.http import JsonClient, at_socket

__all__ = ["KEY_ID", "OpaServer", "program_at"]

KEY_ID: Final = "qgov"
"""The name of the key in a bundle's signature."""

MAX_SAID: Final = 4096
"""How many bytes are kept of what the server says."""

# Becomes its arguments, and is killed when the thread dies that started it. Python itself
# puts a locale into an empty environment.
_LAUNCH: Final = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9)
if os.getppid() == int(sys.argv[1]):
    os.execve(sys.argv[2], sys.argv[2:], {})
"""


def program_at(name: str) -> str:
    """OPA's program: as named, on the PATH, or beside this interpreter. Raises EngineError."""
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        raise EngineError(
            f"`{name}` is not installed: put OPA 1.0 or newer on the PATH, "
            "or build it with .ci/install-opa"
        )
    return str(Path(found).absolute())


class OpaServer:
    """A server that has been started. A policy could read the environment (`opa.runtime`)
    and a neighbour could write through OPA's API, so it has no environment and no port.
    """

    def __init__(self, program: str, bundle: bytes, key: bytes | None, start_s: float) -> None:
        """Start, and wait until it serves; at most `start_s` seconds. With a key (PEM) it
        takes no bundle but a signed one. Raises EngineError."""
        self._folder = TemporaryDirectory(prefix="qgov-opa-", ignore_cleanup_errors=True)
        self._said = b""
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._start(program, bundle, key)
            self._wait(time.monotonic() + start_s, start_s)
        except BaseException:
            self.stop()
            raise

    def client(self) -> JsonClient:
        """A new connection to it."""
        return at_socket("OPA", Path(self._folder.name, "s"))

    @property
    def pid(self) -> int | None:
        """Its process, until it is stopped."""
        return self._process.pid if self._process is not None else None

    def ended(self, within_s: float = 0.0) -> str | None:
        """Why it ended, in its own words; None when it still runs after `within_s` seconds."""
        if self._process is None:
            return None
        try:
            self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            return None
        self._thread.join(1.0)  # for the rest of what it said
        lines = self._said.decode(errors="replace").split("\n")
        spoken = [line for line in lines if line.strip() and not line.startswith("{")]
        return spoken[-1].removeprefix("error: ") if spoken else "without a word"

    def stop(self) -> None:
        """End it at once, with its children. May be called again."""
        process, self._process = self._process, None
        if process is not None:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            self._thread.join(1.0)
        self._folder.cleanup()

    def _start(self, program: str, bundle: bytes, key: bytes | None) -> None:
        folder = Path(self._folder.name)
        folder.joinpath("bundle.tar.gz").write_bytes(bundle)
        checks = ["--skip-verify"]
        if key is not None:
            folder.joinpath("key.pem").write_bytes(key)
            checks = ["--verification-key", "key.pem", "--verification-key-id", KEY_ID]
            checks += ["--signing-alg", "ES256"]
        command = [program, "run", "--server", "--addr", f"unix://{folder}/s"]
        command += ["--unix-socket-perm", "600", "--skip-version-check", "--log-level", "error"]
        command += [*checks, "--bundle", "bundle.tar.gz"]
        if sys.platform == "linux":
            command = [sys.executable, "-I", "-S", "-c", _LAUNCH, str(os.getpid()), *command]
        started: Future[subprocess.Popen[bytes]] = Future()
        self._thread = Thread(target=self._live, args=(command, started), daemon=True)
        self._thread.start()
        try:
            self._process = started.result()
        except OSError as error:
            raise EngineError(f"OPA cannot be started: {error}") from error

    def _live(self, command: list[str], started: Future[subprocess.Popen[bytes]]) -> None:
        """Start the process and listen to it as long as it lives: Linux kills it when the
        thread ends that started it, so that has to be one which ends with us."""
        try:
            process = subprocess.Popen(  # noqa: S603 - no shell, and a program that was looked up
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,  # OPA says on both why it does not start
                cwd=self._folder.name,
                env={},
                process_group=0,
            )
        except OSError as error:
            started.set_exception(error)
            return
        assert process.stdout is not None
        with process.stdout as stream:
            started.set_result(process)
            while chunk := os.read(stream.fileno(), 1 << 12):
                self._said = (self._said + chunk)[-MAX_SAID:]

    def _wait(self, end: float, start_s: float) -> None:
        client = self.client()
        try:
            while True:
                if (why := self.ended()) is not None:
                    raise EngineError(f"OPA did not start: {why}")
                left = end - time.monotonic()
                if left <= 0:
                    raise EngineError(f"OPA did not start within {start_s:g} s")
                try:
                    client.ask("/health?bundles", within_s=left)
                    return
                except EngineError:
                    time.sleep(min(0.01, left))
        finally:
            client.close()
