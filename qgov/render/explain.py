"""Why one request is allowed or denied, as text and JSON."""

from __future__ import annotations

from qgov.contracts import answers
from qgov.contracts.telling import document_text, tell
from qgov.decision.explanation import Explanation
from qgov.decision.request import Request
from qgov.model.access_model import AccessModel
from qgov.render.conditions import in_words
from qgov.render.nesting import as_member, memberships
from qgov.render.text import page, plain, wrapped

__all__ = ["as_json", "as_text"]


def as_text(model: AccessModel, found: Explanation) -> str:
    """The answer first, then each way with its line."""
    # What was given may be anything; what is told is what was read.
    asked, decision = Request.from_json(found.request), found.decision
    where = "/".join(filter(None, asked.resource.labels)) or "*"
    backend = f" on {asked.resource.backend}" if asked.resource.backend else ""
    groups = ", ".join(asked.subject.groups)
    given = found.request["subject"].get("id")
    id_ = given if isinstance(given, str) else str(asked.subject.id)
    who = f"{id_} ({groups})" if groups else id_
    verdict = "ALLOW" if decision.allow else f"DENY: {', '.join(decision.reasons)}"
    lines = [verdict, *wrapped(f"{who} {asked.action} at {where}{backend}", 0, 2)]
    lines += wrapped(f"warning: {', '.join(decision.warnings)}", 0) if decision.warnings else []
    if not found.ways:
        lines += ["", "no binding of the subject gives this permission there"]
    for way in found.ways:
        binding = way.candidate.binding
        lines.append("")
        lines.append(
            f"{'✗' if way.lacks else '✓'} {plain(binding.principal)} is {plain(binding.role)} on "
            f"{plain(binding.scope)}{as_member(binding)}  {plain(str(binding.origin))}"
        )
        lines += (f"    {line}" for line in memberships(model, binding))
        permission = model.roles[binding.role].permission_origin(asked.action or "")
        lines.append(f"    the role permits it  {plain(str(permission))}")
        words = in_words(way.candidate.conditions, model.organization.spec.currency)
        lines += wrapped(f"requires {' · '.join(words) or 'nothing more'}", 4, 13)
        if way.lacks:
            lines += wrapped(f"lacks {', '.join(way.lacks)}", 4, 10)
    if found.bounds:
        lines.append("")
    for bound in found.bounds:
        mark, where = "✗" if bound.lacks else "✓", plain(str(bound.origin))
        lines.append(f"{mark} the {bound.kind} {plain(bound.name)}  {where}")
        if bound.lacks:
            lines += wrapped(f"lacks {', '.join(bound.lacks)}", 4, 10)
        if bound.why:
            lines += wrapped(bound.why, 4, 10)
    return page(lines)


def as_json(found: Explanation) -> str:
    """The document `qgov/explanation/v1`."""
    return document_text(tell(answers.Explanation, found))
