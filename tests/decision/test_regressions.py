"""What engines once disagreed about stays decided, by every engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from qgov.decision.engine import EngineKind
from qgov.decision.reference import decide
from tests.decision.compared import COMPARED, JUDGED, disagreements, settings_for, shown
from tests.decision.regressions import FOLDER, Case, cases

FILES = sorted(FOLDER.glob("*.json"))


@pytest.mark.parametrize("case", cases(), ids=[case.name for case in cases()])
def test_the_reference_decides_as_the_file_says(case: Case) -> None:
    decision = decide(case.model, case.request)
    assert (decision.allow, decision.reasons) == (case.allow, case.reasons)
    assert decision.warnings == case.warnings


@pytest.mark.no_cover
@pytest.mark.real
@pytest.mark.parametrize("kind", JUDGED.values(), ids=list(JUDGED))
def test_an_engine_decides_as_the_reference_does(
    kind: EngineKind, record_property: Callable[[str, object], None]
) -> None:
    settings_for(kind)
    for repository in sorted({case.repository for case in cases()}):
        asked = [case for case in cases() if case.repository == repository]
        found = disagreements(kind, asked[0].model, [case.request for case in asked])
        assert not found, shown(found)
    record_property(COMPARED, {f"regressions: {kind.name}": len(cases())})


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_a_file_says_in_one_line_what_disagreed(path: Path) -> None:
    content = json.loads(path.read_text())
    assert set(content) == {"about", "repository", "cases"}
    assert content["cases"]
    assert "\n" not in content["about"]
