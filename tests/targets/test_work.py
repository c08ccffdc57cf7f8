"""How the work of emission grows with the tenants: lines that run are counted, and no clock is
read."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from qgov.model.access_model import AccessModel
from qgov.output import publish
from qgov.pipeline import load
from qgov.repository import at_hand
from qgov.targets import targets
from qgov.targets.hcl import Block, render

pytestmark = pytest.mark.no_cover  # it counts what it calls

CLOUDS = ("azure", "braket", "ibm")
FEW, MANY = 8, 24


@pytest.fixture(scope="module")
def companies(tmp_path_factory: pytest.TempPathFactory) -> dict[int, AccessModel]:
    """What `benchmarks/clouds.py` measures, by the number of tenants."""
    found: dict[int, AccessModel] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
        company = import_module("clouds").company
        for tenants in (FEW, MANY):
            root = tmp_path_factory.mktemp("company") / "repository"
            company(root, tenants)
            model = load(at_hand(root)[0]).model
            assert model is not None
            found[tenants] = model
    return found


def lines_of(model: AccessModel, name: str) -> int:
    """How many lines run, a loop on one line each time anew, until all files are laid out."""
    count = 0

    def tracer(_: FrameType, event: str, __: Any) -> Any:
        nonlocal count
        count += event == "line"
        return tracer

    target = targets()[name]
    assert target.stream is not None
    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        target.unsupported(model)
        for _ in target.stream(model):
            pass
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("name", CLOUDS)
def test_emission_takes_three_times_the_work_for_three_times_the_tenants(
    companies: dict[int, AccessModel], name: str
) -> None:
    lines_of(companies[FEW], name)  # shapes of blocks are laid out once
    lines_of(companies[MANY], name)
    less, more = lines_of(companies[FEW], name), lines_of(companies[MANY], name)

    assert less > 1_000 * FEW
    assert more <= MANY / FEW * less


@pytest.mark.parametrize("name", CLOUDS)
def test_a_tenants_module_is_the_same_however_many_others_there_are(
    companies: dict[int, AccessModel], name: str
) -> None:
    few, many = (
        {p: text for p, text in targets()[name].emit(model).items() if "/tenant-00003/" in p}
        for model in companies.values()
    )
    assert few == many != {}
    assert not any(b"tenant-00004" in content for content in few.values())


@pytest.mark.parametrize("name", CLOUDS)
def test_no_file_is_laid_out_before_it_is_read(
    companies: dict[int, AccessModel], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Iterable[Block]] = []

    def counted(blocks: Iterable[Block], said: str) -> bytes:
        made.append(blocks)
        return render(blocks, said)

    monkeypatch.setattr("qgov.targets.cloud.render", counted)
    stream = targets()[name].stream
    assert stream is not None
    files = iter(stream(companies[FEW]))

    for count in (1, 2, 3):
        next(files)
        assert len(made) == count


def test_what_is_published_is_written_before_the_next_is_asked_for(tmp_path: Path) -> None:
    def files() -> Any:
        for name in ("a", "b", "c"):
            yield name, name.encode()
            assert [p.read_text() for p in tmp_path.glob(f".out*/new/{name}")] == [name]

    assert publish(tmp_path / "out", files(), None) == 3
    assert (tmp_path / "out" / "c").read_bytes() == b"c"
