"""How the work of a plan grows with the company: operations are counted, and no clock is read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from qgov.checks import rules, secrets
from qgov.checks.rule import Rule
from qgov.language import documents
from qgov.model.fold import Fold
from qgov.plan import cache
from qgov.plan.causes import Causes
from qgov.plan.changes import _Comparison
from qgov.plan.make import make_plan
from qgov.plan.sides import load_cached
from qgov.targets import hcl
from qgov.targets.braket import module as braket
from tests.plan.worlds import NOW, plan_of, snapshot

pytestmark = pytest.mark.no_cover  # it counts what it calls

FEW, MANY = 20, 40

ROLE = ("roles/researcher.yaml", "input:write, ", "")
SUBMIT = ("roles/researcher.yaml", "job:submit, ", "")
FLOOR = ("qgov.yaml", "maxTokenAge: 12h", "maxTokenAge: 8h")
TENANT = ("tenants/tenant-00001/tenant.yaml", "researcher, on: test", "developer, on: test")
QUIET = {"a role": ROLE, "a floor": FLOOR, "a tenant": TENANT}
EDITS = {**QUIET, "who may submit": SUBMIT}
"""The quiet ones break no rule, so that no line of a tenant's file has to be told."""


def _company(folder: Path, tenants: int) -> dict[str, str]:
    """What `benchmarks/generate.py` writes: path → text."""
    path = Path(__file__).parents[2] / "benchmarks" / "generate.py"
    spec = spec_from_file_location("generate", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    root = folder / f"company-{tenants}"
    module.generate(root, tenants)
    return {p.relative_to(root).as_posix(): p.read_text() for p in root.rglob("*.yaml")}


def _edited(files: Mapping[str, str], edit: tuple[str, str, str]) -> dict[str, str]:
    path, old, new = edit
    assert old in files[path]
    return {**files, path: files[path].replace(old, new)}


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Operation → how often it was done."""
    found: Counter[str] = Counter()

    def count(name: str, owner: Any, function: str, of: Callable[..., int] = lambda *_: 1) -> None:
        honest = getattr(owner, function)

        def counting(*given: Any, **named: Any) -> Any:
            found[name] += of(*given)
            return honest(*given, **named)

        monkeypatch.setattr(owner, function, counting)

    count("files read", documents, "read")
    count("conditions folded", Fold, "_conditions")
    count("accesses compared", _Comparison, "__call__")
    count("blocks outlined", hcl, "_outlined")
    count("causes sought", Causes, "_of_grounds")
    count("accounts laid out", braket, "_entitlements")
    count("rules run", Rule, "findings")
    count("documents searched", secrets, "_in_document")
    count("bytes kept", cache, "_head", lambda _, body: len(body))
    return found


def _plan(folder: Path, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    base, head, reach = load_cached(folder, snapshot(before), snapshot(after), NOW)
    assert make_plan(base, head, reach, now=NOW).has_changes


def _work(
    counted: Counter[str], folder: Path, tenants: int, edit: tuple[str, str, str]
) -> tuple[Counter[str], Counter[str], int]:
    """Operations without a cache, those with one that knows all but the edit, and the files."""
    files = _company(folder, tenants)
    kept = folder / f"kept-{tenants}"
    counted.clear()
    _plan(kept, files, _edited(files, ("qgov.yaml", "maxTokenAge: 12h", "maxTokenAge: 11h")))
    counted.clear()
    _plan(kept, files, _edited(files, edit))
    cached = Counter(counted)
    counted.clear()
    _plan(folder / f"none-{tenants}", files, _edited(files, edit))
    return Counter(counted), cached, len(files)


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_work_grows_with_the_company_and_no_faster(
    tmp_path: Path, counted: Counter[str], edit: tuple[str, str, str]
) -> None:
    few, few_cached, _ = _work(counted, tmp_path, FEW, edit)
    many, many_cached, _ = _work(counted, tmp_path, MANY, edit)

    assert few["files read"] > FEW
    for less, more in ((few, many), (few_cached, many_cached)):
        grown = {name: (less[name], more[name]) for name in more if more[name] > 2 * less[name]}
        assert grown == {}


@pytest.mark.parametrize("edit", QUIET.values(), ids=QUIET)
def test_a_file_is_read_once_for_both_sides(
    tmp_path: Path, counted: Counter[str], edit: tuple[str, str, str]
) -> None:
    """Once more where a line of it is told of."""
    found, _, files = _work(counted, tmp_path, FEW, edit)

    assert found["files read"] <= files + 1 + 4


@pytest.mark.parametrize("edit", QUIET.values(), ids=QUIET)
def test_with_a_cache_only_what_changed_is_read(
    tmp_path: Path, counted: Counter[str], edit: tuple[str, str, str]
) -> None:
    few, many = (_work(counted, tmp_path, count, edit)[1] for count in (FEW, MANY))

    assert few["files read"] == many["files read"] <= 16


def test_of_a_role_only_what_changed_is_compared_and_outlined(
    tmp_path: Path, counted: Counter[str]
) -> None:
    """Storing input is nothing to IAM: accounts are laid out once, to see that they may be."""
    role = _work(counted, tmp_path, FEW, ROLE)[0]

    assert role["accesses compared"] == 5 * FEW  # those of one permission
    assert role["accounts laid out"] == FEW
    assert role["blocks outlined"] == 2 * 2 * FEW  # where it is held, on both sides


def test_of_a_role_what_looks_at_none_is_judged_once(tmp_path: Path, counted: Counter[str]) -> None:
    role, _, files = _work(counted, tmp_path, FEW, ROLE)

    assert len(rules()) < role["rules run"] < 1.3 * len(rules())
    assert role["documents searched"] == files + 5  # the roles of both sides


def test_of_a_floor_only_what_it_bears_on_is_outlined(
    tmp_path: Path, counted: Counter[str]
) -> None:
    """What is within the floors of tiers stays as it was in AWS and in Keycloak."""
    found = _work(counted, tmp_path, FEW, FLOOR)[0]

    assert found["accounts laid out"] == 2 * FEW  # to see that they may be, and what they ask
    assert found["blocks outlined"] == 0


def test_causes_are_sought_once_for_all_that_rest_on_the_same(
    tmp_path: Path, counted: Counter[str]
) -> None:
    for edit in (ROLE, FLOOR):
        few, many = (_work(counted, tmp_path / edit[0], count, edit)[0] for count in (FEW, MANY))

        assert 0 < few["causes sought"] == many["causes sought"] < 8


def test_a_first_plan_names_for_a_tenant_what_is_about_it(tmp_path: Path) -> None:
    """However many others there are."""

    def named(tenants: int) -> dict[str, int]:
        plan = plan_of({}, _company(tmp_path, tenants))
        return {
            f"{change.path}: {each.resource}": len(each.because)
            for change in plan.artifacts
            for each in change.resources
            if change.path.startswith("terraform/tenants/tenant-00001/")
            or re.search("keycloak_group.*tenant-00001", each.resource)
        }

    few, many = named(FEW), named(MANY)

    assert len(few) > 30
    assert few == many
