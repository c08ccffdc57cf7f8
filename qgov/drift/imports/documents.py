"""The documents that say what was found. What the language needs and no source tells is assumed,
and said to be."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Final

from qgov.drift.imports.administrators import RECOVERY
from qgov.drift.imports.said import Bound, Note, Said, Why, Workload
from qgov.drift.imports.words import of_group, of_organization, of_role, of_workload, owner_of
from qgov.drift.imports.yaml_text import Yaml, document
from qgov.language.scalars import format_duration
from qgov.model.principal import is_group, is_workload, name_of
from qgov.model.scope import EVERYWHERE, tenant_of

__all__ = ["documents"]

_RECORDS: Final = {
    "input": ("inputs", "30d"),
    "result": ("results", "180d"),
    "log": ("executionLogs", "400d"),
    "audit": ("auditLogs", "7y"),
}
"""Stores to what they hold, and how long that is kept."""

_TIERS: Final = {
    "production": ("production", "prod", "live"),
    "test": ("test", "staging", "stage", "qa", "integration"),
}
"""What an environment is called to the tier that it is assumed to be of; else `sandbox`."""


def documents(said: Said, organization: str) -> tuple[dict[str, bytes], list[Note]]:
    """The files of the configuration (path → bytes), and what was assumed."""
    notes: list[Note] = []
    files = {
        f"roles/{name}.yaml": document(
            "Role", name, {"permissions": [*permissions]}, words=of_role(said, name)
        )
        for name, permissions in sorted(said.roles.items())
    }
    for tenant in _tenants(said):
        spec = _tenant(said, tenant, organization, notes)
        files[f"tenants/{tenant}/tenant.yaml"] = document("Tenant", tenant, spec, _ASSUMED)
    spec = _organization(said, organization, notes)
    words = of_organization(said, organization)
    files["qgov.yaml"] = document("Organization", organization, spec, _ASSUMED, words)
    return files, notes


_ASSUMED: Final = "Written by `qgov import`. What it assumed is in imported.md."


_NO_APPLICATION: Final = "00000000-0000-0000-0000-000000000000"
_AUDIENCE: Final = Note(
    Why.ASSUMED,
    "the audience of Entra's tokens",
    "no source tells for which application they are",
    "write the application's client id or `api://` address as `audience` in `qgov.yaml`",
)


def _organization(said: Said, organization: str, notes: list[Note]) -> dict[str, Yaml]:
    directory = said.directory
    provider: dict[str, Yaml] = {"type": directory.type, "issuer": directory.issuer}
    if directory.realm is not None:
        provider["realm"] = directory.realm
    if directory.type == "entra":
        old = directory.issuer.startswith("https://sts.")
        provider["audience"] = f"api://{organization}" if old else _NO_APPLICATION
        notes.append(_AUDIENCE)
    provider |= said.provider
    if said.tokens:
        provider["tokens"] = dict(said.tokens)
    keeper = next(
        name_of(b.principal)
        for b in said.bindings
        if RECOVERY in said.roles[b.role] and is_group(b.principal)
    )
    floors: dict[str, Yaml] = {"mfa": True}
    if said.token_age_s is not None and not _longer(said):
        floors["maxTokenAge"] = format_duration(said.token_age_s)
    notes.append(
        Note(
            Why.ASSUMED,
            "currency EUR, a second factor everywhere, stores in the EU and the audit sink `siem`",
            "no source tells them",
            "put your own in `qgov.yaml`",
        )
    )
    spec: dict[str, Yaml] = {
        "currency": "EUR",
        "identityProviders": {directory.name: provider},
        "groups": {name: _group(said, name) for name in sorted(said.groups)},
        "floors": floors,
        "stores": {
            f"{name}-store": {"type": "s3", "jurisdiction": "eu", "owner": keeper, **_store(name)}
            for name in _RECORDS
        },
        "auditSinks": {
            "siem": {
                "type": "siem",
                "streams": ["jobs", "admin"],
                "endpoint": f"https://siem.{organization}.example/ingest",
            }
        },
    }
    own = [b for b in said.bindings if b.scope == EVERYWHERE]
    if own:
        spec["bindings"] = [_binding(said, bound) for bound in own]
    return spec


def _store(name: str) -> dict[str, Yaml]:
    field, _ = _RECORDS[name]
    return {"holds": [field], **({"immutable": True} if field == "auditLogs" else {})}


def _group(said: Said, name: str) -> dict[str, Yaml]:
    found: dict[str, Yaml] = {**of_group(said, name), "identityProvider": said.directory.name}
    people = said.groups[name]
    if people is not None:
        found["members"] = people
    tenants = {
        tenant_of(b.scope)
        for b in said.bindings
        if name_of(b.principal) == name and is_group(b.principal) and b.scope != EVERYWHERE
    }
    if len(tenants) > 1:
        found["shared"] = True
    return found


def _longer(said: Said) -> bool:
    """Whether a workload's tokens may be older than people's: then what binds people is said with
    their bindings."""
    age = said.token_age_s or 0
    return any(w.max_age_s is None or w.max_age_s > age for w in said.workloads.values())


def _binding(said: Said, bound: Bound) -> dict[str, Yaml]:
    on = bound.scope if bound.scope == EVERYWHERE else bound.scope.partition("/")[2] or EVERYWHERE
    found: dict[str, Yaml] = {}
    if is_group(bound.principal):
        found["group"] = name_of(bound.principal)
    found |= {"role": bound.role, "on": on}
    if bound.terms is not None:
        found["eligible"] = {
            "approvers": bound.terms.approvers,
            "maxDuration": format_duration(bound.terms.max_duration_s),
            "ticket": "required" if bound.terms.ticket else "optional",
        }
    if is_group(bound.principal) and said.token_age_s is not None and _longer(said):
        found["requires"] = {"maxTokenAge": format_duration(said.token_age_s)}
    return found


# ---------------------------------------------------------------------------------------- tenants


def _tenants(said: Said) -> list[str]:
    scopes = {b.scope for b in said.bindings if b.scope != EVERYWHERE}
    return sorted({*map(tenant_of, scopes), *map(tenant_of, said.workloads)})


def _tenant(said: Said, tenant: str, organization: str, notes: list[Note]) -> dict[str, Yaml]:
    bindings = [b for b in said.bindings if tenant_of(b.scope) == tenant]
    owner = _owner(said, tenant, bindings)
    environments = _environments({b.scope for b in bindings})
    tiers = ", ".join(f"`{name}` {its['tier']}" for name, its in environments.items())
    notes.append(
        Note(
            Why.ASSUMED,
            f"the tenant `{tenant}`: owned by `{owner}`, in the EU; of the tiers: {tiers}",
            "no source tells them, nor its backends, budgets, retention and reviews",
            f"put your own in `tenants/{tenant}/tenant.yaml`",
        )
    )
    spec: dict[str, Yaml] = {
        "owner": {"group": owner, "contact": f"{owner}@{organization}.example"},
        "isolation": "shared",
        "identityProvider": said.directory.name,
        "residency": ["eu"],
        "environments": environments,
        "retention": {
            field: {"keep": keep, "store": f"{name}-store"}
            for name, (field, keep) in _RECORDS.items()
        },
    }
    if people := [_binding(said, b) for b in bindings if is_group(b.principal)]:
        spec["bindings"] = people
    workloads = {n: w for n, w in said.workloads.items() if tenant_of(n) == tenant}
    if workloads:
        spec["serviceAccounts"] = [
            _account(said, name, one, owner, bindings) for name, one in sorted(workloads.items())
        ]
    return spec


def _owner(said: Said, tenant: str, bindings: Iterable[Bound]) -> str:
    """The group that answers for a tenant: who approves there most, else is bound there most."""
    asked = Counter(b.terms.approvers for b in bindings if b.terms is not None)
    bound = Counter(name_of(b.principal) for b in bindings if is_group(b.principal))
    named = [
        name for name in (f"{tenant}-leads", f"{tenant}-owners", tenant) if name in said.groups
    ]
    ranked = [*named, *(name for name, _ in (*asked.most_common(), *bound.most_common()))]
    return next(iter([*ranked, *sorted(said.groups)]))


def _environments(scopes: Iterable[str]) -> dict[str, dict[str, Yaml]]:
    found: dict[str, set[str]] = defaultdict(set)
    for scope in scopes:
        _, environment, project = [*scope.split("/"), "", ""][:3]
        if environment:
            found[environment] |= {project} - {""}
    if not found:
        found["sandbox"] = set()
    return {name: _environment(name, found[name]) for name in sorted(found)}


def _environment(name: str, projects: Iterable[str]) -> dict[str, Yaml]:
    words = {*name.split("-")}
    tier = next((tier for tier, of in _TIERS.items() if words & {*of}), "sandbox")
    return {"tier": tier, **({"projects": sorted(projects)} if projects else {})}


def _account(
    said: Said, name: str, one: Workload, owner: str, bindings: Iterable[Bound]
) -> dict[str, Yaml]:
    found: dict[str, Yaml] = {"name": name.partition("/")[2], **of_workload(said, name)}
    found["owner"] = owner_of(said, name) or owner
    if one.issuer and one.audience and one.subject:
        found["federation"] = {
            "issuer": one.issuer,
            "audience": one.audience,
            "subject": one.subject,
        }
    if one.max_age_s is not None:
        found["maxTokenLifetime"] = format_duration(one.max_age_s)
    held = [b for b in bindings if is_workload(b.principal) and name_of(b.principal) == name]
    if held:
        found["bindings"] = [_binding(said, b) for b in held]
    return found
