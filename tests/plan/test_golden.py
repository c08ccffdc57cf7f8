"""The plan as people read it, word for word.

Rewrite the files after a change that is meant, and read their difference in the review:

    QGOV_WRITE_GOLDEN=1 python -m pytest tests/plan/test_golden.py
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from qgov.language.intent import read_intent
from qgov.plan.author import Author
from qgov.plan.plan import Plan
from qgov.render.plan_markdown import as_markdown
from qgov.render.plan_text import as_text
from tests.plan.worlds import BASELINE, ELEVATION, changed, plan_of

GOLDEN = Path(__file__).parent / "golden"
WRITE = os.environ.get("QGOV_WRITE_GOLDEN") == "1"

_MANY = {
    f"tenants/t{n:02}.yaml": BASELINE["tenants/atlas.yaml"]
    .replace("atlas", f"t{n:02}")
    .replace(f"t{n:02}-data", "atlas-data")
    .replace("410000000101", f"41{n:010}")
    for n in range(12)
}


def _role() -> Plan:
    """One edit of a role that reaches everybody, and more money."""
    before = BASELINE | _MANY
    return plan_of(
        before,
        changed(
            before,
            {
                "roles/developer.yaml": {
                    "    - result:read\n": "    - result:read\n    - result:export\n",
                    "job:cancel:own": "job:cancel",
                },
                "budgets/atlas.yaml": {"1000.00": "2500.00"},
            },
        ),
    )


def _removal() -> Plan:
    """A tenant gone, countries exchanged, a budget gone, an error of a rule mended."""
    before = changed(
        BASELINE,
        {"tenants/borealis.yaml": {"role: developer, on: test}": "role: administrator, on: test}"}},
    )
    return plan_of(
        before,
        changed(
            BASELINE,
            {
                "tenants/atlas.yaml": None,
                "budgets/atlas.yaml": None,
                "budgets/borealis.yaml": None,
                "qgov.yaml": {"countries: [DE, FI, FR]": "countries: [DE, FI, NL]"},
            },
        ),
    )


def _quiet() -> Plan:
    """Text moved, an exception renewed, and what ends by itself."""
    before = BASELINE | {"tenants/mei.yaml": ELEVATION}
    after = {path.replace("roles/", "roles/all/"): text for path, text in before.items()}
    return plan_of(
        before,
        changed(
            after,
            {"tenants/atlas.yaml": {"contact: leads@atlas.example": "contact: team@atlas.example"}},
        ),
        horizon_s=2_592_000,
    )


_INTENT = """\
intent:
  - {gain: "job:*", principals: ["group:atlas-developers"], scopes: [atlas/production]}
  - {lose: "*", principals: ["group:atlas-leads", "group:operators"], scopes: [atlas]}
"""


def _intent() -> Plan:
    """Developers of one tenant were meant; a floor that reaches all was not. With an author."""
    after = changed(
        BASELINE,
        {
            "tenants/atlas.yaml": {
                "on: production, eligible: {approvers: atlas-leads, maxDuration: 4h, ticket: required}": "on: production",
                '    - {group: operators, role: reader, on: "*"}\n': "",
            },
            "qgov.yaml": {
                "floors: {managedDevice: true, maxTokenAge: 8h": "floors: {maxTokenAge: 8h"
            },
        },
    )
    intent, _ = read_intent("intent.yaml", _INTENT.encode())
    author = Author("mei@acme.example", ("atlas-developers", "staff"))
    return plan_of(BASELINE, after, intent=intent, author=author)


PLANS: Mapping[str, Callable[[], Plan]] = {
    "role": _role,
    "removal": _removal,
    "quiet": _quiet,
    "intent": _intent,
}
FORMATS: Mapping[str, Callable[[Plan], str]] = {"txt": as_text, "md": as_markdown}


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("ending", FORMATS)
def test_a_plan_reads_as_agreed(name: str, ending: str) -> None:
    path = GOLDEN / f"{name}.{ending}"
    found = FORMATS[ending](PLANS[name]())
    if WRITE:
        path.write_text(found, encoding="utf-8")

    assert found == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PLANS)
def test_text_fits_a_terminal(name: str) -> None:
    for line in as_text(PLANS[name]()).splitlines():
        assert len(line) <= 80 or " " not in line.strip(), line


def test_colour_changes_nothing_but_colour() -> None:
    import re

    plan = PLANS["removal"]()
    painted = as_text(plan, colour=True)

    assert "\x1b[31m" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == as_text(plan)
