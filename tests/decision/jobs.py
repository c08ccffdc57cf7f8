"""Cases about the job itself: each request, and why it is denied or what it is warned of."""

from __future__ import annotations

from typing import Any

from tests.decision.harness import DEVELOPER, PIPELINE, approval, asking, elevation

__all__ = ["ALLOWED_JOBS", "DENIED_JOBS", "EXPENSIVE"]

DEVICE = asking(
    DEVELOPER,
    environment="production",
    backend="iqm-garnet",
    elevations=[elevation()],
    estimated_simulator_seconds=0,
    estimated_qpu_seconds=2,
)
EXPENSIVE = asking(DEVICE, estimated_cost_micros=3_000_000)
"""A developer submits a job to a device that one budget wants an approval for."""

DEAR = asking(DEVICE, estimated_cost_micros=6_000_000)
"""One that two budgets want an approval for."""

BOTH = approval(
    max_cost_micros=6_000_000,
    approver_groups=["auditors", "leads"],
    approved_at="2026-11-23T09:30:00Z",
)


def approved(request: dict[str, Any], *given: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The request with approvals."""
    return asking(request, approvals=list(given), **changes)


ALLOWED_JOBS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "as many shots as the floor": (
        asking(DEVELOPER, shots=5000, used={"shots/day": 0}),
        {"quota-near"},
    ),
    "as many circuits as the role": (asking(DEVELOPER, circuits=10), set()),
    "as long as the binding": (asking(DEVELOPER, estimated_qpu_seconds=20), set()),
    "as wide as the device": (asking(DEVELOPER, qubits=20), set()),
    "as dear as the role": (
        asking(DEVELOPER, estimated_cost_micros=90_000_000, used={"spent_micros": 0}),
        {"budget-near"},
    ),
    "the last of the quota": (asking(DEVELOPER, used={"jobs/day": 9}), {"quota-near"}),
    "one before the soft quota": (asking(DEVELOPER, shots=4499), set()),
    "the soft quota": (asking(DEVELOPER, shots=4500), {"quota-near"}),
    "the last second of the month": (
        asking(DEVELOPER, estimated_qpu_seconds=20, used={"qpuSeconds/month": 40}),
        set(),
    ),
    "a fraction of the last second": (
        asking(DEVELOPER, estimated_qpu_seconds=19.001, used={"qpuSeconds/month": 40}),
        set(),
    ),
    "the last cent of the budget": (
        asking(DEVELOPER, used={"spent_micros": 98_250_000}),
        {"budget-near"},
    ),
    "one cent before the soft budget": (
        asking(DEVELOPER, used={"spent_micros": 78_240_000}),
        set(),
    ),
    "the soft budget": (asking(DEVELOPER, used={"spent_micros": 78_250_000}), {"budget-near"}),
    "an exception in force moves both thresholds": (
        asking(
            DEVELOPER,
            time="2026-11-23T12:00:00Z",
            issued_at="2026-11-23T11:55:00Z",
            used={"spent_micros": 108_250_000},
        ),
        {"budget-near"},
    ),
    "an exception in force, before its soft threshold": (
        asking(
            DEVELOPER,
            time="2026-11-23T17:59:59Z",
            issued_at="2026-11-23T17:55:00Z",
            used={"spent_micros": 88_240_000},
        ),
        set(),
    ),
    "a budget without a hard stop only warns": (
        asking(
            DEVELOPER,
            usage={**DEVELOPER["context"]["usage"], "everything": {"spent_micros": 10**12}},
        ),
        {"budget-near"},
    ),
    "a budget without a hard stop needs no usage": (
        asking(
            DEVELOPER,
            usage={k: v for k, v in DEVELOPER["context"]["usage"].items() if k == "chemistry"},
        ),
        set(),
    ),
    "another group's budget": (
        asking(
            DEVELOPER, usage={**DEVELOPER["context"]["usage"], "guests": {"spent_micros": 10**9}}
        ),
        set(),
    ),
    "a group's budget is not for who only claims the group": (
        asking(
            DEVELOPER,
            groups=["developers", "guests"],
            usage={**DEVELOPER["context"]["usage"], "guests": {"spent_micros": 10**9}},
        ),
        set(),
    ),
    "a quota of another backend": (asking(DEVELOPER, circuits=9), set()),
    "the last of a backend's quota": (asking(DEVICE, circuits=8), {"quota-near"}),
    "one before a backend's soft quota": (asking(DEVICE, circuits=5), set()),
    "the last amount without approval": (asking(DEVICE, estimated_cost_micros=2_000_000), set()),
    "no approval for a simulator": (asking(DEVELOPER, estimated_cost_micros=3_000_000), set()),
    "an approved job": (approved(EXPENSIVE, approval()), set()),
    "an approval of exactly the cost": (
        approved(EXPENSIVE, approval(max_cost_micros=3_000_000)),
        set(),
    ),
    "an approval of the subject in capitals": (
        approved(EXPENSIVE, approval(subject="MEI@northwind.example")),
        set(),
    ),
    "an approval of any backend": (approved(EXPENSIVE, approval(backend=...)), set()),
    "an approval of the whole tenant": (approved(EXPENSIVE, approval(scope="aurora")), set()),
    "an approval of everything": (approved(EXPENSIVE, approval(scope="*")), set()),
    "an approval without subject is the subject's": (
        approved(EXPENSIVE, approval(subject=...)),
        set(),
    ),
    "an approval without end lasts as the rule says": (
        approved(EXPENSIVE, approval(expires=..., approved_at="2026-11-16T10:00:01Z")),
        set(),
    ),
    "an approval that was just given": (
        approved(EXPENSIVE, approval(approved_at="2026-11-23T10:00:00Z")),
        set(),
    ),
    "one sound approval among bad ones": (
        approved(EXPENSIVE, approval(max_cost_micros=1), approval(), approval(approved_by=...)),
        set(),
    ),
    "both budgets' approvers in one approval": (approved(DEAR, BOTH), set()),
    "each budget's approvers in an approval of their own": (
        approved(
            DEAR,
            approval(max_cost_micros=6_000_000),
            {**BOTH, "approver_groups": ["leads"], "approved_by": "lea@northwind.example"},
        ),
        set(),
    ),
    "a pipeline's approved job": (
        approved(
            asking(PIPELINE, estimated_cost_micros=3_000_000),
            approval(subject="aurora/nightly"),
        ),
        set(),
    ),
    "reading a job asks nothing of its size": (
        asking(DEVELOPER, name="job:read", job={}, usage={}),
        set(),
    ),
}

DENIED_JOBS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "one shot more than the floor": (
        asking(DEVELOPER, shots=8001, used={"shots/day": 0}),
        {"job-too-large", "quota-exceeded"},
    ),
    "one circuit more than the role": (asking(DEVELOPER, circuits=11), {"job-too-large"}),
    "a second more than the binding": (
        asking(DEVELOPER, estimated_qpu_seconds=31, used={"qpuSeconds/month": 0}),
        {"job-too-large"},
    ),
    "a fraction more than the binding": (
        asking(DEVELOPER, estimated_qpu_seconds=30.0001, used={"qpuSeconds/month": 0}),
        {"job-too-large"},
    ),
    "a qubit more than the device": (asking(DEVELOPER, qubits=21), {"job-too-large"}),
    "a qubit more than an entitled device": (
        asking(DEVELOPER, qubits=37, backend="forte"),
        {"job-too-large", "residency"},
    ),
    "a micro more than the role": (
        asking(DEVELOPER, estimated_cost_micros=90_000_001, used={"spent_micros": 0}),
        {"job-too-large"},
    ),
    "no number of shots": (asking(DEVELOPER, shots=...), {"context-missing"}),
    "a negative number of shots": (asking(DEVELOPER, shots=-1), {"context-missing"}),
    "a number of shots in words": (asking(DEVELOPER, shots="1000"), {"context-missing"}),
    "shots as a flag": (asking(DEVELOPER, shots=True), {"context-missing"}),
    "more than any number": (asking(DEVELOPER, shots=10**15 + 1), {"context-missing"}),
    "the largest number": (asking(DEVELOPER, shots=10**15), {"job-too-large", "quota-exceeded"}),
    "no width": (asking(DEVELOPER, qubits=...), {"context-missing"}),
    "no cost": (asking(DEVELOPER, estimated_cost_micros=...), {"context-missing"}),
    "no device time": (asking(DEVELOPER, estimated_qpu_seconds=...), {"context-missing"}),
    "a job of nothing": (asking(DEVELOPER, job={}), {"context-missing"}),
    "a job that is none": (asking(DEVELOPER, job="large"), {"context-missing"}),
    "one shot more than the quota of a job": (asking(DEVELOPER, shots=5001), {"quota-exceeded"}),
    "one job more than the day's": (
        asking(DEVELOPER, used={"jobs/day": 10}),
        {"quota-exceeded"},
    ),
    "one shot more than the day's": (
        asking(DEVELOPER, used={"shots/day": 19_001}),
        {"quota-exceeded"},
    ),
    "one second more than the month's": (
        asking(DEVELOPER, estimated_qpu_seconds=21),
        {"quota-exceeded"},
    ),
    "a fraction more than the month's": (
        asking(DEVELOPER, estimated_qpu_seconds=20.5),
        {"quota-exceeded"},
    ),
    "a fraction used of the month's last second": (
        asking(DEVELOPER, estimated_qpu_seconds=1, used={"qpuSeconds/month": 59.2}),
        {"quota-exceeded"},
    ),
    "a counter that is not said": (
        asking(DEVELOPER, used={"jobs/day": ...}),
        {"context-missing"},
    ),
    "a negative counter": (asking(DEVELOPER, used={"jobs/day": -5}), {"context-missing"}),
    "no usage": (asking(DEVELOPER, usage={}), {"context-missing"}),
    "usage that is none": (asking(DEVELOPER, usage=[1]), {"context-missing"}),
    "one micro more than the budget": (
        asking(DEVELOPER, used={"spent_micros": 98_250_001}),
        {"budget-exceeded"},
    ),
    "a budget's spending that is not said": (
        asking(DEVELOPER, used={"spent_micros": ...}),
        {"context-missing"},
    ),
    "one micro more than an exception adds": (
        asking(
            DEVELOPER,
            time="2026-11-23T12:00:00Z",
            issued_at="2026-11-23T11:55:00Z",
            used={"spent_micros": 108_250_001},
        ),
        {"budget-exceeded"},
    ),
    "an exception to come": (
        asking(
            DEVELOPER,
            time="2026-11-23T11:59:59Z",
            issued_at="2026-11-23T11:55:00Z",
            used={"spent_micros": 98_250_001},
        ),
        {"budget-exceeded"},
    ),
    "an exception that has ended": (
        asking(
            DEVELOPER,
            time="2026-11-23T18:00:00Z",
            issued_at="2026-11-23T17:55:00Z",
            used={"spent_micros": 98_250_001},
        ),
        {"budget-exceeded"},
    ),
    "an exception without a time": (
        asking(DEVELOPER, time=..., used={"spent_micros": 98_250_001}),
        {"budget-exceeded", "context-missing"},
    ),
    "a group's own budget": (
        asking(
            DEVELOPER,
            groups=["guests"],
            issuer="https://partner.okta.example",
            audience="qgov-partner",
            usage={**DEVELOPER["context"]["usage"], "guests": {"spent_micros": 3_250_001}},
        ),
        {"budget-exceeded", "tenant-mismatch"},
    ),
    "one more than a backend's quota": (asking(DEVICE, circuits=9), {"quota-exceeded"}),
    "one more than a quota of some backends, on none": (
        asking(DEVICE, circuits=9, backend=...),
        {"context-missing", "quota-exceeded"},
    ),
    "one more than a quota of other backends, on no such": (
        asking(DEVICE, circuits=9, backend="abacus"),
        {"backend-not-entitled"},
    ),
    "a micro more than goes without approval": (
        asking(DEVICE, estimated_cost_micros=2_000_001),
        {"approval-required"},
    ),
    "another subject's approval": (
        approved(EXPENSIVE, approval(subject="tom@northwind.example")),
        {"approval-required"},
    ),
    "an approval of another place": (
        approved(EXPENSIVE, approval(scope="aurora/sandbox/chemistry")),
        {"approval-required"},
    ),
    "an approval of a scope that only begins alike": (
        approved(EXPENSIVE, approval(scope="aurora/production/chem")),
        {"approval-required"},
    ),
    "an approval of no place": (approved(EXPENSIVE, approval(scope=...)), {"approval-required"}),
    "an approval of another backend": (
        approved(EXPENSIVE, approval(backend="forte")),
        {"approval-required"},
    ),
    "an approval of a backend that there is not": (
        approved(EXPENSIVE, approval(backend="abacus"), backend="abacus"),
        {"backend-not-entitled"},
    ),
    "no sound approval of a backend that there is not": (
        approved(EXPENSIVE, approval(approved_by=...), backend="abacus"),
        {"backend-not-entitled"},
    ),
    "an approval that cannot be read": (
        approved(EXPENSIVE, approval(max_cost_micros="much")),
        {"approval-required"},
    ),
    "an approval of a micro less": (
        approved(EXPENSIVE, approval(max_cost_micros=2_999_999)),
        {"approval-invalid"},
    ),
    "an approval of no amount": (
        approved(EXPENSIVE, approval(max_cost_micros=...)),
        {"approval-invalid"},
    ),
    "an approval by others": (
        approved(EXPENSIVE, approval(approver_groups=["developers", "leads"])),
        {"approval-invalid"},
    ),
    "an approval by nobody": (approved(EXPENSIVE, approval(approved_by=...)), {"approval-invalid"}),
    "an approval by the subject": (
        approved(EXPENSIVE, approval(approved_by="mei@northwind.example")),
        {"approval-invalid"},
    ),
    "an approval by the subject in capitals": (
        approved(EXPENSIVE, approval(approved_by="MEI@northwind.example")),
        {"approval-invalid"},
    ),
    "an approval by who asked in capitals": (
        approved(EXPENSIVE, approval(requested_by="Ines@northwind.example")),
        {"approval-invalid"},
    ),
    "an approval by who asked": (
        approved(EXPENSIVE, approval(requested_by="ines@northwind.example")),
        {"approval-invalid"},
    ),
    "an approval to come": (
        approved(EXPENSIVE, approval(approved_at="2026-11-23T10:00:01Z")),
        {"approval-invalid"},
    ),
    "an approval of no time": (
        approved(EXPENSIVE, approval(approved_at=...)),
        {"approval-invalid"},
    ),
    "an approval that has ended": (
        approved(EXPENSIVE, approval(expires="2026-11-23T10:00:00Z")),
        {"approval-invalid"},
    ),
    "an approval older than the rule allows": (
        approved(EXPENSIVE, approval(approved_at="2026-11-16T10:00:00Z")),
        {"approval-invalid"},
    ),
    "one budget's approvers where two are asked": (
        approved(DEAR, approval(max_cost_micros=6_000_000)),
        {"approval-invalid"},
    ),
    "an approval too old for the stricter rule": (
        approved(DEAR, {**BOTH, "approved_at": "2026-11-23T09:00:00Z"}),
        {"approval-invalid"},
    ),
    "an approval without a time": (
        approved(EXPENSIVE, approval(), time=...),
        {"approval-invalid", "context-missing"},
    ),
    "too much of everything": (
        asking(
            EXPENSIVE,
            shots=8001,
            mfa=False,
            used={"spent_micros": 10**12, "jobs/day": 10},
        ),
        {
            "job-too-large",
            "quota-exceeded",
            "budget-exceeded",
            "approval-required",
            "mfa-missing",
        },
    ),
}
