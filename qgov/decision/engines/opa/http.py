"""JSON over HTTP, bounded in time and size: no redirect, no proxy, no answer but a whole one."""

from __future__ import annotations

import http.client
import io
import json
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from qgov.decision.engine import EngineError

__all__ = ["JsonClient", "at_socket", "at_url"]

MAX_BYTES: Final = 1 << 20
"""How long an answer may be."""

Open = Callable[[float], socket.socket]
"""Connects within so many seconds. Raises OSError."""


class JsonClient:
    """One server, asked over one connection that is kept open; for one thread at a time.

    `who` names the server in messages, `host` is what the server hears itself called,
    `prefix` stands before every path.
    """

    def __init__(self, who: str, host: str, connect: Open, prefix: str = "") -> None:
        self._who = who
        self._prefix = prefix
        self._connection = _Connection(host, connect)

    def ask(self, path: str, body: Any = None, *, within_s: float) -> Any:
        """The server's answer to a GET, or with a body to a POST. Raises EngineError unless
        it is JSON with status 200, whole within `within_s` seconds."""
        try:
            status, content = self._exchange(path, body, time.monotonic() + within_s)
        except TimeoutError as error:
            self.close()
            raise EngineError(f"{self._who} did not answer within {within_s:g} s") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            why = str(error) or type(error).__name__
            raise EngineError(f"{self._who} gave no answer: {why}") from error
        if len(content) > MAX_BYTES:
            self.close()
            raise EngineError(f"{self._who} answered with more than {MAX_BYTES} bytes")
        if status != http.client.OK:
            self.close()
            raise EngineError(f"{self._who} answered with status {status}{_said(content)}")
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            self.close()
            raise EngineError(f"{self._who} answered with something other than JSON") from error

    def close(self) -> None:
        """Let the connection go; the next question opens another."""
        self._connection.close()

    def _exchange(self, path: str, body: Any, until: float) -> tuple[int, bytes]:
        kept = self._connection.sock is not None
        try:
            return self._try(path, body, until)
        except ConnectionError:
            if not kept:
                raise
        # A server may close a connection that was idle. Asking twice decides nothing twice.
        self.close()
        return self._try(path, body, until)

    def _try(self, path: str, body: Any, until: float) -> tuple[int, bytes]:
        connection = self._connection
        connection.until = until
        if body is None:
            connection.request("GET", self._prefix + path)
        else:
            text = json.dumps(body, ensure_ascii=False).encode()
            headers = {"Content-Type": "application/json"}
            connection.request("POST", self._prefix + path, text, headers)
        with connection.getresponse() as response:
            return response.status, response.read(MAX_BYTES + 1)


def at_socket(who: str, path: Path) -> JsonClient:
    """The server behind a Unix socket."""

    def connect(within_s: float) -> socket.socket:
        opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            opened.settimeout(within_s)
            opened.connect(str(path))
        except BaseException:
            opened.close()
            raise
        return opened

    return JsonClient(who, "localhost", connect)


def at_url(who: str, url: str) -> JsonClient:
    """The server at `http://…` or `https://…`. Raises EngineError for another URL."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise EngineError(f"the URL of {who} cannot be read: {error}") from error
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    if parts.scheme not in ("http", "https") or not host or not plain:
        raise EngineError(
            f"{who} is not at such a URL: write http://HOST:PORT or https://HOST:PORT, "
            "without user, query and fragment"
        )
    secure = parts.scheme == "https"

    def connect(within_s: float) -> socket.socket:
        where = (host, port or (443 if secure else 80))
        opened = socket.create_connection(where, timeout=within_s)
        try:
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if secure:
                return ssl.create_default_context().wrap_socket(opened, server_hostname=host)
        except BaseException:
            opened.close()
            raise
        return opened

    return JsonClient(f"{who} at {url}", parts.netloc, connect, parts.path.rstrip("/"))


class _Connection(http.client.HTTPConnection):
    """A connection on which everything ends at `until`, however slowly the bytes drip."""

    def __init__(self, host: str, opens: Open) -> None:
        super().__init__(host)
        self.until = 0.0
        self._opens = opens

    def connect(self) -> None:
        timed: Any = _Timed(self._opens(self.left()), self.left)
        self.sock = timed

    def left(self) -> float:
        """Seconds until the end. Raises TimeoutError when there are none."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class _Timed:
    """What http.client needs of a socket. A socket's own timeout is for one read only."""

    def __init__(self, opened: socket.socket, left: Callable[[], float]) -> None:
        self._socket = opened
        self._left = left

    def sendall(self, content: bytes) -> None:
        self._socket.settimeout(self._left())
        self._socket.sendall(content)

    def makefile(self, _: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._socket, self._left))

    def close(self) -> None:
        self._socket.close()


class _Reader(io.RawIOBase):
    """The socket's bytes, for as long as there is time left."""

    def __init__(self, opened: socket.socket, left: Callable[[], float]) -> None:
        self._socket = opened
        self._left = left
        self._stream = opened.makefile("rb", buffering=0)  # keeps it open until we close too

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._socket.settimeout(self._left())
        return self._stream.readinto(buffer)

    def close(self) -> None:
        self._stream.close()
        super().close()


def _said(content: bytes) -> str:
    """What the server said beside its status, if that is a message of OPA's kind."""
    try:
        message = json.loads(content)["message"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""
    return f": {message[:200]}" if isinstance(message, str) else ""
