"""A new configuration repository, as a value: every file of it and the first tenant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files as files_of
from importlib.resources.abc import Traversable
from typing import Final

from qgov import __version__
from qgov.adoption.answers import Answers, read_answers
from qgov.adoption.onboarding import TEMPLATES, Onboarded, onboard
from qgov.adoption.templates import read_template, render
from qgov.finding import has_errors
from qgov.render.schema import path_of, schemas, written
from qgov.repository.files import is_configuration

__all__ = ["PROGRAMS", "machinery", "starter"]

PROGRAMS: Final = (".ci/run",)
"""The files that can be run."""

_MACHINERY: Final = {
    "requirements.txt.j2": "requirements.txt",
    "gitignore": ".gitignore",
    "ci-run": ".ci/run",
    "workflow.yml": ".github/workflows/qgov.yml",
    "drift.yml": ".github/workflows/drift.yml",
    "elevate.yml": ".github/workflows/elevate.yml",
}
_PLACES: Final = {
    "readme.md.j2": "README.md",
    **_MACHINERY,
    "answers.yaml.j2": "onboarding/{tenant}.yaml",
    "access-review.yaml.j2": "tenants/access-review.yaml",
    "access-test.yaml.j2": "tests/access/organization.yaml",
    "budget.yaml.j2": "budgets/organization.yaml",
    **{
        f"roles/{role}.yaml.j2": f"roles/{role}.yaml"
        for role in (
            "auditor",
            "finance-approver",
            "platform-admin",
            "quantum-developer",
            "researcher",
            "security-reviewer",
            "tenant-lead",
        )
    },
    "qgov.yaml.j2": "qgov.yaml",
}
"""A file of this package → its place in the new repository. `qgov.yaml` is last: without it
nothing validates, so that a part is never mistaken for the whole."""


def machinery() -> dict[str, bytes]:
    """What every repository has, whatever it says (path → bytes): its CI, and the schemas for
    editors."""
    package = files_of("qgov.adoption") / "files"
    values = {"version": __version__}
    made = {place: _made(package, name, values) for name, place in _MACHINERY.items()}
    return {**_schemas(), **made}


def starter(organization: str, tenant: str, now: datetime) -> Onboarded:
    """The files of a new repository (path → bytes) whose first tenant is onboarded with its
    own templates, and the findings. Both names must be labels; `now` dates the reviews that
    a new repository begins with."""
    values = {
        "organization": organization,
        "tenant": tenant,
        "title": tenant.replace("-", " ").capitalize(),
        "today": now.date().isoformat(),
        "version": __version__,
    }
    package = files_of("qgov.adoption") / "files"
    templates = {path: _bytes(package, path) for path in TEMPLATES}
    made = {
        place.format(tenant=tenant): _made(package, name, values) for name, place in _PLACES.items()
    }
    answered = f"onboarding/{tenant}.yaml"
    answers, refused = read_answers(answered, made[answered])
    if answers is None:
        return Onboarded({}, tuple(refused))
    configuration = {path: data for path, data in made.items() if is_configuration(path)}
    first = onboard(configuration, templates, tenant, answers, now)
    if has_errors(first.findings):
        return first
    return Onboarded({**_schemas(), **templates, **first.files, **made}, first.findings)


def _schemas() -> dict[str, bytes]:
    return {path_of(kind): written(content) for kind, content in schemas().items()}


def _bytes(package: Traversable, path: str) -> bytes:
    return package.joinpath(*path.split("/")).read_bytes()


def _made(package: Traversable, name: str, values: Mapping[str, str]) -> bytes:
    """A file of this package; the templates among them, rendered."""
    data = _bytes(package, f"repository/{name}")
    if not name.endswith(".j2"):
        return data
    content, refused = render(read_template(name, data), values, Answers(name, {}))
    assert not refused, "labels and dates fit everywhere"
    return content
