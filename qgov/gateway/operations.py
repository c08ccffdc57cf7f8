"""What the operations of a circuit unroll to, counted before anything is unrolled."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    import cirq

__all__ = ["MAX_OPERATIONS", "UnboundedError", "plain", "unrolled"]

MAX_OPERATIONS: Final = 100_000
"""Operations of a circuit, those in a `CircuitOperation` counted as often as it is repeated; and
moments, in which nothing need happen."""

MAX_DEPTH: Final = 50
"""How deep `CircuitOperation`s are nested: Cirq unrolls them by recursion."""


class UnboundedError(ValueError):
    """A circuit unrolls to more than `MAX_OPERATIONS`, or is nested deeper than `MAX_DEPTH`."""


class Size(Struct, frozen=True):
    """What a circuit unrolls to: operations, and moments; `height` is how deep it is nested."""

    operations: int
    moments: int
    height: int


def unrolled(circuit: cirq.AbstractCircuit) -> cirq.Circuit:
    """The circuit without `CircuitOperation`s, and as long: Cirq leaves out empty moments, and a
    device waits for them. Raises UnboundedError, before it unrolls."""
    import cirq  # noqa: PLC0415 - heavy

    try:
        size = _size(circuit, {})
    except RecursionError as error:
        raise UnboundedError from error
    if max(size.operations, size.moments) > MAX_OPERATIONS:
        raise UnboundedError
    if not size.height:
        return circuit.unfreeze()  # Cirq would look at each operation for nothing
    flat = cirq.unroll_circuit_op(circuit.unfreeze(), deep=True, tags_to_check=None)
    waits = [cirq.Moment()] * (size.moments - len(flat))
    return cirq.Circuit.from_moments(*flat, *waits)


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


def _size(circuit: cirq.AbstractCircuit, known: dict[int, Size]) -> Size:
    """What it unrolls to. A nested circuit that occurs twice is counted once and multiplied.
    Raises UnboundedError."""
    import cirq  # noqa: PLC0415 - heavy

    operations, moments, height = 0, 0, 0
    for moment in circuit:
        longest = 1
        for operation in moment:
            inner = operation.untagged
            if not isinstance(inner, cirq.CircuitOperation):
                operations += 1
                continue
            if id(inner.circuit) not in known:
                known[id(inner.circuit)] = _size(inner.circuit, known)
            size, times = known[id(inner.circuit)], abs(int(inner.repetitions))
            height = max(height, size.height + 1)
            longest = max(longest, times * size.moments)
            # Even what is empty is walked through as often as it is repeated.
            operations += times * max(1, size.operations)
        moments += longest
    if height > MAX_DEPTH:
        raise UnboundedError
    return Size(operations, moments, height)
