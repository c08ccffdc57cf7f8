"""The enforcement point: what runs, what does not, and what is written of it."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from shutil import copy, copytree, ignore_patterns
from typing import Any

import cirq
import duet
import pytest
import sympy

from qgov.decision.decision import Decision
from qgov.decision.engine import UNANSWERED, EngineError
from qgov.decision.engines.reference import ReferenceEngine
from qgov.decision.request_parts import RequestJson
from qgov.gateway.circuits import REFUSALS
from qgov.gateway.gateway import Denied, Identity, Refused
from qgov.gateway.ledger import Ledger, LedgerError
from qgov.gateway.recovery import differences
from qgov.gateway.verification import AuditError, events, verify
from tests.gateway.company import BELL, FITS, IDENTITY, MODEL, NOW, Gate, gate, model_with

A, B = cirq.LineQubit.range(2)
ONE = 1_000_000


class Recording(cirq.Sampler):
    """A sampler that knows how often it was used, and can fail."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.runs = 0
        self.error = error

    def run_sweep(
        self, program: cirq.AbstractCircuit, params: cirq.Sweepable, repetitions: int = 1
    ) -> Sequence[cirq.Result]:
        self.runs += 1
        if self.error is not None:
            raise self.error
        return cirq.Simulator(seed=1).run_sweep(program, params, repetitions)


def stages(gated: Gate) -> list[str]:
    return [event["unmapped"]["stage"] for event in events(gated.folder / "jobs.jsonl")]


def spent(gated: Gate) -> int:
    usage = gated.ledger.usage({"chemistry": "monthly"}, NOW)
    return usage.values["chemistry"]["spent_micros"]


@pytest.fixture
def gated(tmp_path: Path) -> Gate:
    return gate(tmp_path)


def test_an_allowed_job_runs_and_is_counted_and_written(gated: Gate) -> None:
    inner = Recording()
    result = gated.session().sampler("local-simulator", inner).run(BELL, repetitions=200)
    assert set(result.histogram(key="m")) == {0, 3}
    assert inner.runs == 1
    assert stages(gated) == ["started", "succeeded"]
    started, ended = events(gated.folder / "jobs.jsonl")
    assert started["actor"]["user"]["uid"] == "mei@northwind.example"
    assert started["resources"][0]["uid"] == "local-simulator"
    assert started["unmapped"]["revision"] == gated.gateway.terms.revision
    job = ended["unmapped"]["job"]
    assert (job["shots"], job["circuits"], job["width"]) == (200, 1, 2)
    assert (job["estimated_cost_micros"], job["actual_cost_micros"]) == (ONE, ONE)
    assert len(job["circuits_sha256"]) == 64
    assert spent(gated) == ONE
    assert differences(gated.ledger, gated.folder / "jobs.jsonl") == []


def test_nothing_of_a_circuit_or_a_result_is_in_the_log(gated: Gate) -> None:
    secret = cirq.NamedQubit("molecule-42")
    circuit = cirq.Circuit(cirq.rx(0.123456).on(secret), cirq.measure(secret, key="binding-energy"))
    gated.session().sampler("local-simulator", Recording()).run(circuit, repetitions=7)
    failing = Recording(RuntimeError("molecule-42 at 0.123456"))
    with pytest.raises(RuntimeError, match="molecule-42"):
        gated.session().sampler("local-simulator", failing).run(circuit)
    written = (gated.folder / "jobs.jsonl").read_text() + (gated.folder / "admin.jsonl").read_text()
    for word in ("molecule", "0.123456", "binding-energy", "rx("):
        assert word not in written


def test_a_denied_job_does_not_reach_the_sampler_and_the_log_says_why(gated: Gate) -> None:
    inner = Recording()
    with pytest.raises(Denied, match=r"denied \(backend-not-entitled, job-too-large\)") as denied:
        gated.session().sampler("iqm-garnet", inner).run(
            cirq.Circuit(cirq.measure(*cirq.LineQubit.range(21), key="m"))
        )
    assert inner.runs == 0
    (event,) = events(gated.folder / "jobs.jsonl")
    assert event["metadata"]["uid"] == denied.value.event
    assert event["unmapped"]["reasons"] == ["backend-not-entitled", "job-too-large"]
    assert spent(gated) == 0


