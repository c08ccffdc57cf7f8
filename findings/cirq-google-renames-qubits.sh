#!/usr/bin/env bash
# cirq-google 1.7.0: a qubit named "3" comes back from the serialized circuit as cirq.LineQubit(3),
# and one named "1_2" as cirq.GridQubit(1, 2).
#
# Guess: a circuit keeps its qubits when it is sent to Quantum Engine and fetched again. In fact the
# format has one text for a qubit, and it is read back as the first kind that fits: by a grid, then
# a line, then a name. Somebody who finds a job's circuit by comparing, or looks a qubit up by the
# name under which it was sent, finds nothing; "q3" stays what it was.
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
back = {}
for name in ("3", "1_2", "q3"):
    sent = cirq.Circuit(cirq.X(cirq.NamedQubit(name)))
    (back[name],) = serializer.deserialize(serializer.serialize(sent)).all_qubits()
    print(f"sent cirq.NamedQubit({name!r}), got {back[name]!r}")
assert back["3"] == cirq.LineQubit(3)
assert back["1_2"] == cirq.GridQubit(1, 2)
assert back["q3"] == cirq.NamedQubit("q3")
PY
