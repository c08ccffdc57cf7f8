"""`roles.tf`: what workloads may do, and what people may be elevated to."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from hashlib import sha256
from typing import Final

from qgov.model.access_model import Workload
from qgov.model.principal import is_group, workload
from qgov.targets.braket.module import WIDTH, Entitlement, Module, policy_file, resource
from qgov.targets.braket.people import session, tags
from qgov.targets.braket.policies import (
    Statement,
    elevation_trust,
    entitlement_policy,
    federation_trust,
)
from qgov.targets.cloud import both, groups_of, shortened
from qgov.targets.hcl import Block, Ref, Value, address
from qgov.targets.moved import moved
from qgov.targets.parts import Key

__all__ = ["distrust", "elevated", "federated", "roles", "trusts"]


_ROLE: Final = ("aws_iam_role", "aws_iam_role_policy")


def distrust(known: Workload) -> str | None:
    """Why no trust policy can say who a workload is; None when one can."""
    if known.issuer is None or known.subject is None:
        return "it has no federation"
    if "*" in known.subject:
        return "it is known by a pattern, and a trust policy compares subjects exactly"
    if ":" in known.issuer.removeprefix("https://").partition("/")[0]:
        return "its issuer has a port, and IAM takes none that has"
    return None


def federated(module: Module) -> Iterator[tuple[str, Workload, Entitlement]]:
    """(name, workload, what it holds) of each role that a workload assumes with a token."""
    for known in module.workloads:
        for held in () if distrust(known) else module.entitlements:
            standing = any(
                b.principal == workload(known.id) and b.eligible is None for b in held.bindings
            )
            if standing and entitlement_policy(module, held):
                inside = held.name.removeprefix(f"{held.role.name}-")
                yield f"qgov-{known.spec.name}-{inside}", known, held


def elevated(module: Module) -> Iterator[tuple[str, Entitlement]]:
    """(name, what it gives) of each role that is held just-in-time. No workload's ends so."""
    for held in module.entitlements:
        if groups_of(held.bindings, eligible=True) and entitlement_policy(module, held):
            yield f"qgov-{held.name}-elevation", held


def roles(module: Module) -> list[Block]:
    """The issuers of workload tokens, a role for each workload and entitlement, and one for each
    entitlement that is held just-in-time."""
    audiences: dict[str, set[str]] = defaultdict(set)
    for _, known, _held in federated(module):
        assert known.issuer is not None
        assert known.audience is not None
        audiences[known.issuer].add(known.audience)
    found = [
        resource(
            "iam_openid_connect_provider",
            address("issuer", _label(issuer)),
            {"url": issuer, "client_id_list": sorted(known_as)},
        )
        for issuer, known_as in sorted(audiences.items())
    ]
    renamed: list[tuple[Ref, Ref]] = []
    for name, known, held in federated(module):
        about = shortened(f"{known.id}: {held.about}", WIDTH)
        limit = session(held.conditions.max_token_age_s)
        place = address("workload", known.spec.name, *held.key)
        account = module.renames.workload(known.id).partition("/")[2]
        old = address("workload", account, *module.former(held))
        found += _role(name, place, held, about, limit, tags(held) | {"qgov:workload": known.id})
        renamed += [both(kind, old, place) for kind in _ROLE]
    for name, held in elevated(module):
        terms = _terms(held)
        limit = session(min(length for _, length in terms.values()))
        place, old = address("elevation", *held.key), address("elevation", *module.former(held))
        eligible: dict[str, Value] = {
            f"qgov:eligible:{group}": text for group, (text, _) in sorted(terms.items())
        }
        about = shortened(held.about, WIDTH)
        found += _role(name, place, held, about, limit, tags(held) | eligible)
        renamed += [both(kind, old, place) for kind in _ROLE]
    return found + moved(renamed)


def _label(issuer: str) -> str:
    """An issuer as a label: legible, and different for each."""
    host = re.sub(r"[^a-z0-9]+", "-", issuer.removeprefix("https://").split("/")[0].lower())
    return f"{host[:40].strip('-')}-{sha256(issuer.encode()).hexdigest()[:8]}".strip("-")


def _terms(held: Entitlement) -> dict[str, tuple[str, int]]:
    """Group → the terms of its elevations as a tag, and the longest in seconds; the strictest
    where several bindings give it."""
    found: dict[str, tuple[str, int]] = {}
    for binding in held.bindings:
        terms = binding.eligible
        if terms is None or not is_group(binding.principal):
            continue
        ticket = "required" if terms.ticket else "optional"
        text = f"approvers={terms.approvers} max_duration_s={terms.max_duration_s} ticket={ticket}"
        group = binding.principal.partition(":")[2]
        known = found.get(group)
        if known is None or terms.max_duration_s < known[1]:
            found[group] = text, terms.max_duration_s
    return found


def _role(
    name: str, place: str, held: Entitlement, about: str, limit: int, labels: dict[str, Value]
) -> list[Block]:
    return [
        resource(
            "iam_role",
            place,
            {
                "name": name,
                "description": about,
                "assume_role_policy": policy_file(f"{name}-trust"),
                "max_session_duration": limit,
                "tags": labels,
            },
        ),
        resource(
            "iam_role_policy",
            place,
            {
                "name": "qgov",
                "role": Ref(f"aws_iam_role.{place}.id"),
                "policy": policy_file(held.name),
            },
        ),
    ]


def trusts(module: Module) -> Iterator[tuple[str, Key, list[Statement]]]:
    """(name, what it is of, statements) of the trust policy of each role."""
    for name, known, _ in federated(module):
        yield f"{name}-trust", ("workload", known.spec.name), federation_trust(module, known)
    for name, held in elevated(module):
        yield f"{name}-trust", ("elevation", *held.key[:2]), elevation_trust(module, held)
