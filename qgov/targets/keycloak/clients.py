"""`clients.tf`: the client that people's tokens are for, and one for each workload."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from hashlib import sha256

from qgov.model import principal as principals
from qgov.model.access_model import Binding, Workload
from qgov.model.renames import Renames
from qgov.targets.hcl import Block, Ref, Value, address
from qgov.targets.keycloak.module import REALM, Module, resource, short
from qgov.targets.keycloak.roles import by_name, eligible, standing
from qgov.targets.moved import moved

__all__ = ["clients"]


def clients(module: Module) -> list[Block]:
    """Sign-in for people, the issuers that vouch for workloads, and the workloads."""
    trusted = sorted(
        {
            (w.issuer, w.audience)
            for w in module.workloads
            if w.issuer is not None and w.audience is not None
        }
    )
    bindings = by_name(module, "workload")
    found = _sign_in(module) if module.provider.protocol == "oidc" else []
    if trusted:
        found.append(_jwks_urls(sorted({issuer for issuer, _ in trusted})))
    found += [_trust(issuer, audience) for issuer, audience in trusted]
    addresses: list[tuple[Ref, Ref]] = []
    for workload in module.workloads:
        held = bindings.get(workload.id, [])
        found += _workload(module, workload, held)
        addresses += _addresses(module.renames, workload.id, standing(held))
    return found + moved(addresses)


def _addresses(
    former: Renames, id_: str, held: Iterable[tuple[str, str]]
) -> Iterator[tuple[Ref, Ref]]:
    """What the resources of a workload, and of the (role, scope) that it holds, were and are."""
    old, new = former.workload(id_).split("/"), id_.split("/")
    for kind in ("keycloak_openid_client", "keycloak_openid_audience_protocol_mapper"):
        yield Ref(f"{kind}.{address('workload', *old)}"), Ref(f"{kind}.{address('workload', *new)}")
    kind = "keycloak_openid_client_service_account_realm_role"
    for role, scope in held:
        yield (
            Ref(f"{kind}.{address('workload', *old, former.role(role), former.scope(scope))}"),
            Ref(f"{kind}.{address('workload', *new, role, scope)}"),
        )


def _sign_in(module: Module) -> list[Block]:
    """The client of people's tokens: authorization code with PKCE to a loopback address
    (RFC 8252), the groups in the claim and the audience that the decision point expects."""
    client = {**REALM, "client_id": Ref("keycloak_openid_client.qgov.id")}
    attributes: dict[str, Value] = {
        **REALM,
        "client_id": module.provider.audience,
        "access_type": "PUBLIC",
        "standard_flow_enabled": True,
        "implicit_flow_enabled": False,
        "direct_access_grants_enabled": False,
        "full_scope_allowed": True,
        "pkce_code_challenge_method": "S256",
        "valid_redirect_uris": ["http://127.0.0.1/*"],
    }
    if module.provider.mfa == "enforced":
        # Before the flow is bound, a password alone signs in.
        attributes["depends_on"] = [Ref("keycloak_authentication_bindings.bindings")]
    return [
        resource("openid_client", "qgov", attributes),
        resource(
            "openid_group_membership_protocol_mapper",
            "qgov",
            {
                **client,
                "name": "groups",
                # Keycloak nests at a dot, unless it is escaped.
                "claim_name": module.provider.groups_claim.replace(".", "\\."),
                "full_path": False,
            },
        ),
        resource(
            "openid_audience_protocol_mapper",
            "qgov",
            {
                **client,
                "name": "audience",
                "included_custom_audience": module.provider.audience,
                "add_to_id_token": True,
            },
        ),
    ]


def _alias(issuer: str, audience: str) -> str:
    """A label for an issuer of workload tokens: legible, and different for each."""
    host = re.sub(r"[^a-z0-9]+", "-", issuer.removeprefix("https://").split("/")[0].lower())
    digest = sha256(f"{issuer} {audience}".encode()).hexdigest()[:8]
    return f"{host[:40].strip('-')}-{digest}".strip("-")


def _jwks_urls(issuers: Iterable[str]) -> Block:
    """Where the keys of issuers are, which cannot be told without asking them. One map, because
    the name of a variable is a shell's (`TF_VAR_jwks_urls`) and an issuer's is not."""
    return Block(
        "variable",
        ("jwks_urls",),
        {
            "type": Ref("map(string)"),
            "description": f"The address of the keys of each issuer: {', '.join(issuers)}",
        },
    )


def _trust(issuer: str, audience: str) -> Block:
    """An identity provider that vouches for workloads and lets nobody sign in."""
    alias = _alias(issuer, audience)
    return resource(
        "oidc_identity_provider",
        address("issuer", alias),
        {
            "realm": REALM["realm_id"],
            "alias": alias,
            "display_name": short(issuer),
            "enabled": True,
            "hide_on_login_page": True,
            "link_only": True,
            "issuer": issuer,
            "validate_signature": True,
            "jwks_url": Ref("var.jwks_urls", issuer),
            "client_id": audience,
            # Nobody signs in through it, so it has no secret; the provider requires us to say so.
            "client_secret": "",
            "authorization_url": issuer,
            "token_url": issuer,
            "extra_config": {
                "supportsClientAssertions": "true",
                "allowClientIdAsAudience": "true",
            },
        },
    )


def _workload(module: Module, workload: Workload, bindings: Collection[Binding]) -> list[Block]:
    """A client that signs in as itself. Without federation it is disabled."""
    tenant, account = workload.id.split("/")
    name = address("workload", tenant, account)
    config: dict[str, Value] = {}
    if workload.issuer is not None and workload.audience is not None and workload.subject:
        alias = address("issuer", _alias(workload.issuer, workload.audience))
        config["jwt.credential.issuer"] = Ref(f"keycloak_oidc_identity_provider.{alias}.alias")
        config["jwt.credential.sub"] = workload.subject
    attributes: dict[str, Value] = {
        **REALM,
        "client_id": principals.workload(workload.id),
        "enabled": bool(config),
        "name": short(workload.spec.title or account),
        "description": short(f"Owner: {workload.spec.owner}"),
        "access_type": "CONFIDENTIAL",
        "client_authenticator_type": "federated-jwt",
        "service_accounts_enabled": True,
        "standard_flow_enabled": False,
        "implicit_flow_enabled": False,
        "direct_access_grants_enabled": False,
    }
    if workload.max_token_age_s is not None:
        attributes["access_token_lifespan"] = str(workload.max_token_age_s)
    if jit := eligible(bindings):
        config["qgov.eligible"] = jit
    if config:
        attributes["extra_config"] = config
    client = f"keycloak_openid_client.{name}"
    return [
        resource("openid_client", name, attributes),
        resource(
            "openid_audience_protocol_mapper",
            name,
            {
                **REALM,
                "client_id": Ref(f"{client}.id"),
                "name": "audience",
                "included_custom_audience": module.provider.audience,
            },
        ),
        *(
            resource(
                "openid_client_service_account_realm_role",
                address("workload", tenant, account, *key),
                {
                    **REALM,
                    "service_account_user_id": Ref(f"{client}.service_account_user_id"),
                    "role": Ref(f"keycloak_role.{address('role', *key)}.name"),
                },
            )
            for key in standing(bindings)
        ),
    ]
