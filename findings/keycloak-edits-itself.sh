#!/usr/bin/env bash
# Keycloak 26.7.3: the first token that anybody gets changes the client's configuration: a group
# membership mapper gains "multivalued": "true".
#
# Guess: what the admin API gives is what an administrator wrote, until an administrator writes again.
# In fact the mapper completes its own stored configuration when a token is made. Who compares a realm
# with what was applied sees a change after the first sign-in that no admin event explains.
set -euo pipefail

for program in java mvn; do
  command -v "$program" >/dev/null || { echo "needs $program" >&2; exit 1; }
done
work=$(mktemp -d)
server=
trap '[[ -z "$server" ]] || kill -- "-$server" 2>/dev/null || true; rm -rf "$work"' EXIT
version=26.7.3
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
  -Dartifact="org.keycloak:keycloak-quarkus-dist:$version:tar.gz" -DoutputDirectory="$work"
tar -xzf "$work/keycloak-quarkus-dist-$version.tar.gz" -C "$work"
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
set -m
KC_BOOTSTRAP_ADMIN_USERNAME=admin KC_BOOTSTRAP_ADMIN_PASSWORD=admin \
  "$work/keycloak-$version/bin/kc.sh" start-dev --db=dev-mem --http-port="$port" >"$work/log" 2>&1 &
server=$!
set +m

python3 - "$port" "$version" <<'PY'
import json
import sys
import time
import urllib.parse
import urllib.request

BASE = f"http://127.0.0.1:{sys.argv[1]}"


def call(method, path, body=None, form=None, bearer=None):
    data = urllib.parse.urlencode(form).encode() if form else body and json.dumps(body).encode()
    request = urllib.request.Request(BASE + path, method=method, data=data)
    if body:
        request.add_header("Content-Type", "application/json")
    if bearer:
        request.add_header("Authorization", f"Bearer {bearer}")
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read() or "null")


def sign_in(realm, client, name):
    form = {"grant_type": "password", "client_id": client, "username": name, "password": name}
    path = f"/realms/{realm}/protocol/openid-connect/token"
    return call("POST", path, form=form)["access_token"]


for _ in range(300):
    try:
        admin = sign_in("master", "admin-cli", "admin")
        break
    except OSError:
        time.sleep(1)
mapper = {
    "name": "groups",
    "protocol": "openid-connect",
    "protocolMapper": "oidc-group-membership-mapper",
    "config": {"claim.name": "groups", "access.token.claim": "true", "full.path": "true"},
}
client = {
    "clientId": "quantum",
    "publicClient": True,
    "directAccessGrantsEnabled": True,
    "protocolMappers": [mapper],
}
user = {
    "username": "mei",
    "enabled": True,
    "email": "mei@northwind.example",
    "firstName": "Mei",
    "lastName": "Lin",
    "credentials": [{"type": "password", "value": "mei"}],
}
realm = {"realm": "lab", "enabled": True, "sslRequired": "none", "clients": [client], "users": [user]}
realm |= {"adminEventsEnabled": True, "adminEventsDetailsEnabled": True}
call("POST", "/admin/realms", realm, bearer=admin)


def config():
    (found,) = call("GET", "/admin/realms/lab/clients?clientId=quantum", bearer=admin)
    (only,) = found["protocolMappers"]
    return only["config"]


print("Keycloak", sys.argv[2])
before = config()
sign_in("lab", "quantum", "mei")
after = config()
events = call("GET", "/admin/realms/lab/admin-events", bearer=admin)
print("before a token:", before)
print("after a token: ", after)
print("admin events:  ", events)
assert before == mapper["config"], before
assert after == {**before, "multivalued": "true"}, after
assert events == [], events
PY
