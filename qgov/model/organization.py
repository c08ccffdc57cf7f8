"""The organization: what no tenant owns, with its floors folded and its money in one currency."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from pydantic.alias_generators import to_camel

from qgov.language.documents import Document
from qgov.language.kinds.backend import Price as PriceSpec
from qgov.model.access_model import Organization
from qgov.model.fact import Fact
from qgov.model.price import Price
from qgov.model.resolve import Resolver

__all__ = ["issuers_everywhere", "link_organization"]


def link_organization(document: Document, names: Resolver) -> Organization:
    """The organization; from now on amounts are converted to its currency."""
    spec = document.spec
    names.use_currency(spec)
    for name, credit in sorted(spec.credits.items()):
        names.worth(credit.worth.currency, spec, document, "spec", "credits", name, "worth")
    floor = names.conditions(spec.floors, document, "spec", "floors")
    return Organization(
        name=document.name,
        floor=floor,
        tier_floors={
            name: names.conditions(
                spec.tiers[name].floors, document, "spec", "tiers", name, "floors"
            )
            for name in sorted(spec.tiers)
        },
        providers=_facts(document, "identityProviders", spec.identity_providers),
        backends=_facts(document, "backends", spec.backends),
        backend_limits={
            name: names.limits(backend.limits, document, "spec", "backends", name, "limits")
            for name, backend in sorted(spec.backends.items())
        },
        prices={
            name: _price(backend.price, names, document, "spec", "backends", name, "price")
            for name, backend in sorted(spec.backends.items())
            if backend.price is not None
        },
        queues=_facts(document, "queues", spec.queues),
        stores=_facts(document, "stores", spec.stores),
        secrets_managers=_facts(document, "secretsManagers", spec.secrets_managers),
        audit_sinks=_facts(document, "auditSinks", spec.audit_sinks),
        frameworks={
            name: Fact(name, value, document, ("spec", "compliance", "frameworks", name))
            for name, value in sorted(spec.compliance.frameworks.items())
        },
        vendors=_facts(document, "vendors", spec.vendors),
        never=_guardrails(document, "never"),
        always=_guardrails(document, "always"),
        spec=spec,
        metadata=document.metadata,
        source=Fact(document.name, spec, document, ("spec",)),
    )


def _price(price: PriceSpec, names: Resolver, document: Document, *path: str) -> Price:
    def micros(field: str) -> int | Fraction:
        amount = getattr(price, field)
        if amount is None:
            return 0
        exact = names.exact_micros(amount, document, *path, to_camel(field))
        return int(exact) if exact.denominator == 1 else exact

    hours = {"per_second": 3600, "per_minute": 60, "per_hour": 1}
    return Price(
        per_task_micros=micros("per_task"),
        per_shot_micros=micros("per_shot"),
        per_hour_micros=sum(micros(field) * many for field, many in hours.items()),
        minimum_micros=micros("minimum"),
        per_one_qubit_gate_micros=micros("per_one_qubit_gate"),
        per_two_qubit_gate_micros=micros("per_two_qubit_gate"),
        per_measurement_micros=micros("per_measurement"),
        two_qubit_gates_per_control=price.two_qubit_gates_per_control,
    )


def _guardrails(document: Document, kind: str) -> tuple[Fact[Any], ...]:
    return tuple(
        Fact(rail.name, rail, document, ("spec", "guardrails", kind, index))
        for index, rail in enumerate(getattr(document.spec.guardrails, kind))
    )


def _facts(document: Document, field: str, values: Mapping[str, Any]) -> dict[str, Fact[Any]]:
    return {
        name: Fact(name, values[name], document, ("spec", field, name)) for name in sorted(values)
    }


def issuers_everywhere(organization: Organization) -> tuple[str, ...]:
    """The issuers of the tokens of people who hold organization-wide bindings."""
    spec, providers = organization.spec, organization.providers
    default = min(spec.identity_providers)
    wanted = set()
    for binding in spec.bindings:
        declared = spec.groups.get(binding.group or "")
        wanted.add((declared and declared.identity_provider) or default)
    return tuple(sorted({providers[name].value.issuer for name in wanted if name in providers}))
