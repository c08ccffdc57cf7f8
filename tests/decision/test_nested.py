"""What nested teams hold, by every engine; and how who-can and explain tell it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from qgov.checks import check
from qgov.decision.engine import EngineKind
from qgov.decision.explanation import explanation
from qgov.decision.reference import decide
from qgov.decision.who_can import who_can
from qgov.model.access_model import AccessModel
from qgov.render import explain
from qgov.render import who_can as answer
from qgov.targets import emit
from tests.decision.compared import JUDGED, disagreements, settings_for
from tests.decision.harness import DEVELOPER, FILES, asking, elevation
from tests.strategies import ISSUERS, linked

NOW: Final = datetime(2026, 11, 23, 10, tzinfo=UTC)
GROUPS: Final[dict[str, Any]] = {
    "developers": {"includes": ["crew"], "expires": "2026-11-23T20:00:00Z"},
    "crew": {"includes": ["trainees"], "external": True},
    "trainees": {"expires": "2026-11-23T12:00:00Z"},
}


def company(
    *bindings: dict[str, Any], files: dict[str, bytes] | None = None, **groups: dict[str, Any]
) -> AccessModel:
    """The harness's repository, with more files, bindings of a tenant, and groups."""
    told, tenant = (json.loads(FILES[path]) for path in ("qgov.yaml", "tenants/aurora.yaml"))
    told["spec"]["groups"] |= {
        name: {"identityProvider": "workforce", **spec} for name, spec in groups.items()
    }
    tenant["spec"]["bindings"] += bindings
    changed = {"qgov.yaml": told, "tenants/aurora.yaml": tenant}
    texts = {path: json.dumps(each, indent=1).encode() for path, each in changed.items()}
    return linked({**FILES, **texts, **(files or {})})


NESTED: Final = company(**GROUPS)
APART: Final = company(developers={}, crew={}, trainees={})


def at(time: str, **changes: Any) -> dict[str, Any]:
    """A developer's request at a full hour of the day."""
    context = {"time": f"2026-11-23T{time}:00:00Z", "issued_at": f"2026-11-23T{time}:00:00Z"}
    return asking(DEVELOPER, **context, **changes)


def elevated(group: str) -> dict[str, Any]:
    place = {"environment": "production", "backend": "iqm-garnet"}
    return asking(DEVELOPER, groups=[group], **place, elevations=[elevation()])


CASES: Final[dict[str, tuple[dict[str, Any], bool, bool]]] = {
    "the including group": (at("10", groups=["developers"]), True, True),
    "one that it includes": (at("10", groups=["crew"]), True, False),
    "one that this includes": (at("10", groups=["trainees"]), True, False),
    "all of them": (at("10", groups=["trainees", "crew", "developers"]), True, True),
    "one of somebody else's provider": (
        at("10", groups=["crew"], issuer=ISSUERS["partner"]),
        False,
        False,
    ),
    "its conditions are those of the including one": (
        at("10", groups=["crew"], country="US"),
        False,
        False,
    ),
    "just in time, in the including group": (elevated("developers"), True, True),
    "just in time": (elevated("trainees"), True, False),
    "after the innermost has ended": (at("12", groups=["trainees"]), False, False),
    "the one between still lasts": (at("19", groups=["crew"]), True, False),
    "after the including one has ended": (at("20", groups=["crew"]), False, False),
}


@pytest.mark.parametrize(("request_", "nested", "apart"), CASES.values(), ids=list(CASES))
def test_what_an_included_group_may(request_: dict[str, Any], nested: bool, apart: bool) -> None:
    assert decide(NESTED, request_).allow is nested
    assert decide(APART, request_).allow is apart


@pytest.mark.real
@pytest.mark.parametrize("kind", JUDGED.values(), ids=list(JUDGED))
@pytest.mark.parametrize("model", [NESTED, APART], ids=["nested", "apart"])
def test_every_engine_says_the_same(kind: EngineKind, model: AccessModel) -> None:
    settings_for(kind)
    assert disagreements(kind, model, [request for request, _, _ in CASES.values()]) == []


def ways(model: AccessModel, scope: str) -> list[tuple[str, str | None]]:
    return [(h.principal, h.path.binding.via) for h in who_can(model, "job:submit", NOW, scope)]