UNMEANT: dict[str, Callable[[cirq.Sampler], Any]] = {
    "no-repetitions": lambda s: s.run(BELL, repetitions=0),
    "too-many-repetitions": lambda s: s.run(BELL, repetitions=10**30),
    "no-circuit": lambda s: s.run_sweep(BELL, []),
    "no-qubits": lambda s: s.run(cirq.Circuit()),
    "no-measurement": lambda s: s.run(cirq.Circuit(cirq.X(A))),
    "duplicate-key": lambda s: s.run(
        cirq.Circuit(cirq.measure(A, key="m"), cirq.measure(B, key="m"))
    ),
    "mid-circuit-measurement": lambda s: s.run(cirq.Circuit(cirq.measure(A, key="m"), cirq.X(A))),
    "too-many-operations": lambda s: s.run(
        cirq.Circuit(
            cirq.CircuitOperation(cirq.FrozenCircuit(cirq.X(A)), repetitions=10**30),
            cirq.measure(A, key="m"),
        )
    ),
    "qudits": lambda s: s.run(cirq.Circuit(cirq.measure(cirq.LineQid(0, dimension=3), key="m"))),
    "mid-circuit-control": lambda s: s.run(
        cirq.Circuit(
            cirq.measure(A, key="a"),
            cirq.X(B).with_classical_controls("a"),
            cirq.measure(B, key="b"),
        )
    ),
    "unresolved-parameters": lambda s: s.run(
        cirq.Circuit(cirq.X(A) ** sympy.Symbol("t"), cirq.measure(A))
    ),
    "too-many-circuits": lambda s: s.run_sweep(
        cirq.Circuit(cirq.X(A) ** sympy.Symbol("t"), cirq.measure(A)),
        cirq.Linspace("t", 0, 1, 10_001),
    ),
    "not-serializable": lambda s: s.run(cirq.Circuit(Foreign().on(A), cirq.measure(A))),
}


class Foreign(cirq.Gate):
    def _num_qubits_(self) -> int:
        return 1

    def _unitary_(self) -> Any:
        return cirq.unitary(cirq.X)


@pytest.mark.parametrize("reason", UNMEANT)
def test_what_policy_does_not_mean_is_refused(gated: Gate, reason: str) -> None:
    inner = Recording()
    with pytest.raises(Refused) as refused:
        UNMEANT[reason](gated.session().sampler("local-simulator", inner))
    assert refused.value.reason == reason
    assert inner.runs == 0
    (event,) = events(gated.folder / "jobs.jsonl")
    assert event["metadata"]["uid"] == refused.value.event
    assert spent(gated) == 0


def test_every_refusal_has_a_case() -> None:
    assert set(UNMEANT) == set(REFUSALS)


@pytest.mark.parametrize("repetitions", [-1, True, 1.5, "10", None])
def test_a_number_of_repetitions_that_is_none_is_refused(gated: Gate, repetitions: Any) -> None:
    with pytest.raises(Refused, match="no-repetitions"):
        gated.session().sampler("local-simulator", Recording()).run_sweep(BELL, None, repetitions)


def test_each_point_of_a_sweep_is_a_job_of_its_own(gated: Gate) -> None:
    circuit = cirq.Circuit(cirq.X(A) ** sympy.Symbol("t"), cirq.measure(A, key="m"))
    points = iter([{"t": 0.0}, {"t": 1.0}, {"t": 2.0}])
    inner = Recording()
    found = gated.session().sampler("local-simulator", inner).run_sweep(circuit, points, 10)
    assert [result.params["t"] for result in found] == [0.0, 1.0, 2.0]
    assert [result.repetitions for result in found] == [10] * 3
    told = [event["unmapped"] for event in events(gated.folder / "jobs.jsonl")]
    assert [t["stage"] for t in told] == ["started", "succeeded"] * 3
    assert {(t["job"]["circuits"], t["job"]["shots"]) for t in told} == {(1, 10)}
    assert len({t["job"]["circuits_sha256"] for t in told}) == 3
    assert inner.runs == 3
    assert spent(gated) == 3 * ONE


