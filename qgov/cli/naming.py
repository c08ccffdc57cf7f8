"""Names that are given on the command line and become part of documents."""

from __future__ import annotations

import typer

__all__ = ["named"]


def named(text: str, option: str) -> str:
    """The text when it is a name of the language. Raises typer.BadParameter."""
    from qgov.adoption.onboarding import is_name
    from qgov.language.quote import quoted

    if is_name(text):
        return text
    raise typer.BadParameter(
        f"{quoted(text)} is not a name; write lower-case letters, digits and inner hyphens, "
        "at most 63, and no number or `null`",
        param_hint=option,
    )
