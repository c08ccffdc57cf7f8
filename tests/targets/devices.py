"""Which devices a job could run on, spelled out apart from what the targets ask."""

from __future__ import annotations

from collections.abc import Iterator

from qgov.language.kinds.backend import BackendSpec
from qgov.model.access_model import AccessModel, Environment
from qgov.model.scope import contains, tenant_of

__all__ = ["devices"]


def devices(model: AccessModel, scope: str) -> Iterator[tuple[Environment, str, BackendSpec]]:
    """The backends that a job in a scope of a tenant could run on, each with its environment: a
    project's own residency counts, else the tenant's."""
    tenant = model.tenants[tenant_of(scope)]
    for environment in tenant.environments.values():
        for project in environment.projects:
            if not contains(scope, f"{environment.scope}/{project}"):
                continue
            allowed = {*environment.residency.get(project, tenant.residency), "on-premises"}
            for name in environment.backends:
                backend = model.organization.backends[name].value
                if backend.jurisdiction in allowed:
                    yield environment, name, backend
