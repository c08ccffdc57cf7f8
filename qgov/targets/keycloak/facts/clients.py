"""Who asks for tokens: people's one client, each workload's own, and the issuers that vouch."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from hashlib import sha256
from typing import Final

from msgspec import Struct

from qgov.model import principal as principals
from qgov.model.access_model import Binding, Workload
from qgov.model.principal import Principal
from qgov.targets.keycloak.facts.access import held_by
from qgov.targets.keycloak.facts.realm import strictest_age_s
from qgov.targets.keycloak.facts.setting import Setting
from qgov.targets.keycloak.facts.sign_in import loa_map, minimum
from qgov.targets.keycloak.module import Module, short

__all__ = ["ISSUER", "REDIRECTS", "VOUCHES", "Client", "Issuer", "Mapper", "clients", "issuers"]

REDIRECTS: Final = ("http://127.0.0.1/*",)
"""Where codes are sent: a loopback address of whatever port (RFC 8252)."""

ISSUER: Final = "jwt.credential.issuer"
"""The attribute that names an identity provider by its alias."""

VOUCHES: Final = {"supportsClientAssertions": "true", "allowClientIdAsAudience": "true"}
"""What makes an identity provider one that vouches for clients, by its own audience."""


class Issuer(Struct, frozen=True):
    """Who vouches for workloads, and what its tokens must be for. Nobody signs in through it."""

    issuer: str
    audience: str

    @property
    def alias(self) -> str:
        """A label: legible, and different for each."""
        host = re.sub(
            r"[^a-z0-9]+", "-", self.issuer.removeprefix("https://").split("/")[0].lower()
        )
        digest = sha256(f"{self.issuer} {self.audience}".encode()).hexdigest()[:8]
        return f"{host[:40].strip('-')}-{digest}".strip("-")


class Mapper(Struct, frozen=True):
    """What puts a claim into tokens: the resource in Terraform, the mapper in Keycloak."""

    name: str
    resource: str
    mapper: str
    settings: tuple[Setting, ...]


class Client(Struct, frozen=True):
    """Something that asks for tokens. `workload` is None for people's client; `held` are the
    (role, scope) of its service account. `scopes` are all that it has: Keycloak's others would
    put the account API into the audience, and personal data into tokens."""

    client_id: str
    workload: str | None
    settings: tuple[Setting, ...]
    attributes: tuple[tuple[str, str], ...]
    redirects: tuple[str, ...]
    scopes: tuple[str, ...]
    mappers: tuple[Mapper, ...]
    held: tuple[tuple[str, str], ...]


def issuers(module: Module) -> list[Issuer]:
    """The issuers that vouch for the workloads of a Keycloak."""
    found = {_issuer(workload) for workload in module.workloads}
    return sorted((i for i in found if i is not None), key=lambda i: (i.issuer, i.audience))


def _issuer(workload: Workload) -> Issuer | None:
    if workload.issuer is None or workload.audience is None:
        return None
    return Issuer(workload.issuer, workload.audience)


def clients(module: Module) -> list[Client]:
    """People's client, where they sign in by OpenID Connect, and one for each workload."""
    held, ages = held_by(module, "workload"), ages_s(module)
    people = [_people(module)] if module.provider.protocol == "oidc" else []
    return people + [_workload(module, w, ages[w.id], held.get(w.id, ())) for w in module.workloads]


def ages_s(module: Module) -> dict[str, int | None]:
    """Workload → how old its token may be, in seconds, wherever it holds something; None: of any
    age."""
    bound: dict[Principal, list[Binding]] = defaultdict(list)
    for binding in module.bindings:
        bound[binding.principal].append(binding)
    found: dict[str, int | None] = {}
    for workload in module.workloads:
        bindings = bound.get(principals.workload(workload.id), ())
        ages = (workload.max_token_age_s, strictest_age_s(module.model, bindings))
        found[workload.id] = min((age for age in ages if age is not None), default=None)
    return found


