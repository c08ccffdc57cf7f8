"""The cases of a repository: the cells, the near misses of every binding, and what reviewers
wrote."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from qgov.conformance.case import Case, Claim, specified
from qgov.conformance.cells import allowed, denied, nobody_else
from qgov.conformance.job_misses import ABOUT_BACKENDS, ABOUT_JOBS, ABOUT_MONEY, ABOUT_TERMS
from qgov.conformance.near_misses import ABOUT_SIGN_IN, ABOUT_WHO, Deviation, not_owner
from qgov.conformance.table import Draft, Table, line_of, place_of, what
from qgov.conformance.ways import Way, binding_id, shut
from qgov.decision.access_tests import request_of
from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel
from qgov.model.accesses import Cell

__all__ = ["cases"]


def cases(found: Table, wanted: Callable[[str], bool] = lambda _: True) -> list[Case]:
    """Every case that is decided and whose id is wanted, by id."""
    stages = (allowed, denied, nobody_else, _near_misses, _access_tests)
    drafts = _distinct(draft for stage in stages for draft in stage(found))
    specified_ = (_specified(found.model, draft) for draft in drafts if wanted(draft.case.id))
    return sorted(filter(None, specified_), key=lambda case: case.id)


def _distinct(drafts: Iterable[Draft]) -> Iterator[Draft]:
    """Two bindings may say the same of one principal, on other terms: their cases differ by
    a number, in the order of the bindings."""
    seen: dict[str, int] = defaultdict(int)
    for case, claim, way in drafts:
        seen[case.id] += 1
        number = seen[case.id]
        yield Draft(case if number == 1 else replace(case, id=f"{case.id}~{number}"), claim, way)


def _specified(model: AccessModel, draft: Draft) -> Case | None:
    """The case with its expectation; None for a near miss that is none, because another
    binding allows it, or because the documents allow nothing to be near to."""
    case, claim, way = draft
    if claim is None:
        return case
    found = specified(model, case, claim)
    if found.contradiction and way is not None and (not way.alone or _closed(way, claim)):
        return None
    return found


def _closed(way: Way, claim: Claim) -> bool:
    return claim == Claim() and shut(way)


# ----------------------------------------------------------------------------- near misses


def _near_misses(found: Table) -> Iterator[Draft]:
    by_binding: dict[tuple[str, int], list[Way]] = defaultdict(list)
    for cell in sorted(found.cells):
        for way in found.ways(cell):
            held = way.path.elevation
            by_binding[held.name if held else "", id(way.binding)].append(way)
    asked: set[object] = set()
    for ways in by_binding.values():
        seen: set[str] = set()
        for way, deviations in _spots(ways, asked):
            for draft in _variants(way, deviations):
                if draft.case.id not in seen:
                    seen.add(draft.case.id)
                    yield draft


def _spots(ways: Iterable[Way], asked: set[object]) -> Iterator[tuple[Way, Iterable[Deviation]]]:
    """Where a binding's near misses are asked. Each binding has all of them once; beyond
    that, what decides at a place together with the role's and the binding's own conditions
    (`asked`) is asked of one binding for all that are alike."""
    seen: set[object] = set()

    def first(*spot: object) -> bool:
        fresh = spot not in seen
        seen.add(spot)
        return fresh

    def alike(*spot: object) -> bool:
        fresh = spot not in asked
        asked.add(spot)
        return fresh

    for way in sorted(ways, key=_representative):
        role, binding = way.model.roles[way.binding.role], way.binding
        own = (way.person, role.requires, binding.requires)
        floor = tuple(way.scope.split("/")[:2])
        if first("binding"):
            yield way, ABOUT_WHO
        if alike("floor", floor, own) | first("floor"):
            yield way, ABOUT_SIGN_IN
        if way.conditions.own_only and first("own", way.permission):
            yield way, (not_owner,)
        if not way.backend or shut(way):
            continue
        if alike("job", floor, way.backend, own) | first("job"):
            yield way, ABOUT_JOBS
        if first("backend"):
            yield way, ABOUT_BACKENDS
        budgets = tuple(budget.name for budget in way.budgets)
        rules = tuple(rule.budget for rule in way.approval_rules)
        if alike("money", way.scope, budgets, rules) | first("money"):
            yield way, ABOUT_MONEY
        if alike("terms", budgets, rules):
            yield way, ABOUT_TERMS


def _representative(way: Way) -> tuple[bool, bool, str, str, str]:
    """Jobs first, then what can be reached in this way alone."""
    executes = CATALOGUE[way.permission].executes
    return not executes, not way.alone, way.permission, way.scope, way.backend


def _variants(way: Way, deviations: Iterable[Deviation]) -> Iterator[Draft]:
    held = way.path.elevation
    at = "/".join(filter(None, (way.permission, way.scope, way.backend)))
    start = f"elevation:{held.name}" if held else f"binding:{binding_id(way.binding)}"
    asked = what(Cell(way.principal, way.permission, way.scope, way.backend))
    for deviation in deviations:
        for key, says, request, claim in deviation(way):
            case = Case(
                id=f"{start}/near/{key}/{at}",
                name=f"{way.binding.role}: {way.principal} asks for {asked} {says}",
                request=request,
                expect="deny",
                role=way.binding.role,
                scope=way.scope,
                backend=way.backend,
                principal=way.principal,
                origin=line_of(way.binding),
            )
            yield Draft(case, claim, way)


# ---------------------------------------------------------------------------- access tests


def _access_tests(found: Table) -> Iterator[Draft]:
    model = found.model
    for test in model.tests:
        written = test.case
        roles = [
            b.role
            for b in model.bindings
            if b.principal in {f"group:{g}" for g in written.subject.groups}
            or b.principal == f"workload:{written.subject.workload}"
        ]
        case = Case(
            id=f"access-test:{test.document}/{test.index}",
            name=written.name,
            request=request_of(model, written),
            expect=written.expect,
            reasons=tuple(sorted(written.reasons)),
            source="access-test",
            role=", ".join(sorted(set(roles))),
            scope=written.resource.scope,
            backend=written.resource.backend or "",
            principal=written.subject.workload or ", ".join(written.subject.groups),
            origin=place_of(test.source.at()),
            exact=False,
        )
        yield Draft(case, None)
