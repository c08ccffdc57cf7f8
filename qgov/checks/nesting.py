"""Nested teams: what a group includes, and who counts as in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from qgov.checks import guide
from qgov.checks.facts import found_at
from qgov.checks.rule import Found, rule
from qgov.finding import Severity
from qgov.model.access_model import AccessModel
from qgov.model.nesting import DEPTH, is_deeper


@rule("QG339", Severity.ERROR, "joiner-mover-leaver", "least-privilege", guide=guide.LIFECYCLE)
def group_that_cannot_include(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A group includes itself, others too deep, or one of another directory.

    Whoever is in a group is in those that include it. In a circle all groups are one; too deep,
    nobody sees who is in one; and no directory has members of another.

    Remedy: take the group out of `includes` where the circle or the chain is to end; bind a group
    of another directory by its own name.
    """
    source, declared = model.organization.source, model.organization.spec.groups
    for name, spec in declared.items():
        for index, inner in enumerate(spec.includes):
            other = model.groups.get(inner)
            if other is None:
                continue
            if inner == name or name in other.includes:
                problem = f"`{name}` includes `{inner}`, and is included by it"
            elif other.provider != model.groups[name].provider:
                here = model.groups[name].provider
                problem = f"`{name}` is of `{here}`, and includes `{inner}` of `{other.provider}`"
            else:
                continue
            yield found_at(source, problem, "groups", name, "includes", index)
        if is_deeper(declared, name):
            message = f"`{name}` includes groups more than {DEPTH} levels deep"
            yield found_at(source, message, "groups", name, "includes")


@rule("QG340", Severity.ERROR, "cost", guide=guide.COSTS)
def budget_of_a_nested_group(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A budget is a group's, and the group includes others.

    A budget counts the jobs of those whose tokens list its group. Whoever is in an included group
    may list that one alone, and would run jobs that nothing counts.

    Remedy: write a budget for each of the groups, or one for the scope.
    """
    for budget in model.budgets.values():
        group = model.groups.get(budget.group or "")
        if group is not None and group.includes:
            names = ", ".join(f"`{name}`" for name in group.includes)
            message = f"`{budget.name}` counts the jobs of `{group.name}` and not of {names}"
            yield found_at(budget.source, message, "group")
