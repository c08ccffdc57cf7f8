"""What Okta cannot express: workloads of other issuers, and just-in-time."""

from __future__ import annotations

from collections.abc import Iterator

from qgov.finding import Finding, Severity
from qgov.model.access_model import AccessModel
from qgov.targets.directory import Module
from qgov.targets.membership import left_out
from qgov.targets.okta.claims import LEAST_S, token_age_s
from qgov.targets.okta.module import modules

__all__ = ["unsupported"]


def unsupported(model: AccessModel) -> list[Finding]:
    """What the Terraform does not carry, and the decision alone knows."""
    return [
        finding
        for module in modules(model)
        for part in (_provider, _members, _elevations, _workloads)
        for finding in part(module)
    ]


def _provider(module: Module) -> Iterator[Finding]:
    fact = module.model.organization.providers[module.name]
    if module.provider.protocol != "oidc":
        yield Finding(
            "QG971",
            f"no client is written for `{module.name}`, where people sign in by SAML",
            fact.origin,
            "declare the SAML application by hand, or use oidc",
            Severity.WARNING,
            document=fact.document,
        )
    age = token_age_s(module)
    if age is not None and age < LEAST_S:
        yield Finding(
            "QG969",
            f"tokens of `{module.name}` last {LEAST_S // 60} minutes, the shortest that Okta has, "
            "and the decision takes younger ones only",
            fact.origin,
            "ask for `maxTokenAge` of 5m or more",
            Severity.WARNING,
            document=fact.document,
        )


def _members(module: Module) -> Iterator[Finding]:
    return left_out(module, rules=True, requests=False)


def _elevations(module: Module) -> Iterator[Finding]:
    for binding in module.bindings:
        if binding.eligible is not None:
            yield Finding(
                "QG966",
                "Okta elevates nobody: what is held just-in-time is known to the decision alone",
                binding.origin,
                "let the gateway stand before whatever it may do",
                Severity.INFO,
                document=binding.source.document,
            )


def _workloads(module: Module) -> Iterator[Finding]:
    for workload in module.workloads:
        yield Finding(
            "QG967",
            f"Okta takes no token of another issuer: the workload `{workload.id}` is known to the "
            "decision alone",
            workload.source.origin,
            "nothing, where the gateway stands before whatever it may do",
            Severity.INFO,
            document=workload.source.document,
        )
