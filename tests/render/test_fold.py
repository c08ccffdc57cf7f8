"""What a reviewer reads first: whose identity moves, what stops the change, who must approve."""

from __future__ import annotations

import re

import pytest

from qgov.plan.plan import Plan
from qgov.render.plan_markdown import as_markdown
from qgov.render.plan_text import as_text
from tests.plan.worlds import BASELINE, changed, plan_of
from tests.render.test_nothing_cut import BEFORE

ORGANIZATION = "qgov.yaml"
SCREEN = 24
"""Lines of a terminal."""


def takeover() -> Plan:
    """An issuer among thirty other changes."""
    text = BEFORE[ORGANIZATION]
    text = re.sub(r"(q[12]?\d: \{priority: )500", r"\g<1>900", text)
    text = text.replace("perTask: 0.30 EUR", "perTask: 0.31 EUR")
    return plan_of(
        BEFORE,
        BEFORE
        | {ORGANIZATION: text.replace("//id.acme.example/realms", "//id.acrne.example/realms")},
    )


def test_a_takeover_is_the_first_thing_one_reads() -> None:
    plan = takeover()
    assert len(plan.concerns) > 30
    lines = as_text(plan).splitlines()

    assert lines[0].startswith("TRUST CHANGES: identity provider corporate, issuer")
    assert all(len(line) <= 80 for line in lines[:SCREEN])
    first = "\n".join(lines[:SCREEN])
    assert "must approve: admins" in first
    assert "CRITICAL  Organization/acme: spec.identityProviders.corporate.issuer" in first
    assert "https://id.acrne.example/realms/quantum" in first
    markdown = as_markdown(plan)
    assert markdown.splitlines()[1].startswith("### TRUST CHANGES: identity provider corporate")
    assert markdown.index("acrne") < markdown.index("priority")


@pytest.mark.parametrize("form", [as_text, as_markdown], ids=["text", "markdown"])
def test_errors_and_approvals_stand_above_the_accesses(form: object) -> None:
    broken = changed(
        BASELINE,
        {
            "tenants/atlas.yaml": {"residency: [eu]": "residency: [uk]"},
            "roles/reader.yaml": {"[usage:read, log:read]": "[usage:read, log:read, job:submit]"},
        },
    )
    plan = plan_of(BASELINE, broken)
    told = form(plan)  # type: ignore[operator]
    first = told[: re.search(r"^(GAINS|TRUST|#### )", told, re.MULTILINE).start()]  # type: ignore[union-attr]

    errors = [f for f in plan.new_findings if f.severity == "error"]
    assert errors
    assert f"{len(errors)} new error" in first
    assert all(finding.code in first for finding in errors)
    assert "must approve" in first.lower()
    assert all(approval.by in first for approval in plan.approvals)


def test_that_nobody_is_asked_stands_there_too() -> None:
    before = {
        path: re.sub(r"  review:\n(?:    .*\n)+", "", text) for path, text in BASELINE.items()
    }
    plan = plan_of(before, changed(before, {ORGANIZATION: {"priority: 500": "priority: 900"}}))

    assert "NOBODY IS ASKED" in "\n".join(as_text(plan).splitlines()[:4])
    assert "NOBODY IS ASKED" in as_markdown(plan).split("#### ")[0]
