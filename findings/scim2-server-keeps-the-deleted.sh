#!/usr/bin/env bash
# scim2-server 0.8.3: a user who was deleted stays a member of every group, and no user ever shows a
# group.
#
# Guess: deleting somebody ends their memberships, and `groups` of a user (RFC 7643, section 4.1.2)
# says what the groups say, as directories keep it. In fact the service keeps each resource as it
# was written: the group still lists an id that answers 404, is still found by it, and counts one
# member more than there are people. Who counts members to know whether anybody can still approve
# has to look up each one.
set -euo pipefail

work=$(mktemp -d)
server=
trap '[[ -z "$server" ]] || kill "$server"; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check scim2-server==0.8.3
port=$("$work/venv/bin/python" -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$work/venv/bin/python" -m scim2_server.testserver.cli --port "$port" --bearer-token t >"$work/log" 2>&1 &
server=$!

"$work/venv/bin/python" - "$port" <<'PY'
import json
import sys
import time
import urllib.error
import urllib.request
from importlib.metadata import version

BASE = f"http://127.0.0.1:{sys.argv[1]}/v2"
CORE = "urn:ietf:params:scim:schemas:core:2.0"


def call(method, path, body=None):
    request = urllib.request.Request(
        BASE + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": "Bearer t", "Content-Type": "application/scim+json"},
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.loads(answer.read() or "null")
    except urllib.error.HTTPError as error:
        return error.code, None


for _ in range(300):
    try:
        call("GET", "/ServiceProviderConfig")
        break
    except OSError:
        time.sleep(0.1)
print("scim2-server", version("scim2-server"))
_, user = call("POST", "/Users", {"schemas": [f"{CORE}:User"], "userName": "somebody"})
_, group = call(
    "POST",
    "/Groups",
    {"schemas": [f"{CORE}:Group"], "displayName": "approvers", "members": [{"value": user["id"]}]},
)
_, member = call("GET", f"/Users/{user['id']}")
deleted, _ = call("DELETE", f"/Users/{user['id']}")
gone, _ = call("GET", f"/Users/{user['id']}")
_, after = call("GET", f"/Groups/{group['id']}")
print("groups of the user while a member:", member.get("groups"))
print(f"DELETE user: {deleted}; GET user: {gone}; members of the group afterwards: {after['members']}")
assert "groups" not in member
assert (deleted, gone) == (204, 404)
assert [one["value"] for one in after["members"]] == [user["id"]]
PY
