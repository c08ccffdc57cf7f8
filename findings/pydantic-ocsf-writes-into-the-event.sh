#!/usr/bin/env bash
# pydantic-ocsf 3.0.0: to validate an event changes it: names are added to the dict that was given,
# down to its nested objects.
#
# Guess: model_validate reads its argument and returns a model. In fact each model completes the
# captions of its ids (activity_name, status, severity, the type of a user) in the caller's own dict,
# before it looks at it. Who checks an audit event and then hashes, signs or forwards it hashes another
# than came in, and the chain of a log that was whole is broken behind the check.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pydantic-ocsf==3.0.0

"$work/venv/bin/python" - <<'PY'
import hashlib
import json
from importlib.metadata import version

from ocsf.v1_7_0.events import ApiActivity

event = {
    "category_uid": 6,
    "class_uid": 6003,
    "activity_id": 1,
    "type_uid": 600301,
    "severity_id": 1,
    "status_id": 2,
    "time": 1796083200000,
    "metadata": {"version": "1.7.0", "product": {"name": "gateway", "vendor_name": "lab"}},
    "actor": {"user": {"uid": "mei", "type_id": 1}},
    "api": {"operation": "job:submit"},
    "src_endpoint": {"ip": "192.0.2.1"},
}


def digest():
    return hashlib.sha256(json.dumps(event, sort_keys=True).encode()).hexdigest()[:16]


print("pydantic-ocsf", version("pydantic-ocsf"))
keys, before = set(event), digest()
ApiActivity.model_validate(event)
added = {key: event[key] for key in sorted(set(event) - keys)}
print("before:", before)
print("after: ", digest(), "with", added, "and the user", event["actor"]["user"])
assert added == {"activity_name": "Create", "severity": "Informational", "status": "Failure"}, added
assert event["actor"]["user"] == {"uid": "mei", "type_id": 1, "type": "User"}
assert digest() != before
PY
