"""The cases of a repository: the cells, the near misses of every binding, and what reviewers
wrote."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from qgov.conformance.access_path import AccessPath, binding_id, shut, sound
from qgov.conformance.case import Assertion, Case, specified
from qgov.conformance.cells import allowed, denied, nobody_else
from qgov.conformance.job_misses import ABOUT_BACKENDS, ABOUT_JOBS, ABOUT_MONEY, ABOUT_TERMS
from qgov.conformance.near_misses import ABOUT_SIGN_IN, ABOUT_WHO, Deviations, not_owner
from qgov.conformance.table import Draft, Table, line_of, place_of, what
from qgov.decision.access_tests import request_of
from qgov.decision.made_up import ACCESS_TEST, CONFORMANCE
from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel
from qgov.model.accesses import Cell
from qgov.model.principal import group, workload
from qgov.records import replace

__all__ = ["cases"]


def cases(found: Table, wanted: Callable[[str], bool] = lambda _: True) -> list[Case]:
    """Every case that is decided and whose id is wanted, by id."""
    stages = (allowed, denied, nobody_else, _near_misses, _access_tests)
    drafts = _distinct(draft for stage in stages for draft in stage(found))
    specified_ = (_specified(found.model, draft) for draft in drafts if wanted(draft.case.id))
    return sorted(filter(None, specified_), key=lambda case: case.id)


def _distinct(drafts: Iterable[Draft]) -> Iterator[Draft]:
    """Two bindings may say the same of one principal, on different terms: their cases differ by a
    number, in the order of the bindings."""
    seen: dict[str, int] = defaultdict(int)
    for draft in drafts:
        name = draft.case.id
        seen[name] += 1
        number = seen[name]
        case = draft.case if number == 1 else replace(draft.case, id=f"{name}~{number}")
        yield draft._replace(case=case)


def _specified(model: AccessModel, draft: Draft) -> Case | None:
    """The case with its expectation; None for a near miss that is not one, because another
    binding allows it, or because the documents allow nothing that it could be near."""
    case, assertion, path = draft
    if assertion is None:
        return case
    found = specified(model, case, assertion)
    if found.contradiction and path is not None and (not path.alone or _closed(path, assertion)):
        return None
    return found


def _closed(path: AccessPath, assertion: Assertion) -> bool:
    return assertion == Assertion() and shut(path)


# ----------------------------------------------------------------------------- near misses


def _near_misses(found: Table) -> Iterator[Draft]:
    by_binding: dict[tuple[str, int], list[AccessPath]] = defaultdict(list)
    for cell in sorted(found.cells):
        for path in found.paths(cell):
            held = path.elevation
            by_binding[held.name if held else "", id(path.binding)].append(path)
    asked: set[object] = set()
    for paths in by_binding.values():
        seen: set[str] = set()
        for path, deviations in _spots(paths, asked):
            for draft in _variants(path, deviations):
                if draft.case.id not in seen:
                    seen.add(draft.case.id)
                    yield draft


def _spots(
    paths: Iterable[AccessPath], asked: set[object]
) -> Iterator[tuple[AccessPath, Iterable[Deviations]]]:
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

    for path in sorted(paths, key=_representative):
        role, binding = path.model.roles[path.binding.role], path.binding
        own = (path.person, role.requires, binding.requires)
        floor = tuple(path.scope.split("/")[:2])
        if first("binding"):
            yield path, ABOUT_WHO
        if alike("floor", floor, own) | first("floor"):
            yield path, ABOUT_SIGN_IN
        if path.conditions.own_only and first("own", path.permission):
            yield path, (not_owner,)
        if not path.backend or shut(path):
            continue
        budgets = tuple(budget.name for budget in path.budgets)
        if alike("job", floor, path.backend, budgets, own) | first("job"):
            yield path, ABOUT_JOBS
        if first("backend"):
            yield path, ABOUT_BACKENDS
        rules = tuple(rule.budget for rule in path.approval_rules)
        if alike("money", path.scope, budgets, rules) | first("money"):
            yield path, ABOUT_MONEY
        if alike("terms", budgets, rules):
            yield path, ABOUT_TERMS


def _representative(path: AccessPath) -> tuple[bool, bool, str, str, str]:
    """Jobs first, then what can be reached in this path alone."""
    executes = CATALOGUE[path.permission].executes
    return not executes, not path.alone, path.permission, path.scope, path.backend


def _variants(path: AccessPath, deviations: Iterable[Deviations]) -> Iterator[Draft]:
    held = path.elevation
    at = "/".join(filter(None, (path.permission, path.scope, path.backend)))
    start = f"elevation:{held.name}" if held else f"binding:{binding_id(path.binding)}"
    asked = what(Cell(path.principal, path.permission, path.scope, path.backend))
    base = sound(path)
    for deviation in (each for kind in deviations for each in kind(path)):
        case = Case(
            id=f"{start}/near/{deviation.key}/{at}",
            name=f"{path.binding.role}: {path.principal} asks for {asked} {deviation.says}",
            request=CONFORMANCE.json(deviation.change(base)),
            expect="deny",
            role=path.binding.role,
            scope=path.scope,
            backend=path.backend,
            principal=path.principal,
            origin=line_of(path.binding),
        )
        yield Draft(case, Assertion(deviation.denies, deviation.spares), path)


# ---------------------------------------------------------------------------- access tests


def _access_tests(found: Table) -> Iterator[Draft]:
    model = found.model
    for test in model.tests:
        written = test.case
        roles = [
            b.role
            for b in model.bindings
            if b.principal in {*map(group, written.subject.groups)}
            or b.principal == workload(written.subject.workload or "")
        ]
        case = Case(
            id=f"access-test:{test.document}/{test.index}",
            name=written.name,
            request=ACCESS_TEST.json(request_of(model, written)),
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
