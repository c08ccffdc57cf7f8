"""`docs/rules/`: the catalogue of rules as it is, a page a concern, written from the rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from itertools import groupby

from qgov.checks import rules
from qgov.checks.controls import FRAMEWORKS
from qgov.checks.examples import example_of
from qgov.checks.guide import SECTIONS
from qgov.checks.rule import Rule
from qgov.render.markdown import table

__all__ = ["INDEX", "rules_pages"]

INDEX = "README.md"
_MARK = "<!-- Generated from qgov/checks by `make docs`; edit those instead. -->\n"
_OPENING = """\
`qgov validate` checks the configuration against these rules. A finding of severity error stops \
the run; warnings and notes do not. A rule is silenced for one document and a time by a \
`Waiver`, which somebody else approves and which is itself listed (QG900); exceptions, clouds and \
guardrails (QG9xx) cannot be waived, but for QG951 of a tenant that is `shared`. Codes are stable \
and never reused; those below QG300 are errors of the language and of names, see \
[the language](../language.md).

The controls are informative: they say which requirement a rule helps to meet, not that it is met.
"""


def rules_pages() -> dict[str, str]:
    """The text of each page by its file's name."""
    concerns = groupby(sorted(rules(), key=lambda r: (r.concern, r.code)), lambda r: r.concern)
    return {INDEX: _index()} | {
        f"{concern}.md": _page(concern, list(members)) for concern, members in concerns
    }


def _index() -> str:
    lines = [
        "# The rules\n",
        _MARK,
        _OPENING,
        _counts(),
        *table(
            ("code", "severity", "rule"),
            ((_link(rule), rule.severity.value, rule.summary) for rule in rules()),
        ),
        "\n## By the guide\n",
        "Each part of the guide with the rules that come from it.\n",
    ]
    for section, parts in SECTIONS.items():
        lines.append(f"### {section}\n")
        lines += [f"- {part}: {_links(part)}" for part in parts]
        lines.append("")
    return "\n".join(lines)


def _counts() -> str:
    by = Counter(rule.severity.value for rule in rules())
    return (
        f"{len(rules())} rules: {by['error']} errors, {by['warning']} warnings, "
        f"{by['info']} notes.\n"
    )


def _links(part: str) -> str:
    return ", ".join(_link(rule) for rule in rules() if rule.guide == part)


def _link(rule: Rule) -> str:
    return f"[{rule.code}]({rule.concern}.md#{f'{rule.code}-{rule.name}'.lower()})"


def _page(concern: str, members: list[Rule]) -> str:
    purpose = import_module(members[0].find.__module__).__doc__ or ""
    lines = [
        f"# {concern.replace('-', ' ').capitalize()}\n",
        _MARK,
        f"{purpose.strip()}\n",
        "[All rules](README.md)\n",
        *(line for rule in members for line in _rule(rule)),
    ]
    return "\n".join(lines)


def _rule(rule: Rule) -> Iterator[str]:
    example = example_of(rule.code)
    yield f"## {rule.code} {rule.name}\n"
    yield f"*{rule.severity.value}, {rule.guide}*\n"
    yield f"{rule.summary} {rule.why}\n"
    yield f"Remedy: {rule.remedy}.\n"
    yield f"Controls: {_controls(rule)}.\n"
    yield f"Found in:\n\n```yaml\n{example.bad}```\n"
    yield f"Not found in:\n\n```yaml\n{example.good}```\n"


def _controls(rule: Rule) -> str:
    by_framework: dict[str, list[str]] = {}
    for control in rule.controls:
        framework, _, id_ = control.partition(":")
        by_framework.setdefault(framework, []).append(id_)
    return "; ".join(f"{FRAMEWORKS[name]} {', '.join(ids)}" for name, ids in by_framework.items())
