#!/usr/bin/env bash
# qiskit-ionq 1.1.1 and qiskit-ibm-runtime 0.51.0: Session(backend, max_time=600) is ten minutes of a
# device at IBM, and ten hours at IonQ.
#
# Guess: the two classes have one name, one argument and one use, so a program that is moved from one
# cloud to the other keeps its limit. In fact IBM's counts seconds, and IonQ's writes the number into
# duration_limit_min unseen; its docstring names no unit. Texts do not move either: "10m" is parsed by
# the one, and sent as it stands by the other.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  qiskit-ibm-runtime==0.51.0 qiskit-ionq==1.1.1

"$work/venv/bin/python" - <<'PY'
from importlib.metadata import version
from unittest.mock import MagicMock

import qiskit_ibm_runtime
import qiskit_ionq
from qiskit_ibm_runtime.api.rest.runtime_session import RuntimeSession


def of_ibm(max_time):
    """The body of the request that opens the session."""
    http = MagicMock()
    backend = MagicMock(spec=qiskit_ibm_runtime.IBMBackend, version=2, _instance="crn")
    backend.name = "ibm_lab"
    backend.configuration.return_value.simulator = False
    backend.service = MagicMock(spec=qiskit_ibm_runtime.QiskitRuntimeService)
    client = backend.service._get_api_client.return_value
    client.create_session = RuntimeSession(http, "").create
    qiskit_ibm_runtime.Session(backend, max_time=max_time)
    return http.post.call_args.kwargs["json"]


def of_ionq(max_time):
    """The same."""
    backend = MagicMock(spec=qiskit_ionq.ionq_backend.IonQBackend)
    backend.name = "ionq_qpu.forte-1"
    qiskit_ionq.Session(backend, max_time=max_time)
    return backend.client.post.call_args.kwargs["json_body"]


for package in ("qiskit-ibm-runtime", "qiskit-ionq"):
    print(package, version(package))
print("Session(backend, max_time=600)")
print("  IBM: ", of_ibm(600))
print("  IonQ:", of_ionq(600))
print('Session(backend, max_time="10m")')
print("  IBM: ", of_ibm("10m"))
print("  IonQ:", of_ionq("10m"))
assert of_ibm(600)["max_ttl"] == of_ibm("10m")["max_ttl"] == 600
assert of_ionq(600)["settings"] == {"duration_limit_min": 600}
assert of_ionq("10m")["settings"] == {"duration_limit_min": "10m"}
PY
