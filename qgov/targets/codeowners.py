r"""Whom the platform asks to review which file: a CODEOWNERS file, from the owners.

`CODEOWNERS` follows the convention of the folders (`tenants/<tenant>/`, `budgets/<budget>.yaml`),
so that it is a function of what the documents mean: a document that is moved elsewhere is owned
by the organization's approvers, like everything that no line names. A file among somebody's
that holds what is not theirs has a line of its own and these approvers: one of a line's owners
is enough for the platform, and none of several may answer for the others. `qgov plan --reviews`
asks for all that are needed.

GitHub reads a pattern as gitignore does, without `\#`, `!` and `[ ]`, and the last line that
matches decides (https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners);
GitLab reads the same lines.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from qgov.finding import Finding, Severity
from qgov.language.documents import Document
from qgov.model.access_model import AccessModel
from qgov.model.belonging import belongs_to, owners_of
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
"""Where what has an owner of its own stands by convention, by its name."""

_FOLDERS: Final = {"Organization": "qgov.yaml", "Role": "roles/", "AccessTest": "tests/access/"}
"""Where what is the organization's stands."""

_UNSAFE: Final = re.compile(r"[^\w./@+=,-]")


def pattern(path: str) -> str:
    """A pattern for one path (relative, POSIX), and for what lies below it when it ends in
    `/`. A character that has a meaning, or that one of the platforms cannot escape, becomes
    `?`, which stands for any one but `/`."""
    return "/" + _UNSAFE.sub("?", path)


def _emit(model: AccessModel) -> dict[str, bytes]:
    lines = [
        f"{where} {' '.join(sorted(f'@{_team(model, owner)}' for owner in owners))}\n"
        for where, owners in _owned(model)
        if owners
    ]
    return {PATH: (_HEAD + "".join(lines)).encode()}


def _team(model: AccessModel, owner: str) -> str:
    """The team of a group; of the organization, unless it says otherwise."""
    group = model.groups.get(owner)
    team = owner if group is None or group.team is None else group.team
    return team if "/" in team else f"{model.organization.name}/{team}"


def _owned(model: AccessModel) -> Iterator[tuple[str, set[str]]]:
    """(pattern, groups), the general first, because the last that matches decides."""
    everything = _approvers(model)
    for where in ("*", "/qgov.yaml", "/roles/", "/templates/", "/tests/"):
        yield where, everything
    places = model.shared(_by_place)
    for place, owners in places.items():
        yield pattern(place), owners
    for path, found in model.shared(_strays).items():
        theirs = {group for document in found for group in owners_of(model, document)}
        yield pattern(path), everything or (theirs | _owner_at(places, path))
    for where in ("/CODEOWNERS", "/.github/", "/.gitlab/", "/.gitlab-ci.yml"):
        yield where, everything


def _by_place(model: AccessModel) -> dict[str, set[str]]:
    """Each file, or folder that ends in `/`, of an owner of its own."""
    found = {
        place.format(tenant.name): {tenant.spec.owner.group}
        for tenant in model.tenants.values()
        for place in _PLACES["Tenant"]
    }
    # A budget and an exception of the same name stand in one file.
    budgets: dict[str, set[str]] = defaultdict(set)
    for budget in model.budgets.values():
        budgets[budget.name].add(budget.owner)
    for exception in model.budget_exceptions:
        if (of := model.budgets.get(exception.value.budget)) is not None:
            budgets[exception.name].add(of.owner)
    for file in sorted(budgets):
        for place in _PLACES["Budget"]:
            found[place.format(file)] = budgets[file]
    return found


def _owner_at(places: Mapping[str, set[str]], path: str) -> set[str]:
    """Who owns the files at a path; nobody where it is the organization."""
    folder = "/".join(path.split("/")[:2])
    return places.get(path) or places.get(f"{folder}/") or set()


def _strays(model: AccessModel) -> dict[str, list[Document]]:
    """By file, the documents of whatever kind that lie among what somebody else owns."""
    places = model.shared(_by_place)
    found: dict[str, list[Document]] = defaultdict(list)
    for document in model.documents:
        there = _owner_at(places, document.path)
        own = owners_of(model, document)
        if there and not (own and own <= there):
            found[document.path].append(document)
    return dict(sorted(found.items()))


def _approvers(model: AccessModel) -> set[str]:
    """The groups that approve what is most dangerous, of those that are named at all."""
    review = model.organization.spec.review
    return set(review.critical or review.high or review.medium or review.low)


def _unsupported(model: AccessModel) -> list[Finding]:
    """Documents that lie where their owner is not asked, or among what somebody else owns, and a
    file that would be ignored."""
    places, strays = model.shared(_by_place), model.shared(_strays)
    found = [
        Finding(
            "QG975",
            f"`{path}` lies where {_names(_owner_at(places, path))} owns the files, and holds "
            "documents of another owner; CODEOWNERS asks the approvers of the organization about "
            "all of it",
            inside[0].start,
            f"put it into {_usual_place(inside[0])}",
            Severity.WARNING,
            document=inside[0].id,
            detail=f"{len(inside):,}, such as `{inside[0].id}`",
        )
        for path, inside in strays.items()
    ]
    elsewhere = [d for d in model.documents if d.path not in strays and not _in_place(d)]
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


def _names(groups: Iterable[str]) -> str:
    return " and ".join(f"`{group}`" for group in sorted(groups))


def _usual_place(document: Document) -> str:
    """Where a document of its kind stands."""
    if document.kind in _PLACES:
        return _PLACES[document.kind][0].format(document.name)
    tenant = belongs_to(document)
    return _FOLDERS.get(document.kind) or (f"tenants/{tenant}/" if tenant else "another folder")


def _in_place(document: Document) -> bool:
    places = _PLACES.get(document.kind)
    if places is None:
        return True
    return any(
        document.path == place or (place.endswith("/") and document.path.startswith(place))
        for place in (place.format(document.name) for place in places)
    )


TARGET = Target("codeowners", _emit, _unsupported)
