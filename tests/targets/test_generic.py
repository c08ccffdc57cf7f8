"""The list for a directory that no program sets: what stands in it, and what no text can break."""

from __future__ import annotations

import re

import pytest

from qgov.targets import emit
from qgov.targets.generic import TARGET
from qgov.targets.generic.steps import code
from tests.targets.directories import company
from tests.targets.worked import EVIL

PATH = "idp/generic/setup.md"


def sections(text: str) -> dict[str, list[str]]:
    """The steps of each section."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)[1:]
    return {
        title: re.findall(r"^- \[ \] (.+)$", body, flags=re.MULTILINE)
        for title, body in zip(parts[::2], parts[1::2], strict=True)
    }


def test_there_is_a_section_for_each_part_in_the_order_of_all() -> None:
    found = sections(TARGET.emit(company())[PATH].decode())
    assert list(found) == ["Groups", "Sign-in", "Claims", "Workloads", "Just-in-time"]
    assert len(found["Groups"]) == 3
    assert "`CN=SG 01,DC=northwind` for `generic-devs`" in found["Claims"]
    assert "`SG Quantum Grid Devs 1` for `generic-leads`" in found["Claims"]
    assert "everyone shows a second factor" in found["Sign-in"]
    assert "people sign in again after `12h`" in found["Sign-in"]
    (elevation,) = found["Just-in-time"]
    assert elevation == (
        "`generic-devs` gives nobody `qgov:operator:generic-tenant/sandbox/chemistry` by itself: "
        "the decision elevates for at most `5h`"
    )
    assert [step.split()[0] for step in found["Workloads"]] == [
        "`generic-tenant/nightly`",
        "`generic-tenant/unknown`",
    ]


def test_that_it_is_left_to_hands_is_told() -> None:
    _, findings = emit(company(), ["generic"])
    told = {(f.code, f.document) for f in findings if "generic" in f.message}
    assert told == {("QG970", "Organization/northwind"), ("QG977", "Tenant/generic-tenant")}


@pytest.mark.parametrize("text", ["`", "``a`", "a\n# b", " a", EVIL, "<b>"])
def test_a_text_stays_inside_of_its_code_span(text: str) -> None:
    span = code(text)
    fence = re.match("`+", span)
    assert fence is not None
    inner = span[len(fence[0]) : -len(fence[0])]
    assert fence[0] not in re.findall("`+", inner)
    assert "\n" not in span
    assert text.replace("\n", " ") in inner


def test_evil_names_make_no_step_of_their_own() -> None:
    plain, evil = (
        sections(TARGET.emit(company(evil=each))[PATH].decode()) for each in (False, True)
    )
    assert {title: len(steps) for title, steps in plain.items()} == {
        title: len(steps) for title, steps in evil.items()
    }
