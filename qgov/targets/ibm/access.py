"""`access_groups.tf` and `service_ids.tf`: what people and workloads may do in the instances."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from qgov.language.persons import approved_by_another
from qgov.model.access_model import Elevation, Workload
from qgov.model.principal import workload
from qgov.targets.cloud import both, groups_of, shortened
from qgov.targets.hcl import Block, Ref, Value, address
from qgov.targets.ibm.actions import SERVICE
from qgov.targets.ibm.module import WIDTH, Entitlement, Instance, Module, named, resource
from qgov.targets.ibm.roles import role_of
from qgov.targets.moved import moved

__all__ = ["ELIGIBLE", "access_groups", "counted", "service_ids"]

ELIGIBLE: Final = "qgov-eligible:"
"""The tag of an access group that says who may be elevated to it, before the group's name."""

_ALWAYS: Final = "qgov:groups"  # no directory group is called so
_HOUR_S: Final = 3600
_LONGEST_H: Final = 24  # of a dynamic rule; the shortest is an hour
_NOW: Final = "{{environment.attributes.current_date_time}}"


def access_groups(module: Module) -> list[Block]:
    """An access group for each entitlement: one whose members come with the sign-in of those who
    hold it standing, one without members for those who may be elevated, and one for each
    elevation, which ends by itself."""
    found: list[Block] = []
    renamed: list[tuple[Ref, Ref]] = []
    for held in module.entitlements:
        old = module.former(held)
        if standing := groups_of(held.bindings, eligible=False):
            found += _group("standing", held, held.key, held.about)
            renamed += _renamed(held, "standing", held.key, old)
            for group in standing:
                found.append(_rule(module, held, group))
                was = address("rule", *old, module.renames.group(group))
                renamed.append(
                    both("ibm_iam_access_group_dynamic_rule", was, _rule_of(held, group))
                )
        if eligible := groups_of(held.bindings, eligible=True):
            tags = [f"{ELIGIBLE}{group}" for group in eligible]
            about = f"{held.about}, just-in-time"
            found += _group("eligible", held, held.key, about, tags=tags)
            renamed += _renamed(held, "eligible", held.key, old)
        for elevation in counted(module, held):
            about = f"{held.about}, elevation {elevation.name}"
            name = ("elevation", held, (elevation.name, *held.key), about)
            found += _group(*name, window=elevation)
            found.append(_member(elevation, held))
    return found + moved(renamed)


def counted(module: Module, held: Entitlement) -> list[Elevation]:
    """The elevations to an entitlement that were approved and are no longer than it allows."""
    return [each for each in module.elevated(held) if _counts(each, held)]


def _counts(each: Elevation, held: Entitlement) -> bool:
    longest = max(
        (b.eligible.max_duration_s for b in each.through if b in held.bindings and b.eligible),
        default=0,
    )
    return (
        each.not_before is not None
        and approved_by_another(each.approved_by, each.subject, each.requested_by)
        and timedelta(0) < each.expires - each.not_before <= timedelta(seconds=longest)
        and (
            each.ticket is not None
            or any(b.eligible and not b.eligible.ticket for b in each.through)
        )
    )


def _group(
    what: str,
    held: Entitlement,
    key: tuple[str, ...],
    about: str,
    *,
    tags: Iterable[str] = (),
    window: Elevation | None = None,
) -> Iterator[Block]:
    """An access group with a policy for each instance."""
    group = address(what, *key)
    labels: dict[str, Value] = {"description": shortened(about, WIDTH)}
    if tags:
        labels["tags"] = list(tags)
    yield resource(
        "iam_access_group",
        group,
        {"name": named(held.role.name, what, *key), **labels},
    )
    for instance, whole in held.instances:
        yield resource(
            "iam_access_group_policy",
            _policy_of(what, key, instance),
            {
                "access_group_id": Ref(f"ibm_iam_access_group.{group}.id"),
                "roles": [role_of(held.role.name, whole=whole)],
                **(_PATTERN if window else {}),
            },
            *_attributes(instance),
            *(_window(window) if window else ()),
        )


def _policy_of(what: str, key: tuple[str, ...], instance: Instance) -> str:
    return address(what, *key, *([instance.name] if instance.name else []))


def _attributes(instance: Instance) -> Iterator[Block]:
    """Which resource a policy is for."""
    for name, value in (
        ("serviceName", SERVICE),
        ("serviceInstance", Ref(f"ibm_resource_instance.{instance.address}.guid")),
    ):
        yield Block("resource_attributes", (), {"name": name, "value": value})


