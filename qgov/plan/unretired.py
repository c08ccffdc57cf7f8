"""Groups that Terraform made and would not let go, and groups that it let go and would make again.

Only a plan sees either: the compiler knows one commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from qgov.checks.facts import group_document
from qgov.finding import Finding, Severity
from qgov.model.access_model import AccessModel
from qgov.model.directories import is_made
from qgov.plan.groups import GroupDeleted

__all__ = ["REVIVED", "UNRETIRED", "revived", "unretired"]

UNRETIRED: Final = "QG163"
REVIVED: Final = "QG164"


def unretired(
    gone: Iterable[GroupDeleted], base: AccessModel | None, head: AccessModel | None
) -> Iterator[Finding]:
    """A notice for each group of `gone` that `terraform plan` refuses to let go."""
    if base is None or head is None:
        return
    for group in gone:
        fact = head.organization.providers.get(group.provider)
        if fact is None or not is_made(fact.value, base.groups[group.name]):
            continue
        yield Finding(
            UNRETIRED,
            f"the group `{group.name}` goes, and `terraform plan` of `{group.provider}` refuses to "
            "let it",
            fact.origin,
            f"write `retired: [{group.name}]` into `identityProviders.{group.provider}`: then it "
            "stays in the directory with whoever is in it, and Terraform lets go of it",
            Severity.INFO,
            document=fact.document,
        )


def revived(base: AccessModel | None, head: AccessModel | None) -> Iterator[Finding]:
    """A warning for each group that takes the name of one that was retired at its directory."""
    if base is None or head is None:
        return
    for name, fact in head.organization.providers.items():
        old = base.organization.providers.get(name)
        for retired in sorted(set(old.value.retired) if old else ()):
            group = head.groups.get(retired)
            if group is None or group.provider != name or not is_made(fact.value, group):
                continue
            yield Finding(
                REVIVED,
                f"the group `{retired}` was retired at `{name}`, and is there still with whoever "
                "was in it: they have what it holds, as soon as Terraform has taken it over",
                group.origin,
                "look who is in it and write its `directoryId`, or `terraform import` it; or give "
                "the new group another name",
                Severity.WARNING,
                document=group_document(head, retired, group.tenants),
            )
