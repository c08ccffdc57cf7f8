#!/usr/bin/env bash
# azure-quantum 3.13.0 with cirq-core 1.6.1: on Quantinuum, a measurement whose key is no identifier
# is missing from the result. That is every measurement for which no key was given.
#
# Guess: cirq.measure(a, b), submitted, comes back under its key, "q(0),q(1)", as from any sampler.
# In fact the circuit travels as OpenQASM, where such a key becomes a register m0; the way back takes
# registers that begin with m_ alone. The job runs, is paid for, and its result is empty: no error,
# no warning. A key that is an identifier, cirq.measure(a, b, key="m"), arrives.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  azure-quantum==3.13.0 cirq-core==1.6.1 cirq-ionq==1.6.1

"$work/venv/bin/python" - <<'PY'
import re
from importlib.metadata import version

import cirq
from azure.quantum.cirq.targets.quantinuum import QuantinuumTarget

print("azure-quantum", version("azure-quantum"), "cirq-core", version("cirq-core"))
a, b = cirq.LineQubit.range(2)
arrived = {}
for key in ("m", None, "run-1"):
    circuit = cirq.Circuit(cirq.X(a), cirq.measure(a, b, key=key))
    program = QuantinuumTarget._translate_cirq_circuit(circuit)
    registers = re.findall(r"^creg (\w+)\[", program, re.MULTILINE)
    answer = {register: ["10", "10"] for register in registers}
    result = QuantinuumTarget._to_cirq_result(answer, cirq.ParamResolver({}))
    arrived[key] = sorted(result.measurements)
    print(f"key {key!r}: registers {registers}, keys of the result {arrived[key]}")
assert arrived == {"m": ["m"], None: [], "run-1": []}, arrived
PY
