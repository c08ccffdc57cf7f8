"""What policy and the log may know of circuits, and what is refused because Cirq accepts it
silently and policy does not mean it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from math import ceil
from numbers import Integral
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from qgov.gateway.gates import Gates, gates_of
from qgov.gateway.operations import MAX_OPERATIONS, UnboundedError, plain, unrolled
from qgov.records import replace

if TYPE_CHECKING:
    import cirq

# Cirq is imported by the functions that need it: it is heavy, and optional.

__all__ = ["REFUSALS", "Submission", "UnmeantError", "Work", "digest", "submission", "work_of"]

MAX_CIRCUITS: Final = 10_000
"""Circuits of one job, each of a sweep counted: more are never unrolled."""

MAX_SHOTS: Final = 10**9
"""Shots of one job, all of its circuits together."""

REFUSALS: Final = {
    "no-circuit": "there is nothing to run",
    "no-repetitions": "the number of repetitions is not a whole number from 1 on",
    "too-many-repetitions": f"there are more than {MAX_SHOTS:,} shots",
    "too-many-circuits": f"there are more than {MAX_CIRCUITS:,} circuits",
    "too-many-operations": f"a circuit has more than {MAX_OPERATIONS:,} operations or moments",
    "no-qubits": "a circuit acts on no qubit",
    "qudits": "a circuit acts on qudits, and policy counts qubits",
    "no-measurement": "a circuit measures nothing",
    "duplicate-key": "a circuit measures twice under one key, and one result would hide the other",
    "mid-circuit-measurement": "a circuit goes on after a measurement",
    "mid-circuit-control": "a circuit decides while it runs what it does, so nobody can say what "
    "it takes",
    "unresolved-parameters": "a circuit has parameters without values",
    "not-serializable": "a circuit cannot be written down, so no log could name it",
}
"""Why circuits are refused before anybody is asked, and what that means."""


class UnmeantError(ValueError):
    """Circuits that policy does not mean; `reason` is one of `REFUSALS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{REFUSALS[reason]} ({reason})")
        self.reason = reason


class Work(Struct, frozen=True):
    """A job as policy and log know it: `shots` of all circuits together, the widest circuit's
    `width` in qubits, and a digest (SHA-256, hex) instead of what is run."""

    sha256: str
    circuits: int
    shots: int
    width: int


@dataclass(frozen=True)
class Submission:
    """What is decided on, and what runs: copies that only the gateway has, checked.

    `program` has the form that it was given in (a circuit, a list, a mapping); `points` are
    the parameter sets; `unrolled` are the circuits without `CircuitOperation`s.
    """

    program: cirq.Circuit | list[cirq.Circuit] | dict[str, cirq.Circuit]
    points: tuple[cirq.ParamResolver, ...]
    repetitions: int
    unrolled: tuple[cirq.Circuit, ...]

    @property
    def programs(self) -> list[cirq.Circuit]:
        """The circuits, without their points."""
        if isinstance(self.program, dict):
            return list(self.program.values())
        return self.program if isinstance(self.program, list) else [self.program]

    @cached_property
    def work(self) -> Work:
        """What it amounts to. Raises UnmeantError for what cannot be written down."""
        count = len(self.programs) * len(self.points)
        return Work(
            sha256=digest(self.programs, self.points, self.repetitions),
            circuits=count,
            shots=count * self.repetitions,
            width=max(len(circuit.all_qubits()) for circuit in self.unrolled),
        )

    @property
    def measured(self) -> list[dict[str, int]]:
        """How many bits each circuit answers with, under each key."""
        import cirq  # noqa: PLC0415 - heavy

        return [
            {
                cirq.measurement_key_name(operation): (
                    len(operation.qubits) if isinstance(operation.gate, cirq.MeasurementGate) else 1
                )
                for operation in circuit.all_operations()
                if cirq.is_measurement(operation)
            }
            for circuit in self.unrolled
        ]

    def gates(self) -> tuple[Gates, ...]:
        """What each of the circuits has."""
        return tuple(map(gates_of, self.unrolled))

    def each(self) -> Iterator[Submission]:
        """One submission for each point."""
        if len(self.points) == 1:
            return iter((self,))
        return (replace(self, points=(point,)) for point in self.points)

    def device_ms(self) -> int:
        """How long a device of Google's is estimated to be occupied, the way back included."""
        from cirq_google.engine.runtime_estimator import estimate_run_sweep_time  # noqa: PLC0415 - heavy

        points = list(self.points)
        return ceil(
            1000
            * sum(
                estimate_run_sweep_time(circuit, points, self.repetitions)
                for circuit in self.unrolled
            )
        )


def submission(program: Any, params: Any = None, repetitions: Any = 1) -> Submission:
    """The program(s) over the parameters, copied and checked; what is too much is refused
    before it is unrolled. Raises UnmeantError."""
    import cirq  # noqa: PLC0415 - heavy

    if isinstance(repetitions, bool) or not isinstance(repetitions, Integral) or repetitions < 1:
        raise UnmeantError("no-repetitions")
    repetitions = int(repetitions)
    given = _programs(program)
    points = _points(params)
    count = len(given) * len(points)
    if count == 0:
        raise UnmeantError("no-circuit")
    if count > MAX_CIRCUITS:
        raise UnmeantError("too-many-circuits")
    if count * repetitions > MAX_SHOTS:
        raise UnmeantError("too-many-repetitions")
    copies = {name: _copy(circuit) for name, circuit in given.items()}
    flat = tuple(_checked(circuit) for circuit in copies.values())
    for circuit in flat:
        wanted = cirq.parameter_names(circuit)
        if wanted and any(wanted - {str(key) for key in p.param_dict} for p in points):
            raise UnmeantError("unresolved-parameters")
    if isinstance(program, cirq.AbstractCircuit):
        (whole,) = copies.values()
        return Submission(whole, points, repetitions, flat)
    form = copies if isinstance(program, Mapping) else list(copies.values())
    return Submission(form, points, repetitions, flat)


def work_of(program: Any, params: Any = None, repetitions: Any = 1) -> Work:
    """What running the program(s) over the parameters amounts to. Raises UnmeantError."""
    return submission(program, params, repetitions).work


def digest(programs: Sequence[Any], resolvers: Sequence[Any] = (), repetitions: int = 1) -> str:
    """SHA-256, in hex, of the circuits in Cirq's own JSON, their parameters and repetitions.
    Raises UnmeantError when Cirq cannot write them."""
    import cirq  # noqa: PLC0415 - heavy

    try:
        text = cirq.to_json([*programs, *resolvers, repetitions], indent=None)
    except (TypeError, ValueError, AttributeError) as error:
        raise UnmeantError("not-serializable") from error
    return hashlib.sha256(text.encode()).hexdigest()


def _programs(program: Any) -> dict[Any, cirq.AbstractCircuit]:
    """The circuits by name or place; at most one more than are allowed."""
    import cirq  # noqa: PLC0415 - heavy

    if isinstance(program, cirq.AbstractCircuit):
        return {0: program}
    named = isinstance(program, Mapping)
    if not named and not isinstance(program, Sequence):
        raise UnmeantError("no-circuit")
    pairs = program.items() if named else enumerate(program)
    found = dict(islice(pairs, MAX_CIRCUITS + 1))
    if not found or not all(
        isinstance(circuit, cirq.AbstractCircuit) for circuit in found.values()
    ):
        raise UnmeantError("no-circuit")
    return found


def _points(params: Any) -> tuple[cirq.ParamResolver, ...]:
    """Copies of the parameter sets. Raises UnmeantError for more than are allowed."""
    import cirq  # noqa: PLC0415 - heavy

    found = islice(_resolvers(params), MAX_CIRCUITS + 1)
    points = tuple(cirq.ParamResolver(dict(resolver.param_dict)) for resolver in found)
    if len(points) > MAX_CIRCUITS:
        raise UnmeantError("too-many-circuits")
    return points


def _resolvers(params: Any) -> Iterator[cirq.ParamResolver]:
    """As `cirq.to_resolvers`, which makes a list of all of them first."""
    import cirq  # noqa: PLC0415 - heavy

    if isinstance(params, Mapping) and any(
        isinstance(value, Sequence) and not isinstance(value, str) for value in params.values()
    ):
        params = cirq.dict_to_product_sweep(dict(params))
    if isinstance(params, cirq.Sweep):
        _bound(params)
        yield from params
    elif params is None or isinstance(params, cirq.ParamResolver | Mapping):
        yield cirq.ParamResolver(params)
    elif isinstance(params, Iterable) and not isinstance(params, str):
        for item in params:
            yield from _resolvers(item)
    else:
        raise UnmeantError("unresolved-parameters")


def _bound(sweep: cirq.Sweep) -> None:
    """A product of sweeps writes down each of them before it gives its first point."""
    import cirq  # noqa: PLC0415 - heavy

    try:
        if len(sweep) > MAX_CIRCUITS:
            raise UnmeantError("too-many-circuits")
    except OverflowError as error:
        raise UnmeantError("too-many-circuits") from error
    if isinstance(sweep, cirq.Product):
        parts: Sequence[cirq.Sweep] = sweep.factors
    elif isinstance(sweep, cirq.Zip | cirq.Concat):
        parts = sweep.sweeps
    else:
        parts = ()
    for part in parts:
        _bound(part)


def _copy(circuit: cirq.AbstractCircuit) -> cirq.Circuit:
    """A circuit that nobody else can change: moments cannot be changed."""
    import cirq  # noqa: PLC0415 - heavy

    return cirq.Circuit.from_moments(*circuit.moments, tags=circuit.tags)


def _checked(circuit: cirq.Circuit) -> cirq.Circuit:
    """The circuit unrolled. Raises UnmeantError for what policy does not mean."""
    import cirq  # noqa: PLC0415 - heavy

    if not plain(circuit):
        raise UnmeantError("mid-circuit-control")
    try:
        flat = unrolled(circuit)
    except UnboundedError as error:
        raise UnmeantError("too-many-operations") from error
    qubits = flat.all_qubits()
    if not qubits:
        raise UnmeantError("no-qubits")
    if any(qubit.dimension != 2 for qubit in qubits):
        raise UnmeantError("qudits")
    keys = Counter(
        key for operation in flat.all_operations() for key in cirq.measurement_key_objs(operation)
    )
    if not keys:
        raise UnmeantError("no-measurement")
    if max(keys.values()) > 1:
        raise UnmeantError("duplicate-key")
    if not flat.are_all_measurements_terminal():
        raise UnmeantError("mid-circuit-measurement")
    return flat
