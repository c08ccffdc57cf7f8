"""Fields that many parts of the compiled policy come from, for the tables of the targets."""

from __future__ import annotations

from typing import Final

__all__ = ["BOUND", "MONEY", "NAMED", "ORGANIZATION", "floor"]

ORGANIZATION: Final = "Organization/*"

MONEY: Final = (
    f"{ORGANIZATION} spec.currency",
    f"{ORGANIZATION} spec.exchangeRates",
    f"{ORGANIZATION} spec.credits",
)
"""What an amount is worth in the organization's currency."""

BOUND: Final = (
    f"{ORGANIZATION} spec.bindings",
    "Tenant/{tenant} spec.bindings = {group}",
    "Tenant/{tenant} spec.serviceAccounts[*].bindings = {group}",
    f"{ORGANIZATION} spec.groups.*.expires",
    f"{ORGANIZATION} spec.groups.*.includes",
)
"""What binds a principal to a role, and until when."""

NAMED: Final = (
    f"{ORGANIZATION} spec.groups.{{group}}",
    f"{ORGANIZATION} spec.groups.*.includes",
    f"{ORGANIZATION} spec.bindings",
    f"{ORGANIZATION} spec.stores.*.owner",
    "Tenant/* spec.bindings = {group}",
    "Tenant/* spec.owner = {group}",
    "Tenant/* spec.serviceAccounts[*].owner = {group}",
    "Tenant/* spec.identityProvider = {group}",
)
"""What brings a directory group into being, and makes it a provider's."""

_CONDITIONS: Final = {
    "mfa": "mfa",
    "managed_device": "managedDevice",
    "max_token_age_s": "maxTokenAge",
    "countries": "countries",
    "job": "job",
}


def floor(part: str, *fields: str, also: tuple[str, ...] = ()) -> dict[str, tuple[str, ...]]:
    """The rows of conditions at `part` that are folded from the floors in `fields`."""
    return {
        f"{part} {condition}": (
            *(f"{field}.{word}" for field in fields),
            *(MONEY if condition == "job" else ()),
            *also,
        )
        for condition, word in _CONDITIONS.items()
    }
