"""How many gates and measurements a circuit has, for prices that depend on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import cirq

__all__ = ["Gates", "gates_of"]


class Gates(NamedTuple):
    """What is counted of a circuit: gates on one and on two qubits; measurements, a reset
    included, of one qubit each; of multi-controlled gates, on more than two qubits and with one
    target, all controls but the first of each; and the gates on more than two that are none."""

    one_qubit: int = 0
    two_qubit: int = 0
    measurements: int = 0
    controls: int = 0
    others: int = 0


def gates_of(circuit: cirq.AbstractCircuit) -> Gates:
    """The gates of a circuit without `CircuitOperation`s. A global phase is none."""
    import cirq  # noqa: PLC0415 - heavy

    one_qubit = two_qubit = measurements = controls = others = 0
    for tagged in circuit.all_operations():
        operation = tagged.untagged
        gate: Any = operation.gate
        copies, width = 1, len(operation.qubits)
        if isinstance(gate, cirq.ParallelGate):
            gate, copies, width = gate.sub_gate, gate.num_copies, gate.sub_gate.num_qubits()
        if isinstance(gate, cirq.ResetChannel) or cirq.is_measurement(operation):
            measurements += copies * width
        elif width == 1:
            one_qubit += copies
        elif width == 2:
            two_qubit += copies
        elif width and (held := _controls(gate)) is not None:
            controls += copies * (held - 1)
        elif width:
            others += copies
    return Gates(one_qubit, two_qubit, measurements, controls, others)


def _controls(gate: Any) -> int | None:
    """How many controls a gate with one target has; None for another gate."""
    import cirq  # noqa: PLC0415 - heavy

    if isinstance(gate, cirq.ControlledGate):
        inner = _controls(gate.sub_gate)
        return None if inner is None else gate.num_controls() + inner
    if isinstance(gate, cirq.CCXPowGate | cirq.CCZPowGate):
        return 2
    if isinstance(gate, cirq.CXPowGate | cirq.CZPowGate):
        return 1
    return 0 if gate is not None and gate.num_qubits() == 1 else None
