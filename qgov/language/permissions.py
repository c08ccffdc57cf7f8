"""The closed catalogue of permissions, version 1.

A permission is `resource:verb` on a resource of one level: a job belongs to a project, an audit
log to a tenant, a policy to the organization. `:own` after a verb narrows it to what the subject
itself submitted.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct

__all__ = ["CATALOGUE", "CATALOGUE_VERSION", "NAMES", "Level", "Permission"]

CATALOGUE_VERSION: Final = 1


class Level(StrEnum):
    """The kind of scope that a permission's resource is."""

    ORGANIZATION = "organization"
    TENANT = "tenant"
    ENVIRONMENT = "environment"
    PROJECT = "project"

    @property
    def depth(self) -> int:
        """How many labels the resource's scope has: 0 for `*`."""
        return list(Level).index(self)


class Permission(Struct, frozen=True):
    """One entry: `high_risk` may only be held just-in-time; `ownable` accepts `:own`;
    `executes` means that the request names a backend and spends money."""

    name: str
    level: Level
    about: str
    high_risk: bool = False
    ownable: bool = False
    executes: bool = False


_O, _T, _E, _P = Level.ORGANIZATION, Level.TENANT, Level.ENVIRONMENT, Level.PROJECT

CATALOGUE: Final[dict[str, Permission]] = {
    p.name: p
    for p in (
        Permission("job:submit", _P, "submit circuits to a backend", executes=True),
        Permission("job:read", _P, "see jobs and their metadata", ownable=True),
        Permission("job:cancel", _P, "cancel jobs", ownable=True),
        Permission("input:read", _P, "read job inputs"),
        Permission("input:write", _P, "store job inputs"),
        Permission("result:read", _P, "read results", ownable=True),
        Permission("result:export", _P, "copy results out of the tenant's store", high_risk=True),
        Permission("result:delete", _P, "delete results before their time", high_risk=True),
        Permission("log:read", _P, "read execution logs"),
        Permission("usage:read", _P, "see usage and cost"),
        Permission("budget:read", _P, "see budgets and quotas"),
        Permission("budget:write", _P, "raise or lower a budget", high_risk=True),
        Permission("quota:write", _P, "raise or lower a quota", high_risk=True),
        Permission("approval:grant", _P, "approve an expensive job"),
        Permission("queue:prioritize", _E, "reorder a queue"),
        Permission("backend:calibrate", _E, "run calibrations", high_risk=True),
        Permission("project:write", _E, "create and retire projects"),
        Permission("elevation:approve", _T, "approve just-in-time elevations"),
        Permission("member:write", _T, "put people into the tenant's groups", high_risk=True),
        Permission("workload:write", _T, "change service accounts", high_risk=True),
        Permission("secret:rotate", _T, "rotate credentials", high_risk=True),
        Permission("retention:read", _T, "see retention"),
        Permission("retention:write", _T, "change retention", high_risk=True),
        Permission("audit:read", _T, "read audit logs"),
        Permission("audit:export", _T, "export audit logs", high_risk=True),
        Permission("audit:write", _T, "change audit sinks", high_risk=True),
        Permission("access:review", _T, "attest access reviews"),
        Permission("billing:read", _O, "see invoices"),
        Permission("billing:write", _O, "change billing links", high_risk=True),
        Permission("identity:write", _O, "change identity federation", high_risk=True),
        Permission("policy:read", _O, "read roles, floors and bundles"),
        Permission("policy:write", _O, "change this repository", high_risk=True),
    )
}

NAMES: Final[frozenset[str]] = frozenset(CATALOGUE) | {
    f"{p.name}:own" for p in CATALOGUE.values() if p.ownable
}
"""Every permission a role may list."""
