"""A deadline for a whole answer: httpx bounds each piece of one, and a server may send many."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from math import inf
from typing import Any

import httpcore
import httpx

__all__ = ["Deadline", "transport"]


class Deadline(threading.local):
    """By when what this thread asks for must be there, on the monotonic clock."""

    until: float = inf

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Whatever is read in the block is there after so many seconds, or httpx.ReadTimeout."""
        self.until = time.monotonic() + seconds
        try:
            yield
        finally:
            self.until = inf

    def left(self, timeout: float | None) -> float | None:
        """The time that one piece may take. Raises httpcore.ReadTimeout where there is none."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left if timeout is None or left < timeout else timeout


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner, self._deadline = inner, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, timeout), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.SyncBackend):
    def __init__(self, deadline: Deadline) -> None:
        super().__init__()
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        inner = super().connect_tcp(host, port, timeout, local_address, socket_options)
        return _Stream(inner, self._deadline)


def transport(context: ssl.SSLContext, connections: int, deadline: Deadline) -> httpx.HTTPTransport:
    """As httpx has it, with at most so many connections, which keep the deadline."""
    made = httpx.HTTPTransport(verify=context)
    # httpx has no parameter for what it reads from.
    made._pool = httpcore.ConnectionPool(  # noqa: SLF001
        ssl_context=context, max_connections=connections, network_backend=_Backend(deadline)
    )
    return made
