"""What stands in for a backend: a Cirq engine with a job list, a circuit that is entangled and
valid on it, and what measuring that circuit must give.

Cirq is imported here, and not by anything that only decides.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import cirq
from cirq_google.engine import SimulatedLocalEngine, SimulatedLocalProcessor
from cirq_google.engine.engine_validator import create_engine_validator, create_program_validator
from cirq_google.engine.virtual_engine_factory import create_device_from_processor_id

from qgov.language.kinds.backend import BackendSpec

__all__ = ["KEY", "Device", "counted", "unlike_entangled"]

KEY: Final = "m"
SEED: Final = 20_260_101
LEAST_SHARE: Final = 0.3
"""Of the two outcomes of a GHZ state each has half: a share below this is never chance where
there are 200 repetitions (eight standard deviations at 0.22)."""

DEFAULT_PROCESSOR: Final = "willow_pink"


class Device:
    """A backend's stand-in, fresh: nothing was submitted to it."""

    def __init__(self, name: str, spec: BackendSpec) -> None:
        declared = spec.conformance
        self.graph: Any = None
        restrictions: dict[str, Any] = {}
        if declared is not None and declared.engine == "cirq-google":
            device = _google(declared.processor or DEFAULT_PROCESSOR)
            self.graph = device.metadata.nx_graph
            restrictions = {
                "device": device,
                "validator": create_engine_validator(),
                "program_validator": create_program_validator(),
            }
        self._processor = SimulatedLocalProcessor(
            processor_id=name, sampler=_Seeded(), **restrictions
        )
        self._engine = SimulatedLocalEngine([self._processor])

    @property
    def sampler(self) -> cirq.Sampler:
        """What submits to the engine."""
        found: cirq.Sampler = self._processor.get_sampler(device_config_name="")
        return found

    def jobs(self) -> int:
        """How many jobs the engine lists."""
        return sum(len(program.list_jobs()) for program in self._engine.list_programs())

    def circuit(self, width: int) -> cirq.Circuit:
        """A GHZ state of so many qubits, which are neighbours where the device has any, of
        gates that every device has. Raises ValueError when it has no such path."""
        qubits = self._path(width)
        circuit = cirq.Circuit(cirq.H(qubits[0]))
        for near, far in itertools.pairwise(qubits):
            circuit += [cirq.H(far), cirq.CZ(near, far), cirq.H(far)]
        circuit += cirq.measure(*qubits, key=KEY)
        return circuit

    def _path(self, width: int) -> list[cirq.Qid]:
        if width < 2:
            raise ValueError("one qubit cannot be entangled; give the backend two or more")
        if self.graph is None:
            return list(cirq.LineQubit.range(width))
        for start in sorted(self.graph.nodes()):
            path = [start]
            while len(path) < width:
                more = sorted(set(self.graph.neighbors(path[-1])) - set(path))
                if not more:
                    break
                path.append(more[0])
            else:
                return path
        raise ValueError(f"the device has no {width} qubits in a row")


class _Seeded(cirq.Sampler):
    """A noiseless simulator: the same result for the same circuit, no matter what ran before."""

    def run_sweep(
        self, program: cirq.AbstractCircuit, params: cirq.Sweepable, repetitions: int = 1
    ) -> Any:
        return cirq.Simulator(seed=SEED).run_sweep(program, params, repetitions)


@cache
def _google(processor: str) -> Any:
    return create_device_from_processor_id(processor)


def counted(result: cirq.Result) -> dict[str, int]:
    """How often each outcome was measured, as bits in the order of the qubits."""
    outcomes = Counter("".join(map(str, map(int, row))) for row in result.measurements[KEY])
    return dict(sorted(outcomes.items()))


def unlike_entangled(histogram: Mapping[str, int], width: int, repetitions: int) -> str:
    """Why a histogram is not the one of a GHZ state; empty when it is."""
    both = ("0" * width, "1" * width)
    if sum(histogram.values()) != repetitions:
        return f"{sum(histogram.values())} outcomes instead of {repetitions}"
    if others := sorted(set(histogram) - set(both)):
        return f"an entangled circuit never gives {', '.join(others)}"
    least = LEAST_SHARE * repetitions
    if any(histogram.get(outcome, 0) < least for outcome in both):
        shares = ", ".join(f"{outcome} {histogram.get(outcome, 0)}×" for outcome in both)
        return f"{shares}: an entangled circuit gives both about equally often"
    return ""
