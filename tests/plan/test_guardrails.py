"""Guardrails are judged on the head, those that a change takes away included."""

from __future__ import annotations

from qgov.render.plan_markdown import as_markdown
from qgov.render.plan_text import as_text
from tests.plan.worlds import BASELINE, changed, plan_of

ATLAS, ORGANIZATION = "tenants/atlas.yaml", "qgov.yaml"
NEVER = (
    "    never:\n"
    "      - {name: no-standing-jobs, why: Budgets., principals: ['group:*'], "
    "permissions: [job:submit], scopes: ['*/production'], standingOnly: true}\n"
)
ALWAYS = (
    "    always:\n"
    "      - {name: somebody-audits, why: Records., principals: ['group:*'], "
    "permissions: [audit:read]}\n"
)
RAILS = f"  guardrails:\n{NEVER}{ALWAYS}"
GUARDED = changed(BASELINE, {ORGANIZATION: {"  bindings:\n": f"{RAILS}  bindings:\n"}})
STANDING = {", eligible: {approvers: atlas-leads, maxDuration: 4h, ticket: required}": ""}


def told(name: str, **found: object) -> dict[str, object]:
    return {"name": name, "removed": False, "broken_by": "", **found}


def judged(before: dict[str, str], after: dict[str, str]) -> list[dict[str, object]]:
    return [
        {"name": g.name, "holds": g.holds, "removed": g.removed, "broken_by": g.broken_by}
        for g in plan_of(before, after).guardrails
    ]


def test_guardrails_that_hold_are_counted() -> None:
    plan = plan_of(GUARDED, changed(GUARDED, {ATLAS: {"15m": "10m"}}))

    assert [(g.kind, g.name, g.holds) for g in plan.guardrails] == [
        ("always", "somebody-audits", True),
        ("never", "no-standing-jobs", True),
    ]
    assert "2 of 2 guardrails hold" in " ".join(as_text(plan).split())
    assert plan.overrun == ()


def test_a_guardrail_that_a_change_breaks_is_a_finding() -> None:
    after = changed(GUARDED, {ATLAS: STANDING})
    plan = plan_of(GUARDED, after)

    assert [f.code for f in plan.new_findings if f.code == "QG981"] == ["QG981"]
    assert told(
        "no-standing-jobs",
        holds=False,
        broken_by="`group:atlas-developers` may `job:submit` on `atlas/production/chemistry` "
        "with `garnet`",
    ) in judged(GUARDED, after)
    assert plan.overrun == ()


def test_a_change_cannot_remove_the_guardrail_that_it_runs_into() -> None:
    after = changed(GUARDED, {ATLAS: STANDING, ORGANIZATION: {NEVER: ""}})
    plan = plan_of(GUARDED, after)

    assert [g.name for g in plan.overrun] == ["no-standing-jobs"]
    for page in (as_text(plan), as_markdown(plan)):
        assert "no-standing-jobs" in page
        assert "removes the guardrail" in " ".join(page.split())


def test_a_guardrail_may_be_removed_when_nothing_runs_into_it() -> None:
    plan = plan_of(GUARDED, changed(GUARDED, {ORGANIZATION: {NEVER: ""}}))

    assert [(g.name, g.holds, g.removed) for g in plan.guardrails if g.removed] == [
        ("no-standing-jobs", True, True)
    ]
    assert plan.overrun == ()


def test_a_guardrail_that_was_broken_before_may_be_removed() -> None:
    before = changed(GUARDED, {ATLAS: STANDING})

    assert plan_of(before, changed(before, {ORGANIZATION: {NEVER: ""}})).overrun == ()


def test_what_only_other_tenants_could_tell_is_not_judged() -> None:
    only_borealis = "principals: ['group:borealis-*'], permissions: [job:submit]"
    before = changed(
        GUARDED,
        {ORGANIZATION: {"principals: ['group:*'], permissions: [audit:read]": only_borealis}},
    )
    plan = plan_of(before, changed(before, {ATLAS: {"15m": "10m"}}))

    assert [g.holds for g in plan.guardrails if g.kind == "always"] == [None]
    assert "1 rest on tenants not loaded" in " ".join(as_text(plan).split())


def test_without_a_head_there_is_nothing_to_judge() -> None:
    assert plan_of(GUARDED, None).guardrails == ()
