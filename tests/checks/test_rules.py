"""Every rule finds what it is for, where it is written, and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from qgov.checks import check, rules
from qgov.checks.controls import TOPICS
from qgov.checks.examples import example_of
from qgov.checks.guide import SECTIONS
from qgov.checks.rule import Found, Rule
from qgov.checks.rule import rule as declare
from qgov.finding import Origin, Severity
from qgov.language.documents import read_documents
from qgov.model.access_model import AccessModel, Exclusive
from qgov.model.link import link
from qgov.render.rules import INDEX, rules_pages
from tests.checks.overlay import laid, model_of

NOW = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "qgov" / "checks" / "examples"
PAGES = ROOT / "docs" / "rules"

each_rule = pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.code)


@each_rule
def test_a_rule_fires_inside_its_bad_overlay(rule: Rule) -> None:
    files, touched = laid(example_of(rule.code).bad)
    findings = [f for f in check(model_of(files), NOW) if f.code == rule.code]
    inside = [f for f in findings if f.origin.path in touched]
    assert inside
    for finding in findings:
        assert finding.severity is rule.severity
        assert finding.controls == rule.controls
        assert finding.remedy == rule.remedy
    for finding in inside:
        assert 0 < finding.origin.line <= files[finding.origin.path].count(b"\n") + 1
        assert finding.origin.column > 0
        kind, name = finding.origin.path.removesuffix(".yaml").split("/")
        assert finding.document == f"{kind}/{name}"


@each_rule
def test_a_rule_is_silent_on_its_good_overlay(rule: Rule) -> None:
    files, _ = laid(example_of(rule.code).good)
    assert [f for f in check(model_of(files), NOW) if f.code == rule.code] == []


@each_rule
def test_bad_and_good_say_something_different(rule: Rule) -> None:
    assert laid(example_of(rule.code).good)[0] != laid(example_of(rule.code).bad)[0]


def test_the_baseline_is_clean() -> None:
    findings = check(model_of(laid()[0]), NOW)
    assert [f for f in findings if f.severity is not Severity.INFO] == []


def test_codes_and_names_are_unique_and_well_formed() -> None:
    for words in ([rule.code for rule in rules()], [rule.name for rule in rules()]):
        assert len(words) == len(set(words))
    assert all(re.fullmatch(r"QG[3-9][0-9]{2}", rule.code) for rule in rules())
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name) for rule in rules())
    assert "QG900" not in {rule.code for rule in rules()}, "taken by waivers in force"


def test_there_are_at_least_fifty_rules() -> None:
    assert len(rules()) >= 50


@each_rule
def test_a_rule_serves_known_topics_and_a_part_of_the_guide(rule: Rule) -> None:
    assert rule.topics
    assert set(rule.topics) <= set(TOPICS)
    assert rule.guide in {part for parts in SECTIONS.values() for part in parts}


def test_every_part_of_the_guide_has_a_rule() -> None:
    served = {rule.guide for rule in rules()}
    assert [part for parts in SECTIONS.values() for part in parts if part not in served] == []


def test_every_topic_of_the_control_map_has_a_rule() -> None:
    served = {topic for rule in rules() for topic in rule.topics}
    assert set(TOPICS) - served <= {"drift"}, "drift is found in what runs, not in what is written"


@each_rule
def test_texts_are_sentences_and_remedies_are_not(rule: Rule) -> None:
    assert rule.summary.endswith(".")
    assert rule.why.endswith(".")
    assert not rule.remedy.endswith(".")
    assert rule.remedy[0].islower()


NO_TEXTS = {
    "nothing": None,
    "a summary alone": "It is wrong.",
    "no remedy": "It is wrong.\n\n    It matters.\n    ",
    "no why": "It is wrong.\n\n    Remedy: put it right.\n    ",
    "a summary that is no sentence": "It is wrong\n\n    It matters.\n\n    Remedy: put it right.\n    ",
    "a remedy that is no sentence": "It is wrong.\n\n    It matters.\n\n    Remedy: put it right\n    ",
    "a paragraph too many": "It is wrong.\n\n    It matters.\n\n    Remedy: put it right.\n\n    More.\n    ",
}


@pytest.mark.parametrize("docstring", NO_TEXTS.values(), ids=NO_TEXTS.keys())
def test_a_rule_without_its_three_texts_is_refused(docstring: str | None) -> None:
    def find(_model: AccessModel, _now: datetime) -> list[Found]:
        return []

    find.__doc__ = docstring
    broken = declare("QG399", Severity.ERROR, "secrets", guide="What to log")(find)

    with pytest.raises(ValueError, match="QG399"):
        _ = broken.remedy


def test_the_texts_of_a_rule_are_its_docstring_without_line_breaks() -> None:
    @declare("QG399", Severity.INFO, "secrets", "residency", guide="What to log")
    def far_away(_model: AccessModel, _now: datetime) -> list[Found]:
        """It is
        wrong.

        It matters. Remedy: no,
        not here.

        Remedy: put it
        right. Now.
        """
        return []

    assert far_away.name == "far-away"
    assert far_away.concern == "test-rules"
    assert far_away.topics == ("secrets", "residency")
    assert far_away.summary == "It is wrong."
    assert far_away.why == "It matters. Remedy: no, not here."
    assert far_away.remedy == "put it right. Now"


def test_there_is_a_file_of_examples_for_each_rule_and_no_other() -> None:
    names = {path.name for path in EXAMPLES.iterdir()} - {"__init__.py", "__pycache__"}
    assert names == {f"{rule.code}.yaml" for rule in rules()}


def test_a_rule_keeps_its_texts_where_python_drops_docstrings() -> None:
    script = "from qgov.checks import rules; print([(r.summary, r.why, r.remedy) for r in rules()])"
    ran = subprocess.run(
        [sys.executable, "-OO", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.stdout == f"{[(r.summary, r.why, r.remedy) for r in rules()]}\n"


def test_a_validation_reads_no_examples() -> None:
    script = (
        "import sys; from qgov.cli import run; assert run(['validate']) == 0\n"
        "assert 'qgov.checks.roles' in sys.modules and 'qgov.checks.examples' not in sys.modules"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "bad:\n  Tenant/atlas: {}\n",
        "good:\n  Tenant/atlas: {}\nbad:\n  Tenant/atlas: {}\n",
        "bad:\ngood:\n  Tenant/atlas: {}\n",
        "bad:\n  Tenant/atlas: {}\ngood:\n  Tenant atlas: {}\n",
        "bad:\n  Tenant/atlas: {}\ngood:\n  Tenant/atlas:\n   isolation: shared\n",
    ],
    ids=["missing", "empty", "no good", "turned round", "no document", "no name", "indentation"],
)
def test_a_file_of_examples_that_says_something_else_is_refused(
    text: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qgov.checks.examples.files", lambda _: tmp_path)
    if text is not None:
        (tmp_path / "QG399.yaml").write_text(text, encoding="utf-8")

    with pytest.raises(ValueError, match=r"QG399\.yaml"):
        example_of("QG399")


def test_examples_are_documents_as_they_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qgov.checks.examples.files", lambda _: tmp_path)
    (tmp_path / "QG399.yaml").write_text(
        """\
