"""Rows of commands: on generated companies, and how long one takes to start."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from measuring import Row, Run, Tree, edit, git, measure, once, times

BASELINE = """
import sys, yaml
from pathlib import Path
count = 0
for path in sorted(Path(sys.argv[1]).rglob("*.yaml")):
    count += sum(1 for _ in yaml.load_all(path.read_bytes(), yaml.CSafeLoader))
"""

ROLE = ("roles/researcher.yaml", "input:write, ", "")
FLOOR = ("qgov.yaml", "maxTokenAge: 12h", "maxTokenAge: 8h")
TENANT = (
    "tenants/tenant-00001/tenant.yaml",
    "role: researcher, on: test/chemistry",
    "role: developer, on: test/chemistry",
)
OTHER = ("qgov.yaml", "title: A large company", "title: A larger company")
"""Edits of the generated company: a file, a text in it, and another."""


@dataclass(frozen=True)
class Companies:
    """Versions with one generated company each, and what several rows compare with, measured
    once."""

    trees: Sequence[Tree]
    repeat: int

    @cached_property
    def bare(self) -> list[Run]:
        """An interpreter that does nothing."""
        return measure(lambda _: ["-c", "pass"], self.trees, 3 * self.repeat)

    @cached_property
    def loader(self) -> list[Run]:
        """What reads all of the YAML with PyYAML's libyaml."""
        return measure(
            lambda tree: ["-c", BASELINE, tree.generated], self.trees, self.repeat, pristine
        )

    @cached_property
    def validated(self) -> list[Run]:
        """Cold `qgov validate`."""
        return measure(qgov("validate"), self.trees, self.repeat, pristine)


def qgov(command: str, *options: str) -> Callable[[Tree], Sequence[object]]:
    """A command on the generated company."""
    return lambda tree: ["-m", "qgov", command, *options, "--root", tree.generated]


def pristine(tree: Tree) -> None:
    """Take back what was edited."""
    git(tree.generated, "checkout", "--quiet", ".")


def changed(tree: Tree, change: tuple[str, str, str]) -> None:
    """Make one edit of the generated company, and no other."""
    pristine(tree)
    path, old, new = change
    edit(tree.generated / path, old, new)


def without_cache(tree: Tree) -> None:
    """Forget what plans have kept."""
    shutil.rmtree(tree.generated / ".git" / "qgov", ignore_errors=True)


def planned(
    change: tuple[str, str, str], trees: Sequence[Tree], repeat: int
) -> tuple[list[Run], list[Run]]:
    """The plan of an edit without a cache, and with one that another change has left."""

    def warm(tree: Tree) -> None:
        changed(tree, OTHER)
        once(qgov("plan")(tree), tree.code)
        changed(tree, change)

    for tree in trees:
        changed(tree, change)
    cold = measure(qgov("plan"), trees, repeat, without_cache)
    print(f"{change[0]} edited: {cold[0]}", file=sys.stderr)  # before what takes as long again
    cached = measure(qgov("plan"), trees, repeat, warm)
    return cold, cached


# ------------------------------------------------------------------------------------------- rows


def validate(company: Companies) -> Iterator[Row]:
    """Reading and checking, and what only reads."""
    yield Row("`yaml.load_all(CSafeLoader)` of all files", company.loader)
    ratio = times(company.validated, company.loader)
    yield Row("`qgov validate`, cold", company.validated, "CSafeLoader", ratio, "≤ 0.80")


def compiled(company: Companies) -> Iterator[Row]:
    """Two targets, written."""

    def arguments(tree: Tree) -> Sequence[object]:
        to = ("--out", tree.generated.parent / "out")
        return [*qgov("compile", "--target", "opa", "--target", "idp")(tree), *to]

    runs = measure(arguments, company.trees, company.repeat, pristine)
    ratio = times(runs, company.loader)
    yield Row("`qgov compile` OPA and IdP, cold", runs, "CSafeLoader", ratio, "≤ 1.50")


def one_file(company: Companies) -> Iterator[Row]:
    """One tenant's file changed."""
    against = company.validated
    for tree in company.trees:
        changed(tree, OTHER)
        once(qgov("plan")(tree), tree.code)
        changed(tree, TENANT)
    warm = measure(qgov("plan"), company.trees, company.repeat)
    ratio = times(warm, against)
    yield Row("`qgov plan` of one changed file, cached", warm, "cold validate", ratio, "≤ 0.12")
    shown = measure(qgov("plan", "--witness"), company.trees, company.repeat)
    yield Row(
        "`qgov plan --witness`, the same", shown, "plan without", times(shown, warm), "≤ 2.00"
    )


def role(company: Companies) -> Iterator[Row]:
    """A permission taken from a role."""
    return _edited("a role", ROLE, company)


def floor(company: Companies) -> Iterator[Row]:
    """A floor of the organization tightened."""
    return _edited("a floor", FLOOR, company)


def _edited(what: str, change: tuple[str, str, str], company: Companies) -> Iterator[Row]:
    cold, cached = planned(change, company.trees, company.repeat)
    against = "cold validate"
    ratio = times(cold, company.validated)
    yield Row(f"`qgov plan`, {what} edited", cold, against, ratio, "≤ 1.20")
    ratio = times(cached, company.validated)
    yield Row(f"`qgov plan`, {what} edited, cached", cached, against, ratio, "≤ 0.40")


def start(company: Companies) -> Iterator[Row]:
    """What a command costs that has next to nothing to do."""
    bare, trees, often = company.bare, company.trees, 3 * company.repeat

    def over_bare(runs: Sequence[Run]) -> str:
        seconds, cpu = runs[0].seconds - bare[0].seconds, runs[0].cpu - bare[0].cpu
        return f"+{seconds * 1000:.0f} ms (+{cpu * 1000:.0f} ms CPU)"

    yield Row("bare interpreter", bare)
    helped = measure(lambda _: ["-m", "qgov", "--help"], trees, often)
    yield Row("`qgov --help`", helped, "bare interpreter", over_bare(helped), "≤ +60 ms")
    for tree in trees:
        edit(
            tree.worked / "tenants" / "aurora" / "tenant.yaml",
            "role: researcher, on: test/chemistry",
            "role: quantum-developer, on: test/chemistry",
        )
    worked = measure(lambda tree: ["-m", "qgov", "plan", "--root", tree.worked], trees, often)
    for tree in trees:
        git(tree.worked, "checkout", "--quiet", ".")
    name = "`qgov plan`, worked repository, cached"
    yield Row(name, worked, "bare interpreter", over_bare(worked), "≤ +250 ms")
