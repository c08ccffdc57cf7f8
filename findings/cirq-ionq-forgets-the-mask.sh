#!/usr/bin/env bash
# cirq-ionq 1.7.0: a measurement with an invert_mask is sent and read back as if it had none.
#
# Guess: what the sampler cannot send, it refuses: so it does with a gate that it does not know, and
# with qubits that are no LineQubits. In fact the mask is left out without a word: the program that
# IonQ gets is the same, and what comes back is not inverted either. Where cirq.Simulator says 0, a
# job on IonQ says 1. IQM's own serializer refuses such a measurement by name.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check cirq-core==1.7.0 cirq-ionq==1.7.0

"$work/venv/bin/python" - <<'PY'
from importlib.metadata import version

import cirq
import cirq_ionq

print("cirq-ionq", version("cirq-ionq"))
q = cirq.LineQubit(0)
plain = cirq.Circuit(cirq.X(q), cirq.measure(q, key="m"))
inverted = cirq.Circuit(cirq.X(q), cirq.measure(q, key="m", invert_mask=(True,)))
serializer = cirq_ionq.Serializer()
sent = [serializer.serialize_single_circuit(circuit) for circuit in (plain, inverted)]
print("simulated:", [int(cirq.Simulator().run(c).measurements["m"][0, 0]) for c in (plain, inverted)])
print("sent without a mask:", sent[0].input, sent[0].metadata)
print("sent with one:      ", sent[1].input, sent[1].metadata)

# What IonQ's simulator answers for X on one qubit: always state 1.
answer = cirq_ionq.SimulatorResult(
    probabilities={1: 1.0}, num_qubits=1, measurement_dict={"m": [0]}, repetitions=1
)
read = int(answer.to_cirq_result(seed=1).measurements["m"][0, 0])
print("read back:", read)
assert sent[0] == sent[1], "the mask is part of what is sent"
assert read == 1, "the mask is part of what is read back"
PY
