r"""Whom the platform asks to review which file: a CODEOWNERS file, from the owners.

`CODEOWNERS` follows the convention of the folders (`tenants/<tenant>/`, `budgets/<budget>.yaml`),
so that it is a function of what the documents mean: a document that is moved elsewhere is owned
by the organization's approvers, like everything that no line names. One of a line's owners is
enough for the platform; `qgov plan --reviews` asks for all that are needed.

GitHub reads a pattern as gitignore does, without `\#`, `!` and `[ ]`, and the last line that
matches decides (https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners);
GitLab reads the same lines.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from qgov.finding import Finding, Severity
from qgov.language.documents import Document
from qgov.model.access_model import AccessModel
from qgov.targets.target import Target

__all__ = ["MOST_BYTES", "PATH", "TARGET", "pattern"]

PATH: Final = "CODEOWNERS"
MOST_BYTES: Final = 3_000_000
"""GitHub ignores a larger file as a whole."""

_HEAD: Final = """\
# Written by `qgov compile --target codeowners`: edit the owners in the documents instead.
# Put it at the root of the repository, in .github/ or in .gitlab/.
"""
_PLACES: Final = {
    "Tenant": ("tenants/{}/", "tenants/{}.yaml"),
    "Budget": ("budgets/{}.yaml",),
    "BudgetException": ("budgets/{}.yaml",),
}
"""Where a document stands by convention, by its name."""

_UNSAFE: Final = re.compile(r"[^\w./@+=,-]")


def pattern(path: str) -> str:
    """A pattern for one path (relative, POSIX), and for what lies below it when it ends in
    `/`. A character that has a meaning, or that one of the platforms cannot escape, becomes
    `?`, which stands for any one but `/`."""
    return "/" + _UNSAFE.sub("?", path)


def _emit(model: AccessModel) -> dict[str, bytes]:
    name = model.organization.name
    lines = [
        f"{where} {' '.join(f'@{name}/{owner}' for owner in sorted(owners))}\n"
        for where, owners in _owned(model)
        if owners
    ]
    return {PATH: (_HEAD + "".join(lines)).encode()}


def _owned(model: AccessModel) -> Iterator[tuple[str, set[str]]]:
    """(pattern, groups), the general first, because the last that matches decides."""
    everything = _approvers(model)
    for where in ("*", "/qgov.yaml", "/roles/", "/templates/", "/tests/"):
        yield where, everything
    for tenant in model.tenants.values():
        for place in _PLACES["Tenant"]:
            yield pattern(place.format(tenant.name)), {tenant.spec.owner.group}
    # A budget and an exception of the same name stand in one file.
    budgets: dict[str, set[str]] = defaultdict(set)
    for budget in model.budgets.values():
        budgets[budget.name].add(budget.owner)
    for exception in model.budget_exceptions:
        if (of := model.budgets.get(exception.value.budget)) is not None:
            budgets[exception.name].add(of.owner)
    for file in sorted(budgets):
        for place in _PLACES["Budget"]:
            yield pattern(place.format(file)), budgets[file]
    for where in ("/CODEOWNERS", "/.github/", "/.gitlab/", "/.gitlab-ci.yml"):
        yield where, everything


def _approvers(model: AccessModel) -> set[str]:
    """The groups that approve what is most dangerous, of those that are named at all."""
    review = model.organization.spec.review
    return set(review.critical or review.high or review.medium or review.low)


def _unsupported(model: AccessModel) -> list[Finding]:
    """Documents that lie where their owner is not asked, and a file that would be ignored."""
    found = []
    elsewhere = [document for document in model.documents if not _in_place(document)]
    if elsewhere:
        first = elsewhere[0]
        found.append(
            Finding(
                "QG975",
                f"CODEOWNERS does not ask the owners of {len(elsewhere):,} documents outside of "
                f"the usual files, such as `{first.id}`",
                first.start,
                f"put it into {_PLACES[first.kind][0].format(first.name)}",
                Severity.INFO,
                document=first.id,
            )
        )
    if len(_emit(model)[PATH]) > MOST_BYTES:
        found.append(
            Finding(
                "QG976",
                f"CODEOWNERS has more than {MOST_BYTES:,} bytes, and GitHub ignores it",
                model.organization.source.origin,
                "split the repository, or rely on `qgov plan --reviews`",
                Severity.WARNING,
                document=model.organization.source.document,
            )
        )
    return found


def _in_place(document: Document) -> bool:
    places = _PLACES.get(document.kind)
    if places is None:
        return True
    return any(
        document.path == place or (place.endswith("/") and document.path.startswith(place))
        for place in (place.format(document.name) for place in places)
    )


TARGET = Target("codeowners", _emit, _unsupported)
