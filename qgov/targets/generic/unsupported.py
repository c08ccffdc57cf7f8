"""What a directory is not told by a program."""

from __future__ import annotations

from qgov.finding import Finding, Severity
from qgov.model.access_model import AccessModel
from qgov.targets.directory import modules
from qgov.targets.membership import left_out

__all__ = ["unsupported"]


def unsupported(model: AccessModel) -> list[Finding]:
    """That all of it is left to somebody's hands."""
    found = [
        finding
        for module in modules(model, "generic")
        for finding in left_out(module, rules=False, requests=False)
    ]
    return found + [
        Finding(
            "QG970",
            f"no Terraform is written for the identity provider `{module.name}` of type generic",
            fact.origin,
            f"set what idp/{module.name}/setup.md lists, and map its groups by "
            f"idp/{module.name}/group-mappings.json",
            Severity.INFO,
            document=fact.document,
        )
        for module in modules(model, "generic")
        for fact in (model.organization.providers[module.name],)
    ]
