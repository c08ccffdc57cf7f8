"""Who holds a permission, as text and JSON."""

from __future__ import annotations

from qgov.contracts.answers import WhoCan
from qgov.contracts.telling import document_text, tell
from qgov.decision.who_can import Held
from qgov.model.access_model import AccessModel
from qgov.render.conditions import in_words
from qgov.render.nesting import as_member
from qgov.render.text import count, page, plain, wrapped

__all__ = ["as_json", "as_text"]


def as_text(model: AccessModel, held: list[Held]) -> str:
    """A paragraph for each way."""
    currency = model.organization.spec.currency
    lines: list[str] = []
    for item in held:
        where = f"on {', '.join(item.scopes)}"
        if item.backends:
            where += f" ({', '.join(item.backends)})"
        lines += wrapped(f"{item.principal} {where}", 0, 4)
        words = " · ".join(in_words(item.path.conditions, currency)) or "no condition"
        lines += wrapped(f"when {words}", 4, 9)
        binding = item.path.binding
        lines.append(
            f"    through {plain(binding.role)}{as_member(binding)}  {plain(str(binding.origin))}"
        )
    principals = {item.principal for item in held}
    lines.append(count(len(principals), "principal"))
    return page(lines)


def as_json(permission: str, held: list[Held]) -> str:
    """The document `qgov/who-can/v1`."""
    return document_text(tell(WhoCan, (permission, held)))
