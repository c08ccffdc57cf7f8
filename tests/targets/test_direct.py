"""The lists of what is set up at vendors that are reached directly."""

from __future__ import annotations

from typing import Any

import pytest

from qgov.language.kinds.backend import BackendSpec
from qgov.model import principal as principals
from qgov.model.access_model import AccessModel
from qgov.model.tenants import VENDORS
from qgov.targets import Access
from qgov.targets.direct import TARGET
from tests.targets.direct import NIGHTLY, company

MONEY = {
    "scope": "aurora",
    "owner": "leads",
    "budget": {"period": "monthly", "limit": "800.00 EUR", "stopAt": "50%"},
}
SECONDS = {
    "scope": "aurora/*/chemistry",
    "owner": "leads",
    "quotas": [
        {"measure": "qpuSeconds", "per": "month", "limit": 90},
        {"measure": "qpuSeconds", "per": "job", "limit": 5},
    ],
}


def tasks(model: AccessModel, cloud: str) -> list[str]:
    """What is to be ticked off."""
    text = TARGET.emit(model)[f"terraform/tenants/aurora/{cloud}/steps.md"].decode()
    return [line.removeprefix("- [ ] ") for line in text.splitlines() if line.startswith("- [ ]")]


@pytest.mark.parametrize("cloud", VENDORS)
def test_each_vendor_has_a_list(cloud: str) -> None:
    assert cloud in str(BackendSpec.model_json_schema()["properties"]["cloud"])
    found = tasks(company(cloud), cloud)
    assert any("`aurora`" in task for task in found)
    assert any("`qpu.forte-1`, and no other" in task for task in found)


@pytest.mark.parametrize(
    ("cloud", "bounds"),
    [
        ("ionq", ["The project's budget is at most 400.00 EUR monthly (budget `b0`)."]),
        (
            "iqm",
            [
                "The project is given credits for at most 400.00 EUR monthly (budget `b0`).",
                "The project is given credits for at most 90 s of QPU time a month (budget `b1`).",
            ],
        ),
        ("rigetti", ["The group is billed for at most 400.00 EUR monthly (budget `b0`)."]),
        ("quantinuum", []),
    ],
)
def test_a_budget_arrives_where_the_vendor_counts_it(cloud: str, bounds: list[str]) -> None:
    model = company(cloud, MONEY, SECONDS)
    assert [task for task in tasks(model, cloud) if "budget `" in task] == bounds
    silent = [f.message for f in TARGET.unsupported(model)]
    assert bool(silent) == (not bounds)


@pytest.mark.parametrize(
    ("period", "says"),
    [
        ("28d", "400.00 EUR in any 28d"),
        ("once", "400.00 EUR once"),
        (
            {"from": "2026-12-01", "until": "2027-03-01"},
            "400.00 EUR from 2026-12-01 until 2027-03-01",
        ),
    ],
)
def test_a_period_is_said_in_words(period: Any, says: str) -> None:
    money = {**MONEY, "budget": {**MONEY["budget"], "period": period}}  # type: ignore[dict-item]
    seconds = {**SECONDS, "quotas": [{"measure": "qpuSeconds", "per": "28d", "limit": 90}]}
    assert [
        task for task in tasks(company("iqm", money, seconds), "iqm") if "budget `" in task
    ] == [
        f"The project is given credits for at most {says} (budget `b0`).",
        "The project is given credits for at most 90 s of QPU time in any 28d (budget `b1`).",
    ]


def test_an_amount_is_never_more_than_was_reviewed() -> None:
    money = {"period": "monthly", "limit": "9.9999 EUR", "stopAt": "100%"}
    (bound,) = (t for t in tasks(company("ionq", {**MONEY, "budget": money}), "ionq") if "EUR" in t)
    assert "at most 9.99 EUR monthly" in bound


@pytest.mark.parametrize(
    "other",
    [
        {**MONEY, "group": "staff"},
        {**MONEY, "scope": "aurora/*/elsewhere"},
        {**MONEY, "budget": {"period": "monthly", "limit": "800.00 EUR"}},
    ],
    ids=["of a group", "of another project", "without a stop"],
)
def test_what_bounds_nothing_is_said(other: dict[str, Any]) -> None:
    lab = {"tier": "test", "backends": ["device"], "projects": ["chemistry"]}
    shop = {"tier": "test", "projects": ["elsewhere"]}
    model = company("ionq", other, environments={"lab": lab, "shop": shop})
    (finding,) = TARGET.unsupported(model)
    assert (finding.code, finding.severity) == ("QG980", "warning")
    assert "IonQ stops nothing of `aurora`" in finding.message
    assert finding.document == "Tenant/aurora"


def test_who_is_let_in_is_read_back() -> None:
    eligible = {"approvers": "leads", "maxDuration": "4h", "ticket": "required"}
    later = {**NIGHTLY, "name": "later"}
    later["bindings"] = [{"role": "researcher", "on": "lab", "eligible": eligible}]
    model = company("ionq", MONEY, serviceAccounts=[NIGHTLY, later])
    (finding,) = TARGET.unsupported(model)
    assert "`aurora/later`" in finding.message
    files = TARGET.emit(model)
    assert TARGET.read_back is not None
    assert TARGET.read_back(files) == {
        Access(principals.group("staff"), "job:submit", "aurora/lab", eligible=False, own=False),
        Access(
            principals.workload("aurora/nightly"),
            "job:submit",
            "aurora/lab",
            eligible=False,
            own=False,
        ),
    }
    assert TARGET.read_back({"README.md": b"", "terraform/tenants/a": b""}) == frozenset()
