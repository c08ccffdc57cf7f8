"""What Entra cannot express."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from qgov.finding import Finding, Severity
from qgov.model.access_model import AccessModel, Binding
from qgov.model.principal import is_group, is_workload
from qgov.targets.directory import (
    JustInTime,
    Module,
    jit_name,
    just_in_time,
    role_name,
)
from qgov.targets.entra.just_in_time import STEP_S, approvers_of
from qgov.targets.entra.module import GROUP_NAME, MOST_ENTRIES, ROLE_VALUE, modules
from qgov.targets.entra.requests import DAY_S, LEAST_REVIEW_S, MOST_DAYS
from qgov.targets.entra.workloads import is_federated
from qgov.targets.membership import left_out

__all__ = ["MOST_IN_A_TOKEN", "unsupported"]

MOST_IN_A_TOKEN: Final = 200
"""The groups that Entra writes into a token; where there are more it writes none."""


def unsupported(model: AccessModel) -> list[Finding]:
    """Names, elevations and workloads that the Terraform does not or not fully carry."""
    return [
        finding
        for module in modules(model)
        for part in (_provider, _members, _requests, _too_long, _elevations, _workloads)
        for finding in part(module)
    ]


def _provider(module: Module) -> Iterator[Finding]:
    fact = module.model.organization.providers[module.name]

    def at_provider(code: str, message: str, remedy: str, severity: Severity) -> Finding:
        return Finding(code, message, fact.origin, remedy, severity, document=fact.document)

    if module.provider.protocol != "oidc":
        yield at_provider(
            "QG971",
            f"no client is written for `{module.name}`, where people sign in by SAML",
            "declare the SAML client by hand, or use oidc",
            Severity.WARNING,
        )
    roles = len({(b.role, b.scope) for b in module.bindings})
    if roles >= MOST_ENTRIES:
        yield at_provider(
            "QG965",
            f"`{module.name}` would have {roles:,} app roles, and an application holds fewer than "
            f"{MOST_ENTRIES:,}",
            "bind roles at wider scopes, or split the organization's people over two Entras",
            Severity.ERROR,
        )
    if len(module.groups) > MOST_IN_A_TOKEN:
        yield at_provider(
            "QG968",
            f"`{module.name}` has {len(module.groups):,} groups, and whoever is in more than "
            f"{MOST_IN_A_TOKEN} of them has a token without any, which is refused",
            "keep people in fewer groups",
            Severity.INFO,
        )


def _members(module: Module) -> Iterator[Finding]:
    return left_out(module, rules=True, requests=True)


def _requests(module: Module) -> Iterator[Finding]:
    source = module.model.organization.source
    for group in module.groups:
        if (asked := group.requests) is None:
            continue
        review = asked.review_every
        for field, of, wrong in (
            (
                "maxDuration",
                f"lasts a number of days, from 1 to {MOST_DAYS:,}",
                not DAY_S <= asked.max_duration < (MOST_DAYS + 1) * DAY_S,
            ),
            (
                "reviewEvery",
                "is reviewed every week at most",
                review is not None and review < LEAST_REVIEW_S,
            ),
        ):
            if wrong:
                yield Finding(
                    "QG965",
                    f"a membership of `{group.name}` that was asked for {of} in Entra",
                    source.at("groups", group.name, "requests", field),
                    f"write a `{field}` that Entra has",
                    document=source.document,
                )


def _too_long(module: Module) -> Iterator[Finding]:
    for binding in module.bindings:
        texts = [(role_name(binding.role, binding.scope), ROLE_VALUE)]
        if binding.eligible and is_group(binding.principal):
            name = binding.principal.partition(":")[2]
            texts.append((jit_name(name, binding.role, binding.scope), GROUP_NAME))
        for text, width in texts:
            if len(text) > width:
                yield _at(
                    binding,
                    "QG965",
                    f"`{text}` has {len(text)} characters, and Entra keeps {width}",
                    "shorten the name of the role, tenant, environment or project",
                    Severity.ERROR,
                )


def _elevations(module: Module) -> Iterator[Finding]:
    places = {(b.principal, b.role, b.scope): b for b in module.bindings if b.eligible}
    for binding in places.values():
        if is_workload(binding.principal):
            yield _at(
                binding,
                "QG966",
                "Entra elevates people only: this workload is elevated by the decision alone",
                "let the gateway stand before whatever it may do",
                Severity.WARNING,
            )
    for jit in just_in_time(module):
        binding = next(b for b in places.values() if _is_of(b, jit))
        if jit.max_duration_s < STEP_S or not approvers_of(module, jit):
            why = (
                f"is for less than the {STEP_S // 60} minutes that Entra elevates for"
                if jit.max_duration_s < STEP_S
                else "is approved by groups of another directory only"
            )
            yield _at(
                binding,
                "QG966",
                f"this elevation {why}, so that the decision alone knows it",
                "let it last half an hour, and a group of the same directory approve it",
                Severity.WARNING,
            )


def _is_of(binding: Binding, jit: JustInTime) -> bool:
    return (binding.principal, binding.role, binding.scope) == (
        f"group:{jit.group}",
        jit.role,
        jit.scope,
    )


def _workloads(module: Module) -> Iterator[Finding]:
    for workload in module.workloads:
        if not is_federated(workload):
            problem = "has no federation" if workload.subject is None else "is known by a pattern"
            yield Finding(
                "QG967",
                f"the workload `{workload.id}` {problem}, and Entra takes the token of one subject",
                workload.source.origin,
                "write the one subject that it has",
                Severity.WARNING,
                document=workload.source.document,
            )


def _at(binding: Binding, code: str, message: str, remedy: str, severity: Severity) -> Finding:
    return Finding(
        code, message, binding.origin, remedy, severity, document=binding.source.document
    )