_CLOSED: Final = (
    Setting("implicit_flow_enabled", "implicitFlowEnabled", False),
    Setting("direct_access_grants_enabled", "directAccessGrantsEnabled", False),
    # With the scope of everything, `aud` has `account`: a key to one's own e-mail and codes.
    Setting("full_scope_allowed", "fullScopeAllowed", False),
)


def _people(module: Module) -> Client:
    """Authorization code with PKCE. The level cannot be asked down."""
    provider = module.provider
    return Client(
        provider.audience,
        None,
        (
            Setting("enabled", "enabled", True),
            Setting("standard_flow_enabled", "standardFlowEnabled", True),
            Setting("service_accounts_enabled", "serviceAccountsEnabled", False),
            *_CLOSED,
            Setting("pkce_code_challenge_method", "attributes/pkce.code.challenge.method", "S256"),
        ),
        (
            ("acr.loa.map", json.dumps(loa_map(module), separators=(",", ":"))),
            ("minimum.acr.value", minimum(module)),
        ),
        REDIRECTS,
        ("acr", "basic"),
        (
            Mapper(
                "groups",
                "openid_group_membership_protocol_mapper",
                "oidc-group-membership-mapper",
                (
                    Setting("claim_name", "claim.name", _escaped(provider.groups_claim)),
                    # The last name alone is also that of a subgroup which anyone may have made.
                    Setting("full_path", "full.path", True),
                    *_ACCESS_TOKEN,
                ),
            ),
            *_person(provider.tokens.person),
            _audience(module),
        ),
        (),
    )


def _person(claim: str) -> tuple[Mapper, ...]:
    """What puts a person's user name into the claim that people are known by."""
    if claim == "sub":  # which is in every token, and Keycloak's own
        return ()
    return (
        Mapper(
            "person",
            "openid_user_property_protocol_mapper",
            "oidc-usermodel-property-mapper",
            (
                Setting("user_property", "user.attribute", "username"),
                Setting("claim_name", "claim.name", _escaped(claim)),
                Setting("claim_value_type", "jsonType.label", "String"),
                *_ACCESS_TOKEN,
            ),
        ),
    )


def _escaped(claim: str) -> str:
    """A name for Keycloak, which nests at a dot unless it is escaped."""
    return claim.replace(".", "\\.")


_IN_ACCESS: Final = Setting("add_to_access_token", "access.token.claim", True)
_NOT_IN_ID: Final = Setting("add_to_id_token", "id.token.claim", False)
_ACCESS_TOKEN: Final = (
    _IN_ACCESS,
    _NOT_IN_ID,
    Setting("add_to_userinfo", "userinfo.token.claim", False),
)


def _audience(module: Module) -> Mapper:
    return Mapper(
        "audience",
        "openid_audience_protocol_mapper",
        "oidc-audience-mapper",
        (
            Setting(
                "included_custom_audience", "included.custom.audience", module.provider.audience
            ),
            _IN_ACCESS,
            _NOT_IN_ID,
        ),
    )


def _workload(
    module: Module, workload: Workload, age: int | None, held: tuple[tuple[str, str], ...]
) -> Client:
    """A client that signs in as itself, with its own issuer's token. Without one it is disabled."""
    issuer = _issuer(workload)
    attributes: list[tuple[str, str]] = []
    if issuer is not None and workload.subject:
        attributes = [(ISSUER, issuer.alias), ("jwt.credential.sub", workload.subject)]
    settings = [
        Setting("enabled", "enabled", bool(attributes)),
        Setting("name", "name", short(workload.spec.title or workload.id.partition("/")[2])),
        Setting("description", "description", short(f"Owner: {workload.spec.owner}")),
        Setting("client_authenticator_type", "clientAuthenticatorType", "federated-jwt"),
        Setting("standard_flow_enabled", "standardFlowEnabled", False),
        Setting("service_accounts_enabled", "serviceAccountsEnabled", True),
        *_CLOSED,
    ]
    if age is not None:
        settings.append(
            Setting("access_token_lifespan", "attributes/access.token.lifespan", str(age))
        )
    return Client(
        principals.workload(workload.id),
        workload.id,
        tuple(settings),
        tuple(attributes),
        (),
        ("basic",),
        (_audience(module),),
        held,
    )
