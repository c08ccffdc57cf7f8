#!/usr/bin/env bash
# cirq-aqt 1.7.0: the sampler takes no circuit with a measurement in it, and returns all qubits of one
# without under the key "m".
#
# Guess: a circuit that one cirq.Sampler runs, another runs too, or says which gate it lacks, and the
# result has the circuit's keys. In fact a measurement ends in an AttributeError inside the package
# (MEASURE stands among the operations that it knows), and a circuit that measures nothing, which
# cirq.Simulator refuses by name, is measured as a whole at its end, under a key that nobody chose.
# No circuit runs on both.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check cirq-core==1.7.0 cirq-aqt==1.7.0

"$work/venv/bin/python" - <<'PY'
import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version
from threading import Thread

import cirq
from cirq_aqt import AQTSampler

sent = []


class Device(BaseHTTPRequestHandler):
    """Stands in for the cloud: takes a job, and says that qubit 0 was 0 and qubit 1 was 1."""

    def answer(self, content):
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        job = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        sent.append(job["payload"]["circuits"][0])
        self.answer({"response": {"status": "queued"}, "job": {"job_id": "1"}})

    def do_GET(self):
        shots = [[0, 1]] * sent[-1]["repetitions"]
        self.answer({"response": {"status": "finished", "result": {"0": shots}}})

    def log_message(self, *_):
        pass


print("cirq-aqt", version("cirq-aqt"))
server = HTTPServer(("127.0.0.1", 0), Device)
Thread(target=server.serve_forever, daemon=True).start()
first, second = cirq.LineQubit.range(2)
flip = cirq.PhasedXPowGate(phase_exponent=0.0)
silent = cirq.Circuit(flip(second), flip(first) ** 2)
measured = silent + cirq.measure(second, key="b")
aqt = AQTSampler("workspace", "device", "token", f"http://127.0.0.1:{server.server_port}/")
seen = {}
for name, sampler in (("cirq.Simulator", cirq.Simulator()), ("AQTSampler", aqt)):
    for what, circuit in (("measured", measured), ("silent", silent)):
        try:
            found = sampler.run(circuit, repetitions=2).measurements
            seen[name, what] = {key: value.astype(int).tolist() for key, value in found.items()}
        except (AttributeError, ValueError) as error:
            seen[name, what] = f"{type(error).__name__}: {error}"
        print(f"{name:14} {what:8} {seen[name, what]}")
print("sent at the end:", sent[-1]["quantum_circuit"][-1])
assert seen["cirq.Simulator", "measured"] == {"b": [[1], [1]]}
assert "no measurements" in seen["cirq.Simulator", "silent"]
assert "AttributeError" in seen["AQTSampler", "measured"], "it is history: measurements are taken now"
assert seen["AQTSampler", "silent"] == {"m": [[0, 1], [0, 1]]}, "it is history: the keys differ now"
PY
