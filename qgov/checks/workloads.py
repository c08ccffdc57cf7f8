"""How automation is known and what it may do: QG60x."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from qgov.checks import guide
from qgov.checks.facts import answering, found_at, high_risk, of_workloads, others, ticks
from qgov.checks.rule import Found, rule
from qgov.finding import Severity
from qgov.language.permissions import CATALOGUE, Level
from qgov.language.scalars import format_duration
from qgov.model.access_model import AccessModel, Workload

HOUR: Final = 3600
_FOREIGN_AUDIENCE: Final = re.compile(
    r"sts\.amazonaws\.com|api://AzureADTokenExchange|https://github\.com/.*|sigstore"
    r"|(?:https:)?//iam\.googleapis\.com/.*|https://sts\.googleapis\.com/?.*|pypi"
)
"""Audiences of other relying parties: AWS STS, Entra, GitHub's default, Google, Sigstore, PyPI."""
_ANYBODYS_SUBJECT: Final = re.compile(
    r"repo:[^:]*:pull_request|repo:[^:]*|repo:[^:]*:\*|repo:[^:]*:ref:(?:\*|refs/\*|refs/heads/\*+)"
    r"|project_path:[^:]*(?::\*|:ref_type:branch:ref:\*)?"
)
"""Subjects of GitHub and GitLab that every branch or pull request of a repository produces."""


