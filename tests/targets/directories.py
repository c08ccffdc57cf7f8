"""A company with one directory of each product, and what each can say of its accesses."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final

from hypothesis import strategies as st

from qgov.model.access_model import AccessModel, Binding
from qgov.model.principal import is_group, name_of
from tests.strategies import linked, repositories
from tests.targets.worked import EVIL, federation, organization, repository, role, tenant

__all__ = ["PRODUCTS", "can_say", "company", "is_known", "models_of_every_product", "provider_of"]

PRODUCTS: Final[dict[str, dict[str, Any]]] = {
    "entra": {
        "type": "entra",
        "issuer": "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/",
        "audience": "api://northwind-quantum",
        "sessionLifetime": "8h",
    },
    "generic": {"type": "generic", "issuer": "https://idp.university.example", "protocol": "saml"},
    "keycloak": {"type": "keycloak", "issuer": "https://id.northwind.example/realms/quantum"},
    "okta": {"type": "okta", "issuer": "https://northwind.okta.example/oauth2/default"},
}
"""An identity provider of each type, called like it."""

_IDS: Final = {
    "entra": "6f1c0a52-0f6e-4c37-9f0b-3a1d2c4e5f{:02x}",
    "okta": "00g1emaKYZTWRYYRRT{:02d}",
    "generic": "CN=SG {:02x},DC=northwind",
}


_WHERE: Final = ("Quantum", "a ${b} %{c} # == <ä>")


@cache
def company(evil: bool = False, renamed: bool = False) -> AccessModel:
    """Every product with a tenant, three groups (one that exists, one that is made, one that is
    only bound), a workload, floors and what may be had just-in-time."""
    groups: dict[str, Any] = {}
    tenants = []
    text = EVIL if evil else "SG Quantum Grid Devs"
    for number, name in enumerate(sorted(PRODUCTS)):
        known: dict[str, Any] = {"directoryId": _IDS[name].format(number)} if name in _IDS else {}
        if name in ("entra", "okta"):
            known["directoryName"] = f"{text} devs"
        named: dict[str, Any] = {}
        if name != "keycloak":
            named["directoryName"] = f"{text} {number}"
        if name in ("entra", "okta"):
            named["membersWhere"] = {"attribute": "department", "equals": _WHERE[evil]}
        if name == "entra":
            ask = {"approvers": "entra-leads", "maxDuration": "180d", "reviewEvery": "90d"}
            known["requests"] = {"requestors": "entra-ops", **ask}
        former = {"previously": f"{name}-crew"} if renamed else {}
        groups[f"{name}-devs"] = {"identityProvider": name, "title": text, **known, **former}
        groups[f"{name}-leads"] = {"identityProvider": name, "title": text, **named, **former}
        eligible = {"approvers": f"{name}-leads", "maxDuration": "5h", "ticket": "required"}
        if renamed:
            groups[f"{name}-leads"]["previously"] = f"{name}-heads"
        tenants.append(
            tenant(
                f"{name}-tenant",
                title=text,
                previously=f"{name}-former" if renamed else None,
                identityProvider=name,
                owner={"group": f"{name}-leads", "contact": "leads@northwind.example"},
                bindings=[
                    {"group": f"{name}-devs", "role": "developer", "on": "sandbox"},
                    {"group": f"{name}-ops", "role": "operator", "on": "*"},
                    {
                        "group": f"{name}-devs",
                        "role": "operator",
                        "on": "sandbox/chemistry",
                        "eligible": eligible,
                        "requires": {"managedDevice": True, "countries": ["DE", "FI"]},
                    },
                ],
                serviceAccounts=[
                    {
                        "name": "nightly",
                        "title": text,
                        "owner": f"{name}-leads",
                        "federation": federation(),
                        "bindings": [{"role": "developer", "on": "sandbox/chemistry"}],
                    },
                    {"name": "unknown", "owner": f"{name}-leads"},
                ],
            )
        )
    providers = dict(PRODUCTS)
    if renamed:  # and an authorization server of its own
        issuer = "https://northwind.okta.example/oauth2/aus9o8wzkhckw9TLa0h7z"
        providers["okta"] = {**PRODUCTS["okta"], "issuer": issuer}
    return repository(
        organization(
            title=text,
            identityProviders=providers,
            groups=groups,
            floors={"mfa": True, "maxTokenAge": "12h"},
        ),
        role("developer", "job:submit", "job:read:own", title=text, description=text),
        role("operator", "queue:prioritize", previously="manager" if renamed else None),
        *tenants,
    )


def provider_of(model: AccessModel, binding: Binding) -> str:
    """The type of the directory that a binding's principal is of."""
    if (group := model.group_of(binding.principal)) is not None:
        name = group.provider
    else:
        name = model.tenants[model.workloads[name_of(binding.principal)].tenant].provider
    return str(model.organization.providers[name].value.type)


def is_known(model: AccessModel, binding: Binding) -> bool:
    """Whether anybody can be a binding's principal: Entra's groups need their ids."""
    group = model.group_of(binding.principal)
    return group is None or provider_of(model, binding) != "entra" or group.directory_id is not None


def can_say(model: AccessModel, target: str, binding: Binding) -> bool:
    """Whether a directory's own target can express a binding."""
    if provider_of(model, binding) != target:
        return False
    if target == "okta":
        group = model.group_of(binding.principal)
        if binding.eligible is not None or group is None:
            return False
        return model.organization.providers[group.provider].value.protocol == "oidc"
    if target != "entra" or binding.eligible is None:
        return True
    alike = [
        b.eligible
        for b in model.bindings
        if b.eligible
        and (b.principal, b.role, b.scope) == (binding.principal, binding.role, binding.scope)
    ]
    here = model.groups[name_of(binding.principal)].provider if is_group(binding.principal) else ""
    approved = any(
        each.approvers in model.groups and model.groups[each.approvers].provider == here
        for each in alike
    )
    return bool(here) and approved and min(each.max_duration_s for each in alike) >= 1800


@st.composite
def models_of_every_product(draw: st.DrawFn) -> AccessModel:
    """Models whose two identity providers are of any product, with groups that exist or not."""
    files = draw(repositories())
    organization = json.loads(files["qgov.yaml"])
    spec = organization["spec"]
    products = {name: draw(st.sampled_from(sorted(PRODUCTS))) for name in spec["identityProviders"]}
    for name, product in products.items():
        one = spec["identityProviders"][name]
        one["type"] = product
        one["protocol"] = draw(st.sampled_from(("oidc", "saml")))
        one["issuer"] = f"{PRODUCTS[product]['issuer'].rstrip('/')}{name}"
    for number, (name, group) in enumerate(sorted(spec["groups"].items())):
        product = products[group["identityProvider"]]
        if product in _IDS and draw(st.booleans()):
            group["directoryId"] = _IDS[product].format(number)
        if product != "keycloak" and draw(st.booleans()):
            group["directoryName"] = draw(st.sampled_from(("SG Grid", EVIL, "ä"))) + name
    return linked({**files, "qgov.yaml": json.dumps(organization).encode()})