def test_who_can_names_the_group_that_is_bound() -> None:
    assert ways(NESTED, "aurora/sandbox/archive") == [
        ("group:contractors", None),
        ("group:crew", "developers"),
        ("group:developers", None),
        ("group:trainees", "developers"),
    ]
    held = who_can(NESTED, "job:submit", NOW, "aurora/sandbox/archive")
    line = held[2].path.binding.origin
    text = answer.as_text(NESTED, held)
    assert text.count(f"\n    through developer as a member of group:developers  {line}\n") == 2
    assert text.count(f"\n    through developer  {line}\n") == 1
    told = json.loads(answer.as_json("job:submit", held))["held"]
    assert [each.get("via", "its own") for each in told] == [
        "its own",
        "developers",
        "its own",
        "developers",
    ]


def test_who_can_hides_no_way_behind_another_that_is_the_same() -> None:
    own = {"group": "crew", "role": "developer", "on": "production"}
    model = company(own, operators={"includes": ["crew"]}, crew={})
    found = ways(model, "aurora/production/chemistry")
    assert [via for principal, via in found if principal == "group:crew"] == ["operators", None]


def test_explain_names_each_line_by_which_the_group_is_in_the_bound_one() -> None:
    found = explanation(NESTED, at("10", groups=["trainees"]))
    lines = explain.as_text(NESTED, found).splitlines()
    (start,) = (i for i, line in enumerate(lines) if line.startswith("✓ group:trainees"))
    assert " developer on aurora/sandbox as a member of group:developers  tenants/" in lines[start]
    at_, spec = NESTED.organization.source.at, ("groups", "developers", "includes", 0)
    assert lines[start + 1 : start + 3] == [
        f"    group:developers includes group:crew  {at_(*spec)}",
        f"    group:crew includes group:trainees  {at_('groups', 'crew', 'includes', 0)}",
    ]
    told = json.loads(explain.as_json(found))["candidates"]
    assert {each["via"] for each in told} == {"developers"}
    own = json.loads(explain.as_json(explanation(NESTED, at("10"))))["candidates"]
    assert [each.get("via", "its own") for each in own] == ["its own"]


def test_directories_map_each_group_to_what_it_holds() -> None:
    """SCIM nests nothing: who is in which group is the directory's to say."""
    made, findings = emit(NESTED, {"idp", "scim"})
    assert findings == []
    mapped = json.loads(made["idp/workforce/group-mappings.json"])["groups"]
    assert {name: {each["role"] for each in held} for name, held in mapped.items()} == {
        "auditors": {"auditor"},
        "contractors": {"developer"},
        "crew": {"developer"},
        "developers": {"developer"},
        "operators": {"developer"},
        "trainees": {"developer"},
    }
    (held,) = (b for b in mapped["trainees"] if b["eligible"] is None)
    assert held["expires"] == "2026-11-23T12:00:00Z"
    listed = json.loads(made["idp/workforce/scim/Groups.json"])["Resources"]
    assert {"crew", "trainees"} <= {each["externalId"] for each in listed}
    assert not any("members" in each for each in listed)


BUDGET: Final[dict[str, Any]] = {
    "scope": "aurora",
    "group": "developers",
    "owner": "leads",
    "budget": {"period": "monthly", "limit": "1.00 EUR", "stopAt": "100%"},
}
"""Less than one of the developer's jobs."""


def counted() -> AccessModel:
    metadata = {"name": "developers"}
    told = {"apiVersion": "qgov/v1", "kind": "Budget", "metadata": metadata, "spec": BUDGET}
    return company(files={"budgets/developers.yaml": json.dumps(told).encode()}, **GROUPS)


def test_who_is_in_an_included_group_alone_is_not_counted_and_that_is_told() -> None:
    model = counted()
    (finding,) = (f for f in check(model, NOW) if f.code == "QG340")
    assert finding.message == (
        "`developers` counts the jobs of `developers` and not of `crew`, `trainees`"
    )
    for groups, reasons in COUNTED.items():
        usage = {**DEVELOPER["context"]["usage"], "developers": {"spent_micros": 0}}
        found = decide(model, at("10", groups=list(groups), usage=usage))
        assert set(found.reasons) == reasons, groups


COUNTED: Final = {
    ("developers",): {"budget-exceeded"},
    ("crew", "developers"): {"budget-exceeded"},
    ("crew",): set(),
    ("trainees",): set(),
}


@pytest.mark.real
@pytest.mark.parametrize("kind", JUDGED.values(), ids=list(JUDGED))
def test_every_engine_counts_the_same_people(kind: EngineKind) -> None:
    settings_for(kind)
    usage = {**DEVELOPER["context"]["usage"], "developers": {"spent_micros": 0}}
    asked = [at("10", groups=list(groups), usage=usage) for groups in COUNTED]
    assert disagreements(kind, counted(), asked) == []
