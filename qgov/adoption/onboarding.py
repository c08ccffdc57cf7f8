"""A new tenant: what its templates make of the answers, judged before anything is written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from msgspec import Struct
from pydantic import TypeAdapter, ValidationError

from qgov.adoption.answers import Answers, unmet
from qgov.adoption.templates import TemplateError, read_template, render
from qgov.errors import QgovError
from qgov.finding import Finding, Severity
from qgov.language.quote import quoted
from qgov.language.reader import read
from qgov.language.scalars import Name
from qgov.language.templates import MAX_TEMPLATE
from qgov.pipeline import check, load
from qgov.repository import RepositoryError
from qgov.repository.files import is_configuration, link_on

__all__ = ["TEMPLATES", "Onboarded", "onboard", "read_templates", "require_name"]

TEMPLATES: Final = {
    "templates/budget.yaml.j2": "budgets/{}.yaml",
    "templates/access-test.yaml.j2": "tests/access/{}.yaml",
    "templates/welcome.md.j2": "tenants/{}/welcome.md",
    "templates/tenant.yaml.j2": "tenants/{}/tenant.yaml",
}
"""A template of the repository → what it becomes, in the order in which it is written. The tenant
is last: without it the others do not validate, so that a part is never mistaken for the whole."""

_NAME = TypeAdapter[str](Name)


class Onboarded(Struct, frozen=True):
    """The new files (repository path → bytes; none when the answers do not fit), and what
    is wrong with the repository that has them; to be written when no finding is an error."""

    files: Mapping[str, bytes]
    findings: tuple[Finding, ...]


def require_name(text: str) -> str:
    """The text when the language reads it as a name (RFC 1123 label), even without quotes: `12`
    and `null` are not names. Raises QgovError."""
    if not _is_name(text):
        raise QgovError(
            f"{quoted(text)} is not a name; write lower-case letters, digits and inner hyphens, "
            "at most 63, and no number or `null`"
        )
    return text


def _is_name(text: str) -> bool:
    try:
        _NAME.validate_python(text)
    except ValidationError:
        return False
    values, _ = read("", text.encode())
    return [value for value, _ in values] == [text]


def read_templates(root: Path) -> dict[str, bytes]:
    """The templates of the repository at `root`. Raises TemplateError when one is missing,
    is a link or cannot be read."""
    found: dict[str, bytes] = {}
    for path in TEMPLATES:
        if (link := link_on(root, path)) is not None:
            raise TemplateError(f"{link} is a link; put the file itself into the repository")
        try:
            handle = os.open(root / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(handle, "rb") as stream:
                found[path] = stream.read(MAX_TEMPLATE + 1)
        except FileNotFoundError as error:
            raise TemplateError(
                f"there is no {path}; `qgov init` writes one into a new repository"
            ) from error
        except OSError as error:
            raise TemplateError(f"cannot read {path}: {error.strerror}") from error
    return found


def onboard(
    files: Mapping[str, bytes],
    templates: Mapping[str, bytes],
    tenant: str,
    answers: Answers,
    now: datetime,
) -> Onboarded:
    """Render the templates for a tenant and validate the configuration `files` with what
    they become. Raises TemplateError for a template, RepositoryError for a tenant that is
    there already."""
    starters = [read_template(path, templates[path]) for path in TEMPLATES]
    asked: dict[str, list[str]] = {}
    for starter in starters:
        for name in sorted(starter.asks):
            asked.setdefault(name, []).append(starter.path)
    if findings := unmet(answers, asked, ["tenant"]):
        return Onboarded({}, tuple(findings))
    given = {**answers.values, "tenant": tenant}
    made: dict[str, bytes] = {}
    for starter in starters:
        path = TEMPLATES[starter.path].format(tenant)
        if path in files:
            raise RepositoryError(f"{path} is there already; edit it, or choose another name")
        made[path], refused = render(starter, given, answers)
        findings += refused
    if findings:
        # Several templates may stumble over one answer.
        return Onboarded({}, tuple({finding.origin: finding for finding in findings}.values()))
    whole = {**files, **{path: data for path, data in made.items() if is_configuration(path)}}
    checked = check(load(whole), now).findings
    return Onboarded(made, tuple(f for f in checked if f.severity is not Severity.INFO))
