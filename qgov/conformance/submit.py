"""One submission: a circuit goes through the gateway to a stand-in for the device, and what
was decided, measured, listed and written down is compared.

An allowed one counts only when the histogram is the entangled one; a denied one only when
the engine's job list did not grow and the audit says why.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from msgspec import Struct

from qgov.conformance.case import Assertion, Case, Jobs, Result, problems_with, specified
from qgov.conformance.devices import Device, counted, unlike_entangled
from qgov.decision.bundle import Bundle
from qgov.decision.decision import Decision
from qgov.decision.engine import UNANSWERED, Closing, Engine
from qgov.decision.request_parts import RequestJson
from qgov.gateway.audit import AuditError, AuditLog, events, verify
from qgov.gateway.circuits import work_of
from qgov.gateway.gateway import Denied, Gateway, Refused
from qgov.gateway.ledger import Ledger
from qgov.identity.identity import Identity
from qgov.model.access_model import AccessModel
from qgov.records import replace

__all__ = ["Stand", "submit"]

OF_SIZE: Final = frozenset({"job-too-large", "quota-exceeded", "budget-exceeded"})
"""Denials that fewer repetitions may avoid: what a job costs, only the gateway knows."""

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
"""Where ledgers and logs lie, if there is such a place: they need not outlive the power, and
flushing each to a disk would take most of the run."""

FEWEST: Final = 10
FILLED_IN: Final = ("time", "job", "usage")
"""What the gateway writes into the context, no matter what it is given."""


class Stand(Struct, frozen=True):
    """Where circuits are submitted: the documents, an engine with the bundle in it, and what
    makes gateways and devices, which tests replace by broken ones. `keep` is shown the folder
    of each submission's logs before it goes."""

    model: AccessModel
    engine: Engine
    bundle: Bundle
    gateway: Callable[..., Gateway] = Gateway
    device: Callable[..., Device] = Device
    keep: Callable[[Case, Path], None] = lambda _case, _folder: None


