"""What a change was meant to do against what it does, in three parts."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from qgov.language.intent import Intent, read_intent
from qgov.model.accesses import Cell
from qgov.model.conditions import Conditions
from qgov.model.principal import group
from qgov.plan.changes import Change, ChangedCell
from qgov.plan.intent import parted, reaches_all, undefined
from qgov.plan.plan import AccessChange, Intended, Plan
from qgov.render.plan_markdown import as_markdown
from qgov.render.plan_text import as_text
from tests.plan.worlds import BASELINE, changed, plan_of, sides_of

ATLAS, ORGANIZATION = "tenants/atlas.yaml", "qgov.yaml"
READS = {
    ATLAS: {
        '    - {group: operators, role: reader, on: "*"}\n': '    - {group: operators, role: reader, on: "*"}\n    - {group: atlas-guests, role: reader, on: sandbox}\n'
    }
}
GUESTS = changed(BASELINE, READS)
LOOSER = {ORGANIZATION: {"countries: [DE, FI, FR]": "countries: [DE, FI, FR, NL]"}}
OTHER = {ORGANIZATION: {"countries: [DE, FI, FR]": "countries: [DE, FI, NL]"}}

Key = tuple[str, str, str, str]


def intent(*statements: str) -> Intent:
    text = "intent:\n" + "".join(f"  - {{{statement}}}\n" for statement in statements)
    found, findings = read_intent("intent.yaml", (text if statements else "intent: []\n").encode())
    assert found is not None, findings
    return found


def answered(
    before: Mapping[str, str], after: Mapping[str, str], *statements: str
) -> tuple[Plan, Intended]:
    plan = plan_of(before, after, intent=intent(*statements))
    assert plan.intent is not None
    return plan, plan.intent


def rows(changes: tuple[AccessChange, ...]) -> set[Key]:
    return {(c.row.principal, c.row.permission, c.row.scope, str(c.row.change)) for c in changes}


GUEST = ("group:atlas-guests", "log:read", "atlas/sandbox", "granted")
GUEST_USAGE = ("group:atlas-guests", "usage:read", "atlas/sandbox", "granted")


def test_without_an_intent_nothing_is_said() -> None:
    plan = plan_of(BASELINE, GUESTS)

    assert plan.intent is None
    assert plan.unintended == ()
    assert "INTENT" not in as_text(plan)
    assert "Intent" not in as_markdown(plan)


def test_what_was_meant_and_happens_is_achieved() -> None:
    plan, found = answered(
        BASELINE,
        GUESTS,
        "gain: [log:read, usage:read], principals: ['group:atlas-guests'], scopes: [atlas/sandbox]",
    )

    assert rows(found.achieved) == {GUEST, GUEST_USAGE}
    assert (found.not_achieved, found.gained, found.lost, plan.unintended) == ((), (), (), ())
    assert "all of it is achieved, and nothing else is gained" in as_text(plan)


def test_a_gain_that_nobody_declared_is_outside() -> None:
    plan, found = answered(BASELINE, GUESTS, "gain: log:read, principals: ['group:*']")

    assert rows(found.achieved) == {GUEST}
    assert rows(found.gained) == rows(plan.unintended) == {GUEST_USAGE}
    told = as_text(plan).splitlines()
    assert told[told.index("INTENT") :][:3] == [
        "INTENT",
        "  declared in intent.yaml",
        "  error QG150 outside the intent: 1 group gains usage:read on atlas/sandbox",
    ]


def test_nothing_intended_leaves_every_gain_outside() -> None:
    _, found = answered(BASELINE, GUESTS)

    assert rows(found.gained) == {GUEST, GUEST_USAGE}


@pytest.mark.parametrize(
    ("statement", "covers"),
    [
        ("gain: '*', principals: ['*']", True),
        ("gain: 'log:*', principals: ['group:atlas-*'], scopes: ['*/sandbox']", True),
        ("gain: log:read, principals: ['group:atlas-guest']", False),
        ("gain: log:read, principals: ['*'], scopes: [borealis]", False),
        ("gain: log:read, principals: ['*'], backends: [simulator]", False),
        ("gain: log:read, principals: ['*'], backends: ['*']", True),
        ("lose: log:read, principals: ['*']", False),
    ],
)
def test_patterns_are_those_of_the_guardrails(statement: str, covers: bool) -> None:
    _, found = answered(BASELINE, GUESTS, statement)

    assert (GUEST in rows(found.gained)) is not covers


def test_one_row_may_lie_in_two_parts() -> None:
    """The row of `atlas/sandbox` stands for two projects; only one was meant."""
    plan, found = answered(
        BASELINE,
        GUESTS,
        "gain: '*:read', principals: ['*'], scopes: [atlas/sandbox/chemistry]",
    )

    assert len(plan.access) == 2
    assert {(p, s) for _, p, s, _ in rows(found.achieved)} == {
        ("log:read", "atlas/sandbox/chemistry"),
        ("usage:read", "atlas/sandbox/chemistry"),
    }
    assert {(p, s) for _, p, s, _ in rows(found.gained)} == {
        ("log:read", "atlas/sandbox/optimisation"),
        ("usage:read", "atlas/sandbox/optimisation"),
    }


def test_weaker_conditions_are_a_gain_and_stricter_ones_a_loss() -> None:
    after = changed(BASELINE, LOOSER)
    _, found = answered(BASELINE, after, "lose: '*', principals: ['*']")
    assert {change for *_, change in rows(found.gained)} == {"widened"}
    assert not found.achieved

    _, found = answered(after, BASELINE, "gain: '*', principals: ['*']")
    assert {change for *_, change in rows(found.lost)} == {"narrowed"}
    assert not found.gained


def test_other_conditions_need_both() -> None:
    after = changed(BASELINE, OTHER)
    everybody = "principals: ['*']"
    _, both = answered(BASELINE, after, f"gain: '*', lose: '*', {everybody}")
    assert {change for *_, change in rows(both.achieved)} == {"changed"}
    assert not both.gained

    _, gain = answered(BASELINE, after, f"gain: '*', {everybody}")
    assert {change for *_, change in rows(gain.lost)} == {"changed"}
    assert not gain.gained
    assert not gain.achieved
    assert gain.not_achieved == ()

    _, lose = answered(BASELINE, after, f"lose: '*', {everybody}")
    assert {change for *_, change in rows(lose.gained)} == {"changed"}


def test_own_things_do_not_stand_for_everybody_s() -> None:
    own = changed(BASELINE, {"roles/reader.yaml": {"usage:read": "usage:read, 'job:cancel:own'"}})
    every = changed(BASELINE, {"roles/reader.yaml": {"usage:read": "usage:read, job:cancel"}})
    said = "gain: 'job:cancel:own', principals: ['*']"

    assert answered(BASELINE, own, said)[1].gained == ()
    assert {p for _, p, *_ in rows(answered(BASELINE, every, said)[1].gained)} == {"job:cancel"}
    assert answered(BASELINE, own, said.replace(":own", ""))[1].gained == ()
    guests = said.replace("'*'", "'group:atlas-leads'")
    assert why(BASELINE, every, guests) == ["more than their own is gained"]
    assert why(every, BASELINE, guests.replace("gain", "lose")) == ["more than their own is lost"]
    assert why(own, BASELINE, guests.replace("gain", "lose")) == []


# ------------------------------------------------------------------------- not achieved


def why(before: Mapping[str, str], after: Mapping[str, str], statement: str) -> list[str]:
    return [unmet.why for unmet in answered(before, after, statement)[1].not_achieved]


TIDY = changed(BASELINE, {ATLAS: {"15m": "10m"}})


@pytest.mark.parametrize(
    ("before", "after", "statement", "expected"),
    [
        (
            BASELINE,
            TIDY,
            "gain: log:read, principals: ['group:atlas-leads']",
            ["held before"],
        ),
        (
            BASELINE,
            TIDY,
            "gain: log:read, principals: ['group:atlas-developers']",
            ["not held afterwards"],
        ),
        (
            BASELINE,
            TIDY,
            "lose: log:read, principals: ['group:atlas-developers']",
            ["not held before"],
        ),
        (
            BASELINE,
            TIDY,
            "lose: log:read, principals: ['group:atlas-leads']",
            ["still held: `group:atlas-leads` may `log:read` on `atlas/production/chemistry`"],
        ),
        (
            BASELINE,
            GUESTS,
            "gain: log:read, principals: ['group:atlas-guests'], backends: [garnet]",
            ["`log:read` runs nothing: leave `backends` out"],
        ),
        (GUESTS, BASELINE, "lose: '*', principals: ['group:atlas-guests']", []),
        (
            GUESTS,
            changed(
                GUESTS,
                {
                    ATLAS: {
                        "atlas-guests, role: reader, on: sandbox": "atlas-guests, role: reader, on: sandbox/chemistry"
                    }
                },
            ),
            "lose: log:read, principals: ['group:atlas-guests']",
            [
                "in part: still held: `group:atlas-guests` may `log:read` on `atlas/sandbox/chemistry`"
            ],
        ),
    ],
)
def test_what_is_not_achieved_says_why(
    before: dict[str, str], after: dict[str, str], statement: str, expected: list[str]
) -> None:
    assert why(before, after, statement) == expected


def test_each_part_of_a_statement_is_asked_for() -> None:
    plan, found = answered(
        BASELINE,
        GUESTS,
        "gain: log:read, principals: ['group:atlas-guests', 'group:atlas-developers']",
        "gain: '*', principals: ['group:atlas-guests']",
    )

    assert [(u.wanted.principal, u.wanted.origin.line) for u in found.not_achieved] == [
        ("group:atlas-developers", 2)
    ]
    assert "    intent.yaml:2\n      gain log:read: group:atlas-developers on *\n" in as_text(plan)
    assert not plan.unintended


def test_many_of_one_reason_are_counted() -> None:
    plan, _ = answered(
        BASELINE,
        GUESTS,
        "gain: '*', principals: ['group:atlas-guests']",
        "gain: [job:read, job:cancel, input:read], principals: ['group:atlas-leads']",
        *["gain: job:read, principals: ['group:atlas-leads']"] * 7,
    )

    text = as_text(plan)
    assert "gain job:read: group:atlas-leads on *, and 2 more" in text
    assert "    and 2 more\n" in text
    assert "| not achieved | and 2 more |  |  |" in as_markdown(plan)


# ------------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("statement", "code", "hint"),
    [
        ("principals: ['group:atlas-lead']", "QG202", "atlas-leads"),
        ("principals: ['workload:atlas/nighty']", "QG215", "atlas/nightly"),
        ("principals: ['*'], scopes: [atlsa]", "QG203", "atlas"),
        ("principals: ['*'], scopes: [atlas/prodution]", "QG204", "production"),
        ("principals: ['*'], scopes: ['*/prodution']", "QG204", "production"),
        ("principals: ['*'], scopes: [atlas/production/chemstry]", "QG205", "chemistry"),
        ("principals: ['*'], scopes: ['atlas/*/chemstry']", "QG205", "chemistry"),
        ("principals: ['*'], backends: [garnett]", "QG206", "garnet"),
    ],
)
def test_a_name_that_does_not_exist_is_an_error(statement: str, code: str, hint: str) -> None:
    base, head, _ = sides_of(BASELINE, GUESTS, whole=True)
    (found,) = undefined(intent(f"gain: job:submit, {statement}"), (base.model, head.model))

    assert found.code == code
    assert f"did you mean `{hint}`?" in found.message
    assert found.origin.line == 2
    assert found.origin.column > 5


@pytest.mark.parametrize(
    "statement",
    [
        "principals: ['group:atlas-guests', 'group:none-*', 'user:nobody@acme.example', '*']",
        "principals: ['workload:atlas/nightly'], scopes: ['*', '*/*', '*/sandbox', atlas/*/chemistry]",
        "principals: ['*'], backends: [garnet, 'g*', '*']",
    ],
)
def test_a_name_of_either_side_a_pattern_and_a_person_are_none(statement: str) -> None:
    base, head, _ = sides_of(BASELINE, GUESTS, whole=True)
    said = intent(f"gain: job:submit, {statement}")

    assert undefined(said, (base.model, head.model)) == []
    assert undefined(said, (head.model, None)) == []
    assert undefined(intent(), (None, None)) == []


def test_what_is_lost_everywhere_takes_every_tenant() -> None:
    assert reaches_all(intent("lose: '*', principals: ['*']"))
    assert reaches_all(intent("lose: '*', principals: ['*'], scopes: ['*/sandbox']"))
    assert not reaches_all(intent("lose: '*', principals: ['*'], scopes: [atlas]"))
    assert not reaches_all(intent("gain: '*', principals: ['*']"))


# -------------------------------------------------------------------------------- speed


@pytest.mark.no_cover
def test_a_large_intent_of_a_large_change_is_judged_access_by_access() -> None:
    said = intent(
        *(
            f"lose: '*', principals: [{', '.join(f'group:g{n}-{m}-*' for m in range(20))}]"
            for n in range(100)
        )
    )
    cells = [
        Cell(group(f"g{n}-1-x"), "job:read", f"t{n}/sandbox/p{m}", "")
        for n in range(100)
        for m in range(500)
    ]
    items = [ChangedCell(c, Change.REVOKED, (Conditions(),), (), (), ()) for c in cells]
    found = parted(said, items, cells, ())

    assert len(found.achieved) == 50_000
    assert len(found.unmet) == 1_900
