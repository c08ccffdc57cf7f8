"""What Keycloak cannot express."""

from __future__ import annotations

from collections.abc import Iterator

from qgov.finding import Finding, Severity
from qgov.model.access_model import AccessModel
from qgov.targets.keycloak.facts.access import elevation, jit_group_name, role_name
from qgov.targets.keycloak.module import WIDTH, Module, modules
from qgov.targets.membership import left_out

__all__ = ["unsupported"]


def unsupported(model: AccessModel) -> list[Finding]:
    """Sign-ins, names and workloads that the Terraform does not or not fully carry."""
    document = model.organization.source.document
    found: list[Finding] = []
    for module in modules(model):
        fact = model.organization.providers[module.name]
        if module.provider.protocol != "oidc":
            found.append(
                Finding(
                    "QG971",
                    f"no client is written for `{module.name}`, where people sign in by SAML",
                    fact.origin,
                    "declare the SAML client by hand, or use oidc",
                    Severity.WARNING,
                    document=document,
                )
            )
        found += left_out(module, rules=False, requests=False)
        found += _too_long(module)
        found += _unknown_workloads(module)
    return found


def _too_long(module: Module) -> Iterator[Finding]:
    for binding in module.bindings:
        texts = [role_name(binding.role, binding.scope)]
        if binding.eligible:
            texts = [
                elevation(binding, binding.eligible),
                jit_group_name(binding.principal, binding.role, binding.scope),
            ]
        text = max(texts, key=len)
        if len(text) > WIDTH:
            yield Finding(
                "QG972",
                f"`{text}` has {len(text)} characters, and Keycloak keeps {WIDTH}",
                binding.origin,
                "shorten the name of the role, tenant, environment or project",
                document=binding.source.document,
            )


def _unknown_workloads(module: Module) -> Iterator[Finding]:
    for workload in module.workloads:
        if workload.subject is None:
            problem = "has no federation, so its client in Keycloak is disabled"
        elif "*" in workload.subject:
            problem = "is known by a pattern; Keycloak compares subjects exactly and admits none"
        else:
            continue
        yield Finding(
            "QG973",
            f"the workload `{workload.id}` {problem}",
            workload.source.origin,
            "write the one subject that it has",
            Severity.WARNING,
            document=workload.source.document,
        )
