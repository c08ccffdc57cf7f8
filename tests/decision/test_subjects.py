"""Subjects of workloads as issuers really write them: they can be declared, and are compared."""

from __future__ import annotations

import pytest

from qgov.decision.engine import Settings
from qgov.decision.engines import engines
from qgov.decision.made_up import WITNESS, asked, workload
from qgov.model.access_model import AccessModel
from qgov.records import replace
from qgov.targets import emit
from tests.targets.worked import federation, organization, repository, role, tenant

SUBJECTS = [
    "organization:acme:project:Default Project:workspace:quantum:run_phase:apply",
    "repo:acme/atlas:environment:Production East",
    "{11111111-2222-3333-4444-555555555555}:{66666666-7777-8888-9999-000000000000}",
    "sc://acme/Quantum Platform/deploy",
    "/eid1/c/pub/t/abc/a/def/ghi",
    "repo:acme/atlas:ref:refs/heads/c++",
    "a|b#c=d,e",
]


def _model() -> AccessModel:
    accounts = [
        {
            "name": f"w{number}",
            "owner": "leads",
            "federation": federation(subject),
            "maxTokenLifetime": "15m",
            "bindings": [{"role": "reader", "on": "sandbox/chemistry"}],
        }
        for number, subject in enumerate(SUBJECTS)
    ]
    return repository(
        organization(), role("reader", "result:read"), tenant("aurora", serviceAccounts=accounts)
    )


@pytest.mark.parametrize("name", ["reference", "rego", "cedar"])
def test_each_subject_is_its_own_workload(name: str) -> None:
    model, kind = _model(), engines()[name]
    artifacts, _ = emit(model)
    needed = {path: artifacts[path] for path in kind.needs}
    with kind.start(model, needed, Settings()) as engine:
        for number, subject in enumerate(SUBJECTS):
            who = workload(model, f"aurora/w{number}")
            request = asked(model, who, "result:read", "aurora/sandbox/chemistry", "", WITNESS)
            other = replace(request, subject=replace(request.subject, subject=f"{subject}x"))
            allowed, denied = engine.decide([request.to_json(), other.to_json()])

            assert request.subject.subject == subject
            assert allowed.allow, subject
            assert not denied.allow
