"""A real SCIM 2.0 service for tests: started empty on loopback, gone afterwards."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from qgov.model.access_model import AccessModel
from qgov.targets import emit

GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PROGRAM = (sys.executable, "-m", "scim2_server.testserver.cli")


class Directory:
    """The service, as its administrator sees it."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.client = httpx.Client(
            base_url=base, headers={"Authorization": "Bearer sekret"}, trust_env=False, timeout=30
        )

    def add(self, kind: str, **fields: Any) -> str:
        schema = GROUP if kind == "Groups" else USER
        body = {"schemas": [schema], **fields}
        answer = self.client.post(f"/{kind}", json=body)
        assert answer.is_success, answer.text
        return str(answer.json()["id"])

    def remove(self, kind: str, id_: str) -> None:
        self.client.delete(f"/{kind}/{id_}").raise_for_status()

    def id_of(self, group: str) -> str:
        found = self.client.get("/Groups", params={"filter": f'displayName eq "{group}"'}).json()
        return str(found["Resources"][0]["id"])

    def join(self, group: str, id_: str, kind: str = "User") -> None:
        operation = {"op": "add", "path": "members", "value": [{"value": id_, "type": kind}]}
        body = {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [operation],
        }
        answer = self.client.patch(f"/Groups/{self.id_of(group)}", json=body)
        assert answer.is_success, answer.text


@contextmanager
def provisioned(model: AccessModel) -> Iterator[Directory]:
    """A service that was provisioned with what was compiled."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [*PROGRAM, "--port", str(port), "--bearer-token", "sekret"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    there = Directory(f"http://127.0.0.1:{port}/v2")
    try:
        for _ in range(600):
            try:
                there.client.get("/ServiceProviderConfig").raise_for_status()
                break
            except httpx.TransportError:
                time.sleep(0.05)
        files, _ = emit(model, ["scim"])
        for one in json.loads(files["idp/workforce/scim/Groups.json"])["Resources"]:
            there.add("Groups", displayName=one["displayName"], externalId=one["externalId"])
        yield there
    finally:
        there.client.close()
        server.kill()
        server.wait()
