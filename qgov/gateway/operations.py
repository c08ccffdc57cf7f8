"""What the operations of a circuit unroll to, counted before anything is unrolled."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import cirq

__all__ = ["MAX_OPERATIONS", "UnboundedError", "plain", "unrolled"]

MAX_OPERATIONS: Final = 100_000
"""Operations of a circuit, those in a `CircuitOperation` counted as often as it is repeated."""

MAX_DEPTH: Final = 50
"""How deep `CircuitOperation`s are nested: Cirq unrolls them by recursion."""


class UnboundedError(ValueError):
    """A circuit unrolls to more than `MAX_OPERATIONS`, or is nested deeper than `MAX_DEPTH`."""


def unrolled(circuit: cirq.AbstractCircuit) -> cirq.Circuit:
    """The circuit without `CircuitOperation`s. Raises UnboundedError, before it unrolls."""
    import cirq  # noqa: PLC0415 - heavy

    try:
        size, height = _size(circuit, {})
    except RecursionError as error:
        raise UnboundedError from error
    if size > MAX_OPERATIONS:
        raise UnboundedError
    if not height:  # as Cirq does it, which takes long for nothing
        return cirq.Circuit.from_moments(*filter(None, circuit.moments))
    return cirq.unroll_circuit_op(circuit.unfreeze(), deep=True, tags_to_check=None)


def plain(circuit: cirq.AbstractCircuit) -> bool:
    """Whether the circuit does the same whatever it measures: no classical control, no
    `repeat_until`, a number of repetitions, and no `CircuitOperation` inside of a control."""
    return _plain(circuit, set())


def _plain(circuit: cirq.AbstractCircuit, seen: set[int], depth: int = 0) -> bool:
    import cirq  # noqa: PLC0415 - heavy

    if depth > MAX_DEPTH:
        return True  # for its depth, such a circuit is refused anyway
    for operation in circuit.all_operations():
        inner = operation.untagged
        if isinstance(inner, cirq.CircuitOperation):
            if inner.repeat_until is not None or not isinstance(inner.repetitions, Integral):
                return False
            if id(inner.circuit) not in seen:
                seen.add(id(inner.circuit))
                if not _plain(inner.circuit, seen, depth + 1):
                    return False
        elif any(_hidden(inner)) or cirq.control_keys(inner):
            return False
    return True


def _hidden(operation: cirq.Operation) -> Iterator[bool]:
    """Whether an operation that wraps another wraps a `CircuitOperation`."""
    import cirq  # noqa: PLC0415 - heavy

    while True:
        wrapped = getattr(operation, "sub_operation", None)
        if not isinstance(wrapped, cirq.Operation):
            return
        operation = wrapped.untagged
        yield isinstance(operation, cirq.CircuitOperation)


def _size(circuit: cirq.AbstractCircuit, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """How many operations it unrolls to, and how deep it is nested. A nested circuit that
    occurs twice is counted once and multiplied. Raises UnboundedError."""
    import cirq  # noqa: PLC0415 - heavy

    total, height = 0, 0
    for operation in circuit.all_operations():
        inner = operation.untagged
        if not isinstance(inner, cirq.CircuitOperation):
            total += 1
            continue
        if id(inner.circuit) not in known:
            known[id(inner.circuit)] = _size(inner.circuit, known)
        size, depth = known[id(inner.circuit)]
        height = max(height, depth + 1)
        # Even what is empty is walked through as often as it is repeated.
        total += abs(int(inner.repetitions)) * max(1, size)
    if height > MAX_DEPTH:
        raise UnboundedError
    return total, height
