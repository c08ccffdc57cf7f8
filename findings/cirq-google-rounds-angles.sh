#!/usr/bin/env bash
# cirq-google 1.7.0: a circuit that was serialized and read back is another one: its angles have 32
# bits, and a rotation by radians has become a power.
#
# Guess: a serialized circuit is the circuit, so that a digest made before a job is sent can be held
# against the program that Quantum Engine keeps. In fact only circuits whose exponents are short in
# binary (a half, a quarter) come back equal: 0.1 and a third do not, nor does cirq.rx. The unitary
# is the same to seven digits; a digest over the circuit is not.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check cirq-core==1.7.0 cirq-google==1.7.0

"$work/venv/bin/python" - <<'PY'
from importlib.metadata import version

import cirq
import cirq_google

print("cirq-google", version("cirq-google"))
serializer = cirq_google.CIRCUIT_SERIALIZER
q = cirq.GridQubit(4, 5)
equal = {}
for name, operation in {
    "X**0.5": cirq.X(q) ** 0.5,
    "X**0.1": cirq.X(q) ** 0.1,
    "Z**(1/3)": cirq.Z(q) ** (1 / 3),
    "rx(0.3)": cirq.rx(0.3)(q),
}.items():
    sent = cirq.Circuit(operation)
    got = serializer.deserialize(serializer.serialize(sent))
    equal[name] = got == sent
    alike = cirq.allclose_up_to_global_phase(cirq.unitary(sent), cirq.unitary(got), atol=1e-6)
    print(f"{name}: equal {equal[name]}, same unitary to 1e-6 {alike}, got {next(got.all_operations())!r}")
    assert alike
assert equal == {"X**0.5": True, "X**0.1": False, "Z**(1/3)": False, "rx(0.3)": False}, equal
PY
