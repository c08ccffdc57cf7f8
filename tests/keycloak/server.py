"""A real Keycloak for tests: started on a copy of the prepared database, gone afterwards.

The server calls itself `HOST`, as the issuers of the worked repository do, and listens on loopback
alone. `Server.client` speaks to it under that name, so that issuers, cookies and redirects are
those of production and no request leaves the machine.

Example:
    def test_something(keycloak: Server) -> None:          # the fixture of tests/conftest.py
        keycloak.admin.get("/admin/realms/quantum").raise_for_status()
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

__all__ = ["ADMIN", "HOST", "INSTALLED", "Server", "need_keycloak", "running"]

HOST = "https://id.northwind.example"
"""What the server calls itself."""

INSTALLED = Path(sys.prefix, "keycloak")
"""Where `.ci/install-keycloak` puts it."""

ADMIN = "qgov-tests"
"""The client of the prepared database, and its secret."""

_READY_S = 180
_LIGHT = "-XX:TieredStopAtLevel=1 -XX:-UseG1GC -XX:+UseSerialGC"


def need_keycloak() -> None:
    """Skip the test when Keycloak is missing; tests/conftest.py fails it where it must run."""
    if not (INSTALLED / ".installed").exists():
        pytest.skip("missing: keycloak (.ci/install-keycloak)")


class _ToLoopback(httpx.HTTPTransport):
    """Carries what is meant for `HOST` to the server, and nothing else anywhere."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if f"{request.url.scheme}://{request.url.host}" != HOST:
            raise httpx.ConnectError(f"not the server: {request.url}", request=request)
        url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        # Another request, because the client goes on with the one that it sent.
        return super().handle_request(
            httpx.Request(
                request.method,
                url,
                headers=request.headers,
                stream=request.stream,
                extensions=request.extensions,
            )
        )


class _AdminToken(httpx.Auth):
    """A token of the master realm, asked for again when it has expired."""

    requires_response_body = True

    def __init__(self) -> None:
        self._token: str | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token}"
            if (yield request).status_code != httpx.codes.UNAUTHORIZED:
                return
        form = {"grant_type": "client_credentials", "client_id": ADMIN, "client_secret": ADMIN}
        url = f"{HOST}/realms/master/protocol/openid-connect/token"
        answer = yield httpx.Request("POST", url, data=form)
        self._token = str(answer.raise_for_status().json()["access_token"])
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is ready."""

    port: int
    home: Path
    admin: httpx.Client
    """Calls the admin API with every right, below `HOST`."""

    def client(self, auth: httpx.Auth | None = None) -> httpx.Client:
        """A browser of its own: its cookies are shared with nobody. Close it."""
        return httpx.Client(transport=_ToLoopback(self.port), base_url=HOST, auth=auth, timeout=60)

    def log(self) -> str:
        """What the server wrote so far."""
        return (self.home / "log").read_text(encoding="utf-8", errors="replace")


@contextmanager
def running(
    home: Path, realms: Mapping[str, bytes], variables: Mapping[str, str]
) -> Iterator[Server]:
    """A server whose folder is `home`, which must not exist, with what it imports at its start
    (the name of a file → a realm's JSON) and the variables that these mention. A realm that it
    refuses is a server that never starts."""
    _lay_out(home, realms)
    port, management = _free_ports()
    with (home / "log").open("wb") as log:
        # A group of its own, because kc.sh starts java as a child.
        process = subprocess.Popen(
            _command(home, port, management),
            env=_env(variables),
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        with httpx.Client(
            transport=_ToLoopback(port), base_url=HOST, auth=_AdminToken(), timeout=60
        ) as admin:
            server = Server(port, home, admin)
            _wait(server, management, process)
            yield server
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # its data are thrown away
        process.wait()


def _lay_out(home: Path, realms: Mapping[str, bytes]) -> None:
    """A home that shares the program and owns the data. kc.sh finds its home by its own place."""
    (home / "bin").mkdir(parents=True)
    shutil.copy2(INSTALLED / "bin/kc.sh", home / "bin/kc.sh")
    for shared in ("conf", "lib", "providers", "themes"):
        (home / shared).symlink_to(INSTALLED / shared)
    shutil.copytree(INSTALLED / "data", home / "data")
    (home / "data/import").mkdir()
    for name, content in realms.items():
        (home / "data/import" / f"{name}.json").write_bytes(content)


def _command(home: Path, port: int, management: int) -> list[str]:
    return [
        str(home / "bin/kc.sh"),
        "start",
        "--optimized",
        "--import-realm",
        "--cache=local",
        "--http-enabled=true",
        "--http-host=127.0.0.1",
        f"--http-port={port}",
        f"--http-management-port={management}",
        f"--hostname={HOST}",
    ]


def _env(variables: Mapping[str, str]) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("KC_")}
    return {**own, "JAVA_OPTS_APPEND": _LIGHT, **variables}


def _free_ports() -> tuple[int, int]:
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        return one.getsockname()[1], two.getsockname()[1]


def _wait(server: Server, management: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _READY_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            answer = httpx.get(
                f"http://127.0.0.1:{management}/health/ready", timeout=5, trust_env=False
            )
        except httpx.TransportError:
            answer = None
        if answer is not None and answer.is_success:
            return
        time.sleep(0.5)
    raise RuntimeError(f"Keycloak did not start:\n{server.log()[-4000:]}")