_PATTERN: Final[dict[str, Value]] = {
    "pattern": "time-based-conditions:once",
    "rule_operator": "and",
}


def _window(elevation: Elevation) -> Iterator[Block]:
    """From when until when a policy gives anything."""
    assert elevation.not_before is not None
    for operator, when in (
        ("dateTimeGreaterThanOrEquals", elevation.not_before),
        ("dateTimeLessThanOrEquals", elevation.expires),
    ):
        yield Block(
            "rule_conditions", (), {"key": _NOW, "operator": operator, "value": [_instant(when)]}
        )


def _instant(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="seconds")


def _member(elevation: Elevation, held: Entitlement) -> Block:
    name = address("elevation", elevation.name, *held.key)
    return resource(
        "iam_access_group_members",
        name,
        {
            "access_group_id": Ref(f"ibm_iam_access_group.{name}.id"),
            "ibm_ids": [Ref("var.ibm_ids", elevation.subject)],
        },
    )


def _rule_of(held: Entitlement, group: str) -> str:
    return address("rule", *held.key, group)


def _rule(module: Module, held: Entitlement, group: str) -> Block:
    """Who is a member: those whose token lists the group.

    CONTAINS compares whole entries of a claim that is a list, but looks for a part of one that
    is a text, which the claim of a person in a single group is: who is in `chemlab` alone would be
    in `lab`. So the claim must hold an entry of everybody's too, which no such text contains.
    """
    known = module.model.groups[group]
    provider = module.model.organization.providers[known.provider].value
    claim = provider.groups_claim
    value = f"/{group}" if provider.type == "keycloak" else group
    hours = max(1, min((held.max_token_age_s or _LONGEST_H * _HOUR_S) // _HOUR_S, _LONGEST_H))
    return resource(
        "iam_access_group_dynamic_rule",
        _rule_of(held, group),
        {
            "name": group,
            "access_group_id": Ref(f"ibm_iam_access_group.{address('standing', *held.key)}.id"),
            "identity_provider": Ref("var.identity_providers", known.provider),
            "expiration": hours,
        },
        *(
            Block(
                "conditions",
                (),
                {"claim": claim, "operator": "CONTAINS", "value": json.dumps(entry)},
            )
            for entry in (value, _ALWAYS)
        ),
    )


def _renamed(
    held: Entitlement, what: str, key: tuple[str, ...], old: tuple[str, ...]
) -> Iterator[tuple[Ref, Ref]]:
    yield both("ibm_iam_access_group", address(what, *old), address(what, *key))
    for instance, _ in held.instances:
        was, now = _policy_of(what, old, instance), _policy_of(what, key, instance)
        yield both("ibm_iam_access_group_policy", was, now)


def _holding(module: Module) -> Iterator[tuple[Workload, list[Entitlement]]]:
    """The workloads that hold something standing, and that something proves. No workload's
    elevation ends by itself."""
    held: dict[str, list[Entitlement]] = {}
    for each in module.entitlements:
        for who in {b.principal for b in each.bindings if b.eligible is None}:
            held.setdefault(who, []).append(each)
    for known in module.workloads:
        given = held.get(workload(known.id))
        if given and (known.issuer or known.spec.static_credential):
            yield known, given


def service_ids(module: Module) -> list[Block]:
    """A service id for each workload, and its policies. IBM trusts no token of another issuer:
    what proves who it is is a key, which is made and kept outside of Terraform."""
    found: list[Block] = []
    renamed: list[tuple[Ref, Ref]] = []
    for known, given in _holding(module):
        place = address("workload", known.spec.name)
        about = shortened(f"{known.id}, for {known.spec.owner}", WIDTH)
        found.append(
            resource(
                "iam_service_id",
                place,
                {"name": named(known.spec.name, known.id), "description": about},
            )
        )
        was = module.renames.workload(known.id).partition("/")[2]
        renamed.append(both("ibm_iam_service_id", address("workload", was), place))
        for held in given:
            for instance, whole in held.instances:
                policy = _policy_of("workload", (known.spec.name, *held.key), instance)
                found.append(
                    resource(
                        "iam_service_policy",
                        policy,
                        {
                            "iam_id": Ref(f"ibm_iam_service_id.{place}.iam_id"),
                            "roles": [role_of(held.role.name, whole=whole)],
                        },
                        *_attributes(instance),
                    )
                )
                old = _policy_of("workload", (was, *module.former(held)), instance)
                renamed.append(both("ibm_iam_service_policy", old, policy))
    return found + moved(renamed)
