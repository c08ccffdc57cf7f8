#!/usr/bin/env bash
# cirq-superstaq 0.5.70: its sampler returns a circuit's measurements as one, under a key that is all
# their keys in a row, in the order of the alphabet; and its shots are grouped by outcome.
#
# Guess: what is measured under "left" and "right" comes back under "left" and "right", as from any
# cirq.Sampler. In fact there is "leftright", with a column for each bit: result.measurements["left"]
# is a KeyError after the job was paid for, and nothing says which columns were "left". Shots are made
# from counts, so that what depends on their order (a device that drifts) is gone. A circuit with one
# measurement keeps its key.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  cirq-core==1.7.0 cirq-superstaq==0.5.70

"$work/venv/bin/python" - <<'PY'
from importlib.metadata import version
from unittest.mock import MagicMock

import cirq
import cirq_superstaq

print("cirq-superstaq", version("cirq-superstaq"), "cirq-core", version("cirq-core"))
service = MagicMock(spec=cirq_superstaq.Service)
service.create_job.return_value.counts.return_value = {"10": 2, "11": 2}
sampler = cirq_superstaq.Sampler(service, "ss_unconstrained_simulator")
a, b = cirq.LineQubit.range(2)
gates = [cirq.X(a), cirq.H(b)]
seen = []
for measured in ([cirq.measure(a, key="left"), cirq.measure(b, key="right")],
                 [cirq.measure(a, key="z"), cirq.measure(b, key="c")],
                 [cirq.measure(a, b, key="m")]):
    circuit = cirq.Circuit(gates, measured)
    result = sampler.run(circuit, repetitions=4)
    seen.append({key: bits.tolist() for key, bits in result.measurements.items()})
    print(f"sent {sorted(circuit.all_measurement_key_names())}, got {seen[-1]}")
shots = [[1, 0], [1, 0], [1, 1], [1, 1]]
assert seen == [{"leftright": shots}, {"cz": shots}, {"m": shots}], seen
PY
