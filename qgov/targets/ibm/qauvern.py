"""`qauvern.yaml`: limits and bonuses for IBM's own allocation tool, qauvern.

It writes the limits of the instances, and moves the allocation among them within these. A file is
of one plan; that of the first instance has the plain name.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import yaml

from qgov.targets.ibm.instances import MANAGED
from qgov.targets.ibm.limits import Bonus, bonuses, limit
from qgov.targets.ibm.module import Instance, Module

__all__ = ["DUMPER", "QAUVERN_VERSION", "configurations", "text"]

QAUVERN_VERSION: Final = "0.14"
"""The version of the tool whose format it is."""

DUMPER: Final = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""libyaml's where there is one: eight times as fast, and the same bytes."""

_MINIMUM_S: Final = 60  # the tool's own default
_COMMENT: Final = (
    "# Written by qgov from the reviewed configuration. The next compilation overwrites edits.\n"
    f"# For qauvern {QAUVERN_VERSION}: qauvern optimize --config FILE\n"
)


def configurations(module: Module) -> Iterator[tuple[str, dict[str, Any]]]:
    """(name of the file, content) of each configuration."""
    files: dict[str, list[Instance]] = {}
    for each in module.instances:
        if each.spec.plan in MANAGED:
            files.setdefault(each.spec.plan, []).append(each)
    first = next(iter(files), "")
    for plan, some in sorted(files.items()):
        name = "qauvern.yaml" if plan == first else f"qauvern-{MANAGED[plan]}.yaml"
        yield (
            name,
            {
                "account_id": module.account,
                "plan": MANAGED[plan],
                "minimum_allocation_seconds": _MINIMUM_S,
                "instances": [_instance(module, each) for each in some],
            },
        )


def _instance(module: Module, each: Instance) -> dict[str, Any]:
    found: dict[str, Any] = {"name": each.title, "crn": each.spec.instance}
    most = limit(module, each)
    if most is None:
        return found
    found["limit_seconds"] = most
    if grants := bonuses(module, each):
        found["net_grants"] = [_grant(bonus) for bonus in grants]
    return found


def _grant(bonus: Bonus) -> dict[str, Any]:
    """A bonus as the tool reads it: texts with an offset, since it refuses YAML's own instants."""
    return {
        "start_date": _instant(bonus.start),
        "end_date": _instant(bonus.end),
        "net_grant_seconds": bonus.seconds,
    }


def _instant(when: datetime) -> str:
    return when.astimezone(UTC).isoformat()


def text(content: dict[str, Any]) -> bytes:
    """A configuration as YAML."""
    dumped = yaml.dump(content, Dumper=DUMPER, sort_keys=False, width=1000)
    return (_COMMENT + str(dumped)).encode()
