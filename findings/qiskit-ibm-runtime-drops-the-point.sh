#!/usr/bin/env bash
# qiskit-ibm-runtime 0.51.0: Session(backend, max_time="1.5h") asks for five hours, "0.5h" as well.
#
# Guess: a fraction of an hour is one, or an error, as "90 minutes" is one. In fact each number before
# one of the letters d, h, m and s is taken, wherever it stands, and all else is passed over: of "1.5h"
# remains "5h", and of "1h 30" one hour. A session bills while it is open; this is the longest that it
# may be.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check qiskit-ibm-runtime==0.51.0

"$work/venv/bin/python" - <<'PY'
from importlib.metadata import version
from unittest.mock import MagicMock

from qiskit_ibm_runtime import IBMBackend, QiskitRuntimeService, Session


def asked(max_time):
    """What is asked of the service, in seconds."""
    backend = MagicMock(spec=IBMBackend, version=2, _instance="crn")
    backend.name = "ibm_lab"
    backend.configuration.return_value.simulator = False
    backend.service = MagicMock(spec=QiskitRuntimeService)
    Session(backend, max_time=max_time)
    _, _, seconds, _ = backend.service._get_api_client.return_value.create_session.call_args.args
    return seconds


print("qiskit-ibm-runtime", version("qiskit-ibm-runtime"))
seen = {}
for written in ("1h 30m", "90m", "1.5h", "0.5h", "1h 30"):
    seen[written] = asked(written)
    print(f"max_time={written!r:9} asks for {seen[written]:6,} seconds")
assert seen == {"1h 30m": 5400, "90m": 5400, "1.5h": 18000, "0.5h": 18000, "1h 30": 3600}, seen
PY
