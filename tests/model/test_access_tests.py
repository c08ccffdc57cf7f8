"""An access test on what does not exist fails, at its place: it would expect nothing."""

from __future__ import annotations

import pytest

from qgov.pipeline import load
from tests.plan.worlds import BASELINE

CASE = """\
apiVersion: qgov/v1
kind: AccessTest
metadata: {name: atlas}
spec:
  cases:
    - name: a developer submits
      subject: {groups: [atlas-developers]}
      action: job:submit
      resource: {scope: atlas/sandbox/chemistry, backend: simulator}
      context: {spent: {atlas: 1.00 EUR}, used: {atlas: {jobs/day: 1}}, approvals: [{approvedBy: a@b.example, group: finance, upTo: 1.00 EUR}]}
      expect: allow
    - name: the service account submits
      subject: {workload: atlas/nightly}
      action: job:submit
      resource: {scope: atlas/sandbox/chemistry, backend: simulator}
      expect: allow
"""
ABSENT = {
    "tenant": (
        "atlas/sandbox/chemistry, b",
        "atlsa/sandbox/chemistry, b",
        "QG203",
        "9:25",
        "atlas",
    ),
    "environment": (
        "atlas/sandbox/chemistry, b",
        "atlas/sandbx/chemistry, b",
        "QG204",
        "9:25",
        "sandbox",
    ),
    "project": (
        "atlas/sandbox/chemistry, b",
        "atlas/sandbox/chemistri, b",
        "QG205",
        "9:25",
        "chemistry",
    ),
    "group": ("[atlas-developers]", "[atlas-develpers]", "QG202", "7:26", "atlas-developers"),
    "backend": ("backend: simulator", "backend: simulatr", "QG206", "9:59", "simulator"),
    "permission": ("action: job:submit", "action: job:sumbit", "QG128", "8:15", "job:submit"),
    "workload": ("atlas/nightly", "atlas/nightli", "QG215", "13:27", "atlas/nightly"),
    "budget": ("spent: {atlas", "spent: {atls", "QG211", "10:31", "atlas"),
    "approvers": ("group: finance", "group: finnce", "QG202", "10:118", "finance"),
}


def found(text: str) -> list[tuple[str, str, str]]:
    loaded = load({p: t.encode() for p, t in {**BASELINE, "tests/access/atlas.yaml": text}.items()})
    return [
        (f.code, f"{f.origin.line}:{f.origin.column}", f.message)
        for f in loaded.findings
        if f.origin.path == "tests/access/atlas.yaml"
    ]


def test_what_is_there_is_well() -> None:
    assert found(CASE) == []


@pytest.mark.parametrize("name", ABSENT)
def test_what_is_not_there_is_an_error_at_its_place(name: str) -> None:
    right, wrong, code, place, meant = ABSENT[name]
    told = found(CASE.replace(right, wrong, 1))

    assert [(f[0], f[1]) for f in told] == [(code, place)]
    assert f"did you mean `{meant}`?" in told[0][2]


def test_a_case_may_be_about_a_place_that_is_not_there() -> None:
    denied = CASE.replace("expect: allow", "expect: deny\n      reasons: [scope-unknown]")

    assert found(denied.replace("atlas/sandbox/chemistry", "atlas/nowhere")) == []
    assert found(denied.replace("scope-unknown", "no-grant").replace("/sandbox/", "/nowhere/"))
