"""Tables: a row for each fact, with its line, and nothing in them that does something."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from qgov.evidence.procedure import steps
from qgov.model.access_model import AccessModel
from qgov.model.accesses import accesses
from qgov.render.tables import Table, as_csv, tables
from tests.plan.worlds import BASELINE, changed
from tests.strategies import linked
from tests.targets.worked import worked


def model_of(files: dict[str, str]) -> AccessModel:
    return linked({path: text.encode() for path, text in files.items()})


ACME = model_of(BASELINE)


def table(name: str, model: AccessModel | None = ACME) -> Table:
    return next(each for each in tables(model) if each.name == name)


def rows(name: str, model: AccessModel | None = ACME, **wanted: str) -> list[dict[str, Any]]:
    found = table(name, model)
    every = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
    return [row for row in every if all(row[n.replace("_", " ")] == v for n, v in wanted.items())]


@pytest.mark.parametrize("model", [ACME, worked()], ids=["small", "worked"])
def test_every_row_has_a_cell_for_each_column(model: AccessModel) -> None:
    for each in tables(model):
        assert each.rows
        assert {len(row) for row in each.rows} == {len(each.columns)}
        assert len(set(each.columns)) == len(each.columns)


def test_the_empty_repository_has_empty_tables() -> None:
    assert [each.rows for each in tables(None)] == [()] * len(tables(ACME))


def test_the_access_table_has_every_path() -> None:
    assert len(rows("access")) == sum(map(len, accesses(ACME).values()))
    (row,) = rows(
        "access",
        principal="group:atlas-developers",
        permission="job:submit",
        scope="atlas/production/chemistry",
        backend="garnet",
    )
    assert row["held"] == "just in time"
    assert row["approvers"] == "atlas-leads"
    assert (row["mfa"], row["managed device"], row["token age"]) == ("yes", "yes", "8h")
    assert row["countries"] == "DE, FI, FR"
    assert row["job limits"] == "shots 50,000, circuits 100"
    assert row["budgets"] == "atlas"
    assert row["job approval"] == "by finance above 50.00 EUR"
    assert row["source"].startswith("tenants/atlas.yaml:")


def test_an_elevated_persons_access_says_until_when() -> None:
    found = [row for row in rows("access", worked()) if row["held"] == "elevated"]

    assert found
    assert {row["principal"].partition(":")[0] for row in found} == {"user"}
    assert all(row["until"].endswith("Z") for row in found)


def test_sign_in_has_a_row_for_each_environment() -> None:
    (row,) = rows("authentication", scope="atlas/production")
    assert (row["tier"], row["provider"], row["provider mfa"]) == (
        "production",
        "corporate",
        "enforced",
    )
    assert (row["mfa"], row["managed device"], row["token age"]) == ("yes", "yes", "8h")
    assert len(rows("authentication")) == 6


def test_budgets_quotas_and_approvals_are_rows_of_one_table() -> None:
    assert [(r["measure"], r["limit"], r["stops at"]) for r in rows("quotas", budget="atlas")] == [
        ("money", "1,000.00 EUR", "100%"),
        ("approval", "above 50.00 EUR on qpu, by finance, valid 7d", ""),
    ]
    assert {r["measure"] for r in rows("quotas", worked())} > {"jobs", "shots"}


def test_retention_says_where_and_how_long() -> None:
    (row,) = rows("retention", tenant="atlas", records="auditLogs")
    assert (row["kept"], row["store"], row["immutable"]) == ("7y", "audit-vault", "yes")
    assert len(rows("retention")) == 8


def test_residency_says_whether_a_backend_lies_inside() -> None:
    assert {(r["backend"], r["inside"]) for r in rows("residency")} == {
        ("simulator", "yes"),
        ("garnet", "yes"),
    }
    outside = model_of(
        changed(BASELINE, {"tenants/atlas.yaml": {"residency: [eu]": "residency: [uk]"}})
    )
    assert {
        (r["backend"], r["inside"]) for r in rows("residency", outside, scope="atlas/test")
    } == {
        ("simulator", "yes"),
        ("garnet", "no"),
    }


def test_vendors_say_what_they_operate() -> None:
    assert {(r["vendor"], r["operates"]) for r in rows("vendors")} == {
        ("acme", "simulator"),
        ("iqm", "garnet"),
        ("ionq", "forte"),
    }


def test_controls_name_rules_that_serve_them() -> None:
    (row,) = rows("controls", framework="NIST SP 800-53 r5.1.1", control="ac-5")
    assert int(row["rules"]) == len(row["codes"].split(", ")) > 0


@pytest.mark.parametrize("cell", ["=cmd()", "+1", "-1", "@SUM(1)", "\t=1", " =1", "\r=1", "\n@x"])
def test_a_spreadsheet_runs_nothing(cell: str) -> None:
    written = as_csv(Table("t", "T", ("a", "b"), ((cell, 'say "x", y'),))).decode()
    ((_, _), (inert, quoted)) = csv.reader(io.StringIO(written, newline=""))

    assert inert == f"'{cell.strip()}"
    assert quoted == 'say "x", y'


def test_what_is_not_unicode_is_written_as_bytes() -> None:
    assert as_csv(Table("t", "T", ("a",), (("\udcff",),))) == b"a\r\n\\udcff\r\n"


# --------------------------------------------------------------------- incident response


def test_the_procedure_names_who_acts_and_who_could() -> None:
    said = dict(steps(worked()))

    assert "security-reviewers acts" in said["Call somebody"][0]
    assert any(line.startswith("policy:write: group:") for line in said["Know who could"])
    assert any("write-once" in line for line in said["Keep the evidence"])


def test_without_a_plan_the_procedure_says_so() -> None:
    assert "nobody is named to act" in dict(steps(ACME))["Call somebody"][0]
    assert "result:export: nobody." in dict(steps(ACME))["Know who could"]
