"""A project's data may be where it and its tenant say: the narrower of both."""

from __future__ import annotations

from qgov.model.access_model import AccessModel
from qgov.model.accesses import accesses, backends_of
from tests.decision.harness import FILES
from tests.strategies import linked

SAID = b'{"name": "vault", "residency": ["on-premises", "us"]}'


def of(residency: bytes) -> AccessModel:
    tenant = FILES["tenants/aurora.yaml"]
    assert SAID in tenant
    return linked({**FILES, "tenants/aurora.yaml": tenant.replace(SAID, residency)})


def test_the_narrower_of_tenant_and_project_decides() -> None:
    vault = "aurora/production/vault"
    for said, residency, backends in (
        (b'"vault"', ("eu",), ("iqm-garnet",)),
        (b'{"name": "vault", "residency": ["eu", "us"]}', ("eu",), ("iqm-garnet",)),
        (SAID, (), ()),
    ):
        model = of(said)
        environment = model.environment(vault)
        assert environment is not None
        assert model.residency(vault) == residency
        assert backends_of(model, environment, vault) == backends
        held = {c.backend for c in accesses(model).of("job:submit") if c.scope == vault}
        assert held == set(backends)
        assert model.residency("aurora/production/chemistry") == ("eu",)
        assert backends_of(model, environment) == ("iqm-garnet",)