def test_every_way_to_sample_goes_through_the_gateway(gated: Gate) -> None:
    inner = Recording()
    sampler = gated.session().sampler("local-simulator", inner)
    sampler.sample(BELL, repetitions=2)
    sampler.run_batch([BELL, BELL], repetitions=2)
    duet.run(  # type: ignore[attr-defined]
        sampler.run_async, BELL, repetitions=2
    )
    duet.run(  # type: ignore[attr-defined]
        sampler.run_sweep_async, BELL, None, 2
    )
    assert stages(gated).count("started") == inner.runs == 5


def test_a_circuit_that_the_check_refuses_costs_nothing(gated: Gate) -> None:
    def check(circuit: cirq.AbstractCircuit) -> None:
        if any(
            isinstance(operation.gate, cirq.CXPowGate) for operation in circuit.all_operations()
        ):
            raise ValueError("no CNOT here")

    inner = Recording()
    with pytest.raises(Refused, match="no CNOT here") as refused:
        gated.session().sampler("local-simulator", inner, check=check).run(BELL)
    assert refused.value.reason == "not-on-device"
    assert refused.value.event
    assert inner.runs == 0
    assert stages(gated) == ["refused"]
    assert spent(gated) == 0


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("lost"),
        KeyboardInterrupt(),
        ValueError("no such gate, or no such answer: nobody knows"),
        KeyError("id"),
        TypeError("None is no job"),
        json.JSONDecodeError("garbled", "<html>", 0),
    ],
)
def test_a_job_that_failed_counts_as_if_it_had_run(gated: Gate, error: BaseException) -> None:
    with pytest.raises(type(error)):
        gated.session().sampler("local-simulator", Recording(error)).run(BELL)
    assert stages(gated) == ["started", "failed"]
    assert spent(gated) == ONE
    assert differences(gated.ledger, gated.folder / "jobs.jsonl") == []


def test_nothing_runs_when_the_log_cannot_be_written(gated: Gate) -> None:
    inner = Recording()
    sampler = gated.session().sampler("local-simulator", inner)
    sampler.run(BELL)
    with (gated.folder / "jobs.jsonl").open("a") as log:
        log.write("{}\n")
    with pytest.raises(AuditError):
        sampler.run(BELL)
    assert inner.runs == 1
    assert spent(gated) == ONE


def test_nothing_runs_when_the_admin_log_cannot_be_written(tmp_path: Path) -> None:
    gated = gate(
        tmp_path,
        model=model_with(
            budget={"period": "monthly", "limit": "2.00 EUR", "warnAt": ["50%"], "stopAt": "100%"}
        ),
    )
    inner = Recording()
    gated.admin.close()
    with pytest.raises(AuditError):
        gated.session().sampler("local-simulator", inner).run(BELL)
    assert inner.runs == 0
    assert spent(gated) == 0


def test_a_job_that_cannot_be_marked_as_started_does_not_run_and_the_log_says_so(
    gated: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object, job_id: str) -> bool:
        raise LedgerError(f"no room for {job_id}")

    inner = Recording()
    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "mark_started", full)
        with pytest.raises(LedgerError, match="no room"):
            gated.session().sampler("local-simulator", inner).run(BELL)
    assert inner.runs == 0
    assert stages(gated) == ["started", "failed"]
    assert spent(gated) == 0
    assert differences(gated.ledger, gated.folder / "jobs.jsonl") == []