bad:
  Tenant/atlas: {isolation: shared}
  Role/late-shift:
    permissions:
      - job:read
good:
  Tenant/atlas: {isolation: dedicated}
""",
        encoding="utf-8",
    )

    assert example_of("QG399") == (
        """\
kind: Tenant
metadata: {name: atlas}
spec: {isolation: shared}
---
kind: Role
metadata: {name: late-shift}
spec:
  permissions:
    - job:read
""",
        "kind: Tenant\nmetadata: {name: atlas}\nspec: {isolation: dedicated}\n",
    )


def test_the_pages_of_rules_are_what_the_rules_say() -> None:
    pages = {path.name: path.read_text(encoding="utf-8") for path in PAGES.iterdir()}
    assert pages == rules_pages(), "run `make docs`"


def test_each_link_between_the_pages_leads_to_a_rule() -> None:
    pages = rules_pages()
    links = re.findall(r"\[(QG[0-9]{3})\]\(([a-z-]+\.md)#([a-z0-9-]+)\)", pages[INDEX])
    assert len(links) == 2 * len(rules()), "once in the table, once by the guide"
    for code, page, anchor in links:
        headings = [line[3:] for line in pages[page].splitlines() if line.startswith(f"## {code} ")]
        assert [heading.lower().replace(" ", "-") for heading in headings] == [anchor]


def test_now_is_the_only_clock() -> None:
    """Long ago and far ahead, the same model gives other findings and no error."""
    model = model_of(laid()[0])
    for year in (1970, 1999, 2026, 2400, 9998):
        now = datetime(year, 2, 28, 23, 59, 59, tzinfo=UTC)
        assert check(model, now) == check(model, now)
    past = {f.code for f in check(model, datetime(1970, 1, 1, tzinfo=UTC))}
    future = {f.code for f in check(model, datetime(9998, 1, 1, tzinfo=UTC))}
    assert {"QG754", "QG807", "QG808", "QG914"} <= past
    assert {"QG754", "QG807", "QG808", "QG904", "QG911"} <= future
    assert "QG900" not in future, "no waiver is in force for ever"


def test_a_part_of_a_repository_is_judged_without_the_rest() -> None:
    """A change is planned on the tenants it touches; the others are claims and names."""
    files, _ = laid()
    whole = model_of(files)
    documents, _ = read_documents({p: t for p, t in files.items() if "atlas" not in p})
    others = {(d.kind, d.name) for d in whole.documents if "atlas" in d.path}
    foreign = [
        Exclusive("group", "borealis-developers", "atlas", Origin("Tenant/atlas.yaml")),
        Exclusive("AWS account", "1" * 12, "atlas", Origin("Tenant/atlas.yaml")),
    ]
    model, _ = link(documents, others, foreign)
    assert model is not None
    findings = check(model, NOW)
    assert {f.code for f in findings if f.severity is Severity.ERROR} == {"QG501"}


@pytest.mark.parametrize(
    ("second", "expired"), [(-1, False), (0, True), (1, True)], ids=["before", "at", "after"]
)
def test_an_exception_ends_at_the_second_it_says(second: int, expired: bool) -> None:
    now = datetime(2026, 11, 23, 22, 30, tzinfo=UTC) + timedelta(seconds=second)
    codes = {f.code for f in check(model_of(laid()[0]), now)}
    assert ("QG904" in codes) is expired
