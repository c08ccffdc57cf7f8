"""`entra-requests.tf`: access packages, by which people ask to be in a group.

A group with `requests` is in the one catalog, and has a package that makes whoever is approved a
member of it for a number of days, and a policy: who may ask, who approves, how long it lasts and
how often it is reviewed. Who is in the group otherwise stays so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from qgov.language.kinds.directory import Requests
from qgov.model.access_model import Group
from qgov.targets.directory import Module, shortened
from qgov.targets.entra.module import group_id, resource
from qgov.targets.hcl import Block, Ref, Value, address
from qgov.targets.moved import moved

__all__ = ["DAY_S", "LEAST_REVIEW_S", "MOST_DAYS", "requests"]

DAY_S: Final = 86_400
MOST_DAYS: Final = 3_660
"""The most days that an assignment lasts."""
LEAST_REVIEW_S: Final = 7 * DAY_S
"""The shortest time from one review to the next."""

_FREQUENCIES: Final = (
    (365, "annual"),
    (180, "halfyearly"),
    (90, "quarterly"),
    (30, "monthly"),
    (7, "weekly"),
)
"""(days from one review to the next, Entra's word), the longest first."""
_ANSWER_DAYS: Final = 14
"""How long an approver has for a request, after which it is refused, and a reviewer for a review,
after which access ends."""
_DESCRIPTION: Final = 1024
_PER_GROUP: Final = (
    "access_package_resource_catalog_association",
    "access_package",
    "access_package_resource_package_association",
    "access_package_assignment_policy",
)


class _Asked(NamedTuple):
    """A group, how people ask to be in it, who may (None: everybody) and who approves."""

    group: Group
    terms: Requests
    requestors: Group | None
    approvers: Group


def requests(module: Module) -> list[Block]:
    """The catalog, and of each group that people ask to be in its package and policy."""
    asked = tuple(_asked(module))
    if not asked:
        return []
    catalog: dict[str, Value] = {
        "display_name": f"qgov {module.name}",
        "description": "Groups of the quantum platform, as they were reviewed.",
        "externally_visible": False,
        "published": True,
    }
    found = [resource("access_package_catalog", "qgov", catalog)]
    for each in asked:
        found += _package(module, each)
        found.append(_policy(module, each))
    return [*found, *moved(_moves(module, asked))]


def _asked(module: Module) -> Iterator[_Asked]:
    """What can be said: of groups of this directory alone, of a rule's none, for a day or more."""
    here = {group.name: group for group in module.groups}
    for group in module.groups:
        if (terms := group.requests) is None or group.members_where is not None:
            continue
        names = [name for name in (terms.requestors, terms.approvers) if name is not None]
        if terms.max_duration >= DAY_S and all(name in here for name in names):
            by = None if terms.requestors is None else here[terms.requestors]
            yield _Asked(group, terms, by, here[terms.approvers])


def _package(module: Module, asked: _Asked) -> Iterator[Block]:
    group = asked.group
    name = address("group", group.name)
    catalog = Ref("azuread_access_package_catalog.qgov.id")
    yield resource(
        "access_package_resource_catalog_association",
        name,
        {
            "catalog_id": catalog,
            "resource_origin_id": group_id(module, group),
            "resource_origin_system": "AadGroup",
        },
    )
    yield resource(
        "access_package",
        name,
        {
            "catalog_id": catalog,
            "display_name": group.called,
            "description": shortened(group.title or group.called, _DESCRIPTION),
        },
    )
    yield resource(
        "access_package_resource_package_association",
        name,
        {
            "access_package_id": Ref(f"azuread_access_package.{name}.id"),
            "catalog_resource_association_id": Ref(
                f"azuread_access_package_resource_catalog_association.{name}.id"
            ),
            "access_type": "Member",
        },
    )


def _policy(module: Module, asked: _Asked) -> Block:
    name = address("group", asked.group.name)
    approvers = _people(module, "primary_approver", asked.approvers)
    answer: dict[str, Value] = {
        "approval_timeout_in_days": _ANSWER_DAYS,
        "approver_justification_required": True,
    }
    approval: dict[str, Value] = {
        "approval_required": True,
        "approval_required_for_extension": True,
        "requestor_justification_required": True,
    }
    stage = Block("approval_stage", (), answer, (approvers,))
    return resource(
        "access_package_assignment_policy",
        name,
        {
            "access_package_id": Ref(f"azuread_access_package.{name}.id"),
            "display_name": f"qgov {asked.group.name}",
            "description": f"How people ask to be in {asked.group.name}, as it was reviewed.",
            "duration_in_days": asked.terms.max_duration // DAY_S,
            "extension_enabled": True,
        },
        _requestors(module, asked.requestors),
        Block("approval_settings", (), approval, (stage,)),
        *_review(module, asked),
    )


def _requestors(module: Module, group: Group | None) -> Block:
    scope = "AllExistingDirectoryMemberUsers" if group is None else "SpecificDirectorySubjects"
    people = () if group is None else (_people(module, "requestor", group),)
    taken: dict[str, Value] = {"requests_accepted": True, "scope_type": scope}
    return Block("requestor_settings", (), taken, people)


def _review(module: Module, asked: _Asked) -> Iterator[Block]:
    """The review of who is in the group by a request: whom nobody keeps is taken out."""
    if (every := asked.terms.review_every) is None:
        return
    days, least = every // DAY_S, _FREQUENCIES[-1]
    frequency = next((each for each in _FREQUENCIES if each[0] <= days), least)
    says: dict[str, Value] = {
        "enabled": True,
        "review_type": "Reviewers",
        "review_frequency": frequency[1],
        # The next review of a week begins when it is over.
        "duration_in_days": min(_ANSWER_DAYS, frequency[0] - 1),
        "access_review_timeout_behavior": "removeAccess",
        "approver_justification_required": True,
    }
    reviewers = _people(module, "reviewer", asked.approvers)
    yield Block("assignment_review_settings", (), says, (reviewers,))


def _people(module: Module, block: str, group: Group) -> Block:
    """The members of a group, as they are named in a policy."""
    who: dict[str, Value] = {"object_id": group_id(module, group), "subject_type": "groupMembers"}
    return Block(block, (), who)


def _moves(module: Module, asked: tuple[_Asked, ...]) -> Iterator[tuple[Ref, Ref]]:
    """What the resources of groups were and are."""
    for each in asked:
        old = address("group", module.renames.group(each.group.name))
        new = address("group", each.group.name)
        for kind in _PER_GROUP:
            yield Ref(f"azuread_{kind}.{old}"), Ref(f"azuread_{kind}.{new}")
