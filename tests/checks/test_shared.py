"""Rules find in a model whose roles were edited what they find in it alone, though what looks at no
role is not looked at again."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from qgov.checks import judge, rules
from qgov.checks.examples import example_of
from qgov.checks.rule import Rule
from qgov.language.documents import Document, Documents, read_documents
from qgov.language.kinds import API_VERSION
from qgov.model.link import link, link_roles
from tests.checks.overlay import laid

pytestmark = pytest.mark.no_cover  # measuring it would double its time

NOW = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)


def _turned(spec: dict[str, Any]) -> None:
    """What administers does not any more, and the other way round."""
    spec["privileged"] = not spec.get("privileged", False)
    spec["permissions"] = [*spec["permissions"][1:], "policy:write"]


def _loosened(spec: dict[str, Any]) -> None:
    spec.pop("requires", None)
    spec.pop("conflictsWith", None)


def _all_alike(spec: dict[str, Any]) -> None:
    spec["conflictsWith"] = []
    spec["permissions"] = ["job:submit", "audit:read"]


EDITS = {"turned": _turned, "loosened": _loosened, "all alike": _all_alike}


def _edited(document: Document, edit: Callable[[dict[str, Any]], None]) -> Document:
    raw = json.loads(json.dumps(document.raw))
    edit(raw["spec"])
    raw["metadata"]["title"] = "ghp_0123456789abcdefghijABCDEFGHIJ0123456789"
    assert raw["apiVersion"] == API_VERSION
    found, refused = read_documents({document.path: json.dumps(raw).encode()})
    assert refused == []
    return found.valid[0]


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.code)
def test_a_rule_finds_the_same_in_what_is_shared(
    rule: Rule, edit: Callable[[dict[str, Any]], None]
) -> None:
    files, _ = laid(example_of(rule.code).bad)
    before, _ = read_documents(files)
    after = tuple(_edited(d, edit) if d.kind == "Role" else d for d in before.valid)
    base, _ = link(before)
    apart, refused = link(Documents(after))
    assert base is not None
    assert apart is not None
    assert refused == []
    found = judge(base, NOW)
    head = link_roles(base, Documents(after))
    assert head is not None
    assert head.is_alike(base)

    assert judge(head, NOW) == judge(apart, NOW)
    assert judge(base, NOW) == found
