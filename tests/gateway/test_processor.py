"""A processor of the Quantum Engine, and samplers around it, behind the gateway."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cirq
import cirq_google as cg
import pytest
from cirq_google.engine.abstract_processor import AbstractProcessor

from qgov.gateway.gateway import Denied, Identity, Refused
from qgov.gateway.processor import GovernedProcessor
from qgov.gateway.recovery import differences
from qgov.gateway.verification import events
from tests.gateway.company import IDENTITY, Gate, gate

PASSED_ON = (
    "get_device",
    "get_device_specification",
    "health",
    "supported_languages",
    "expected_down_time",
    "expected_recovery_time",
    "list_calibrations",
    "get_current_calibration",
    "list_reservations",
    "get_schedule",
)
REFUSED = ("engine", "create_reservation", "update_reservation", "remove_reservation")


@pytest.fixture(scope="module")
def engine() -> Any:
    return cg.engine.create_noiseless_virtual_engine_from_latest_templates()


@pytest.fixture
def gated(tmp_path: Path) -> Gate:
    return gate(tmp_path)


def inner_of(engine: Any) -> AbstractProcessor:
    found: AbstractProcessor = engine.get_processor("willow_pink")
    return found


def jobs_of(engine: Any) -> int:
    return len(engine.list_programs())


def bell(engine: Any) -> cirq.Circuit:
    metadata = inner_of(engine).get_device().metadata
    assert metadata is not None
    a, b = min(metadata.nx_graph.edges())
    return cirq.Circuit(
        cirq.PhasedXZGate(x_exponent=0.5, z_exponent=0, axis_phase_exponent=0.5).on_each(a, b),
        cirq.CZ(a, b),
        cirq.PhasedXZGate(x_exponent=0.5, z_exponent=0, axis_phase_exponent=-0.5).on(b),
        cirq.measure(a, b, key="m"),
    )


def test_a_job_on_the_processor_runs_when_it_may(gated: Gate, engine: Any) -> None:
    processor = gated.session().processor("local-simulator", inner_of(engine))
    before = jobs_of(engine)
    result = processor.run(bell(engine), device_config_name="", repetitions=100)
    assert result.histogram(key="m").keys() == {0, 3}
    job = processor.run_sweep(bell(engine), device_config_name="", params=[{}, {}], repetitions=10)
    assert len(job.results()) == 2
    sampler = processor.get_sampler(device_config_name="")
    assert sampler.run(bell(engine), repetitions=10).repetitions == 10
    assert jobs_of(engine) == before + 3
    told = list(events(gated.folder / "jobs.jsonl"))
    submitted = [e["unmapped"] for e in told if e["api"]["operation"] == "job:submit"]
    assert [t["stage"] for t in submitted] == ["started", "succeeded"] * 3
    assert [t["job"]["circuits"] for t in submitted] == [1, 1, 2, 2, 1, 1]
    read = [e["unmapped"] for e in told if e["api"]["operation"] == "result:read"]
    assert [(t["stage"], t["job_id"]) for t in read] == [
        ("started", submitted[2]["job_id"]),
        ("succeeded", submitted[2]["job_id"]),
    ]


def test_a_denied_job_does_not_reach_the_engine(gated: Gate, engine: Any) -> None:
    stranger = Identity(
        {**IDENTITY.subject, "properties": {**IDENTITY.subject["properties"], "groups": []}},
        IDENTITY.context,
    )
    processor = gated.session(identity=stranger).processor("local-simulator", inner_of(engine))
    before = jobs_of(engine)
    with pytest.raises(Denied, match="no-grant"):
        processor.run(bell(engine), device_config_name="", repetitions=100)
    with pytest.raises(Denied, match="no-grant"):
        processor.get_sampler(device_config_name="").run(bell(engine))
    with pytest.raises(Refused, match="no-repetitions"):
        processor.run(bell(engine), device_config_name="", repetitions=0)
    assert jobs_of(engine) == before


def test_a_circuit_that_is_not_on_the_device_has_failed_and_counts(
    gated: Gate, engine: Any
) -> None:
    """The engine takes it, and fails when the results are asked for."""
    processor = gated.session().processor("local-simulator", inner_of(engine))
    alien = cirq.Circuit(cirq.X(cirq.NamedQubit("q")), cirq.measure(cirq.NamedQubit("q")))
    with pytest.raises(ValueError, match="q"):
        processor.run(alien, device_config_name="", repetitions=10)
    job = processor.run_sweep(alien, device_config_name="", params=[{}, {}], repetitions=10)
    (open_one,) = gated.ledger.jobs("started")
    assert open_one.estimate.cost_micros == 2_000_000
    with pytest.raises(ValueError, match="q"):
        job.results()
    told = [
        (e["unmapped"]["stage"], e.get("status_code"))
        for e in events(gated.folder / "jobs.jsonl")
        if e["api"]["operation"] == "job:submit"
    ]
    assert told == [
        ("started", None),
        ("failed", "FAILURE"),
        ("started", None),
        ("failed", "FAILURE"),
    ]
    assert [j.actual and j.actual.cost_micros for j in gated.ledger.jobs()] == [10**6, 2 * 10**6]
    assert differences(gated.ledger, gated.folder / "jobs.jsonl") == []


@pytest.mark.parametrize("name", PASSED_ON)
def test_what_tells_about_the_device_is_passed_on(gated: Gate, engine: Any, name: str) -> None:
    inner = inner_of(engine)
    governed = gated.session().processor("local-simulator", inner)

    def answer(processor: Any) -> str:
        try:
            return repr(getattr(processor, name)())
        except Exception as error:  # noqa: BLE001 - the virtual engine cannot say everything
            return repr(error)

    assert answer(governed) == answer(inner)


@pytest.mark.parametrize("name", REFUSED)
def test_what_administers_the_device_or_leads_around_is_refused(
    gated: Gate, engine: Any, name: str
) -> None:
    governed = gated.session().processor("local-simulator", inner_of(engine))
    with pytest.raises(Refused, match="ask who administers the device"):
        getattr(governed, name)()


def test_no_abstract_method_of_a_processor_is_forgotten() -> None:
    asked = {"run_sweep_async", "get_sampler"}
    found = {"get_calibration", "get_reservation"} | asked | {*PASSED_ON} | {*REFUSED}
    assert AbstractProcessor.__abstractmethods__ == found
    assert GovernedProcessor.__abstractmethods__ == frozenset()
