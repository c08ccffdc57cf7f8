"""What policy and the log may know of circuits, and what is refused because Cirq accepts it
silently and policy does not mean it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from math import ceil
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import cirq

__all__ = ["REFUSALS", "Guarded", "UnmeantError", "Work", "cirq_milliseconds", "digest", "work_of"]

MAX_CIRCUITS: Final = 10_000
"""Circuits of one job, each of a sweep counted: more are never unrolled."""

REFUSALS: Final = {
    "no-circuit": "there is nothing to run",
    "no-repetitions": "the number of repetitions is not a whole number from 1 on",
    "too-many-circuits": f"there are more than {MAX_CIRCUITS:,} circuits",
    "no-qubits": "a circuit acts on no qubit",
    "no-measurement": "a circuit measures nothing",
    "duplicate-key": "a circuit measures twice under one key, and one result would hide the other",
    "mid-circuit-measurement": "a circuit goes on after a measurement",
    "unresolved-parameters": "a circuit has parameters without values",
    "not-serializable": "a circuit cannot be written down, so no log could name it",
}
"""Why circuits are refused before anybody is asked, and what that means."""


class UnmeantError(ValueError):
    """Circuits that policy does not mean; `reason` is one of `REFUSALS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{REFUSALS[reason]} ({reason})")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Work:
    """A job as policy and log know it: `shots` of all circuits together, the widest circuit's
    `width` in qubits, and a digest (SHA-256, hex) instead of what is run."""

    sha256: str
    circuits: int
    shots: int
    width: int


Guarded = Callable[..., AbstractContextManager[str]]
"""What lets one job run on a backend: called with what says what the job is, and how long Cirq
estimates it to take; see `Session.job`."""


def work_of(program: Any, params: Any = None, repetitions: Any = 1) -> Work:
    """What running the program(s) over the parameters amounts to. Raises UnmeantError."""
    import cirq  # noqa: PLC0415 - extra `conform`, and heavy

    programs = _programs(program)
    if type(repetitions) is not int or repetitions < 1:
        raise UnmeantError("no-repetitions")
    resolvers = list(islice(cirq.to_resolvers(params), MAX_CIRCUITS + 1))
    count = len(programs) * len(resolvers)
    if count == 0:
        raise UnmeantError("no-circuit")
    if count > MAX_CIRCUITS:
        raise UnmeantError("too-many-circuits")
    for circuit in programs:
        _check(circuit)
        wanted = cirq.parameter_names(circuit)
        if wanted and any(wanted - {str(key) for key in r.param_dict} for r in resolvers):
            raise UnmeantError("unresolved-parameters")
    return Work(
        sha256=digest(programs, resolvers, repetitions),
        circuits=count,
        shots=count * repetitions,
        width=max(len(circuit.all_qubits()) for circuit in programs),
    )


def digest(programs: Sequence[Any], resolvers: Sequence[Any] = (), repetitions: int = 1) -> str:
    """SHA-256, in hex, of the circuits in Cirq's own JSON, their parameters and repetitions.
    Raises UnmeantError when Cirq cannot write them."""
    import cirq  # noqa: PLC0415 - extra `conform`, and heavy

    try:
        text = cirq.to_json([*programs, *resolvers, repetitions], indent=None)
    except (TypeError, ValueError, AttributeError) as error:
        raise UnmeantError("not-serializable") from error
    return hashlib.sha256(text.encode()).hexdigest()


def cirq_milliseconds(program: Any, params: Any, repetitions: int) -> int:
    """How long a device of Google's is estimated to be occupied, the way back included."""
    from cirq_google.engine.runtime_estimator import estimate_run_sweep_time  # noqa: PLC0415 - as above

    return ceil(
        1000
        * sum(
            estimate_run_sweep_time(circuit, params, repetitions) for circuit in _programs(program)
        )
    )


def _programs(program: Any) -> list[cirq.AbstractCircuit]:
    import cirq  # noqa: PLC0415 - extra `conform`, and heavy

    if isinstance(program, cirq.AbstractCircuit):
        return [program]
    given = list(program.values()) if isinstance(program, Mapping) else program
    found = list(given[: MAX_CIRCUITS + 1]) if isinstance(given, Sequence) else []
    if not found or not all(isinstance(circuit, cirq.AbstractCircuit) for circuit in found):
        raise UnmeantError("no-circuit")
    return found


def _check(circuit: cirq.AbstractCircuit) -> None:
    import cirq  # noqa: PLC0415 - extra `conform`, and heavy

    if not circuit.all_qubits():
        raise UnmeantError("no-qubits")
    keys = Counter(
        key
        for operation in circuit.all_operations()
        for key in cirq.measurement_key_objs(operation)
    )
    if not keys:
        raise UnmeantError("no-measurement")
    if max(keys.values()) > 1:
        raise UnmeantError("duplicate-key")
    if not circuit.are_all_measurements_terminal():
        raise UnmeantError("mid-circuit-measurement")
