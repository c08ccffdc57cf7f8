"""`steps.md`: what people have to ask Google for."""

from __future__ import annotations

from qgov.targets.google.module import Module, service_account
from qgov.targets.steps import Steps

__all__ = ["requests"]


def requests(module: Module) -> Steps:
    """What a tenant asks its sponsor at Google for."""
    owner = module.used.tenant.spec.owner.group
    processors = ", ".join(f"`{each}`" for each in module.used.devices) or "none"
    people = {
        each.key: service_account(module, each.workload) if each.workload else ""
        for each in module.listed
    }
    return Steps(
        f"What `{owner}` asks Google for",
        (
            f"Who asks: the group `{owner}`. Whom: the sponsor at Google. Google publishes no role",
            "for any of it, and nothing here is seen by drift detection.",
        ),
        (
            f"The project `{module.project.project}` may use quantum.googleapis.com.",
            f"The project sees the processors {processors}, and no other.",
            "The list of people holds the addresses of those below, and no other.",
            "Each reservation names in `allowlisted_users` those below who need it.",
        ),
        dict(sorted(people.items())),
        (
            "To read back: `cirq_google.Engine(project_id=...)` has `list_processors()`; of each",
            "processor `list_reservations()` tells `allowlisted_users`. The list of people is",
            "Google's: ask the sponsor for it whenever this file changes, and at each review.",
        ),
    )
