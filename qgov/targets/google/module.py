"""What one root module is made from.

Google Quantum Engine knows projects and a list of people that Google keeps. It publishes neither
roles nor permissions, so none is written: what IAM cannot be told is a step for people.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from qgov.language.kinds.clouds import GoogleProject
from qgov.model.access_model import AccessModel, Workload
from qgov.targets.steps import Listed, Used, by_tenant

__all__ = ["POOL", "Module", "member_of", "modules", "service_account", "unlisted"]

POOL: Final = "qgov"
"""The id of a project's workload identity pool; the project is the tenant's alone."""

_SUBJECT: Final = 127  # bytes of a subject


@dataclass(frozen=True, eq=False)
class Module:
    """What one root module is made from: the project, what the tenant uses of it, those who
    submit, and the workloads among them, which federation proves."""

    model: AccessModel
    used: Used
    project: GoogleProject
    listed: tuple[Listed, ...]
    workloads: tuple[Workload, ...]


def modules(model: AccessModel) -> Iterator[Module]:
    """A root module for each tenant that has a Google project."""
    for used in by_tenant(model, "google"):
        project = used.tenant.spec.clouds.google
        assert project is not None
        listed = tuple(each for each in used.listed if unlisted(project, each) is None)
        proven = {each.workload.id: each.workload for each in listed if each.workload is not None}
        workloads = tuple(known for _, known in sorted(proven.items()))
        yield Module(model, used, project, listed, workloads)


def unlisted(project: GoogleProject, each: Listed) -> str | None:
    """Why somebody cannot be on Google's list; None when they can."""
    if each.endless:
        return "it holds this just-in-time, which no federation says"
    return None if each.workload is None else _untrusted(project, each.workload)


def _untrusted(project: GoogleProject, known: Workload) -> str | None:
    """Why no federation can say who a workload is; None when one can."""
    if known.issuer is None or known.subject is None:
        return "it has no federation"
    if "*" in known.subject:
        return "it is known by a pattern, and a federation compares subjects exactly"
    if len(known.subject.encode()) > _SUBJECT:
        return f"its subject is longer than the {_SUBJECT} bytes that Google keeps"
    if project.number is None:
        return "its project has no `number`, by which Google names federated identities"
    return None


def service_account(module: Module, known: Workload) -> str:
    """The address of a workload's service account, which Google's list names."""
    return f"{known.spec.name}@{module.project.project}.iam.gserviceaccount.com"


def member_of(module: Module, known: Workload) -> str:
    """A workload as IAM knows the holder of its token."""
    return (
        f"principal://iam.googleapis.com/projects/{module.project.number}/locations/global/"
        f"workloadIdentityPools/{POOL}/subject/{known.subject}"
    )
