"""What an enforcement point verifies people's tokens by: it is configured by the bundle alone.

No policy reads it. The tokens of workloads stand beside the workloads (`federation`, `client`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from qgov.language.kinds.directory import IdentityProvider
from qgov.language.kinds.tokens import Attested, SecondFactor
from qgov.model.access_model import AccessModel
from qgov.model.directories import claimed

__all__ = ["identity_data"]

_FACTORS: Final = {"keycloak": SecondFactor(acr=["mfa"])}
"""How a product tells of a second factor, where a provider does not say it otherwise."""

_OTHERS: Final = SecondFactor(amr=["mfa"])


def identity_data(model: AccessModel) -> dict[str, Any]:
    """Identity provider → what its tokens must be, and what they say of a person."""
    return {
        name: _provider(fact.value) | _groups(claimed(model, name))
        for name, fact in model.organization.providers.items()
    }


def _groups(named: Mapping[str, str] | None) -> dict[str, Any]:
    """Which group each value of the claim is, where not each is a group's own name."""
    return {} if named is None else {"named": dict(named)}


def _provider(provider: IdentityProvider) -> dict[str, Any]:
    tokens = provider.tokens
    factor = tokens.second_factor or _FACTORS.get(provider.type, _OTHERS)
    found: dict[str, Any] = {
        "type": provider.type,
        "issuer": provider.issuer,
        "audience": provider.audience,
        "algorithms": sorted(set(tokens.algorithms)),
        "clients": sorted(set(tokens.clients or [provider.audience])),
        "person": tokens.person,
        "age": tokens.age,
        "groups": provider.groups_claim,
        "acr": sorted(set(factor.acr)),
        "amr": sorted(set(factor.amr)),
        "managed_device": _attested(tokens.managed_device),
        "country": _attested(tokens.country),
    }
    if tokens.introspection is not None:
        found["introspection"] = {
            "client": tokens.introspection.client,
            "credential": tokens.introspection.credential,
        }
    return found


def _attested(where: Attested | None) -> dict[str, str]:
    if where is None:
        return {}
    named = {"claim": where.claim, "header": where.header}
    return {name: value for name, value in named.items() if value is not None}
