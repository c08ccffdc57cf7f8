"""The report says what the plan says, well formed, and obeys nothing that a document says."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from base64 import b64encode
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qgov.language.intent import read_intent
from qgov.model.principal import group
from qgov.plan.author import Author
from qgov.plan.reach import Reach
from qgov.plan.sides import Side
from qgov.records import replace
from qgov.render.report import as_html
from qgov.render.report.lines import whole
from tests.plan.worlds import BASELINE, changed, line_of, sides_of
from tests.render.hostile import HOSTILE, hostile_plan
from tests.render.report_page import FAILED, PROVED, part, read, report

GRANTED = changed(
    BASELINE,
    {
        "tenants/atlas.yaml": {
            "    - {group: atlas-leads, role: reader": "    - {group: researchers, role: developer, on: production, eligible: {approvers: atlas-leads, maxDuration: 4h, ticket: required}}\n"
            "    - {group: atlas-leads, role: reader"
        }
    },
)
WIDENED = changed(
    BASELINE,
    {
        "qgov.yaml": {
            "managedDevice: true, maxTokenAge: 8h, job": "managedDevice: false, maxTokenAge: 8h, job"
        }
    },
)
PLANTED = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "</style>",
    "@team",
    "[x](javascript:alert(1))",
    "=cmd()",
    "{{ 7 * 7 }}",
)


def test_the_first_screen_says_what_how_risky_who_and_what_stops_it() -> None:
    html = report(BASELINE, GRANTED, author=Author("mei@acme.example", ("researchers",)))

    assert "<h1>More permissive</h1>" in html
    assert "1 group gains 4 permissions such as job:submit on atlas/production" in read(html).text
    first = part(html, "first")
    assert "Risk high the right to run jobs on quantum hardware in production" in first
    assert "Who must approve admins" in first
    assert "The author, mei@acme.example , gains access by it" in first
    assert "Nothing: no rail, guardrail, intent or new error." in first
    assert re.search(r"compared \d+ accesses of 1 tenant, 0 skipped", first)


def test_a_change_has_its_conditions_and_the_lines_that_caused_it() -> None:
    html = report(BASELINE, GRANTED)
    page = read(html)

    assert "before no access after just in time, approved by atlas-leads" in page.text
    number = line_of(GRANTED, "tenants/atlas.yaml", "group: researchers").rpartition(":")[2]
    (marked,) = re.findall(r'<td class="n">(\d+)</td><td class="text cause in">', html)
    assert marked == number
    assert "<mark>    - {group: researchers, role: developer" in html
    assert '<figure class="lines after">' in html, "nothing was there before"


def test_a_line_that_changes_stands_beside_what_it_was() -> None:
    html = report(BASELINE, WIDENED)

    assert "before managed device after any device" in read(html).text
    assert '<figure class="lines both">' in html
    assert re.search(r'class="text out">.*managedDevice: true.*</td><td class="n">', html)
    assert re.search(r'class="text cause in">.*<mark>.*managedDevice: false', html)


def test_lines_are_shown_once_however_many_changes_they_cause() -> None:
    after = changed(
        BASELINE,
        {
            "roles/developer.yaml": {
                "- job:read": "- job:read\n    - usage:read",
                "    - result:read\n": "",
            }
        },
    )
    html = report(BASELINE, after)

    assert read(html).text.count("shown above") == 0
    assert html.count("<figcaption><code>roles/developer.yaml</code>") == 3, "gain, loss, raw"


def test_a_cell_of_the_matrix_says_before_after_and_how_in_words() -> None:
    matrix = part(report(BASELINE, GRANTED), "matrix")

    assert "group:researchers" in matrix
    assert "0 before, no access; → 5 after, runs jobs on quantum hardware; + 5 granted" in matrix


def test_what_is_not_shown_in_the_matrix_is_counted() -> None:
    many = changed(
        BASELINE,
        {
            "tenants/atlas.yaml": {
                "  bindings:\n": "  bindings:\n"
                + "".join(
                    f"    - {{group: g{n:02}, role: reader, on: sandbox}}\n" for n in range(30)
                )
            }
        },
    )
    after = changed(
        many,
        {"tenants/atlas.yaml": {"g07, role: reader, on: sandbox": "g07, role: reader, on: test"}},
    )
    matrix = part(report(many, after), "matrix")

    assert "group:g07" in matrix
    assert "group:g08" not in matrix
    assert re.search(r"3\d principals unchanged and not shown", matrix)


def test_money_is_drawn_to_scale() -> None:
    html = report(BASELINE, changed(BASELINE, {"budgets/atlas.yaml": {"1000.00": "3000.00"}}))
    page = read(html)

    assert "atlas monthly on atlas; rises before 1,000.00 EUR after 3,000.00 EUR" in page.text
    assert re.findall(r'<rect class="(?:before|after)" width="(\d+)"', html)[2:] == ["333", "1000"]


def test_money_without_a_stop_is_said() -> None:
    after = changed(BASELINE, {"budgets/atlas.yaml": {", stopAt: 100%": ""}})

    assert "No longer stopped: atlas/" in read(report(BASELINE, after)).text


def test_retention_says_what_it_was() -> None:
    html = report(BASELINE, changed(BASELINE, {"tenants/atlas.yaml": {"keep: 30d": "keep: 90d"}}))

    section = html.partition('<section id="retention">')[2].partition("</section>")[0]
    assert "<del>30d</del> → <ins>90d</ins>" in section
    assert section.count('class="change changed"') == 1
    assert "3 rows unchanged" in section


def test_conformance_stands_there_only_when_it_was_run() -> None:
    assert 'id="conformance"' not in report(BASELINE, GRANTED)

    page = read(report(BASELINE, GRANTED, PROVED))
    assert "Passed : 2 cases; 1 circuit ran, 1 were refused" in page.text
    assert "developer not asked 1 ran, / 0 refused" in page.text


def test_a_failed_conformance_is_on_the_first_screen() -> None:
    html = report(BASELINE, GRANTED, FAILED)
    page = read(html)

    assert "conformance the compiled policy was not proved" in part(html, "first")
    assert "expected deny, got allow <img src=x>" in page.text
    assert "1 failed" in page.text


def test_a_gain_outside_the_intent_stops_the_change() -> None:
    text = "intent:\n  - {gain: job:submit, principals: ['group:operators'], scopes: [atlas/sandbox]}\n"
    intent, findings = read_intent("intent.yaml", text.encode())
    assert intent is not None, findings
    html = report(BASELINE, GRANTED, intent=intent)

    assert "outside the intent 1 group gains" in part(html, "first")
    assert "Outside the intent: an error" in part(html, "intent")
    assert "Not achieved gain job:submit for group:operators on atlas/sandbox" in part(
        html, "intent"
    )


def test_a_change_without_effect_says_so() -> None:
    after = changed(
        BASELINE, {"roles/reader.yaml": {"[usage:read, log:read]": "[log:read, usage:read]"}}
    )
    page = read(report(BASELINE, after))

    assert "Equivalent" in page.text
    assert "No access changes." in page.text
    assert "Nothing changes for anybody." in page.text
    assert not page.ids["filter"]


@pytest.mark.parametrize(("before", "after"), [(None, BASELINE), (BASELINE, None)])
def test_the_first_and_the_last_change_have_a_report(
    before: dict[str, str] | None, after: dict[str, str] | None
) -> None:
    page = read(report(before, after, horizon_s=86_400))

    assert "group:atlas-developers" in page.text
    assert page.ids["horizon"] == (after is not None)


# ------------------------------------------------------------------------------- hostility


# Half a character is no JSON, so no plan has one.
WRITTEN = tuple(text for text in HOSTILE if text != "\ud800")


@cache
def widened() -> tuple[Side, Side, Reach]:
    return sides_of(BASELINE, WIDENED)


@pytest.mark.no_cover
@pytest.mark.parametrize("text", WRITTEN, ids=map(ascii, WRITTEN))
def test_a_hostile_plan_is_still_our_html(text: str) -> None:
    base, head, _ = widened()
    conformance = {
        **FAILED,
        "engine": text,
        "revision": text,
        "matrix": {"roles": [text, "reader"], "backends": [text, "simulator"]},
        "bundle": {"differences": [{"place": text, "documents": text, "bundle": {text: text}}]},
        "cases": [
            {**FAILED["cases"][-1], "role": text, "problems": [text], "id": text, "name": text}
        ],
    }
    found = as_html(hostile_plan(text), base.model, head.model, conformance)

    found.encode()
    page = read(found)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]", found)
    assert page.tags["script"] == page.tags["style"] == 1


@pytest.mark.no_cover
@pytest.mark.parametrize("text", PLANTED, ids=map(ascii, PLANTED))
def test_what_a_document_says_is_only_text(text: str) -> None:
    binding = "- {group: researchers, role: developer, on: production"
    after = changed(
        GRANTED,
        {
            "roles/developer.yaml": {"{name: developer}": f"{{name: developer, title: '{text}'}}"},
            "tenants/atlas.yaml": {
                "kind: Tenant": f"kind: Tenant # {text}",
                binding: f"# {text}\n    {binding}",
            },
        },
    )
    page = read(html := report(BASELINE, after))

    assert page.text.count(text) >= 3, "it is said"
    assert page.tags["script"] == page.tags["style"] == 1
    assert "onerror" not in re.sub(r">[^<]*<", "><", html), "and nothing else"


def test_the_policy_lets_in_our_style_and_script_and_nothing_else() -> None:
    page = read(report(BASELINE, GRANTED))
    hashes = {
        name: f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for name, text in page.raw.items()
    }

    assert page.policy.split("; ") == [
        "default-src 'none'",
        f"style-src {hashes['style']}",
        f"script-src {hashes['script']}",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    assert not re.search(r"@import|url\(|https?:", page.raw["style"])
    assert not re.search(r"innerHTML|eval|fetch|XMLHttp|import|https?:", page.raw["script"])


# --------------------------------------------------------------------- size and repetition


@pytest.mark.no_cover
def test_what_reaches_thousands_is_grouped_and_counted() -> None:
    teams = "".join(
        f"    - {{group: team-{n:04}, role: reader, on: sandbox/chemistry}}\n" for n in range(5_000)
    )
    before = changed(BASELINE, {"tenants/atlas.yaml": {"  bindings:\n": f"  bindings:\n{teams}"}})
    after = changed(
        before,
        {"roles/reader.yaml": {"log:read]": "log:read]\n  requires: {maxTokenAge: 1h}"}},
    )
    html = report(before, after)
    page = read(html)

    assert len(html.encode()) < 200_000
    assert "narrowed: 5,003 groups on" in page.text
    assert "more, in plan.json" in part(html, "losses")
    assert re.search(r"4,99\d more", part(html, "matrix"))


def test_many_different_changes_are_cut_and_counted() -> None:
    plan = hostile_plan("x")
    base, head, _ = widened()
    many = replace(
        plan,
        access=tuple(
            replace(
                change,
                row=replace(change.row, principal=group(f"g{n:04}")),
                causes=tuple(replace(c, line=n + 1) for c in change.causes),
            )
            for n in range(3_000)
            for change in plan.access[:1]
        ),
        documents=plan.documents * 5_000,
        artifacts=plan.artifacts * 5_000,
        new_findings=tuple(replace(plan.new_findings[0], code=f"QG{n}") for n in range(3_000)),
    )
    html = as_html(many, base.model, head.model)

    assert len(html.encode()) < 1_000_000
    text = read(html).text
    for left in (
        "2980 more of lower or equal risk, in short",
        "g2999",
        "and 4,940 more",
        "and 4,800 more",
        "and 2,940 more",
    ):
        assert left in text


def test_the_same_change_gives_the_same_bytes() -> None:
    script = (
        "import sys; from tests.render.test_report import *;"
        "sys.stdout.buffer.write(report(BASELINE, GRANTED, FAILED, horizon_s=86400).encode())"
    )
    elsewhere = subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        capture_output=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C"},
    ).stdout

    assert elsewhere.decode() == report(BASELINE, GRANTED, FAILED, horizon_s=86_400)


# ------------------------------------------------------------------------------- two sides


@given(st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("abc"), max_size=12))
def test_both_versions_of_a_file_can_be_read_from_their_lines(
    old: list[str], new: list[str]
) -> None:
    found = whole({("base", "x"): old, ("head", "x"): new}, "x")

    pairs = [pair for run in found.runs for pair in run] if found else []
    assert (found is None) == (old == new)
    for side, lines in ((0, old), (1, new)):
        shown = [pair[side] for pair in pairs]
        assert all(line.text == lines[line.number - 1] for line in shown if line)
        kept = {line.number for line in shown if line}
        other = [pair[1 - side] for pair in pairs if pair[side] is None]
        assert len(kept) + len(other) == len(pairs)
    hidden = [
        len(side) - sum(pair[n] is not None for pair in pairs) for n, side in ((0, old), (1, new))
    ]
    assert old == new or hidden[0] == hidden[1], "what is left out is the same on both sides"


def test_files_too_large_to_align_are_told_whole() -> None:
    old, new = [f"a{n}" for n in range(2_000)], [f"b{n}" for n in range(2_000)]
    found = whole({("base", "x"): old, ("head", "x"): new}, "x")

    assert found is not None
    assert found.more == 1_600
    assert [pair.before and pair.before.text for pair in found.runs[0][:2]] == ["a0", "a1"]


def test_a_very_long_line_is_cut_and_counted() -> None:
    found = whole({("head", "x"): ["y" * 1_000]}, "x")

    assert found is not None
    assert found.runs[0][0].after == (1, "y" * 400 + " … 600 more characters", False)
