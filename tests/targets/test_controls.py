"""What enforces each control, and what nothing enforces."""

from __future__ import annotations

from typing import Any

import pytest

from qgov.model.access_model import AccessModel
from qgov.targets import targets
from qgov.targets.control import Control, Kind, Where
from qgov.targets.controls import TARGET, enforced, unenforced
from tests.targets.aws import BUDGET, GARNET, LAB, company
from tests.targets.worked import worked

STANDING = {"group": "staff", "role": "researcher", "on": "lab"}
PLACE = ("aurora", "braket")


def left(**spec: Any) -> set[Kind]:
    """What `aurora` asks for and AWS does not enforce."""
    return set(unenforced(company(bindings=[STANDING], **spec))[PLACE])


def page(model: AccessModel) -> str:
    """The page."""
    (content,) = TARGET.emit(model).values()
    return content.decode()


TABLES = {cloud: table for each in targets().values() for cloud, table in each.controls.items()}


@pytest.mark.parametrize("name", TABLES)
def test_every_cloud_says_something_of_every_control(name: str) -> None:
    table = TABLES[name]
    assert set(table) == set(Kind)
    for row in table.values():
        for tenant in worked().tenants.values():
            if getattr(tenant.spec.clouds, name) is not None:
                said = row if isinstance(row, Control) else row(worked(), tenant)
                assert said.how
                assert not {"|", "\n", "<"} & set(said.how)
                assert not said.how.endswith(".")


@pytest.mark.parametrize(
    ("floor", "kind"),
    [
        ({"managedDevice": True}, Kind.MANAGED_DEVICE),
        ({"countries": ["DE"]}, Kind.COUNTRY),
        ({"job": {"shots": 5}}, Kind.JOB_SIZE),
    ],
)
def test_a_floor_that_the_cloud_does_not_enforce_is_told(floor: dict[str, Any], kind: Kind) -> None:
    free = {"backends": {"garnet": {**GARNET, "limits": {}}}}
    assert kind in left(floors=floor, **free)
    assert kind not in left(**free)


def test_what_the_cloud_enforces_is_not_told() -> None:
    found = left(floors={"mfa": True, "maxTokenAge": "1h"})
    assert not found & {Kind.SECOND_FACTOR, Kind.SIGN_IN_AGE, Kind.DEVICE, Kind.MONEY}


def test_money_that_nothing_stops_is_told_where_a_budget_does() -> None:
    part = {**LAB["lab"], "projects": ["chemistry", "optics"]}
    some = {**BUDGET, "scope": "aurora/*/chemistry"}
    assert Kind.MONEY in left(environments={"lab": part}, budget=some)


def test_where_nobody_may_submit_nothing_is_asked_for() -> None:
    model = company(floors={"managedDevice": True})
    assert unenforced(model) == {}
    assert TARGET.unsupported(model) == []
    assert "| `aurora` | [`braket`](#braket) | – |" in page(model)


def test_one_finding_tells_all_of_a_tenant_in_a_cloud() -> None:
    model = company(bindings=[STANDING], floors={"managedDevice": True, "countries": ["DE"]})
    (finding,) = TARGET.unsupported(model)
    assert (finding.code, finding.severity.value) == ("QG969", "warning")
    assert finding.document == "Tenant/aurora"
    assert "managed device; country" in finding.detail
    assert "device" not in finding.message, "who lacks something else has the same finding"


def test_a_control_that_depends_on_the_tenant_says_which() -> None:
    text = page(worked())
    assert "| on which device | native |" in text
    without = company(account={"account": "410000000101"})
    assert enforced(without)[PLACE][Kind.RETENTION].where is Where.NOBODY
    assert "| retention of results | nobody | no bucket for results is named | all |" in page(
        without
    )


def test_the_page_of_the_worked_repository_names_each_tenant_with_an_account() -> None:
    text = page(worked())
    for tenant in worked().tenants.values():
        for cloud in ("azure", "braket"):
            row = f"| `{tenant.name}` | [`{cloud}`](#{cloud}) |"
            assert (row in text) == (getattr(tenant.spec.clouds, cloud) is not None)
