"""A huge change is told whole: what is not words has its place, or is counted by its concern."""

from __future__ import annotations

import re
from functools import cache

import pytest

from qgov.plan.plan import Plan
from qgov.render.plan_json import as_value
from qgov.render.plan_markdown import MOST, as_markdown
from qgov.render.plan_text import as_text
from qgov.render.plan_view import GAINS
from qgov.render.report import as_html
from tests.plan.worlds import BASELINE, changed, plan_of, sides_of

MANY = 400
ATLAS, ORGANIZATION = "tenants/atlas.yaml", "qgov.yaml"
SIGN_IN = "    corporate: {type: keycloak, issuer: https://id.acme.example/realms/quantum, "
QUEUE, STORE = "    governed: {priority: 500}\n", "    logs: {type: s3, jurisdiction: eu, "
FIRST = "    - {group: atlas-developers, role: developer, on: sandbox}\n"
GUARDRAILS = "  review:\n    low"


def _written(number: int) -> dict[str, str]:
    """The baseline with many of everything that can be many."""
    names = range(number)
    queues = "".join(f"    q{n}: {{priority: {{}}}}\n".replace("{}", "500") for n in names)
    never = "".join(
        f"      - {{name: rail-{n}, principals: ['group:g{n}'], permissions: [job:submit], why: w}}\n"
        for n in names
    )
    stores = "".join(
        f"    s{n}: {{type: s3, jurisdiction: eu, owner: admins, holds: [executionLogs]}}\n"
        for n in names
    )
    providers = "".join(
        f"    p{n}: {{type: keycloak, issuer: https://id.acme.example/{n}, realm: p{n}}}\n"
        for n in names
    )
    return changed(
        BASELINE,
        {
            ORGANIZATION: {
                QUEUE: QUEUE + queues,
                STORE: stores + STORE,
                GUARDRAILS: f"  guardrails:\n    never:\n{never}{GUARDRAILS}",
                "    admins: {members: 3}": "    admins: {members: 3, identityProvider: corporate}",
                "    deputies: {members: 2}": "    deputies: {members: 2, identityProvider: corporate}",
                "    auditors: {members: 2}": "    auditors: {members: 2, identityProvider: corporate}",
                "  groups:\n": f"{providers}  groups:\n",
            },
        },
    )


BEFORE = _written(MANY)


@cache
def _after() -> dict[str, str]:
    text = BEFORE[ORGANIZATION]
    text = re.sub(r"(q\d+: \{priority: )500", r"\g<1>900", text)
    text = re.sub(r"id\.acme\.example/(\d+)", r"id.stranger.example/\1", text)
    text = re.sub(r"(name: rail-\d+, principals: \['group:)g", r"\1h", text)
    text = re.sub(r"(    s\d+: .*)\[executionLogs\]", r"\1[executionLogs], encryption: none", text)
    text = text.replace("metadata: {name: acme}", "metadata: {name: acme, title: Acme}")
    bindings = "".join(
        f"    - {{group: g{n}, role: reader, on: sandbox, requires: {{maxTokenAge: {n + 60}s}}}}\n"
        for n in range(60)
    )
    tenant = BEFORE[ATLAS].replace(FIRST, FIRST + bindings)
    return BEFORE | {ORGANIZATION: text, ATLAS: tenant}


@cache
def _plan() -> Plan:
    return plan_of(BEFORE, _after())


FIELDS = {
    "trust": "spec.identityProviders.p{}.issuer",
    "records": "spec.stores.s{}.encryption",
    "operations": "spec.queues.q{}.priority",
}


def test_the_change_is_huge() -> None:
    assert len(_plan().concerns) >= 4 * MANY
    assert len(_plan().access) >= 60


@pytest.mark.parametrize("form", ["text", "html"])
def test_every_row_is_told(form: str) -> None:
    plan = _plan()
    base, head, _ = sides_of(BEFORE, _after())
    told = as_text(plan) if form == "text" else as_html(plan, base.model, head.model)

    for row in plan.concerns:
        assert row.change.field in told, row.change.field
    for n in range(60):
        assert f"group:g{n}" in told
    for found in re.findall(r"and [\d,]+ more of \w+(?: and [\d,]+ more of \w+)*", told):
        assert set(re.findall(r"of (\w+)", found)) == {"words"}
    for field in FIELDS.values():
        # In the section of its concern, and among the differences of its document.
        assert told.count(field.format(MANY - 1)) >= 2


def test_trust_and_rules_stand_above_the_gains() -> None:
    text, markdown = as_text(_plan()), as_markdown(_plan())

    assert text.index("\nTRUST\n") < text.index("\nRULES\n") < text.index(f"\n{GAINS.upper()}\n")
    titles = re.findall(r"^#### (.*)$", markdown, re.MULTILINE)
    assert titles[:3] == ["Trust", "Rules", "Gains"]


def test_a_comment_counts_what_it_leaves_out_by_its_concern() -> None:
    markdown = as_markdown(_plan())
    sections = dict(
        re.findall(r"^#### (\w+)\n(.*?)(?=^#### |\Z)", markdown, re.MULTILINE | re.DOTALL)
    )

    assert len(markdown.encode("utf-16-le")) // 2 <= MOST
    for title, concern in (
        ("Trust", "trust"),
        ("Rules", "rules"),
        ("Records", "records"),
        ("Operations", "operations"),
    ):
        told = len(set(re.findall(r"`spec\.[^`]+`", sections[title])))
        (left,) = re.findall(
            rf"\*\*([\d,]+)(?: more)? changes of {concern} do not fit here", sections[title]
        )
        assert told + int(left.replace(",", "")) == sum(
            row.change.concern == concern for row in _plan().concerns
        )
    assert "**60 groups on 1 scope**" in sections["Gains"]


def test_many_cases_that_go_are_told_by_name() -> None:
    cases = "".join(
        f"    - {{name: case {n}, subject: {{groups: [auditors]}}, action: audit:read,"
        " resource: {scope: atlas}, expect: allow}\n"
        for n in range(60)
    )
    tests = (
        f"apiVersion: qgov/v1\nkind: AccessTest\nmetadata: {{name: many}}\nspec:\n  cases:\n{cases}"
    )
    plan = plan_of(BASELINE | {"tests/access/many.yaml": tests}, BASELINE)
    text = " ".join(as_text(plan).split())

    assert 'change {cases: [60 by name: "case 0", "case 1", "case 10",' in text
    assert '"case 59"' in text
    assert len(as_text(plan).splitlines()) < 60
    (row,) = as_value(plan)["concerns"]
    assert len(row["before"]["cases"]) == 60
