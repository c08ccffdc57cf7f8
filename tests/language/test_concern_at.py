"""What the value at a path of a document is about."""

from __future__ import annotations

import pytest

from qgov.language.concerns import Concern, concern_at
from qgov.language.kinds import KINDS

CASES: dict[tuple[str, str], str] = {
    ("Organization", "metadata title"): "words",
    ("Organization", "spec identityProviders corporate issuer"): "trust",
    ("Organization", "spec identityProviders corporate"): "trust",
    ("Organization", "spec backends price title"): "words",
    ("Organization", "spec groups admins members"): "rules",
    ("Organization", "spec groups admins"): "trust",
    ("Organization", "spec review critical 0"): "rules",
    ("Organization", "spec backends garnet price perTask"): "money",
    ("Organization", "spec backends garnet price asOf"): "money",
    ("Organization", "spec bindings 0 group"): "access",
    ("Tenant", "spec serviceAccounts 0 federation subject"): "trust",
    ("Tenant", "spec retention inputs keep"): "records",
    ("Tenant", "spec clouds braket account"): "operations",
    ("Budget", "spec quotas 1 limit"): "money",
    ("Budget", "spec quotas 1"): "money",
}


@pytest.mark.parametrize(("kind", "path"), CASES)
def test_a_path_is_about_one_thing(kind: str, path: str) -> None:
    steps = [int(step) if step.isdecimal() else step for step in path.split()]

    assert concern_at(KINDS[kind], steps) == CASES[kind, path]


@pytest.mark.parametrize(
    ("value", "concern"),
    [
        ("chemistry", Concern.ACCESS),
        ({"name": "chemistry", "residency": ["eu"]}, Concern.ACCESS),
        ({"name": "chemistry", "classification": "regulated"}, Concern.RULES),
        (None, Concern.RULES),
    ],
)
def test_what_a_project_does_not_say_it_is_not_about(value: object, concern: Concern) -> None:
    path = ("spec", "environments", "sandbox", "projects", 0)
    assert concern_at(KINDS["Tenant"], path, value) == concern