class _Recording(Closing):
    """The engine, and the last request that it was asked."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.asked: RequestJson | None = None
        self.answered: Decision = UNANSWERED

    @property
    def name(self) -> str:
        return self._engine.name

    def decide(self, requests: Sequence[RequestJson]) -> list[Decision]:
        self.asked, self.answered = requests[-1], UNANSWERED
        found = self._engine.decide(requests)
        self.answered = found[-1]
        return found


def submit(case: Case, stand: Stand) -> Result:
    """Submit a case's circuit. Where the documents allow it but for its size, again with
    fewer repetitions."""
    assert case.submission is not None
    repetitions = case.submission.repetitions
    while True:
        result = _submit(case, stand, repetitions)
        too_much = case.expect == "allow" and set(result.case.reasons) & OF_SIZE
        if not (too_much and set(result.case.reasons) <= OF_SIZE and repetitions > FEWEST):
            return result
        repetitions //= 2


def _submit(case: Case, stand: Stand, repetitions: int) -> Result:
    assert case.submission is not None
    device = stand.device(case.backend, stand.model.organization.backends[case.backend].value)
    width, engine = case.submission.width, _Recording(stand.engine)
    try:
        circuit = device.circuit(width)
    except ValueError as error:
        return Result(case, engine.name, UNANSWERED, (f"{case.backend}: {error}",))
    before, problems = device.jobs(), list[str]()
    decision, histogram, event = UNANSWERED, None, ""
    moment = datetime.fromisoformat(case.request["context"]["time"])
    with _gateway(stand, engine, moment) as (gateway, folder):
        session = gateway.session(_identity(case), case.scope)
        try:
            measured = session.sampler(case.backend, device.sampler).run(
                circuit, repetitions=repetitions
            )
            decision, histogram = engine.answered, counted(measured)
        except Denied as denied:
            decision, event = denied.decision, denied.event
            problems += [str(denied.cause)] if denied.cause is not None else []
        except (Refused, AuditError, ValueError, RuntimeError, KeyError) as error:
            problems.append(f"{type(error).__name__}: {error}")
            decision = engine.answered
        finally:
            jobs = Jobs(before, device.jobs())
        told, unsound = _audit(folder)
        stand.keep(case, folder)
    case = _expected(case, stand.model, engine.asked)
    problems += problems_with(case, decision)
    if histogram is not None and (why := unlike_entangled(histogram, width, repetitions)):
        problems.append(f"wrong histogram: {why}")
    problems += _received(decision, jobs, histogram)
    problems += unsound + _silent(decision, event, told)
    return Result(
        case,
        engine.name,
        decision,
        tuple(problems),
        circuit_sha256=work_of(circuit, repetitions=repetitions).sha256,
        histogram=histogram,
        jobs=jobs,
        audit=tuple(told),
    )


def _identity(case: Case) -> Identity:
    context = case.request["context"]
    given = {name: value for name, value in context.items() if name not in FILLED_IN}
    return Identity(subject=case.request["subject"], context=given)


@contextmanager
def _gateway(stand: Stand, engine: _Recording, moment: datetime) -> Iterator[tuple[Gateway, Path]]:
    """A gateway that nobody has used, so that one submission never depends on another."""
    numbers = count(1)
    scratch = MEMORY if os.access(MEMORY, os.W_OK) else None
    with TemporaryDirectory(prefix="qgov-conform-", dir=scratch) as name:
        folder = Path(name)
        ledger = Ledger(folder / "ledger.sqlite", "conform")
        with (
            AuditLog(folder / "jobs.jsonl", "jobs") as jobs,
            AuditLog(folder / "admin.jsonl", "admin") as admin,
        ):
            try:
                yield (
                    stand.gateway(
                        engine=engine,
                        bundle=stand.bundle,
                        ledger=ledger,
                        jobs=jobs,
                        admin=admin,
                        clock=lambda: moment,
                        new_id=lambda: f"conform-{next(numbers)}",
                    ),
                    folder,
                )
            finally:
                ledger.close()


def _expected(case: Case, model: AccessModel, asked: RequestJson | None) -> Case:
    """The case with what was really asked, and what the specification says of it."""
    if asked is None:
        return case
    assertion = Assertion(case.reasons[0]) if case.reasons else Assertion()
    if not case.reasons and case.expect == "deny":
        found = specified(model, replace(case, request=asked), Assertion(spares="none"))
        allowed = "the specification allows it, the documents deny it"
        return replace(found, contradiction=allowed if found.expect == "allow" else "")
    return specified(model, replace(case, request=asked), assertion)


def _audit(folder: Path) -> tuple[dict[str, Mapping[str, Any]], list[str]]:
    """The job's events by id, and what is wrong with the logs."""
    problems = [
        f"the audit log {stream} does not verify: {found.problems[0].message}"
        for stream in ("jobs", "admin")
        if not (found := verify(folder / f"{stream}.jsonl", stream)).sound
    ]
    try:
        told = {str(e["metadata"]["uid"]): e for e in events(folder / "jobs.jsonl")}
    except AuditError as error:
        return {}, [*problems, str(error)]
    return told, problems


def _received(decision: Decision, jobs: Jobs, histogram: Mapping[str, int] | None) -> list[str]:
    """Whether the engine received what it should."""
    grown = jobs.after - jobs.before
    if not decision.allow:
        return [f"the engine received {grown} jobs though it was denied"] if grown else []
    if histogram is None or grown != 1:
        return [f"the engine received {grown} jobs instead of one"]
    return []


def _silent(decision: Decision, event: str, told: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What the audit should say and does not."""
    stages = {e.get("unmapped", {}).get("stage") for e in told.values()}
    if decision.allow:
        missing = sorted({"started", "succeeded"} - stages)
        return [f"the audit does not say that the job {' and '.join(missing)}"] if missing else []
    said = told.get(event, {}).get("unmapped", {}).get("reasons", ())
    if set(said) != set(decision.reasons):
        given = ", ".join(said) or "nothing"
        return [f"the audit gives {given} as reasons for {', '.join(decision.reasons)}"]
    return []
