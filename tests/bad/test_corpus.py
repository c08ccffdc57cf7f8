"""Every broken repository is refused at the right place, and for nothing else."""

from __future__ import annotations

import pytest

from tests.bad.corpus import Case, Expected, cases, examine

CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_fault_is_reported_where_it_stands(case: Case) -> None:
    _, _, findings = examine(case.files)

    assert sorted(Expected(f.code, *f.origin) for f in findings) == case.expected
    for finding in findings:
        assert finding.message.isprintable()
        assert finding.remedy
