"""Who holds a permission, where, on which conditions and why."""

from __future__ import annotations

import json

import pytest

from qgov.decision.who_can import who_can
from qgov.language.scalars import parse_instant
from qgov.model.access_model import AccessModel
from qgov.render.who_can import as_json, as_text
from tests.plan.worlds import BASELINE, NOW, changed, line_of, sides_of

ELEVATION = """\
apiVersion: qgov/v1
kind: Elevation
metadata: {name: up}
spec: {subject: mei@acme.example, role: developer, on: atlas/production, reason: r, ticket: Q-1, requestedBy: mei@acme.example, approvedBy: ines@acme.example, notBefore: 2026-11-24T08:00:00Z, expires: 2026-11-24T12:00:00Z}
"""


def _model(files: dict[str, str]) -> AccessModel:
    _, head, _ = sides_of(None, files)
    assert head.model is not None, head.findings
    return head.model


MODEL = _model(BASELINE)


def test_every_way_is_named_with_its_line() -> None:
    held = who_can(MODEL, "job:submit", NOW, "atlas/sandbox")

    assert [(h.principal, h.scopes, h.backends) for h in held] == [
        (
            "group:atlas-developers",
            ("atlas/sandbox/chemistry", "atlas/sandbox/optimisation"),
            ("simulator",),
        ),
        ("workload:atlas/nightly", ("atlas/sandbox/chemistry",), ("simulator",)),
    ]
    line = line_of(BASELINE, "tenants/atlas.yaml", "role: developer, on: sandbox}")
    assert f"through developer  {line}:7" in as_text(MODEL, held)


def test_scopes_and_backends_restrict() -> None:
    assert {h.scopes for h in who_can(MODEL, "job:submit", NOW, "*/production")} == {
        ("atlas/production/chemistry",),
        ("borealis/production/chemistry",),
    }
    assert {h.backends for h in who_can(MODEL, "job:submit", NOW, backend="garnet")} == {
        ("garnet",)
    }
    assert who_can(MODEL, "job:submit", NOW, backend="forte") == []
    assert who_can(MODEL, "billing:write", NOW) == []
    assert as_text(MODEL, []) == "0 principals\n"


def test_what_runs_nothing_names_no_backend() -> None:
    (held,) = who_can(MODEL, "audit:read", NOW, "atlas")

    assert held.backends == ()
    assert as_text(MODEL, [held]).splitlines() == [
        "group:auditors on atlas",
        "    when MFA · token at most 4h old · from DE, FI, FR",
        f"    through auditor  {line_of(BASELINE, 'qgov.yaml', 'role: auditor')}:7",
        "1 principal",
    ]


def test_no_condition_is_said() -> None:
    free = _model(
        changed(
            BASELINE,
            {
                "qgov.yaml": {
                    "    mfa: true\n    maxTokenAge: 12h\n    countries: [DE, FI, FR]\n": ""
                }
            },
        )
    )

    assert "    when no condition" in as_text(
        free, who_can(free, "usage:read", NOW, "atlas/sandbox")
    )


def test_people_hold_what_their_elevation_gives() -> None:
    model = _model(BASELINE | {"tenants/up.yaml": ELEVATION})
    held = [h for h in who_can(model, "job:read", NOW) if h.principal.startswith("user:")]

    assert [(h.principal, h.scopes) for h in held] == [
        ("user:mei@acme.example", ("atlas/production/chemistry",))
    ]
    (entry,) = json.loads(as_json("job:read", held))["held"]
    assert entry["conditions"]["elevation"]["approved_by"] == "ines@acme.example"
    assert entry["path"] == "tenants/atlas.yaml"


@pytest.mark.parametrize(
    ("at", "held"),
    [
        ("2026-11-24T11:59:59Z", True),
        ("2026-11-24T12:00:00Z", False),
        ("2027-01-01T00:00:00Z", False),
    ],
)
def test_what_has_ended_is_held_by_nobody(at: str, held: bool) -> None:
    binding = "{group: atlas-developers, role: developer, on: sandbox"
    model = _model(
        changed(
            BASELINE | {"tenants/up.yaml": ELEVATION},
            {"tenants/atlas.yaml": {binding: f"{binding}, expires: 2026-11-24T12:00:00Z"}},
        )
    )
    found = {h.principal for h in who_can(model, "job:submit", parse_instant(at), "atlas")}

    assert ("user:mei@acme.example" in found) is held
    assert (
        "atlas/sandbox/chemistry"
        in {
            scope
            for h in who_can(model, "job:submit", parse_instant(at), "atlas/sandbox")
            if h.principal == "group:atlas-developers"
            for scope in h.scopes
        }
    ) is held
