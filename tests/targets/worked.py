"""Models that the tests of the targets share: the worked repository, and a hostile one."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from qgov.finding import has_errors
from qgov.language.documents import read_documents
from qgov.model.access_model import AccessModel
from qgov.model.link import link

ROOT = Path(__file__).parents[2]

EVIL = (
    '${file("/etc/passwd")} %{ if true } "<<EOF\nx\nEOF \\" | `code` @team [x](javascript:alert(1))'
    " <img src=x onerror=alert(1)> =cmd|'/c calc'!A1 https://evil.example #1 $$${x} }"
)


def model_of(files: dict[str, bytes]) -> AccessModel:
    """The model of a repository that reads and links without an error."""
    documents, unreadable = read_documents(files)
    model, unresolved = link(documents)
    findings = [*unreadable, *unresolved]
    assert not has_errors(findings), findings
    assert model is not None
    return model


@cache
def worked() -> AccessModel:
    """The configuration that this repository itself holds as its example."""
    return _worked("roles", "tenants", "budgets")


@cache
def worked_with_expectations() -> AccessModel:
    """The same with its access tests."""
    return _worked("roles", "tenants", "budgets", "tests/access")


@cache
def example() -> AccessModel:
    """The company of `docs/company.md`."""
    return _worked("roles", "tenants", "budgets", root=ROOT / "examples" / "company")


def _worked(*folders: str, root: Path = ROOT) -> AccessModel:
    paths = [root / "qgov.yaml"]
    for folder in folders:
        paths += sorted((root / folder).rglob("*.yaml"))
    return model_of({str(path.relative_to(root)): path.read_bytes() for path in paths})


def document(kind: str, metadata: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    """A document, its name in `metadata`."""
    return {"apiVersion": "qgov/v1", "kind": kind, "metadata": metadata, "spec": spec}


def repository(*documents: dict[str, Any]) -> AccessModel:
    """The model of documents."""
    text = "\n---\n".join(json.dumps(each, ensure_ascii=False) for each in documents)
    return model_of({"qgov.yaml": text.encode()})


def organization(*, title: str = "Northwind", **spec: Any) -> dict[str, Any]:
    """An organization with one Keycloak."""
    issuer = "https://id.northwind.example/realms/quantum"
    return document(
        "Organization",
        {"name": "northwind", "title": title},
        {
            "currency": "EUR",
            "identityProviders": {"workforce": {"type": "keycloak", "issuer": issuer}},
            **spec,
        },
    )


def tenant(
    name: str, *, title: str = "A tenant", previously: str | list[str] | None = None, **spec: Any
) -> dict[str, Any]:
    """A tenant with one environment `sandbox` and one project `chemistry`."""
    renamed = {"previously": previously} if previously else {}
    return document(
        "Tenant",
        {"name": name, "title": title, **renamed},
        {
            "owner": {"group": "leads", "contact": "leads@northwind.example"},
            "isolation": "shared",
            "identityProvider": "workforce",
            "residency": ["eu"],
            "environments": {"sandbox": {"tier": "sandbox", "projects": ["chemistry"]}},
            **spec,
        },
    )


def role(
    name: str,
    *permissions: str,
    previously: str | None = None,
    title: str = "A role",
    description: str | None = None,
) -> dict[str, Any]:
    """A role."""
    extra = {"previously": previously, "description": description}
    return document(
        "Role",
        {"name": name, "title": title, **{k: v for k, v in extra.items() if v is not None}},
        {"permissions": list(permissions)},
    )


def federation(subject: str = "repo:northwind/aurora:ref:refs/heads/main") -> dict[str, str]:
    """GitHub's issuer of workload tokens."""
    return {
        "issuer": "https://token.actions.githubusercontent.com",
        "audience": "qgov",
        "subject": subject,
    }


@cache
def hostile() -> AccessModel:
    """Every text that a person may write says something evil."""
    return repository(
        organization(title=EVIL, groups={"staff": {"title": EVIL}}),
        role("researcher", "job:submit", "job:read:own", title=EVIL, description=EVIL),
        tenant(
            "aurora",
            title=EVIL,
            bindings=[{"group": "staff", "role": "researcher", "on": "sandbox"}],
            serviceAccounts=[
                {
                    "name": "nightly",
                    "title": EVIL,
                    "owner": "leads",
                    "federation": federation(),
                    "bindings": [{"role": "researcher", "on": "*"}],
                }
            ],
        ),
    )


@cache
def renamed() -> AccessModel:
    """Everything that can say a former name says one."""
    return repository(
        organization(groups={"staff": {"previously": "crew"}}),
        role("researcher", "job:submit", previously="scientist"),
        tenant(
            "aurora",
            previously="dawn",
            environments={
                "lab": {
                    "tier": "sandbox",
                    "previously": "sandbox",
                    "projects": [{"name": "chemistry", "previously": "chem"}, "optics"],
                }
            },
            bindings=[
                {"group": "staff", "role": "researcher", "on": on}
                for on in ("lab/chemistry", "lab/optics")
            ],
            serviceAccounts=[
                {
                    "name": "nightly",
                    "previously": "cron",
                    "owner": "leads",
                    "federation": federation(),
                    "bindings": [{"role": "researcher", "on": "lab/chemistry"}],
                }
            ],
        ),
        document(
            "Budget",
            {"name": "everything", "previously": "all"},
            {
                "scope": "*",
                "owner": "leads",
                "quotas": [{"measure": "jobs", "per": "day", "limit": 9}],
            },
        ),
    )
