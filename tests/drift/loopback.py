"""A small server on loopback that answers badly, in every way that a server can."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit


class Reply(NamedTuple):
    """What one request is answered with. `length` announces more than is sent; `wait_s` before
    anything is; `lost`: the connection is closed in place of an answer."""

    body: bytes = b"{}"
    status: int = 200
    kind: str = "application/json"
    headers: Mapping[str, str] = {}
    length: int | None = None
    wait_s: float = 0.0
    lost: bool = False


def as_json(value: Any) -> Reply:
    return Reply(json.dumps(value).encode())


Answers = Callable[[str, str], Reply]
"""(path, query) → the reply."""

Writes = Callable[[str, str], Reply]
"""(method, path) → the reply to what would change something."""


@contextmanager
def serving(
    answers: Answers, certificate: Path | None = None, writes: Writes | None = None
) -> Iterator[str]:
    """The address of a server that answers so. Without `writes`, a write is no method of it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            self.reply(answers(parts.path, parts.query))

        def do_write(self) -> None:
            if writes is None:
                self.send_error(405)
            else:
                self.reply(writes(self.command, urlsplit(self.path).path))

        def reply(self, reply: Reply) -> None:
            time.sleep(reply.wait_s)
            if reply.lost:
                self.close_connection = True
                return
            with suppress(OSError):
                self.send_response(reply.status)
                self.send_header("Content-Type", reply.kind)
                self.send_header("Content-Length", str(reply.length or len(reply.body)))
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.body)

        do_POST = do_GET  # noqa: N815 - the names that the library looks for
        do_PUT = do_DELETE = do_write  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass  # a client that does not trust us goes away

    server = Server(("127.0.0.1", 0), Handler)
    scheme = "http"
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"{scheme}://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
