"""The tokens of each directory: whose they are, or why they are nobody's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import pytest

from qgov.decision.bundle import Bundle
from qgov.identity.identity import Identity, Refused
from qgov.identity.reasons import Reason
from qgov.model.access_model import AccessModel
from tests.identity.directory_tokens import (
    APPLICATION,
    DEVS,
    ENTRA_V1,
    ENTRA_V2,
    FEDERATED,
    HEADERS,
    OKTA,
    OVERAGE,
    PERSON,
    PROVIDERS,
    SHIBBOLETH,
    TENANT,
    URN,
)
from tests.identity.issuer import NOW, Issuer, accepted, bundle_of, issuing, key, reason, verifier
from tests.targets.worked import organization, repository, role, tenant

TOKENS: Mapping[str, Mapping[str, Any]] = {
    "entra-v1": ENTRA_V1,
    "entra-v2": ENTRA_V2,
    "okta": OKTA,
    "shibboleth": SHIBBOLETH,
}
CALLED: Mapping[str, dict[str, str]] = {
    "entra-v1": {"directoryId": DEVS},
    "entra-v2": {"directoryId": DEVS},
    "okta": {"directoryName": "SG Quantum Devs"},
    "shibboleth": {"directoryId": URN},
}
NIGHTLY = {
    "name": "nightly",
    "owner": "devs",
    "federation": FEDERATED,
    "bindings": [{"role": "developer", "on": "sandbox/chemistry"}],
}
Ask = Callable[..., Identity | Refused]


def declared(provider: str) -> Bundle:
    """An organization with this directory alone, whose group `devs` is called as it calls it."""

    def model() -> AccessModel:
        return repository(
            organization(
                identityProviders={"staff": PROVIDERS[provider]},
                groups={"devs": {"identityProvider": "staff", **CALLED[provider]}},
            ),
            role("developer", "job:submit"),
            tenant(
                "aurora",
                identityProvider="staff",
                owner={"group": "devs", "contact": "devs@quantum.example"},
                bindings=[{"group": "devs", "role": "developer", "on": "sandbox"}],
                serviceAccounts=[NIGHTLY] if provider == "entra-v1" else [],
            ),
        )

    return bundle_of(model)


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """Whose a token of a directory is, with some claims changed."""
    with ExitStack() as stack:
        issuers: dict[str, Issuer] = {}
        verifiers = {}
        for name, given in PROVIDERS.items():
            issuers[name] = stack.enter_context(issuing(given["issuer"]))
            verifiers[name] = verifier(issuers[name], bundle=declared(name))
        public = {n: v for n, v in key("first").as_dict(private=False).items() if n != "alg"}
        # Entra's keys name no algorithm, but whose tokens they sign.
        for name in ("entra-v1", "entra-v2"):
            issuers[name].keys = [{**public, "x5t": "first", "issuer": PROVIDERS[name]["issuer"]}]

        def asked(name: str, /, **changes: Any) -> Identity | Refused:
            token = issuers[name].token(changes, base=TOKENS[name], header=HEADERS[name])
            return verifiers[name].identify(token, now=NOW)

        yield asked


@pytest.mark.parametrize(
    ("provider", "id_", "token_id", "issued"),
    [
        ("entra-v1", PERSON, "fqiBqXLPj0eQa82S-IYFAA", "09:59:00"),
        ("entra-v2", PERSON, "fqiBqXLPj0eQa82S-IYFAA", "09:59:00"),
        ("okta", OKTA["uid"], OKTA["jti"], "09:45:00"),
        ("shibboleth", "ada@university.example", SHIBBOLETH["jti"], "09:59:00"),
    ],
)
def test_a_token_is_its_person_in_the_groups_of_the_configuration(
    ask: Ask, provider: str, id_: str, token_id: str, issued: str
) -> None:
    found = accepted(ask(provider))
    assert found.subject == {
        "type": "user",
        "id": id_,
        "properties": {"groups": ["devs"], "issuer": PROVIDERS[provider]["issuer"]},
    }
    token = {"kind": "oidc", "audience": PROVIDERS[provider]["audience"]}
    assert found.context == {
        "token": {**token, "issued_at": f"2026-11-23T{issued}+00:00"},
        "mfa": True,
    }
    assert found.token_id == token_id


SECOND_FACTOR: dict[str, tuple[str, dict[str, Any], bool | None]] = {
    "v1 by a password": ("entra-v1", {"amr": ["pwd"]}, False),
    "v1 by a key": ("entra-v1", {"amr": ["fido", "rsa", "mfa"]}, True),
    "v1 without methods": ("entra-v1", {"amr": ...}, None),
    "v2 in another context": ("entra-v2", {"acrs": ["p1"]}, False),
    "v2 without a context": ("entra-v2", {"acrs": ...}, None),
    "v2 without a context, by methods that nobody declared": (
        "entra-v2",
        {"acrs": ..., "amr": ["mfa"]},
        None,
    ),
    "okta by one factor": ("okta", {"acr": "urn:okta:loa:1fa:pwd", "amr": ["pwd"]}, False),
    "okta by two if possible": (
        "okta",
        {"acr": "urn:okta:loa:2fa:any:ifpossible", "amr": ...},
        False,
    ),
    "okta against phishing": ("okta", {"acr": "phr", "amr": ...}, True),
    "okta by methods": ("okta", {"acr": ...}, True),
    "okta as by default": ("okta", {"acr": ..., "amr": ...}, None),
    "okta has no contexts of Entra": ("okta", {"acr": ..., "amr": ..., "acrs": ["phr"]}, None),
    "shibboleth by one factor": ("shibboleth", {"acr": "https://refeds.org/profile/sfa"}, False),
    "shibboleth in silence": ("shibboleth", {"acr": ...}, None),
}  # fmt: skip


@pytest.mark.parametrize(
    ("provider", "changes", "shown"), SECOND_FACTOR.values(), ids=list(SECOND_FACTOR)
)
def test_a_second_factor_is_told_refused_or_unknown(
    ask: Ask, provider: str, changes: dict[str, Any], shown: bool | None
) -> None:
    assert accepted(ask(provider, **changes)).context.get("mfa") is shown


def test_a_guest_is_the_object_of_this_tenant(ask: Ask) -> None:
    home = "https://sts.windows.net/9188040d-6c67-4c5b-b112-36a304b66dad/"
    guest = {"idp": home, "unique_name": "live.com#ada@partner.example", "upn": ..., "acct": 1}
    for provider in ("entra-v1", "entra-v2"):
        found = accepted(ask(provider, **guest, email="ada@partner.example"))
        assert found.subject["id"] == PERSON
        assert found.subject["properties"]["issuer"] == PROVIDERS[provider]["issuer"]


def test_a_managed_identity_is_the_workload_that_it_is_declared_as(ask: Ask) -> None:
    for told in ({}, {"idtyp": "app"}):
        found = accepted(ask("entra-v1", **APPLICATION["entra-v1"], **told))
        assert (found.subject["type"], found.subject["id"]) == ("workload", "aurora/nightly")
        assert found.token_id == ENTRA_V1["uti"]


OTHER = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
REFUSED: dict[str, tuple[str, dict[str, Any], Reason]] = {
    **{
        f"{provider}: too many groups, {how}": (provider, said, Reason.OVERAGE)
        for provider in ("entra-v1", "entra-v2")
        for how, said in OVERAGE.items()
    },
    "v1 of another tenant": (
        "entra-v1",
        {"iss": f"https://sts.windows.net/{OTHER}/", "tid": OTHER},
        Reason.ISSUER_UNKNOWN,
    ),
    "v2 of another tenant": (
        "entra-v2",
        {"iss": f"https://login.microsoftonline.com/{OTHER}/v2.0", "tid": OTHER},
        Reason.ISSUER_UNKNOWN,
    ),
    "v2 of no tenant": (
        "entra-v2",
        {"iss": "https://login.microsoftonline.com/common/v2.0"},
        Reason.ISSUER_UNKNOWN,
    ),
    "v1 where v2 is declared": (
        "entra-v2",
        {"iss": f"https://sts.windows.net/{TENANT}/", "ver": "1.0"},
        Reason.ISSUER_UNKNOWN,
    ),
    "v2 where v1 is declared": (
        "entra-v1",
        {"iss": f"https://login.microsoftonline.com/{TENANT}/v2.0", "ver": "2.0"},
        Reason.ISSUER_UNKNOWN,
    ),
    "v1 for Graph": ("entra-v1", {"aud": "https://graph.microsoft.com"}, Reason.AUDIENCE),
    "v2 for an address": ("entra-v2", {"aud": "api://quantum"}, Reason.AUDIENCE),
    "v1 of another client": ("entra-v1", {"appid": OTHER}, Reason.CLIENT),
    "v2 of another client": ("entra-v2", {"azp": OTHER}, Reason.CLIENT),
    "v1 of an ID token": ("entra-v1", {"scp": ..., "nonce": "678910"}, Reason.TYPE),
    "v2 of an ID token": ("entra-v2", {"scp": ..., "azp": ..., "nonce": "12"}, Reason.TYPE),
    "v1 bound to a key": ("entra-v1", {"cnf": {"kid": "x"}}, Reason.BOUND),
    "v2 with contexts that are no list": ("entra-v2", {"acrs": "c1"}, Reason.CLAIMS),
    "v1 of an application that is no workload": (
        "entra-v1",
        {**APPLICATION["entra-v1"], "oid": OTHER, "sub": OTHER},
        Reason.NOT_A_PERSON,
    ),
    "v2 of an application": ("entra-v2", APPLICATION["entra-v2"], Reason.NOT_A_PERSON),
    "v1 without an object id": ("entra-v1", {"oid": ...}, Reason.NO_PERSON),
    "okta's own server": (
        "okta",
        {"iss": "https://quantum.okta.example", "aud": "https://quantum.okta.example"},
        Reason.ISSUER_UNKNOWN,
    ),
    "okta's other server": (
        "okta",
        {"iss": "https://quantum.okta.example/oauth2/aus9o8wzkhckw9TLa0h7z"},
        Reason.ISSUER_UNKNOWN,
    ),
    "okta for another client": ("okta", {"cid": "0oa2"}, Reason.CLIENT),
    "okta for no client": ("okta", {"cid": ...}, Reason.CLIENT),
    "okta for a client itself": (
        "okta",
        {"sub": OKTA["cid"], "uid": ..., "auth_time": ..., "groups": ...},
        Reason.NOT_A_PERSON,
    ),
    "okta without scopes, called an application": (
        "okta",
        {"scp": ..., "idtyp": "app", "oid": OKTA["sub"]},
        Reason.TYPE,
    ),
    "okta without scopes": ("okta", {"scp": ...}, Reason.TYPE),
    "okta without a sign-in": ("okta", {"auth_time": ...}, Reason.SIGN_IN_UNKNOWN),
    "okta with a bound token": ("okta", {"cnf": {"jkt": "x"}}, Reason.BOUND),
    "shibboleth with groups in one text": (
        "shibboleth",
        {"edumember_is_member_of": f"{URN} urn:mace:university.example:library"},
        Reason.GROUPS,
    ),
    "shibboleth with one group as a text": (
        "shibboleth",
        {"edumember_is_member_of": URN},
        Reason.GROUPS,
    ),
    "shibboleth without an id": ("shibboleth", {"subject_id": ...}, Reason.NO_PERSON),
    "shibboleth for another client": ("shibboleth", {"client_id": "library"}, Reason.CLIENT),
    "shibboleth for another service": (
        "shibboleth",
        {"aud": ["https://library.university.example"]},
        Reason.AUDIENCE,
    ),
}


@pytest.mark.parametrize(("provider", "changes", "why"), REFUSED.values(), ids=list(REFUSED))
def test_a_token_is_refused_for_its_reason(
    ask: Ask, provider: str, changes: dict[str, Any], why: Reason
) -> None:
    assert reason(ask(provider, **changes)) == why


def test_a_claim_of_entra_means_nothing_elsewhere(ask: Ask) -> None:
    for other in ({"oid": [1]}, {"oid": OKTA["sub"]}, {"acrs": "phr"}, {"uti": "x"}):
        found = accepted(ask("okta", **other))
        assert (found.subject["id"], found.token_id) == (OKTA["uid"], OKTA["jti"])


def test_a_claim_of_groups_that_nobody_declared_gives_none(ask: Ask) -> None:
    token = {"edumember_is_member_of": ..., "isMemberOf": [URN], "groups": [URN]}
    assert accepted(ask("shibboleth", **token)).subject["properties"]["groups"] == []


def test_whose_a_refused_token_was_is_told_by_the_id_that_entra_writes(ask: Ask) -> None:
    found = ask("entra-v1", exp=0)
    assert reason(found) == Reason.EXPIRED
    assert isinstance(found, Refused)
    assert found.identity.token_id == ENTRA_V1["uti"]
