"""Text that changes without a change of meaning is no change."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from qgov.language.reader import read
from qgov.plan.plan import Plan
from tests.plan.worlds import BASELINE, changed, plan_of, rows_of, sides_of

ATLAS = "tenants/atlas.yaml"


def _is_nothing(plan: Plan) -> None:
    assert rows_of(plan) == set()
    assert plan.exposure[0] == plan.exposure[1]
    assert plan.artifacts == ()
    assert (plan.new_findings, plan.fixed_findings) == ((), ())
    assert plan.approvals == ()
    assert not plan.has_changes
    assert plan.verdict == "equivalent"


def test_a_moved_file_is_moved() -> None:
    moved = {path.replace("tenants/", "tenants/all/"): text for path, text in BASELINE.items()}
    plan = plan_of(BASELINE, moved)

    _is_nothing(plan)
    assert {(d.document, d.path, d.change) for d in plan.documents} == {
        ("Tenant/atlas", "tenants/all/atlas.yaml", "moved"),
        ("Tenant/borealis", "tenants/all/borealis.yaml", "moved"),
    }


def test_a_comment_and_a_blank_line_reformat() -> None:
    plan = plan_of(BASELINE, changed(BASELINE, {ATLAS: "# who\n\n" + BASELINE[ATLAS]}))

    _is_nothing(plan)
    assert [(d.document, d.change) for d in plan.documents] == [("Tenant/atlas", "reformatted")]


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_keys_and_lists_means_nothing(seed: int) -> None:
    shuffled = {path: _shuffled(text, random.Random(seed)) for path, text in BASELINE.items()}  # noqa: S311

    assert shuffled != BASELINE
    _is_nothing(plan_of(BASELINE, shuffled))
    assert {d.change for d in plan_of(BASELINE, shuffled).documents} <= {"reformatted"}


def _shuffled(text: str, order: random.Random) -> str:
    def mixed(value: Any) -> Any:
        if isinstance(value, dict):
            keys = list(value)
            order.shuffle(keys)
            return {key: mixed(value[key]) for key in keys}
        if isinstance(value, list):
            items = [mixed(item) for item in value]
            order.shuffle(items)
            return items
        return value

    ((value, _),), refused = read("some.yaml", text.encode())
    assert not refused
    return json.dumps(mixed(value))


def test_documents_put_into_one_file_in_another_order_are_the_same() -> None:
    together = {path: text for path, text in BASELINE.items() if not path.startswith("roles/")}
    roles = [text for path, text in sorted(BASELINE.items()) if path.startswith("roles/")]
    together["roles/all.yaml"] = "---\n".join(reversed(roles))
    plan = plan_of(BASELINE, together)

    _is_nothing(plan)
    assert {d.change for d in plan.documents} == {"moved"}


def test_a_document_beside_one_that_changes_is_not_mentioned() -> None:
    both = {path: text for path, text in BASELINE.items() if "borealis" not in path}
    pair = BASELINE[ATLAS] + "---\n" + BASELINE["tenants/borealis.yaml"]
    plan = plan_of(
        both | {ATLAS: pair},
        both | {ATLAS: pair.replace("contact: leads@atlas.example", "contact: team@atlas.example")},
    )

    assert [(d.document, d.change) for d in plan.documents] == [("Tenant/atlas", "changed")]
    assert plan.documents[0].diff == (
        {
            "path": "spec.owner.contact",
            "change": "changed",
            "before": "leads@atlas.example",
            "after": "team@atlas.example",
            "concern": "operations",
        },
    )


def test_a_long_list_is_compared_in_order_and_its_order_means_nothing() -> None:
    many = [f"p{n}" for n in range(300)]
    before = changed(
        BASELINE, {ATLAS: {"[chemistry, optimisation]": f"[chemistry, {', '.join(many)}]"}}
    )
    turned = changed(
        BASELINE,
        {ATLAS: {"[chemistry, optimisation]": f"[chemistry, {', '.join(reversed(many))}]"}},
    )
    longer = changed(
        BASELINE, {ATLAS: {"[chemistry, optimisation]": f"[chemistry, {', '.join([*many, 'q'])}]"}}
    )

    _is_nothing(plan_of(before, turned))
    diff = plan_of(before, longer).documents[0].diff
    assert diff == (
        {
            "path": "spec.environments.sandbox.projects[301]",
            "change": "added",
            "before": None,
            "after": "q",
            "concern": "access",
        },
    )


def test_a_repeated_item_of_a_list_means_nothing() -> None:
    twice = changed(
        BASELINE, {ATLAS: {"[chemistry, optimisation]": "[chemistry, optimisation, chemistry]"}}
    )

    _is_nothing(plan_of(BASELINE, twice))


def test_the_difference_of_a_document_names_what_came_and_went() -> None:
    plan = plan_of(
        BASELINE,
        changed(
            BASELINE,
            {
                "roles/reader.yaml": {
                    "[usage:read, log:read]": "[usage:read, budget:read, retention:read]",
                    "metadata: {name: reader}": "metadata: {name: reader, title: Reader}",
                }
            },
        ),
    )

    found = {(d["path"], d["change"], d["before"], d["after"]) for d in plan.documents[0].diff}
    assert ("metadata.title", "added", None, "Reader") in found
    assert {change for path, change, _, _ in found if path.startswith("spec.permissions")} == {
        "changed",
        "added",
    }


def test_an_access_test_changes_no_access_but_is_shown() -> None:
    case = """\
apiVersion: qgov/v1
kind: AccessTest
metadata: {name: atlas}
spec:
  cases:
    - {name: a developer submits, subject: {groups: [atlas-developers]}, action: job:submit, resource: {scope: atlas/sandbox/chemistry, backend: simulator}, expect: allow}
"""
    before = BASELINE | {"tests/access/atlas.yaml": case}
    plan = plan_of(before, before | {"tests/access/atlas.yaml": case.replace("allow", "deny")})

    assert rows_of(plan) == set()
    assert [(d.document, d.change) for d in plan.documents] == [("AccessTest/atlas", "changed")]
    assert plan.compared.unchanged_tenants == 2


_EXPECTED = """\
apiVersion: qgov/v1
kind: AccessTest
metadata: {name: atlas}
spec:
  cases:
    - name: spent
      subject: {groups: [atlas-developers]}
      action: job:submit
      resource: {scope: atlas/sandbox/chemistry, backend: simulator}
      context: {spent: {atlas: 10.00 EUR}}
      expect: allow
"""


@pytest.mark.parametrize(
    ("edits", "code"),
    [
        ({"tests/access/atlas.yaml": {"[atlas-developers]": "[atlas-dev]"}}, "QG202"),
        ({"budgets/atlas.yaml": {"{name: atlas}": "{name: altair}"}}, "QG211"),
    ],
)
def test_what_an_access_test_names_must_be_there(
    edits: dict[str, dict[str, str]], code: str
) -> None:
    before = BASELINE | {"tests/access/atlas.yaml": _EXPECTED}
    base, head, _ = sides_of(before, changed(before, edits))

    assert base.readable
    assert [(f.code, f.origin.path) for f in head.findings] == [(code, "tests/access/atlas.yaml")]
