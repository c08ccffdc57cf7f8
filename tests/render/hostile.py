"""Words that try to be more than words, wherever they are written to."""

from __future__ import annotations

from functools import cache

from qgov.finding import Finding, Origin
from qgov.language.concerns import Concern
from qgov.language.intent import Wanted
from qgov.model.accesses import Cell
from qgov.model.principal import Principal
from qgov.plan.approvers import Approver
from qgov.plan.author import Author
from qgov.plan.documents import DocumentChange
from qgov.plan.groups import GroupDeleted
from qgov.plan.horizon import Event
from qgov.plan.intent import Unmet
from qgov.plan.plan import ArtifactChange, AuthorGains, Intended, Plan
from qgov.plan.rails import Tripped
from qgov.records import replace
from tests.plan.worlds import BASELINE, NOW, changed, plan_of

__all__ = ["HOSTILE", "hostile_plan"]

HOSTILE = (
    "a|b",
    "``x``",
    "`",
    "``",
    "a`b",
    "\\",
    "\\|",
    "<img src=x onerror=alert(1)>",
    "</details>",
    "<!-- qgov-plan -->",
    "@acme/security",
    "mei@acme.example",
    "[x](javascript:alert(1))",
    "![x](https://evil.example/x.png)",
    "https://evil.example/x",
    "www.evil.example",
    "WWW.evil.example",
    "=cmd()",
    "+1",
    "-1",
    "#1",
    "GH-1",
    "# heading",
    "- item",
    "1. item",
    "> quote",
    "***",
    "~~x~~",
    "_x_",
    "$x$",
    ":tada:",
    "&lt;script&gt;",
    "\x1b[31mred\x1b[0m",
    "\x07",
    "a\nb",
    "a\r\nb",
    "a\tb",
    "\u202eabc",
    "\u200b",
    "\u2066x\u2069",
    "\ud800",
    "::error::x",
    "##[error]x",
    "<br>",
    "&#64;a",
    "[ref]: https://evil.example",
    "\x00",
    "\x9b31m",
    "",
)
"""Markup, mentions, links, formulas, commands, terminal escapes and what hides."""


@cache
def _harmless() -> Plan:
    more = {"[chemistry, optimisation]": "[chemistry, optimisation, other]"}
    edits = {"tenants/atlas.yaml": more, "budgets/atlas.yaml": {"1000.00": "2000.00"}}
    return plan_of(BASELINE, changed(BASELINE, edits))


def hostile_plan(text: str) -> Plan:
    """A plan that says a text wherever it says anything."""
    plan = _harmless()
    origin = Origin(text, 1, 1)
    finding = Finding("QG999", f"`{text}` is wrong", origin, text, document=text)
    first = plan.access[0]
    cells = tuple(
        replace(cell, cell=Cell(Principal(text), cell.cell.permission, text, text))
        for cell in first.row.cells
    )
    access = replace(
        first,
        row=replace(
            first.row, principal=Principal(text), scope=text, backends=(text,), cells=cells
        ),
        causes=tuple(replace(cause, path=text) for cause in first.causes),
    )
    diff = (
        {"path": text, "change": "changed", "before": text, "after": [text], "concern": "words"},
        {"path": text, "change": "added", "before": None, "after": text, "concern": "trust"},
        {
            "path": text,
            "change": "removed",
            "before": {text: text},
            "after": None,
            "concern": "money",
        },
    )
    after = replace(plan.exposure[1], unbounded=(text,))
    row = plan.concerns[0]
    names = ("spec", "identityProviders", text)
    change = replace(
        row.change,
        document=text,
        names=names,
        field=text,
        before=text,
        after={text: [text]},
        origin=origin,
    )
    rows = tuple(
        replace(row, change=replace(change, concern=concern), approvers=(text,))
        for concern in (Concern.TRUST, Concern.RULES, Concern.MONEY)
    )
    unmet = Unmet(Wanted("gain", text, text, text, text, origin), text)
    return replace(
        plan,
        base=replace(plan.base, ref=text, commit=None),
        head=replace(plan.head, ref=text),
        access=(access, *plan.access),
        exposure=(plan.exposure[0], after),
        documents=(DocumentChange(text, text, "changed", diff),),
        artifacts=(ArtifactChange(text, "changed"),),
        new_findings=(finding,),
        fixed_findings=(finding,),
        approvals=(Approver(text, text),),
        rails=(Tripped("mass-removal", text),),
        horizon=(Event(NOW, text, text),),
        intent=Intended(text, (access,), (unmet,), (access, *plan.access), (access,), rows),
        author=AuthorGains(Author(text, (text, text)), (access,)),
        concerns=rows,
        groups=(GroupDeleted(text, text, (text,), replace(first.causes[0], path=text), (text,)),),
    )
