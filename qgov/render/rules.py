"""`docs/rules.md`: the catalogue of rules as it is, written from the rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from qgov.checks import rules
from qgov.checks.controls import FRAMEWORKS
from qgov.checks.guide import SECTIONS
from qgov.checks.rule import Rule
from qgov.render.markdown import table

__all__ = ["rules_markdown"]

_OPENING = """\
`qgov validate` checks the configuration against these rules. A finding of severity error stops \
the run; warnings and notes do not. A rule is silenced for one document and a time by a \
`Waiver`, which somebody else approves and which is itself listed (QG900); exceptions, clouds and \
guardrails (QG9xx) cannot be waived. Codes are stable and never reused; those below QG300 are \
errors of the language and of names, see [the language](language.md).

The controls are informative: they say which requirement a rule helps to meet, not that it is met.
"""


def rules_markdown() -> str:
    """The whole page."""
    return (
        "\n".join(
            [
                "# The rules\n",
                "<!-- Generated from qgov/checks by `make docs`; edit those instead. -->\n",
                _OPENING,
                _counts(),
                *table(
                    ("code", "severity", "rule"),
                    ((f"[{r.code}](#{_anchor(r)})", r.severity.value, r.summary) for r in rules()),
                ),
                "",
                *(line for section, parts in SECTIONS.items() for line in _section(section, parts)),
            ]
        ).rstrip("\n")
        + "\n"
    )


def _counts() -> str:
    by = Counter(rule.severity.value for rule in rules())
    return (
        f"{len(rules())} rules: {by['error']} errors, {by['warning']} warnings, "
        f"{by['info']} notes.\n"
    )


def _anchor(rule: Rule) -> str:
    return f"{rule.code}-{rule.name}".lower()


def _section(title: str, parts: tuple[str, ...]) -> Iterator[str]:
    yield f"## {title}\n"
    for part in parts:
        for rule in rules():
            if rule.guide == part:
                yield from _rule(rule)


def _rule(rule: Rule) -> Iterator[str]:
    yield f"### {rule.code} {rule.name}\n"
    yield f"*{rule.severity.value}, {rule.guide}*\n"
    yield f"{rule.summary} {rule.why}\n"
    yield f"Remedy: {rule.remedy}.\n"
    yield f"Controls: {_controls(rule)}.\n"
    yield f"Found in:\n\n```yaml\n{rule.bad.strip()}\n```\n"
    yield f"Not found in:\n\n```yaml\n{rule.good.strip()}\n```\n"


def _controls(rule: Rule) -> str:
    by_framework: dict[str, list[str]] = {}
    for control in rule.controls:
        framework, _, id_ = control.partition(":")
        by_framework.setdefault(framework, []).append(id_)
    return "; ".join(f"{FRAMEWORKS[name]} {', '.join(ids)}" for name, ids in by_framework.items())
