"""A comment fits its place, whatever the plan, and what matters most is in it."""

from __future__ import annotations

import re
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qgov.model.principal import Principal
from qgov.plan.approvers import Approver
from qgov.plan.author import Author
from qgov.plan.changes import Change
from qgov.plan.guardrails import GuardrailResult
from qgov.plan.plan import AccessChange, AuthorGains, Intended, Plan
from qgov.plan.rails import Tripped
from qgov.records import replace
from qgov.render.fitting import Part, fitted, width
from qgov.render.plan_gathered import MOST_ENTRIES
from qgov.render.plan_markdown import MARKER, MOST, as_markdown
from qgov.render.plan_view import verdict
from tests.plan.worlds import BASELINE, changed, plan_of
from tests.render.hostile import hostile_plan

ATLAS = "tenants/atlas.yaml"
LIMIT = 65_536
ROW = '    - {group: atlas-leads, role: reader, on: "*"}\n'


def units(text: str) -> int:
    """UTF-16 code units, of which a character outside the first plane is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@cache
def bound() -> Plan:
    """One more group is bound, on a line of its own."""
    added = f"{ROW}    - {{group: staff, role: developer, on: sandbox}}\n"
    return plan_of(BASELINE, changed(BASELINE, {ATLAS: {ROW: added}}))


def copies(change: AccessChange, number: int, *, name: str = "group:staff-{:04}") -> AccessChange:
    """The same change of another group, by another line."""
    cause = replace(change.causes[0], line=100 + number)
    return replace(
        change, row=replace(change.row, principal=Principal(name.format(number))), causes=(cause,)
    )


def many(count: int, plan: Plan | None = None) -> Plan:
    """A change of `count` lines, each of which binds one more group."""
    plan = plan or bound()
    return replace(plan, access=tuple(copies(c, n) for n in range(count) for c in plan.access))


@pytest.mark.no_cover
def test_five_thousand_principals_are_one_thing() -> None:
    found = as_markdown(many(5_000))
    gains = found.split("#### Gains")[1].split("####")[0]
    rows = [line for line in gains.splitlines() if line.startswith("| ")][2:]

    assert len({c.row.principal for c in many(5_000).access}) == 5_000
    assert units(found) < LIMIT // 4
    assert len(rows) == 3, "as many as for one group"
    assert "**5,000 groups on 1 scope**" in rows[0]
    assert f"`{ATLAS}:100`" in rows[0]
    assert "4,994 more" in rows[0]
    assert "jobs up to 50,000 shots" in rows[0]
    assert "others that differ" not in gains
    assert found.count("<details>") == found.count("</details>")
    assert "and 4,800 more" in found.split("<details>")[1]
    assert "does not fit" not in found


def test_few_entries_are_told_one_by_one() -> None:
    for count, told in ((MOST_ENTRIES, MOST_ENTRIES), (MOST_ENTRIES + 1, 1)):
        gains = as_markdown(many(count)).split("#### Gains")[1].split("####")[0]
        assert gains.count("**granted**") == told


def test_conditions_that_differ_are_said_to() -> None:
    plan = many(5_000)
    of = [c.row.permission for c in bound().access].index("job:submit")
    odd = plan.access[of]
    options = tuple(replace(o, mfa=False) for o in odd.row.after)
    access = (replace(odd, row=replace(odd.row, after=options)), *plan.access[of + 1 :])
    gains = as_markdown(replace(plan, access=plan.access[:of] + access)).split("#### Gains")[1]

    row = next(line for line in gains.splitlines() if "`job:submit`" in line)
    assert "others that differ" in row
    assert "MFA" not in row
    assert "from DE, FI, FR" in row


def crowded(count: int) -> Plan:
    """A plan of which every part is long, with nothing in it alike."""
    plan = hostile_plan("é😀" * 30)
    roles = bound().access
    lost = tuple(
        replace(c, row=replace(c.row, change=Change.REVOKED, before=c.row.after)) for c in roles
    )
    access = tuple(
        replace(
            copies(change, n, name="group:" + "😀" * 40 + "{}"),
            rule=replace(change.rule, reason=f"reason {n} " + "x" * 200),
        )
        for n in range(count)
        for change in (*plan.access, *roles, *lost)
    )
    guardrails = tuple(
        GuardrailResult("never", f"rail-{n}", False, removed=True, broken_by="x" * 80)
        for n in range(count)
    )
    rails = tuple(
        Tripped(rail, "it takes away too much " + "é" * 100)
        for rail in ("mass-removal", "lock-out")
    )
    owners = tuple(
        Approver(f"owners-{n}", f"owner of the tenant t{m}", as_owner=True)
        for n in range(count)
        for m in range(9)
    )
    return replace(
        plan,
        access=access,
        documents=plan.documents * count,
        artifacts=plan.artifacts * count,
        new_findings=tuple(
            replace(f, code=f"QG{n % 900}", remedy=str(n))
            for n in range(count)
            for f in plan.new_findings
        ),
        approvals=(*owners, Approver("zz-security", "the change is of critical risk")),
        guardrails=guardrails,
        rails=rails,
        author=AuthorGains(Author("mei@acme.example"), access[:2_000]),
        intent=Intended("intent.yaml", access[:2_000], (), access[:2_000], access[:2_000]),
    )


@pytest.mark.parametrize("count", [1, 40, 400])
def test_the_verdict_the_errors_the_rails_and_the_approvals_survive(count: int) -> None:
    plan = crowded(count)
    found = as_markdown(plan)
    lines = found.splitlines()

    assert units(found) <= MOST < LIMIT
    assert lines[0] == MARKER
    assert lines[1].startswith("### ")
    assert verdict(plan).partition(":")[0] in lines[1]
    assert "QG150" in found
    assert "**mass-removal**" in found
    assert "**lock-out**" in found
    assert found.count("⛔ **guardrail**") == min(count, 12)
    assert "`zz-security` | the change is of critical risk" in found
    assert lines[-1].startswith("<sub>compared")
    assert "base " in lines[-1]
    assert found.count("<details>") == found.count("</details>")
    for title in ("Gains", "What the author gains", "Losses", "Intent", "New findings"):
        assert f"#### {title}" in found
    if count > 1:
        assert "The rest does not fit here: `plan.json`" in lines[-3]
        assert re.search(r"\*\*[\d,]+ more rows do not fit here\.\*\*", found)


@pytest.mark.no_cover
def test_many_approvals_are_counted_and_those_by_risk_stand_first() -> None:
    found = as_markdown(crowded(400)).split("#### Approvals needed")[1].split("####")[0]
    rows = [line for line in found.splitlines() if line.startswith("| ")][2:]

    assert found.startswith(" of 401 groups")
    assert rows[0].startswith("| `zz-security` |")
    assert rows[-1].startswith("| and 361 more | `owners-")
    assert "and 261 more |" in rows[-1]
    assert "owner of the tenant t5 and 3 more" in rows[1]


def test_a_plan_that_fits_leaves_nothing_out() -> None:
    found = as_markdown(bound())

    assert "does not fit" not in found
    assert "#### Approvals needed\n" in found


# -------------------------------------------------------------------------------- the fitting

LINES = st.lists(st.text(st.sampled_from("aé😀|"), max_size=20), max_size=20)
PARTS = st.lists(
    st.builds(Part, head=LINES, rows=LINES, tail=LINES, rank=st.integers(0, 4)), max_size=6
)


@given(PARTS, st.integers(0, 2_000))
def test_any_parts_fit_unless_what_must_stay_does_not(parts: list[Part], most: int) -> None:
    lines, whole = fitted(parts, most)
    must = [line for p in parts if p.rank == 0 for line in (*p.head, *p.rows, *p.tail)]
    everything = [line for p in parts for line in (*p.head, *p.rows, *p.tail)]

    assert width(lines) == units("".join(f"{line}\n" for line in lines))
    assert width(lines) <= max(most, width(must))
    left = iter(lines)
    assert all(line in left for line in must), "all of it, in its order"
    assert whole == (lines == everything)
    if width(everything) <= most:
        assert whole


def test_what_comes_first_is_served_first_and_the_rest_gets_something() -> None:
    rows = ["x" * 99] * 100
    lines, whole = fitted(
        [Part(["second"], rows, rank=2), Part(["must"]), Part(["first"], rows, rank=1)], 5_000
    )
    split = lines.index("must")

    assert not whole
    assert 10 < lines[:split].count(rows[0]) < lines[split:].count(rows[0]) < 40
    assert lines.index("second") < lines.index("must") < lines.index("first")
    assert [line for line in lines if "more rows" in line]
