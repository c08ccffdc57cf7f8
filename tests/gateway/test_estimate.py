"""What a job is estimated to take and to cost."""

from __future__ import annotations

import cirq
import pytest

from qgov.decision.bundle import read_bundle
from qgov.gateway.circuits import Work, digest, submission, work_of
from qgov.gateway.estimate import amounts_of
from qgov.gateway.tables import Amounts
from qgov.gateway.terms import BackendTerms, Terms, terms_of
from qgov.model.price import Price
from qgov.targets.opa import TARGET
from tests.targets.worked import worked

A, B = cirq.LineQubit.range(2)
BELL = cirq.Circuit(cirq.H(A), cirq.CNOT(A, B), cirq.measure(A, B, key="m"))


@pytest.fixture(scope="module")
def terms() -> Terms:
    return terms_of(read_bundle(TARGET.emit(worked())["policy/opa/bundle.tar.gz"]))


def work(shots: int = 1000, circuits: int = 1) -> Work:
    return Work("0" * 64, circuits, shots, 2)


@pytest.mark.parametrize(
    ("backend", "shots", "circuits", "cost"),
    [
        # 0.92 EUR for a dollar, rounded up to micros.
        ("iqm-garnet", 1000, 1, 276_000 + 1000 * 1334),  # 0.30 + 1000 × 0.00145 USD
        ("iqm-garnet", 3000, 3, 3 * 276_000 + 3000 * 1334),  # three tasks
        ("ionq-forte", 5000, 1, 276_000 + 5000 * 73_600),  # the dearest single task
        ("sv1", 1000, 1, 3450),  # the minimum of three seconds beats one second
        ("local-simulator", 10**6, 1, 0),
        ("willow-pink", 1000, 1, 0),
        ("pasqal-fresnel", 1000, 1, 1005 * 3_000_000_000 // 3600),  # a shot a second
    ],
)
def test_a_job_costs_what_the_price_book_says(
    terms: Terms, backend: str, shots: int, circuits: int, cost: int
) -> None:
    found = amounts_of(terms.backends[backend], work(shots, circuits), lambda: 2000)
    assert found.cost_micros == cost
    assert (found.jobs, found.shots, found.circuits) == (1, shots, circuits)


def test_time_is_of_the_device_or_of_the_simulator(terms: Terms) -> None:
    device = amounts_of(terms.backends["ibm-aachen"], work(), lambda: 2345)
    assert (device.qpu_ms, device.simulator_ms) == (2345, 0)
    assert device.cost_micros == -(-2345 * 1_472_000 // 1000)  # 1.60 USD a second
    simulator = amounts_of(terms.backends["sv1"], work(circuits=4), lambda: 1 // 0)
    assert (simulator.qpu_ms, simulator.simulator_ms) == (0, 4000)
    paced = BackendTerms("paced", "qpu", "local", "local", Price(0, 0, 3600, 0), 2, 300)
    assert amounts_of(paced, work(1000, 3), lambda: 1 // 0) == Amounts(
        cost_micros=10, shots=1000, circuits=3, qpu_ms=9334
    )


def test_cirqs_own_estimate_grows_with_the_work() -> None:
    small, large = (submission(BELL, None, n).device_ms() for n in (100, 100_000))
    assert 0 < small < large
    assert submission([BELL, BELL], None, 100).device_ms() == pytest.approx(2 * small, abs=1)
    assert submission(BELL, [{}, {}, {}], 100).device_ms() > small


def test_a_digest_names_circuits_parameters_and_repetitions() -> None:
    same = cirq.Circuit(cirq.H(A), cirq.CNOT(A, B), cirq.measure(A, B, key="m"))
    assert digest([BELL], (), 10) == digest([same], (), 10)
    others = [
        digest([BELL], (), 11),
        digest([BELL, BELL], (), 10),
        digest([BELL], [cirq.ParamResolver({"t": 1})], 10),
        digest([cirq.Circuit(cirq.H(B), cirq.CNOT(B, A), cirq.measure(A, B, key="m"))], (), 10),
    ]
    assert len({*others, digest([BELL], (), 10)}) == 5


def test_work_counts_every_circuit_of_a_sweep_and_the_widest() -> None:
    wide = cirq.Circuit(cirq.measure(*cirq.LineQubit.range(5), key="w"))
    found = work_of({"a": BELL, "b": wide}, [{}, {}], 10)
    assert (found.circuits, found.shots, found.width) == (4, 40, 5)


def test_budgets_are_those_around_the_project_and_of_the_subjects_groups(terms: Terms) -> None:
    def names(group: str, issuer: str) -> set[str]:
        subject = {"type": "user", "properties": {"groups": [group], "issuer": issuer}}
        return set(terms.budgets("aurora/sandbox/optimisation", subject, "local-simulator"))

    workforce = "https://id.northwind.example/realms/quantum"
    around = {"aurora", "aurora-optimisation", "northwind"}
    assert names("aurora-developers", workforce) == around
    assert names("aurora-contractors", workforce) == around | {"aurora-contractors"}
    assert names("aurora-contractors", "https://evil.example") == around
    assert terms.budgets("aurora/nowhere/x", {}, "") == {}
    assert terms.budgets("atlantis/sandbox/x", {}, "") == {}