@rule("QG601", Severity.ERROR, "workload-identity", "secrets", guide=guide.WORKLOADS)
def workload_with_key(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A service account is not federated, or uses a long-lived key.

    A key in a pipeline is copied, committed and forgotten; a federated token proves which run
    it is and ends by itself.

    Remedy: add `federation`; where a cloud offers nothing better, waive this rule for a time.
    """
    for name, workload in model.workloads.items():
        if workload.spec.static_credential is not None:
            yield found_at(workload.source, f"`{name}` uses a long-lived key", "staticCredential")
        elif workload.issuer is None:
            yield found_at(
                workload.source, f"`{name}` has no federation, so nothing proves who it is", "name"
            )


@rule("QG602", Severity.ERROR, "workload-identity", "least-privilege", guide=guide.WORKLOADS)
def workload_in_several_projects(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A service account works in more than one project.

    Its jobs cannot be charged to one project, and its loss is the loss of all of them.

    Remedy: make a service account for each project.
    """
    if not model.workloads:
        return
    for_jobs = {
        name
        for name, role in model.roles.items()
        if any(CATALOGUE[p].level is Level.PROJECT for p in role.permissions)
    }
    projects: dict[str, set[str]] = defaultdict(set)
    for binding in of_workloads(model):
        if binding.role not in for_jobs:
            continue
        labels = binding.scope.split("/")
        if len(labels) < 3:
            yield found_at(
                binding.source,
                f"`{binding.principal}` holds `{binding.role}` in every "
                f"project of `{binding.scope}`",
                "on",
            )
            continue
        known = projects[binding.principal]
        known.add(labels[2])
        if len(known) > 1:
            message = f"`{binding.principal}` works in `{labels[2]}` and in other projects"
            yield found_at(binding.source, message, "on", detail=others(sorted(known), labels[2]))


@rule("QG603", Severity.WARNING, "workload-identity", "incident-response", guide=guide.WORKLOADS)
def workload_without_owner(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A service account's owner is a group that nobody knows.

    When the key leaks at night, somebody must be there to answer for it.

    Remedy: name a group that owns a tenant, holds a role or is declared by the organization.
    """
    strangers = [
        (name, workload)
        for name, workload in model.workloads.items()
        if workload.spec.owner != model.tenants[workload.tenant].spec.owner.group
    ]
    known = answering(model) if strangers else frozenset()
    for name, workload in strangers:
        if workload.spec.owner not in known:
            yield found_at(
                workload.source,
                f"the owner `{workload.spec.owner}` of `{name}` holds no role and is not declared",
                "owner",
            )


@rule("QG604", Severity.WARNING, "workload-identity", "strong-authentication", guide=guide.TOKENS)
def long_workload_token(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A service account's tokens serve for more than an hour, or at any age.

    A token that is found in a log an hour later should be worth nothing.

    Remedy: set `maxTokenLifetime` to an hour or less.
    """
    for name, workload in model.workloads.items():
        lifetime = workload.max_token_age_s
        if lifetime is None:
            yield found_at(workload.source, f"tokens of `{name}` serve at any age", "name")
        elif lifetime > HOUR:
            message = f"tokens of `{name}` serve for {format_duration(lifetime)}"
            yield found_at(workload.source, message, "maxTokenLifetime")


@rule("QG605", Severity.ERROR, "workload-identity", "least-privilege", guide=guide.WORKLOADS)
def wildcard_subject(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A service account is known by a subject with a wildcard.

    Whoever can make a token that matches, by naming a repository or a branch, is the service
    account.

    Remedy: write the subject out; use one service account for each.
    """
    for name, workload in model.workloads.items():
        subject = workload.subject
        if subject and "*" in subject and not _ANYBODYS_SUBJECT.fullmatch(subject):
            message = f"`{name}` is whoever's token matches `{subject}`"
            yield found_at(workload.source, message, "federation", "subject")


@rule("QG606", Severity.ERROR, "workload-identity", "change-approval", guide=guide.TOOLING)
def subject_of_any_branch(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Every branch or pull request of a repository is the service account.

    Code that nobody reviewed runs with the account's rights.

    Remedy: name a protected branch or environment: `repo:org/name:environment:production`.
    """
    for name, workload in model.workloads.items():
        if workload.subject and _ANYBODYS_SUBJECT.fullmatch(workload.subject):
            message = f"every branch or pull request is `{name}` by `{workload.subject}`"
            yield found_at(workload.source, message, "federation", "subject")


@rule("QG607", Severity.ERROR, "workload-identity", guide=guide.TOOLING)
def audience_of_another_service(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A service account accepts tokens that were made for another service.

    Every service that receives such a token can replay it here.

    Remedy: let the pipeline ask for a token with an audience of its own, such as `qgov`.
    """
    for name, workload in model.workloads.items():
        if workload.audience and _FOREIGN_AUDIENCE.fullmatch(workload.audience):
            message = f"`{name}` accepts tokens that were made for `{workload.audience}`"
            yield found_at(workload.source, message, "federation", "audience")


def _plain_issuer(workload: Workload) -> str:
    return (workload.issuer or "").rstrip("/")


@rule("QG608", Severity.ERROR, "workload-identity", "tenant-isolation", guide=guide.WORKLOADS)
def same_federation(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Two service accounts are known by the same token.

    Their jobs cannot be told apart, and each has the rights of both.

    Remedy: give each service account a subject of its own.
    """
    known: dict[tuple[str, str | None, str | None], list[Workload]] = defaultdict(list)
    for workload in model.workloads.values():
        if workload.issuer is not None:
            known[_plain_issuer(workload), workload.audience, workload.subject].append(workload)
    for workloads in known.values():
        for workload in workloads if len(workloads) > 1 else ():
            other = next(w for w in workloads if w is not workload)
            message = f"a token of `{workload.id}` is also one of another service account"
            at = ("federation", "subject")
            yield found_at(workload.source, message, *at, detail=f"`{other.id}`")


@rule("QG609", Severity.ERROR, "workload-identity", "least-privilege", guide=guide.WORKLOADS)
def high_risk_workload(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A service account holds a high-risk permission or a privileged role.

    There is no person to ask for a second factor and nobody who approves the moment.

    Remedy: let a person do it just-in-time, and give the service account what its jobs need.
    """
    risky = {
        n: high_risk(role) for n, role in model.roles.items() if role.privileged or high_risk(role)
    }
    for binding in of_workloads(model):
        if binding.role in risky:
            what = "high-risk" if risky[binding.role] else "privileged"
            message = f"`{binding.principal}` holds the {what} role `{binding.role}`"
            yield found_at(binding.source, message, "role", detail=ticks(risky[binding.role]))


@rule("QG610", Severity.INFO, "workload-identity", "joiner-mover-leaver", guide=guide.WORKLOADS)
def idle_workload(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A service account holds no role.

    An identity that may do nothing is a leftover, or waits for a right nobody reviewed.

    Remedy: bind a role, or remove the service account.
    """
    for name, workload in model.workloads.items():
        if not workload.spec.bindings:
            yield found_at(workload.source, f"`{name}` may do nothing", "name")


@rule("QG611", Severity.WARNING, "workload-identity", "just-in-time", guide=guide.WORKLOADS)
def workload_just_in_time(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A service account is bound just-in-time.

    Elevations name people; a pipeline cannot ask for one, so the binding never takes effect.

    Remedy: make the binding standing and narrow, or let a person run it.
    """
    for binding in of_workloads(model):
        if binding.eligible is not None:
            message = f"`{binding.principal}` would have to ask for `{binding.role}`"
            yield found_at(binding.source, message, "eligible")
