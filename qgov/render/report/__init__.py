"""The plan as one HTML page for the security reviewer: `report.html`.

One file that asks the network for nothing, says everything with scripts off, and prints.
What stands in it comes from documents that are hostile: the templates escape all of it, and
show rather than obey what would turn or hide text.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from qgov.language.scalars import format_instant
from qgov.model.access_model import AccessModel
from qgov.plan.plan import Plan
from qgov.render.counting import count, more, more_of, shortened
from qgov.render.escaping import plain
from qgov.render.plan_concerns import reach_of, sides_of, way_of, witness_of
from qgov.render.plan_documents import differences_of
from qgov.render.plan_view import short_name
from qgov.render.report.circuits import said
from qgov.render.report.heat import HEAT, SIGNS
from qgov.render.report.page import frameworks, page_of

__all__ = ["as_html"]


def as_html(
    plan: Plan,
    before: AccessModel | None,
    after: AccessModel | None,
    conformance: Mapping[str, Any] | None = None,
) -> str:
    """The page of a plan, whose two sides have these models (None: the empty repository).

    `conformance` is a `qgov/conformance/v1` document, or None when nothing was run. The page
    is a view: what it leaves out for size it counts, and `qgov/plan/v1` has it.
    """
    templates = _templates()
    style, script = (
        Markup(templates.get_template(name).render())  # noqa: S704 - our own file
        for name in ("report.css", "report.js")
    )
    return (
        templates.get_template("report.html.j2").render(
            page=page_of(plan, before, after, conformance),
            style=style,
            script=script,
            policy=_policy(style, script),
        )
        + "\n"
    )


def _templates() -> Environment:
    found = Environment(
        loader=PackageLoader("qgov.render.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    found.filters |= {
        "count": count,
        "differences": differences_of,
        "frameworks": frameworks,
        "instant": format_instant,
        "more": more,
        "more_of": more_of,
        "name": short_name,
        "said": said,
        "shortened": shortened,
        "reaches": reach_of,
        "sides": sides_of,
        "shows": witness_of,
        "way": way_of,
    }
    found.globals |= {"DEGREES": HEAT, "SIGNS": SIGNS}
    return found


def _shown(value: object) -> str:
    """What is written for a value, with what is invisible in it shown. Every expression of the
    templates passes here before it is escaped; Markup is what one of our macros wrote so."""
    return value if isinstance(value, Markup) else plain(str(value))


def _policy(style: str, script: str) -> str:
    """The Content-Security-Policy (CSP level 3): our style and our script, by their hashes,
    and nothing from anywhere."""
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
