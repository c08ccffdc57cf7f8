"""Prices that depend on gates: a circuit is charged for what it is, by the published formulas."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import cirq
import pytest

from qgov.decision.bundle import Bundle, read_bundle
from qgov.gateway.circuits import submission
from qgov.gateway.estimate import UnpricedError, amounts_of
from qgov.gateway.gates import Gates, gates_of
from qgov.gateway.gateway import Denied, Refused
from qgov.gateway.operations import unrolled
from qgov.gateway.terms import BackendTerms, terms_of
from qgov.records import replace
from qgov.targets.opa import TARGET
from tests.decision.harness import FILES
from tests.gateway.company import BELL, gate
from tests.strategies import linked
from tests.targets.worked import organization, repository, worked

A, B, C, D = cirq.LineQubit.range(4)
READ = {"source": "made up", "asOf": "2026-11-01"}
# Azure Quantum pricing, page of 2025-09-17, in dollars; a credit (HQC) is 12.50 of them.
QUANTINUUM = {
    "perTask": "62.50 USD",
    "perOneQubitGate": "0.0025 USD",
    "perTwoQubitGate": "0.025 USD",
    "perMeasurement": "0.0125 USD",
}
HQC = {
    "perTask": "5 HQC",
    "perOneQubitGate": "0.0002 HQC",
    "perTwoQubitGate": "0.002 HQC",
    "perMeasurement": "0.001 HQC",
}
"""The same in the units in which it is published: 5 + shots × (N1q + 10 N2q + 5 Nm) / 5000."""
ARIA = {
    "perOneQubitGate": "0.000220 USD",
    "perTwoQubitGate": "0.000975 USD",
    "twoQubitGatesPerControl": 6,
    "minimum": "12.4166 USD",
}
FORTE = {"perOneQubitGate": "0.0001645 USD", "perTwoQubitGate": "0.001121 USD"}


def circuit(*gates: Any, read: tuple[cirq.Qid, ...] = (A, B)) -> cirq.Circuit:
    """The gates, and a measurement."""
    return cirq.Circuit(*gates, cirq.measure(*read, key="m"))


def bundled(
    price: dict[str, Any], currency: str = "USD", rate: str = "0.92", worth: str = "12.50 USD"
) -> Bundle:
    """The bundle of a company with one device, of that price, and a credit of that worth."""
    vendor = {"title": "S", "country": "US", "reviewed": "2026-06-01", "reviewEvery": "1y"}
    backend = {
        "cloud": "azure",
        "vendor": "someone",
        "class": "qpu",
        "region": "eastus",
        "jurisdiction": "us",
        "qubits": 30,
        "timing": {"overhead": "1s", "shotsPerSecond": 100},
        "price": {**price, **READ},
    }
    company = organization(
        currency=currency,
        exchangeRates={"USD": {"rate": rate, **READ}} if currency != "USD" else {},
        credits={"HQC": {"worth": worth, **READ}},
        vendors={"someone": vendor},
        backends={"device": backend},
    )
    return read_bundle(TARGET.emit(repository(company))["policy/opa/bundle.tar.gz"])


def priced(price: dict[str, Any], currency: str = "USD", rate: str = "0.92") -> BackendTerms:
    """The device of that company, as the gateway reads it in the bundle."""
    return terms_of(bundled(price, currency, rate)).backends["device"]


def cost(terms: BackendTerms, program: Any, repetitions: int, params: Any = None) -> int:
    """In micros."""
    meant = submission(program, params, repetitions)
    return amounts_of(terms, meant.work, meant.device_ms, meant.gates).cost_micros


@pytest.mark.parametrize(
    ("price", "program", "shots", "dollars"),
    [
        # 3 on one qubit, 2 on two, 2 measured: 5 + 1000 × (3 + 10×2 + 5×2) / 5000 = 11.6 HQC.
        (
            QUANTINUUM,
            circuit(cirq.H(A), cirq.X(B), cirq.CZ(A, B), cirq.T(A), cirq.ISWAP(A, B)),
            1000,
            145.0,
        ),
        # Nothing but a measurement of four: 5 + 5000 × 5×4 / 5000 = 25 HQC.
        (QUANTINUUM, circuit(read=(A, B, C, D)), 5000, 312.5),
        # The circuit that a shot once stood for, 100 and 100 gates and 20 measurements, but
        # with two measured here: 5 + 10 × (100 + 1000 + 10) / 5000 = 7.22 HQC.
        (QUANTINUUM, circuit([cirq.X(A)] * 100, [cirq.CZ(A, B)] * 100), 10, 90.25),
        # 0.00022 × 10 × 1000 + 0.000975 × 20 × 1000.
        (ARIA, circuit([cirq.H(A)] * 10, [cirq.CNOT(A, B)] * 20), 1000, 21.7),
        # 0.00022 × 100 + 0.000975 × 100 = 0.1195, and the minimum of a program is more.
        (ARIA, BELL, 100, 12.4166),
        # A NOT with three controls is 6 × (4 − 2) = 12 gates on two qubits, as the page says.
        (ARIA, circuit(cirq.X(A).controlled_by(B, C, D)), 2000, 23.4),
        (ARIA, circuit(cirq.CCZ(A, B, C), cirq.TOFFOLI(A, B, C)), 2000, 23.4),
        (ARIA, circuit(cirq.CNOT(A, B).controlled_by(C, D)), 2000, 23.4),
        (FORTE, circuit(cirq.H(A), cirq.CNOT(A, B)), 1000, 1.2855),
        # Both formulas with a part for shots: 0.30 + 100 × 0.08 + 100 × 0.0001645.
        ({"perTask": "0.30 USD", "perShot": "0.08 USD", **FORTE}, circuit(cirq.H(A)), 100, 8.31645),
    ],
)
def test_a_circuit_costs_what_the_published_formula_says(
    price: dict[str, Any], program: cirq.Circuit, shots: int, dollars: float
) -> None:
    assert cost(priced(price), program, shots) == round(dollars * 10**6)


@pytest.mark.parametrize(
    ("currency", "rate"), [("USD", "1"), ("EUR", "0.92"), ("EUR", "0.92345678")]
)
def test_credits_are_the_same_micros_as_the_money_that_they_are_worth(
    currency: str, rate: str
) -> None:
    written, turned = (priced(price, currency, rate).price for price in (HQC, QUANTINUUM))
    assert written == turned
    assert cost(priced(HQC, "USD"), BELL, 1000) == 115_000_000


def test_a_credits_worth_may_be_as_fine_as_a_price_and_a_rate() -> None:
    price = {"perOneQubitGate": "0.000000000001 HQC", "perTwoQubitGate": "0.000000000003 HQC"}
    bundle = bundled(price, "EUR", "0.00000001", "0.000000000007 USD")
    found = terms_of(bundle).backends["device"].price
    assert found is not None
    # 10⁻¹² × 7·10⁻¹² × 10⁻⁸ of a unit, and a unit is 10⁶ micros.
    assert found.per_one_qubit_gate_micros == Fraction(7, 10**26)
    assert found.per_two_qubit_gate_micros == Fraction(21, 10**26)


def test_the_worked_repository_charges_credits_for_what_a_circuit_is() -> None:
    bundle = read_bundle(TARGET.emit(worked())["policy/opa/bundle.tar.gz"])
    device = terms_of(bundle).backends["quantinuum-h2"]
    # 5 + 1000 × (1 + 10 + 10) / 5000 = 9.2 HQC of 12.50 USD, 0.92 EUR each.
    assert cost(device, BELL, 1000) == 105_800_000
    deep = circuit([cirq.CZ(A, B)] * 1000)
    # 5 + 1000 × (10,000 + 10) / 5000 = 2007 HQC.
    assert cost(device, deep, 1000) == 23_080_500_000


def test_nothing_is_rounded_before_all_is_added_up() -> None:
    # 3 × (164.5 + 1121) × 0.92 = 3547.98 micros; gate by gate it would be 3552.
    assert cost(priced(FORTE, "EUR"), circuit(cirq.H(A), cirq.CNOT(A, B)), 3) == 3548
    # 7 × 164.5 × 0.92345678 = 1063.36… micros.
    assert cost(priced(FORTE, "EUR", "0.92345678"), circuit(cirq.H(A)), 7) == 1064
    tiny = {"perOneQubitGate": "0.000000000001 USD"}
    assert cost(priced(tiny), circuit(cirq.H(A)), 10**6) == 1
    assert cost(priced(tiny), circuit(cirq.H(A)), 10**6 + 1) == 2
    # A sweep of 90 is rounded up once, or its points would be 90 × 2.
    assert cost(priced(tiny), circuit(cirq.H(A)), 10**6 + 1, [{}] * 90) == 91
    exact = priced({"perShot": "0.000425 USD", "perHour": "0.000001 USD"}, "EUR", "0.92345678")
    # 3 × 425 × 0.92345678 micros, and an hour's micro for 1.03 s.
    assert cost(exact, circuit(), 3) == 1178


def test_each_circuit_of_a_job_is_a_task_with_its_own_gates_and_minimum() -> None:
    light, heavy = circuit(cirq.H(A)), circuit([cirq.CNOT(A, B)] * 20)
    terms = priced(ARIA)
    assert cost(terms, [light, heavy], 1000) == 12_416_600 + 19_500_000
    assert cost(terms, {"l": light, "h": heavy}, 1000, [{}, {}, {}]) == 3 * 31_916_600
    assert cost(terms, light, 1000, [{}] * 90) == 90 * 12_416_600


def test_what_is_nested_counts_as_often_as_it_is_repeated() -> None:
    inner = cirq.CircuitOperation(cirq.FrozenCircuit(cirq.H(A), cirq.CNOT(A, B)), repetitions=5)
    outer = cirq.CircuitOperation(cirq.FrozenCircuit(inner, cirq.X(B)), repetitions=3)
    nested = circuit(outer)
    assert gates_of(unrolled(nested)) == Gates(one_qubit=18, two_qubit=15, measurements=2)
    # 5 + 100 × (18 + 150 + 10) / 5000 = 8.56 HQC.
    assert cost(priced(QUANTINUUM), nested, 100) == 107_000_000


def test_gates_are_told_apart_by_their_qubits() -> None:
    found = gates_of(
        circuit(
            cirq.reset(A),
            cirq.global_phase_operation(1j),
            cirq.X(A).with_tags("tagged"),
            cirq.ParallelGate(cirq.Y, 3)(A, B, C),
            cirq.X(A).controlled_by(B),
            cirq.SWAP(A, B).controlled_by(C),
            cirq.MatrixGate(cirq.unitary(cirq.qft(A, B, C)))(A, B, C),
            cirq.Z(A).controlled_by(B, C, D),
            cirq.depolarize(0.1)(A),
            read=(A, B, C),
        )
    )
    assert found == Gates(one_qubit=5, two_qubit=1, measurements=4, controls=2, others=2)


def test_a_gate_without_a_price_is_refused_where_gates_have_one() -> None:
    toffoli, swap = circuit(cirq.TOFFOLI(A, B, C)), circuit(cirq.CSWAP(A, B, C))
    for price, program in ((QUANTINUUM, toffoli), (QUANTINUUM, swap), (ARIA, swap)):
        with pytest.raises(UnpricedError, match="decompose it first"):
            cost(priced(price), program, 10)
    decomposed = cirq.Circuit(cirq.decompose(toffoli))
    counted = gates_of(decomposed)
    assert (counted.controls, counted.others) == (0, 0)
    assert counted.two_qubit >= 6  # Cirq takes eight, for a line of qubits
    assert cost(priced(QUANTINUUM), decomposed, 10) > 62_500_000
    # Where only time, shots or measurements have a price, nobody asks what the gates are.
    assert cost(priced({"perShot": "1 USD"}), swap, 10) == 10_000_000
    assert cost(priced({"perMeasurement": "1 USD"}), swap, 10) == 20_000_000


def test_a_price_without_parts_for_gates_is_read_as_ever_and_written_as_ever() -> None:
    files = TARGET.emit(worked())["policy/opa/bundle.tar.gz"]
    given = read_bundle(files).data["qgov"]["model"]["backends"]
    parts = {"per_task_micros", "per_shot_micros", "per_hour_micros", "minimum_micros"}
    assert {*given["iqm-garnet"]["price"]} == parts
    assert {type(v) for b in given.values() for v in b.get("price", {}).values()} == {int}
    forte = priced(FORTE, "EUR")
    assert forte.price is not None
    assert forte.price.per_one_qubit_gate_micros * 100 == 15134


def test_a_price_is_never_a_float_in_a_bundle() -> None:
    price = {**FORTE, "perOneQubitGate": "0.000000000001 USD"}
    bundle = bundled(price, "EUR", "0.92345678")
    assert bundle.data["qgov"]["model"]["backends"]["device"]["price"] == {
        "per_task_micros": 0,
        "per_shot_micros": 0,
        "per_hour_micros": 0,
        "minimum_micros": 0,
        "per_one_qubit_gate_micros": "0.00000092345678",
        "per_two_qubit_gate_micros": "1035.19505038",
    }


def test_a_gateway_denies_the_deep_circuit_and_runs_the_shallow_one(tmp_path: Path) -> None:
    """A budget of 50 EUR: a Bell pair is 62.50 cents and some, a thousand gates are not."""
    company = json.loads(FILES["qgov.yaml"])
    company["spec"]["backends"]["local-simulator"] |= {
        "price": {
            "perTask": "0.625 EUR",
            "perOneQubitGate": "0.00025 EUR",
            "perTwoQubitGate": "0.0025 EUR",
            "perMeasurement": "0.00125 EUR",
            **READ,
        }
    }
    chemistry = json.loads(FILES["budgets/chemistry.yaml"])
    chemistry["spec"] |= {"budget": {"period": "monthly", "limit": "50 EUR", "stopAt": "100%"}}
    chemistry["spec"]["quotas"] = []
    files = {
        **FILES,
        "qgov.yaml": json.dumps(company).encode(),
        "budgets/chemistry.yaml": json.dumps(chemistry).encode(),
    }
    del files["budgets/more.yaml"], files["budgets/for-oneself.yaml"]
    with_gates = gate(tmp_path, model=linked(files))
    sampler = with_gates.session().sampler("local-simulator", cirq.Simulator())
    sampler.run(BELL, repetitions=100)
    sampler.run(circuit([cirq.CZ(A, B)] * 10), repetitions=100)
    with pytest.raises(Denied, match="budget-exceeded"):
        sampler.run(circuit([cirq.CZ(A, B)] * 1000), repetitions=100)
    with pytest.raises(Refused, match="gate-without-price"):
        sampler.run(circuit(cirq.CSWAP(A, B, C)), repetitions=100)
    # 0.625 + 100 × (0.00025 + 0.0025 + 0.0025), and with ten gates on two qubits.
    settled = [job.actual.cost_micros for job in with_gates.ledger.jobs() if job.actual]
    assert settled == [1_150_000, 3_375_000]
    told = [json.loads(line) for line in (tmp_path / "jobs.jsonl").read_text().splitlines()]
    assert any("gate_without_price" in json.dumps(event) for event in told)
    with_gates.close()


def test_a_bundle_whose_prices_know_no_gates_is_readable() -> None:
    bundle = read_bundle(TARGET.emit(worked())["policy/opa/bundle.tar.gz"])
    data = json.loads(json.dumps(bundle.data))
    old = {"per_task_micros": 5, "per_shot_micros": 2, "per_hour_micros": 0, "minimum_micros": 0}
    data["qgov"]["model"]["backends"]["quantinuum-h2"]["price"] = old
    before: Bundle = replace(bundle, data=data)
    assert cost(terms_of(before).backends["quantinuum-h2"], BELL, 10) == 25
    assert {*map(tuple, terms_of(before).former_names().values())} == {()}
