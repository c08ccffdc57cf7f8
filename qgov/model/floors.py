"""What a grant asks for, folded: the floor of the place, then the role's and the binding's own
conditions. So a token's age limit is the smallest that any of them sets."""

from __future__ import annotations

from qgov.model.access_model import Binding, Role, Workload
from qgov.model.conditions import Conditions
from qgov.records import replace

__all__ = ["required"]


def required(
    floor: Conditions, role: Role, binding: Binding, workload: Workload | None
) -> Conditions:
    """The conditions of a binding at a place with this floor; `workload` is its principal,
    None for a group."""
    found = floor & role.requires & binding.requires
    if binding.expires is not None:
        found = replace(found, expires=binding.expires)
    if workload is None:
        return found
    # Automation has no second factor, device or country; its token is the proof.
    found = replace(found, mfa=False, managed_device=False, countries=None)
    return found & Conditions(max_token_age_s=workload.max_token_age_s)
