"""What a backend's tasks cost."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

__all__ = ["Price"]


class Price(NamedTuple):
    """What a task on a backend costs, in micros of the organization's currency, exactly; the
    parts add up. A gate and a measurement (of one qubit) cost so much in each shot. A
    multi-controlled gate is `two_qubit_gates_per_control` for each control but the first; None:
    nobody says what it is."""

    per_task_micros: int | Fraction
    per_shot_micros: int | Fraction
    per_hour_micros: int | Fraction
    minimum_micros: int | Fraction
    per_one_qubit_gate_micros: int | Fraction = 0
    per_two_qubit_gate_micros: int | Fraction = 0
    per_measurement_micros: int | Fraction = 0
    two_qubit_gates_per_control: int | None = None

    @property
    def has_gates(self) -> bool:
        """Whether gates have a price."""
        return self.per_one_qubit_gate_micros > 0 or self.per_two_qubit_gate_micros > 0