def test_a_settlement_that_the_power_took_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not flushed: what was before it is, and so is what the log says."""
    write = Ledger.settle
    after = tmp_path / "after"

    def kept(ledger: Ledger, *arguments: Any, **more: Any) -> bool:
        copytree(tmp_path / "before", after, ignore=ignore_patterns("jobs.*", "admin.*"))
        return write(ledger, *arguments, **more)

    monkeypatch.setattr(Ledger, "settle", kept)
    before = gate(tmp_path / "before", owner="before")
    before.session().sampler("local-simulator", Recording()).run(BELL)
    monkeypatch.undo()
    before.close()
    for log in (tmp_path / "before").glob("*.jsonl*"):
        copy(log, after)

    again = gate(after, owner="after")
    assert differences(again.ledger, after / "jobs.jsonl") == []
    assert spent(again) == ONE
    assert stages(again) == ["started", "succeeded"]


def flushed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are flushed from now on, by their names."""
    found: list[str] = []
    flush = os.fdatasync

    def told(handle: int) -> None:
        found.append(Path(f"/proc/self/fd/{handle}").readlink().name)
        flush(handle)

    monkeypatch.setattr("os.fdatasync", told)
    return found


def test_a_job_flushes_four_times_and_each_before_the_next_depends_on_it(
    gated: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reserved before the log says that it starts, started before it runs; SQLite itself
    flushes nothing, or the settlement would be a fifth."""
    files = flushed(monkeypatch)
    gated.session().sampler("local-simulator", Recording()).run(BELL)
    log, jobs = f"{gated.ledger.path.name}-wal", "jobs.jsonl"
    assert files == [log, jobs, log, jobs]
    assert gated.ledger._database is not None
    assert gated.ledger._database.execute("PRAGMA synchronous").fetchone() == (1,)


def test_who_waits_in_line_does_not_wait_for_the_disk(
    gated: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qgov.gateway.enforcement.HASTY", 0)
    flush, free = Ledger.flush, list[bool]()

    def told(ledger: Ledger) -> None:
        turn = os.open(ledger.path.with_name(f"{ledger.path.name}.turn"), os.O_RDONLY)
        try:
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
            free.append(True)
        finally:
            os.close(turn)
        flush(ledger)

    monkeypatch.setattr(Ledger, "flush", told)
    gated.session().sampler("local-simulator", Recording()).run(BELL)
    assert free == [True]


def test_a_reservation_that_cannot_be_flushed_runs_nothing(
    gated: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = Recording()
    sampler = gated.session().sampler("local-simulator", inner)

    def fail(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("os.fdatasync", fail)
    with pytest.raises(LedgerError, match="Input/output error"):
        sampler.run(BELL)
    monkeypatch.undo()
    with pytest.raises(LedgerError, match="could not be flushed"):
        sampler.run(BELL)
    assert inner.runs == 0
    assert stages(gated) == []


@pytest.mark.parametrize("method", ["reserve", "mark_started", "settle"])
def test_a_process_that_dies_before_it_says_what_it_did_is_told_of(
    tmp_path: Path, method: str
) -> None:
    """Killed right after the ledger was written, before the log is."""
    write = getattr(Ledger, method)

    def write_and_die(*arguments: Any, **more: Any) -> None:
        write(*arguments, **more)
        os.kill(os.getpid(), signal.SIGKILL)

    if (process := os.fork()) == 0:
        try:
            setattr(Ledger, method, write_and_die)
            gate(tmp_path, owner="killed").session().sampler("local-simulator", Recording()).run(
                BELL
            )
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == -signal.SIGKILL
    after = gate(tmp_path, owner="after")
    assert differences(after.ledger, after.folder / "jobs.jsonl") == []
    assert spent(after) == (0 if method == "reserve" else ONE)
    assert stages(after) == ([] if method == "reserve" else ["started", "recovered"])


@pytest.mark.parametrize("scope", ["aurora", "aurora/sandbox", "aurora/sandbox/chemistry/x", ""])
def test_a_session_is_in_one_project(gated: Gate, scope: str) -> None:
    with pytest.raises(ValueError, match="a session is in one project"):
        gated.session(scope=scope)


class Broken:
    """An engine that answers nothing, or lies about the budgets."""

    name = "broken"

    def __init__(self, lie: bool = False) -> None:
        self.lie = lie

    def decide(self, requests: Sequence[RequestJson]) -> list[Decision]:
        if self.lie:
            return [Decision(True, obligations={"budgets": []}) for _ in requests]
        raise EngineError("the engine has gone")

    def __enter__(self) -> Broken:
        return self

    def __exit__(self, *_: object) -> None:
        return None


def test_an_engine_that_fails_is_a_denial_that_says_so(tmp_path: Path) -> None:
    gated = gate(tmp_path, engine=Broken())
    inner = Recording()
    with pytest.raises(Denied, match="the engine has gone") as denied:
        gated.session().sampler("local-simulator", inner).run(BELL)
    assert denied.value.decision == UNANSWERED
    assert inner.runs == 0
    assert stages(gated) == ["requested-denied"]


def test_a_decision_that_charges_other_budgets_is_a_denial(tmp_path: Path) -> None:
    gated = gate(tmp_path, engine=Broken(lie=True))
    inner = Recording()
    with pytest.raises(Denied, match="other budgets"):
        gated.session().sampler("local-simulator", inner).run(BELL)
    assert inner.runs == 0


def test_the_caller_cannot_fill_in_the_time_the_job_or_the_usage(gated: Gate) -> None:
    forged = {
        **IDENTITY.context,
        "time": "2020-01-01T00:00:00Z",
        "job": {"shots": 1},
        "usage": {},
        "token": {**IDENTITY.context["token"], "issued_at": "2020-01-01T00:00:00Z"},
    }
    with pytest.raises(Denied, match="job-too-large"):
        gated.session(identity=Identity(IDENTITY.subject, forged)).sampler(
            "local-simulator", Recording()
        ).run(BELL, repetitions=8001)


def test_somebody_elses_spending_between_question_and_reservation_is_noticed(
    tmp_path: Path,
) -> None:
    """The last euro is taken while the engine thinks: the decision is made anew."""
    other = gate(tmp_path, owner="other")
    taken: list[bool] = []

    class Slow(ReferenceEngine):
        def decide(self, requests: Sequence[RequestJson]) -> list[Decision]:
            decisions = super().decide(requests)
            if not taken and decisions[0].allow:
                taken.append(True)
                other.session().sampler("local-simulator", cirq.ZerosSampler()).run(BELL)
            return decisions

    for _ in range(FITS - 1):
        other.session().sampler("local-simulator", cirq.ZerosSampler()).run(BELL)
    gated = gate(tmp_path, engine=Slow(MODEL))
    inner = Recording()
    with pytest.raises(Denied, match="budget-exceeded"):
        gated.session().sampler("local-simulator", inner).run(BELL)
    assert taken == [True]
    assert inner.runs == 0
    assert spent(gated) == FITS * ONE


def test_a_hybrid_workflow_is_one_trace_under_one_identity(gated: Gate) -> None:
    session = gated.session()
    with session.step("preprocess"):
        pass
    with session.step("optimise"):
        session.sampler("local-simulator", Recording()).run(BELL)
    with pytest.raises(ZeroDivisionError), session.step("postprocess"):
        raise ZeroDivisionError
    found = list(events(gated.folder / "jobs.jsonl"))
    assert [(e["unmapped"].get("step", ""), e["unmapped"]["stage"]) for e in found] == [
        ("preprocess", "started"),
        ("preprocess", "succeeded"),
        ("optimise", "started"),
        ("optimise", "started"),
        ("optimise", "succeeded"),
        ("optimise", "succeeded"),
        ("postprocess", "started"),
        ("postprocess", "failed"),
    ]
    assert len({e["actor"]["user"]["uid"] for e in found}) == 1
    assert len({json.dumps(e["trace"]["uid"]) for e in found}) == 1


def test_a_step_that_reads_or_writes_needs_the_permission(gated: Gate) -> None:
    with pytest.raises(Denied, match="no-grant"), gated.session().step("post", "result:export"):
        raise AssertionError("the step ran")
    assert stages(gated) == ["requested-denied"]


def test_the_admin_stream_tells_of_the_policy_thresholds_approvals_and_sign_ins(
    tmp_path: Path,
) -> None:
    model = model_with(
        budget={"period": "monthly", "limit": "2.00 EUR", "warnAt": ["50%"], "stopAt": "100%"},
        approval={
            "above": "0.50 EUR",
            "forClasses": ["simulator"],
            "approvers": "leads",
            "validFor": "1d",
        },
    )
    gated = gate(tmp_path, model=model)
    approval = {
        "scope": "aurora",
        "max_cost_micros": 2 * ONE,
        "approved_by": "lea@northwind.example",
        "approver_groups": ["leads"],
        "approved_at": "2026-11-23T09:00:00Z",
    }
    approved = Identity(IDENTITY.subject, {**IDENTITY.context, "approvals": [approval]})
    for _ in range(2):
        gated.session(identity=approved).sampler("local-simulator", Recording()).run(BELL)
    stale = Identity(IDENTITY.subject, {**IDENTITY.context, "mfa": False})
    with pytest.raises(Denied, match="mfa-missing"):
        gated.session(identity=stale).sampler("local-simulator", Recording()).run(BELL)
    gate(tmp_path, owner="two", model=model).close()  # the same policy: nothing new to tell
    gate(tmp_path, owner="three").close()
    told = [(e["class_uid"], e["message"]) for e in events(tmp_path / "admin.jsonl")]
    assert told == [
        (3004, f"policy bundle {gated.gateway.terms.revision} activated"),
        (3004, "50 % of spent_micros reached"),
        (3004, "approval used"),
        (3004, "100 % of spent_micros reached"),
        (3004, "approval used"),
        (3002, "authentication refused"),
        (3004, told[-1][1]),
    ]
    assert told[-1][1] != told[0][1]
    assert verify(tmp_path / "admin.jsonl", "admin").problems == ()


def test_a_new_month_starts_afresh(tmp_path: Path) -> None:
    now = [NOW]
    gated = gate(
        tmp_path,
        clock=lambda: now[0],
        model=model_with(budget={"period": "monthly", "limit": "1.00 EUR", "stopAt": "100%"}),
    )

    def run() -> None:
        token = {**IDENTITY.context["token"], "issued_at": now[0].isoformat()}
        identity = Identity(IDENTITY.subject, {**IDENTITY.context, "token": token})
        gated.session(identity=identity).sampler("local-simulator", Recording()).run(BELL)

    run()
    with pytest.raises(Denied, match="budget-exceeded"):
        run()
    now[0] = datetime.fromisoformat("2026-12-01T00:00:00+00:00")
    run()
    now[0] -= timedelta(seconds=1)
    with pytest.raises(Denied, match="budget-exceeded"):
        run()


def test_a_budget_of_other_backends_counts_nothing_of_a_job(tmp_path: Path) -> None:
    bound = {"period": "monthly", "limit": "1.00 EUR", "stopAt": "100%"}
    elsewhere = gate(
        tmp_path / "elsewhere", model=model_with(budget=bound, backends=["iqm-garnet"])
    )
    for _ in range(2):
        elsewhere.session().sampler("local-simulator", cirq.ZerosSampler()).run(BELL, repetitions=1)
    counted = {"chemistry": "monthly", "everything": "yearly"}
    used = elsewhere.ledger.usage(counted, NOW).values
    assert used["chemistry"]["spent_micros"] == 0
    assert used["everything"]["spent_micros"] == 2_000_000
    here = gate(tmp_path / "here", model=model_with(budget=bound, backends=["local-simulator"]))
    sampler = here.session().sampler("local-simulator", cirq.ZerosSampler())
    sampler.run(BELL, repetitions=1)
    with pytest.raises(Denied, match="budget-exceeded"):
        sampler.run(BELL, repetitions=1)
    assert here.ledger.usage(counted, NOW).values["chemistry"]["spent_micros"] == 1_000_000


class Clocked:
    """A gateway under a budget of so many euros for a period, at a time that is set; a job costs
    one euro."""

    def __init__(self, folder: Path, period: Any, limit: str = "1.00 EUR", **also: Any) -> None:
        self.now = NOW
        budget = {"period": period, "limit": limit, "stopAt": "100%"}
        model = model_with(budget=budget, **also)
        self.gated = gate(folder, clock=lambda: self.now, model=model)

    def run(self, at: str) -> None:
        """Run a job. Raises Denied."""
        self.now = datetime.fromisoformat(at)
        token = {**IDENTITY.context["token"], "issued_at": at}
        identity = Identity(IDENTITY.subject, {**IDENTITY.context, "token": token})
        self.gated.session(identity=identity).sampler("local-simulator", Recording()).run(BELL)


def test_a_window_is_free_again_to_the_instant(tmp_path: Path) -> None:
    clocked = Clocked(tmp_path, "28d")
    clocked.run("2026-11-23T10:00:00.250000+00:00")
    with pytest.raises(Denied, match=r"denied \(budget-exceeded\)$"):
        clocked.run("2026-12-21T10:00:00.249999+00:00")
    clocked.run("2026-12-21T10:00:00.250000+00:00")
    with pytest.raises(Denied, match="budget-exceeded"):
        clocked.run("2027-01-01T00:00:00+00:00")


def test_one_off_money_never_starts_afresh(tmp_path: Path) -> None:
    clocked = Clocked(tmp_path, "once")
    clocked.run("2026-11-23T10:00:00+00:00")
    with pytest.raises(Denied, match="budget-exceeded"):
        clocked.run("2036-11-23T10:00:00+00:00")


def test_a_campaign_has_money_while_it_goes_and_the_gateway_says_when(tmp_path: Path) -> None:
    period = {"from": "2026-12-01", "until": "2026-12-05T12:00:00Z"}
    clocked = Clocked(tmp_path, period, "2.00 EUR")
    when = "from 2026-12-01 until 2026-12-05T12:00:00Z"
    told = rf"denied \(budget-exceeded\): of the budget chemistry, the campaign has not begun: it goes {when}$"
    with pytest.raises(Denied, match=told):
        clocked.run("2026-11-30T23:59:59.999999+00:00")
    clocked.run("2026-12-01T00:00:00+00:00")
    clocked.run("2026-12-05T11:59:59.999999+00:00")
    with pytest.raises(Denied, match=r"denied \(budget-exceeded\)$"):
        clocked.run("2026-12-05T11:59:59.999999+00:00")
    with pytest.raises(Denied, match=rf"the campaign has ended: it went {when}$"):
        clocked.run("2026-12-05T12:00:00+00:00")
    assert [event["unmapped"]["stage"] for event in events(tmp_path / "jobs.jsonl")].count(
        "succeeded"
    ) == 2


def test_a_quota_counts_over_its_window(tmp_path: Path) -> None:
    quotas = [{"measure": "jobs", "per": "36h", "limit": 1, "warnAt": ["100%"]}]
    clocked = Clocked(tmp_path, "yearly", "99.00 EUR", quotas=quotas)
    clocked.run("2026-11-23T10:00:00+00:00")
    with pytest.raises(Denied, match="quota-exceeded"):
        clocked.run("2026-11-24T21:59:59+00:00")
    clocked.run("2026-11-24T22:00:00+00:00")
    admin = [e["message"] for e in events(tmp_path / "admin.jsonl")]
    assert [message for message in admin if "jobs/36h" in message] == [
        "100 % of jobs/36h reached",
        "100 % of jobs/36h reached",
        "100 % of jobs/36h reached",
        "100 % of jobs/36h reached",
    ]
