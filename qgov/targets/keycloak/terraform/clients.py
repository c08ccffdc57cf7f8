"""`clients.tf`: the client that people's tokens are for, one for each workload, and the issuers
that vouch for these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qgov.model.renames import Renames
from qgov.targets.hcl import Block, Ref, Value, address
from qgov.targets.keycloak.facts import clients as facts
from qgov.targets.keycloak.facts.clients import ISSUER, Client, Issuer
from qgov.targets.keycloak.module import Module, short
from qgov.targets.keycloak.terraform.resource import REALM, arguments, resource
from qgov.targets.moved import moved

__all__ = ["clients"]


def clients(module: Module) -> list[Block]:
    """Sign-in for people, the issuers that vouch for workloads, and the workloads."""
    trusted, known = facts.issuers(module), facts.clients(module)
    found: list[Block] = []
    addresses: list[tuple[Ref, Ref]] = []
    if trusted:
        found.append(_jwks_urls(sorted({each.issuer for each in trusted})))
    found += [_trust(each) for each in trusted]
    for client in known:
        found += _client(client, trusted)
        if client.workload is not None:
            addresses += _addresses(module.renames, client.workload, client.held)
    return found + moved(addresses)


def _addresses(
    former: Renames, id_: str, held: Iterable[tuple[str, str]]
) -> Iterator[tuple[Ref, Ref]]:
    """What the resources of a workload, and of the (role, scope) that it holds, were and are."""
    old, new = former.workload(id_).split("/"), id_.split("/")
    for kind in (
        "keycloak_openid_client",
        "keycloak_openid_client_default_scopes",
        "keycloak_openid_client_optional_scopes",
        "keycloak_openid_audience_protocol_mapper",
    ):
        yield Ref(f"{kind}.{address('workload', *old)}"), Ref(f"{kind}.{address('workload', *new)}")
    kind = "keycloak_openid_client_service_account_realm_role"
    for role, scope in held:
        yield (
            Ref(f"{kind}.{address('workload', *old, former.role(role), former.scope(scope))}"),
            Ref(f"{kind}.{address('workload', *new, role, scope)}"),
        )


def _client(client: Client, trusted: Iterable[Issuer]) -> Iterator[Block]:
    """A client with all that it has."""
    parts = [] if client.workload is None else client.workload.split("/")
    name = address("workload", *parts) if parts else "qgov"
    of_client = {**REALM, "client_id": Ref(f"keycloak_openid_client.{name}.id")}
    attributes: dict[str, Value] = {
        **REALM,
        "client_id": client.client_id,
        "access_type": "CONFIDENTIAL" if parts else "PUBLIC",
        **arguments(client.settings),
    }
    if client.redirects:
        attributes["valid_redirect_uris"] = list(client.redirects)
    if client.attributes:
        attributes["extra_config"] = dict(_extra_config(client, trusted))
    if not parts:
        # Before the flow is bound, a password alone signs in.
        attributes["depends_on"] = [Ref("keycloak_authentication_bindings.bindings")]
    yield resource("openid_client", name, attributes)
    for kind, scopes in (("default", list(client.scopes)), ("optional", [])):
        argument: dict[str, Value] = {f"{kind}_scopes": scopes}
        yield resource(f"openid_client_{kind}_scopes", name, {**of_client, **argument})
    for mapper in client.mappers:
        settings = arguments(mapper.settings)
        yield resource(mapper.resource, name, {**of_client, "name": mapper.name, **settings})
    for role, scope in client.held:
        yield resource(
            "openid_client_service_account_realm_role",
            address("workload", *parts, role, scope),
            {
                **REALM,
                "service_account_user_id": Ref(
                    f"keycloak_openid_client.{name}.service_account_user_id"
                ),
                "role": Ref(f"keycloak_role.{address('role', role, scope)}.name"),
            },
        )


def _extra_config(client: Client, trusted: Iterable[Issuer]) -> Iterator[tuple[str, Value]]:
    """The attributes of a client; an issuer is named by reference, so that it is there before."""
    aliases = {issuer.alias for issuer in trusted}
    for key, value in client.attributes:
        if key == ISSUER and value in aliases:
            yield key, Ref(f"keycloak_oidc_identity_provider.{address('issuer', value)}.alias")
        else:
            yield key, value


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


def _trust(trusted: Issuer) -> Block:
    """An identity provider that vouches for workloads and lets nobody sign in."""
    return resource(
        "oidc_identity_provider",
        address("issuer", trusted.alias),
        {
            "realm": REALM["realm_id"],
            "alias": trusted.alias,
            "display_name": short(trusted.issuer),
            "enabled": True,
            "hide_on_login_page": True,
            "link_only": True,
            "issuer": trusted.issuer,
            "validate_signature": True,
            "jwks_url": Ref("var.jwks_urls", trusted.issuer),
            "client_id": trusted.audience,
            # Nobody signs in through it, so it has no secret; the provider requires us to say so.
            "client_secret": "",
            "authorization_url": trusted.issuer,
            "token_url": trusted.issuer,
            "extra_config": dict(facts.VOUCHES),
        },
    )
