#!/usr/bin/env bash
# cirq-core 1.7.0: an empty moment is no wait. A constant noise model passes it over, and
# unroll_circuit_op leaves it out.
#
# Guess: noise "by the moment" acts on a qubit that idles for ten moments, and to unroll a circuit that
# has nothing nested, "preserving the moment structure", gives it back as it was. In fact the model takes
# a moment without operations for one whose operations are all virtual, so that a relaxation measured on
# the simulator never decays; an identity in each moment makes it decay. Unrolled, the moments are gone.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check cirq-core==1.7.0

"$work/venv/bin/python" - <<'PY'
import cirq

qubit = cirq.q(0)
noise = cirq.ConstantQubitNoiseModel(cirq.amplitude_damp(0.05))


def waiting(*operations):
    """A qubit that is excited and then waits for ten moments, each with these operations."""
    return cirq.Circuit(cirq.Moment(cirq.X(qubit)), [cirq.Moment(*operations) for _ in range(10)])


def excited(circuit):
    """How likely the qubit is still excited at the end."""
    state = cirq.DensityMatrixSimulator(noise=noise).simulate(circuit).final_density_matrix
    return round(float(state[1, 1].real), 3)


idle, identity = waiting(), waiting(cirq.I(qubit))
unrolled = cirq.unroll_circuit_op(idle, deep=True, tags_to_check=None)
print("cirq-core", cirq.__version__)
print("ten empty moments:     ", len(idle), "moments in all, excited", excited(idle))
print("ten moments of identity:", len(identity), "moments in all, excited", excited(identity))
print("the empty ones unrolled:", len(unrolled), "moment in all")
assert (len(idle), excited(idle)) == (11, 0.95), excited(idle)
assert (len(identity), excited(identity)) == (11, 0.569), excited(identity)
assert len(unrolled) == 1
PY
