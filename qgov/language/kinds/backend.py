"""What an `Organization` says of a backend: a QPU or simulator, its price and its limits."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from qgov.language.concerns import (
    ABSENT,
    ACCESS,
    DIFFERENT,
    LESS,
    MONEY,
    MORE,
    OPERATIONS,
    RECORDS,
)
from qgov.language.forms import form
from qgov.language.kinds.base import BackendClass, JobLimits, Name, Strict
from qgov.language.kinds.tenant import Jurisdiction
from qgov.language.scalars import Day, Duration, MoneyField, Text, UnitPriceField

__all__ = ["BackendSpec", "Price"]


class Price(Strict):
    """A published price of a task, which is one circuit with its shots. Parts add up; where it
    was read is part of it. Gates are those of the circuit as it is submitted, repeated ones
    each time; on how many qubits a gate acts decides what it is."""

    concern: ClassVar = MONEY

    per_task: Annotated[MoneyField | None, LESS] = Field(
        None, description="For each task: the fixed part."
    )
    per_shot: Annotated[MoneyField | None, LESS] = Field(None, description="For each shot.")
    per_one_qubit_gate: Annotated[UnitPriceField | None, LESS] = Field(
        None, description="For each gate on one qubit, in each shot."
    )
    per_two_qubit_gate: Annotated[UnitPriceField | None, LESS] = Field(
        None, description="For each gate on two qubits, in each shot."
    )
    per_measurement: Annotated[UnitPriceField | None, LESS] = Field(
        None, description="For each qubit that is measured or reset, in each shot."
    )
    two_qubit_gates_per_control: Annotated[int | None, DIFFERENT] = Field(
        None,
        ge=1,
        le=1000,
        description="How many two-qubit gates a multi-controlled gate counts as, for each control "
        "but the first. Absent: where gates have a price, one on more than two qubits is refused.",
    )
    per_second: Annotated[MoneyField | None, LESS] = Field(
        None, description="For each second of device time."
    )
    per_minute: Annotated[MoneyField | None, LESS] = Field(
        None, description="For each minute of device time."
    )
    per_hour: Annotated[MoneyField | None, LESS] = Field(
        None, description="For each hour of device time."
    )
    minimum: Annotated[MoneyField | None, LESS] = Field(
        None, description="The least that a task costs."
    )
    source: Text = Field(description="Where the price was read.")
    as_of: Day = Field(description="The day it was read.")


class Timing(Strict):
    """How long a circuit occupies the device, for estimates before it runs."""

    concern: ClassVar = MONEY

    overhead: Annotated[Duration, LESS] = Field(
        description="For each circuit, however few its shots."
    )
    shots_per_second: Annotated[int, MORE] = Field(
        ge=1, le=1_000_000, description="Shots in a second."
    )


class Conformance(Strict):
    """The simulated device that stands in for the backend in `qgov conform`."""

    concern: ClassVar = OPERATIONS

    engine: Literal["cirq-simulator", "cirq-google"] = Field(
        "cirq-simulator", description="The simulator's library."
    )
    processor: Literal["rainbow", "weber", "willow_pink"] | None = Field(
        None, description="The processor whose gates and qubits it has."
    )


class BackendSpec(Strict):
    """A QPU or simulator that jobs run on."""

    concern: ClassVar = OPERATIONS

    title: Text | None = Field(None, description="A name for people.")
    cloud: Literal[
        "braket", "azure", "ibm", "google", "ionq", "quantinuum", "iqm", "rigetti", "local"
    ] = Field(description="Where jobs are sent: a cloud, or a vendor's own service.")
    vendor: Name = Field(description="Who operates the device.")
    backend_class: Annotated[BackendClass, ACCESS] = Field(
        alias="class", description="`qpu` or `simulator`."
    )
    region: Annotated[str, form("region")] = Field(description="The cloud's region.")
    jurisdiction: Annotated[Jurisdiction, RECORDS] = Field(
        description="Where jobs are processed; `on-premises` lies inside every residency."
    )
    target: Annotated[str, form("device")] | None = Field(
        None, description="The cloud's own id of the device."
    )
    qubits: Annotated[int, ACCESS, MORE] = Field(
        ge=1, le=10_000, description="How wide the device is."
    )
    limits: JobLimits = Field(
        default_factory=lambda: JobLimits.model_validate({}), description="Upper bounds of one job."
    )
    price: Annotated[Price | None, ABSENT] = Field(None, description="Absent: free.")
    timing: Annotated[Timing | None, MONEY] = Field(
        None,
        description="Absent: a simulator's circuit takes a second; for a device Cirq's own "
        "estimate is used.",
    )
    conformance: Conformance | None = Field(
        None, description="What stands in for it in `qgov conform`."
    )
