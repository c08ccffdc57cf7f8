"""A submission counts only with the right histogram, an engine that received what it should,
and an audit that says why. Everything that could lie does so here."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import cirq
import pytest

from qgov.conformance.case import Case, Result
from qgov.conformance.devices import Device, counted, unlike_entangled
from qgov.conformance.submissions import submissions
from qgov.conformance.submit import Stand, submit
from qgov.decision.decision import Decision
from qgov.decision.engine import EngineError
from qgov.decision.engines.reference import ReferenceEngine
from qgov.decision.request_parts import RequestJson
from qgov.gateway.audit import AuditLog, LogPosition
from qgov.gateway.gateway import Gateway
from qgov.language.kinds.backend import BackendSpec
from qgov.records import replace
from tests.conformance.harness import Stub, named, subject_of, table_of
from tests.decision.harness import MODEL
from tests.targets.worked import worked_with_expectations as worked

CASES = submissions(table_of(True))
RAN = named(CASES, "developer/iqm-garnet/ran")
REFUSED = named(CASES, "developer/iqm-garnet/refused")


def submitted(case: Case, **changes: Any) -> Result:
    engine = changes.pop("engine", None) or ReferenceEngine(MODEL)
    return submit(case, Stand(MODEL, engine, subject_of(True).bundle, **changes))


def told(result: Result) -> str:
    assert result.problems
    assert not result.passed
    return "; ".join(result.problems)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_small_repository_submits_and_refuses(case: Case) -> None:
    result = submitted(case)

    assert result.problems == ()
    assert result.jobs is not None
    assert result.jobs.after - result.jobs.before == (case.expect == "allow")
    assert (result.histogram is not None) == (case.expect == "allow")
    assert len(result.audit) == (2 if case.expect == "allow" else 1)
    assert result.circuit_sha256 is not None
    assert result.case.request["context"]["job"]["shots"] == case.submission.repetitions  # type: ignore[union-attr]


def test_the_same_submission_gives_the_same_result() -> None:
    assert submitted(RAN) == submitted(RAN)


class Product(Device):
    """Simulates without entangling."""

    @property
    def sampler(self) -> cirq.Sampler:
        inner = super().sampler

        class Liar(cirq.Sampler):
            def run_sweep(self, program: Any, params: Any, repetitions: int = 1) -> Any:
                apart = cirq.Circuit(
                    cirq.H.on_each(*sorted(program.all_qubits())),
                    cirq.measure(*sorted(program.all_qubits()), key="m"),
                )
                return inner.run_sweep(apart, params, repetitions)

        return Liar()


class Idle(Device):
    """Answers without running anything."""

    @property
    def sampler(self) -> cirq.Sampler:
        return cirq.Simulator(seed=1)


def test_product_states_are_the_wrong_histogram() -> None:
    assert "wrong histogram" in told(submitted(RAN, device=Product))


def test_a_result_without_a_job_is_none() -> None:
    assert "received 0 jobs instead of one" in told(submitted(RAN, device=Idle))


class Leaky:
    """A gateway that runs the job, and asks afterwards."""

    def __init__(self, **parts: Any) -> None:
        self.gateway = Gateway(**parts)

    def session(self, *arguments: Any, **options: Any) -> Any:
        session = self.gateway.session(*arguments, **options)
        governed = session.sampler

        class Eager(cirq.Sampler):
            def __init__(self, backend: str, inner: cirq.Sampler) -> None:
                self.inner, self.governed = inner, governed(backend, inner)

            def run_sweep(self, program: Any, params: Any, repetitions: int = 1) -> Any:
                self.inner.run_sweep(program, params, repetitions)
                return self.governed.run_sweep(program, params, repetitions)

        return SimpleNamespace(sampler=Eager)


def test_a_denied_job_that_ran_fails() -> None:
    assert "received 1 jobs though it was denied" in told(submitted(REFUSED, gateway=Leaky))


class Silent(AuditLog):
    """Says that it has written, and has not."""

    def append(self, event: Mapping[str, Any]) -> LogPosition:
        return LogPosition(1, "", event["metadata"]["uid"])


def quiet(**parts: Any) -> Gateway:
    jobs = parts.pop("jobs")
    return Gateway(**parts, jobs=Silent(jobs.path.with_name("other"), "jobs"))


@pytest.mark.parametrize("case", [RAN, REFUSED], ids=["ran", "refused"])
def test_an_audit_that_says_nothing_fails(case: Case) -> None:
    assert "the audit" in told(submitted(case, gateway=quiet))


class Vague(AuditLog):
    """Leaves out the reasons."""

    def append(self, event: Mapping[str, Any]) -> LogPosition:
        unmapped = {k: v for k, v in event["unmapped"].items() if k != "reasons"}
        return super().append({**event, "unmapped": unmapped})


def vague(**parts: Any) -> Gateway:
    jobs = parts.pop("jobs")
    jobs.close()
    return Gateway(**parts, jobs=Vague(jobs.path, "jobs"))


def test_an_audit_that_does_not_say_why_fails() -> None:
    assert "gives nothing as reasons for" in told(submitted(REFUSED, gateway=vague))


def edited(**parts: Any) -> Any:
    gateway = Gateway(**parts)

    class Edits:
        def session(self, *arguments: Any, **options: Any) -> Any:
            path = parts["admin"].path
            path.write_bytes(path.read_bytes().replace(b"bundle", b"bungle"))
            return gateway.session(*arguments, **options)

    return Edits()


def test_a_log_that_was_edited_fails() -> None:
    assert "admin does not verify" in told(submitted(RAN, gateway=edited))


def test_an_engine_that_allows_everything_fails() -> None:
    reference = ReferenceEngine(MODEL)

    def answer(request: RequestJson) -> Decision:
        return replace(reference.decide([request])[0], allow=True, reasons=())

    result = submitted(REFUSED, engine=Stub(answer))

    assert "expected deny (mfa-missing), got allow" in told(result)
    assert result.histogram is not None


def test_an_engine_that_denies_everything_fails() -> None:
    engine = Stub(lambda _: Decision(False, ("no-grant",)))

    assert "expected allow, got deny (no-grant)" in told(submitted(RAN, engine=engine))


def test_an_engine_that_breaks_down_is_told() -> None:
    def answer(_: RequestJson) -> Decision:
        raise EngineError("out of order")

    assert "out of order" in told(submitted(RAN, engine=Stub(answer)))


def test_a_device_that_refuses_the_circuit_fails() -> None:
    class Picky(Device):
        @property
        def sampler(self) -> cirq.Sampler:
            class Refusing(cirq.Sampler):
                def run_sweep(self, *_: Any, **__: Any) -> Any:
                    raise ValueError("no such gate")

            return Refusing()

    assert "no such gate" in told(submitted(RAN, device=Picky))


def test_what_is_too_dear_is_tried_with_fewer_repetitions() -> None:
    sizes: list[int] = []
    reference = ReferenceEngine(MODEL)

    def answer(request: RequestJson) -> Decision:
        sizes.append(request["context"]["job"]["shots"])
        return reference.decide([request])[0]

    assert RAN.submission is not None
    case = replace(RAN, submission=RAN.submission._replace(repetitions=20_000))
    result = submitted(case, engine=Stub(answer))

    assert sizes == [20_000, 10_000, 5_000]
    assert result.problems == ()
    assert sum((result.histogram or {}).values()) == 5_000


@pytest.mark.parametrize("name", ["willow-pink", "local-simulator", "iqm-garnet"])
@pytest.mark.parametrize("width", [2, 3])
def test_a_device_runs_an_entangled_circuit_of_its_own(name: str, width: int) -> None:
    device = Device(name, worked().organization.backends[name].value)
    circuit = device.circuit(width)
    found = counted(device.sampler.run(circuit, repetitions=200))

    assert unlike_entangled(found, width, 200) == ""
    assert device.jobs() == 1
    if device.graph is not None:
        pairs = [
            op.qubits for op in circuit.all_operations() if isinstance(op.gate, cirq.CZPowGate)
        ]
        assert all(pair in device.graph.edges() for pair in pairs)


def test_a_real_processor_refuses_what_it_cannot_run() -> None:
    device = Device("willow-pink", worked().organization.backends["willow-pink"].value)
    far = cirq.Circuit(
        cirq.CZ(cirq.GridQubit(0, 6), cirq.GridQubit(9, 9)),
        cirq.measure(cirq.GridQubit(0, 6), key="m"),
    )

    with pytest.raises(ValueError, match="not valid"):
        device.sampler.run(far, repetitions=1)


def test_one_qubit_cannot_be_entangled() -> None:
    spec: BackendSpec = worked().organization.backends["local-simulator"].value

    with pytest.raises(ValueError, match="entangled"):
        Device("tiny", spec).circuit(1)
    assert RAN.submission is not None
    narrow = replace(RAN, submission=RAN.submission._replace(width=1))
    assert "entangled" in told(submitted(narrow))


@pytest.mark.parametrize(
    ("histogram", "why"),
    [
        ({"00": 100, "11": 100}, ""),
        ({"00": 61, "11": 139}, ""),
        ({"00": 100, "11": 99}, "199 outcomes"),
        ({"00": 100, "11": 99, "01": 1}, "never gives 01"),
        ({"00": 200}, "equally often"),
        ({"00": 59, "11": 141}, "equally often"),
        ({}, "0 outcomes"),
    ],
)
def test_only_one_histogram_is_entangled(histogram: dict[str, int], why: str) -> None:
    found = unlike_entangled(histogram, 2, 200)

    assert (why in found) if why else found == ""
