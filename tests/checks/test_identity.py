"""A finding stays the same finding while something else is edited: a plan tells it neither as
fixed nor as new."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from qgov.checks import rules
from qgov.checks.examples import example_of
from qgov.checks.rule import Rule
from qgov.language.documents import read_documents
from qgov.model.link import link
from tests.checks.overlay import laid

NOW = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
FILES: Final = {rule.code: laid(example_of(rule.code).bad)[0] for rule in rules()}
Files = dict[str, bytes]


def of_kind(files: Files, kind: str) -> Iterator[dict[str, Any]]:
    """The documents of a kind, apart from the files that they stand in."""
    return (json.loads(data) for path, data in files.items() if path.startswith(f"{kind}/"))


def written(*documents: dict[str, Any]) -> Files:
    """A file for each document."""
    return {
        f"{each['kind']}/{each['metadata']['name']}.yaml": json.dumps(each).encode()
        for each in documents
    }


def moved(files: Files) -> Files:
    """Everything stands some lines further down."""
    return {path: b"# nothing\n\n" + data for path, data in files.items()}


def turned(files: Files) -> Files:
    """Bindings stand in another order."""
    documents = [*of_kind(files, "Tenant"), *of_kind(files, "Organization")]
    for document in documents:
        document["spec"].get("bindings", []).reverse()
    return files | written(*documents)


def joined(files: Files, prefix: str) -> Files:
    """Each tenant gets a twin, which has whatever it has."""
    twins = list(of_kind(files, "Tenant"))
    for twin in twins:
        twin["metadata"]["name"] = f"{prefix}-{twin['metadata']['name']}"
    return files | written(*twins)


def grown(files: Files) -> Files:
    """Each role permits something more."""
    roles = list(of_kind(files, "Role"))
    for role in roles:
        held = role["spec"]["permissions"]
        held[:0] = {"billing:write", "backend:calibrate"} - {*held}
    return files | written(*roles)


def bounded(files: Files) -> Files:
    """The organization's floor asks for more, which some environment lacked."""
    (organization,) = of_kind(files, "Organization")
    organization["spec"].setdefault("floors", {})["managedDevice"] = True
    return files | written(organization)


EDITS: Final[dict[str, Callable[[Files], Files]]] = {
    "moved": moved,
    "turned": turned,
    "joined before": lambda files: joined(files, "aaa"),
    "joined behind": lambda files: joined(files, "zzz"),
    "grown": grown,
    "bounded": bounded,
}


TOUCHED: Final = {
    ("QG305", "bounded"): "roles are bound to managed devices",
    ("QG508", "bounded"): "the floor that was lacking",
    ("QG412", "grown"): "a part of the role takes effect",
    ("QG308", "joined before"): "the group is another document's",
    ("QG403", "joined before"): "the first of the principal's bindings is another's",
    ("QG954", "joined before"): "the group is another document's",
    ("QG954", "joined behind"): "the group is another document's",
    ("QG981", "joined before"): "the guardrail is broken more often",
    ("QG981", "joined behind"): "the guardrail is broken more often",
}


def keys(files: Files, rule: Rule) -> Counter[tuple[str, str, str]]:
    """The findings of a rule, by what makes them the same."""
    documents, refused = read_documents(files)
    assert not refused, refused
    model, _ = link(documents)
    assert model is not None
    return Counter(found.key for found in rule.findings(model, NOW))


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.code)
def test_an_edit_elsewhere_leaves_a_finding_as_it_is(rule: Rule, edit: str) -> None:
    files = FILES[rule.code]
    before = keys(files, rule)
    assert before
    went = before - keys(EDITS[edit](files), rule)
    assert bool(went) is ((rule.code, edit) in TOUCHED)
