"""What a token says of a person, and every token that is nobody's."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from qgov.decision.bundle import Bundle
from qgov.decision.request import Request
from qgov.identity.identity import Identity, Refused
from qgov.identity.reasons import WORDS, Reason
from qgov.records import replace
from tests.identity.issuer import (
    AT,
    MEI,
    NOW,
    PARTNERS,
    PROXY,
    WORKFORCE,
    Issuer,
    accepted,
    bundle_of,
    issuing,
    key,
    reason,
    verifier,
    worked,
)


def with_provider(name: str = "workforce", **changes: Any) -> Bundle:
    """The worked bundle with something else said of a provider."""
    bundle = bundle_of(worked)
    data = json.loads(json.dumps(bundle.data))
    data["qgov"]["model"]["identity"][name] |= changes
    return replace(bundle, data=data)


def test_an_access_token_is_a_person(issuer: Issuer) -> None:
    found = accepted(verifier(issuer).identify(issuer.token(), now=NOW, headers=PROXY))

    assert found.subject == {
        "type": "user",
        "id": "mei@northwind.example",
        "properties": {"groups": ["aurora-developers"], "issuer": WORKFORCE},
    }
    assert found.context == {
        "token": {"kind": "oidc", "audience": "qgov", "issued_at": "2026-11-23T09:59:00+00:00"},
        "mfa": True,
        "managed_device": True,
        "country": "DE",
    }
    assert (found.token_id, found.session_id) == ("token-1", "session-1")


ACCEPTED: dict[str, dict[str, Any]] = {
    "one audience": {"aud": "qgov"},
    "a type of RFC 9068": {"typ": ...},
    "no groups": {"groups": ...},
    "an end within the skew": {"exp": AT - 59},
    "a beginning within the skew": {"nbf": AT + 60, "iat": AT + 60},
    "times with a fraction": {"iat": AT - 60.75, "exp": AT + 1.5},
    "no session": {"sid": ...},
}


@pytest.mark.parametrize("changes", ACCEPTED.values(), ids=list(ACCEPTED))
def test_a_token_counts(issuer: Issuer, changes: dict[str, Any]) -> None:
    header = {"typ": "at+jwt"} if changes.get("typ") is ... else {}
    token = issuer.token(changes, header=header)
    found = accepted(verifier(issuer).identify(token, now=NOW))
    assert found.subject["id"] == "mei@northwind.example"


REFUSED: dict[str, tuple[dict[str, Any], Reason]] = {
    "another issuer": ({"iss": "https://evil.example"}, Reason.ISSUER_UNKNOWN),
    "an issuer with a slash more": ({"iss": f"{WORKFORCE}/"}, Reason.ISSUER_UNKNOWN),
    "no issuer": ({"iss": ...}, Reason.ISSUER_UNKNOWN),
    "an issuer that is no text": ({"iss": ["x"]}, Reason.CLAIMS),
    "another audience": ({"aud": "account"}, Reason.AUDIENCE),
    "an audience among others, but not ours": ({"aud": ["account", "qgov2"]}, Reason.AUDIENCE),
    "no audience": ({"aud": ...}, Reason.CLAIMS),
    "an audience that is a number": ({"aud": [7]}, Reason.CLAIMS),
    "an ID token": ({"typ": "ID"}, Reason.TYPE),
    "a refresh token": ({"typ": "Refresh"}, Reason.TYPE),
    "an offline token": ({"typ": "Offline"}, Reason.TYPE),
    "a token of no type": ({"typ": ...}, Reason.TYPE),
    "a token bound to a key": ({"cnf": {"x5t#S256": "x"}}, Reason.BOUND),
    "another client's": ({"azp": "account-console"}, Reason.CLIENT),
    "no client's": ({"azp": ...}, Reason.CLIENT),
    "two clients'": ({"client_id": "other"}, Reason.CLIENT),
    "an unknown workload's client's": ({"azp": "workload:aurora/nobody"}, Reason.CLIENT),
    "expired": ({"exp": AT - 60}, Reason.EXPIRED),
    "without an end": ({"exp": ...}, Reason.CLAIMS),
    "an end that is no number": ({"exp": "2030-01-01"}, Reason.CLAIMS),
    "an end that is a flag": ({"exp": True}, Reason.CLAIMS),
    "an end beyond all calendars": ({"exp": 10**30}, Reason.CLAIMS),
    "a negative beginning": ({"iat": -1}, Reason.CLAIMS),
    "not yet valid": ({"nbf": AT + 61}, Reason.NOT_YET),
    "issued in the future": ({"iat": AT + 61}, Reason.NOT_YET),
    "without a beginning": ({"iat": ...}, Reason.CLAIMS),
    "nobody": ({"preferred_username": ...}, Reason.NO_PERSON),
    "a name that is no text": ({"preferred_username": 7}, Reason.CLAIMS),
    "a name with a line break": ({"preferred_username": "a\nb"}, Reason.CLAIMS),
    "a service account": ({"preferred_username": "service-account-qgov"}, Reason.NOT_A_PERSON),
    "an application": ({"idtyp": "app"}, Reason.NOT_A_PERSON),
    "groups that are one text": ({"groups": "/aurora-developers"}, Reason.GROUPS),
    "groups that are no texts": ({"groups": ["/a", 7]}, Reason.GROUPS),
    "groups without paths": ({"groups": ["aurora-developers"]}, Reason.GROUPS),
    "groups elsewhere": ({"groups": ..., "_claim_names": {"groups": "src1"}}, Reason.OVERAGE),
    "groups that were too many": ({"groups": ..., "hasgroups": True}, Reason.OVERAGE),
    "methods that are no list": ({"amr": "otp"}, Reason.CLAIMS),
    "a token id that is no text": ({"jti": {}}, Reason.CLAIMS),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "why"), REFUSED.values(), ids=list(REFUSED))
def test_a_token_is_refused(issuer: Issuer, changes: dict[str, Any], why: Reason) -> None:
    assert reason(verifier(issuer).identify(issuer.token(changes), now=NOW, headers=PROXY)) == why


def _segment(value: Any) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def _none(issuer: Issuer) -> str:
    _, claims, _ = issuer.token().split(".")
    return f"{_segment({'alg': 'none', 'typ': 'JWT', 'kid': 'first'})}.{claims}."


def _hmac(issuer: Issuer) -> str:
    """Signed by HMAC with the public key as the secret."""
    signed = f"{_segment({'alg': 'HS256', 'kid': 'first'})}.{issuer.token().split('.')[1]}"
    mac = hmac.digest(key("first").as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{_segment(mac)}"


def _forged(issuer: Issuer) -> str:
    return issuer.token(by=key("forged"), header={"kid": "first"})


def _brought(issuer: Issuer) -> str:
    """With the key that it is to be verified by in its header."""
    public = key("forged").as_dict(private=False)
    return issuer.token(by=key("forged"), header={"jwk": public, "kid": "first"})


def _edited(issuer: Issuer) -> str:
    header, _, signature = issuer.token().split(".")
    claims = json.loads(base64.urlsafe_b64decode(issuer.token().split(".")[1] + "=="))
    return f"{header}.{_segment(claims | {'groups': ['/platform-admins']})}.{signature}"


def _other_curve(issuer: Issuer) -> str:
    """By a key of another sort than the issuer's of that id."""
    elliptic = ECKey.generate_key("P-256", {"kid": "first"})
    return issuer.token(by=elliptic, header={"alg": "ES256"})


def _for_anything() -> RSAKey:
    """The issuer's key, by somebody who does not mind that it is for RS256 alone."""
    known = {n: v for n, v in key("first").as_dict(private=True).items() if n != "alg"}
    return RSAKey.import_key(known)


def _twice(issuer: Issuer) -> str:
    header, _, signature = issuer.token().split(".")
    claims = _segment(b'{"iss": "a", "iss": "b"}')
    return f"{header}.{claims}.{signature}"


FORGED: dict[str, tuple[Callable[[Issuer], str], Reason]] = {
    "an unsigned token": (_none, Reason.ALGORITHM),
    "the public key as a secret": (_hmac, Reason.ALGORITHM),
    "a forged key": (_forged, Reason.SIGNATURE),
    "a key that it brings along": (_brought, Reason.SIGNATURE),
    "claims that were edited": (_edited, Reason.SIGNATURE),
    "a key of another sort": (_other_curve, Reason.SIGNATURE),
    "an algorithm that the key is not for": (
        lambda i: i.token(by=_for_anything(), header={"alg": "PS256"}),
        Reason.SIGNATURE,
    ),
    "no signature": (lambda i: i.token().rpartition(".")[0] + ".", Reason.SIGNATURE),
    "an unknown key": (lambda i: i.token(header={"kid": "other"}), Reason.KEY_UNKNOWN),
    "no key's name": (lambda i: i.token(header={"kid": ...}), Reason.KEY_UNKNOWN),
    "a logout token": (lambda i: i.token(header={"typ": "logout+jwt"}), Reason.TYPE),
    "an ID token in the header of an access token": (
        lambda i: i.token({"typ": "ID"}, header={"typ": "at+jwt"}),
        Reason.TYPE,
    ),
    "something critical": (
        lambda i: i.token().replace(
            i.token().split(".")[0],
            _segment({"alg": "RS256", "kid": "first", "crit": ["b64"], "b64": False}),
        ),
        Reason.MALFORMED,
    ),
    "a claim twice": (_twice, Reason.MALFORMED),
    "nothing": (lambda _: "", Reason.MALFORMED),
    "an API key": (lambda _: "sk-0123456789", Reason.MALFORMED),
    "an encrypted token": (lambda _: "a.b.c.d.e", Reason.MALFORMED),
    "no base64": (lambda _: "ü.€.x", Reason.MALFORMED),
    "no JSON": (lambda _: f"{_segment(b'<html>')}.{_segment({})}.x", Reason.MALFORMED),
    "deep JSON": (lambda _: f"{_segment(b'[' * 40_000)}.{_segment({})}.x", Reason.MALFORMED),
    "a number that is none": (
        lambda _: f"{_segment({})}.{_segment({'exp': float('nan')})}.x",
        Reason.MALFORMED,
    ),
    "a header that is no object": (lambda _: f"{_segment([])}.{_segment({})}.x", Reason.MALFORMED),
    "a megabyte": (lambda i: i.token({"x": "x" * 10**6}), Reason.MALFORMED),
}  # fmt: skip


@pytest.mark.parametrize(("make", "why"), FORGED.values(), ids=list(FORGED))
def test_a_forgery_is_refused(issuer: Issuer, make: Callable[[Issuer], str], why: Reason) -> None:
    assert reason(verifier(issuer).identify(make(issuer), now=NOW, headers=PROXY)) == why


def test_whose_a_refused_token_was_is_told_only_when_the_issuer_signed_it(issuer: Issuer) -> None:
    verify = verifier(issuer)
    signed = verify.identify(issuer.token({"exp": AT - 60}), now=NOW)
    forged = verify.identify(_forged(issuer), now=NOW)

    assert isinstance(signed, Refused)
    assert signed.identity.subject == {"id": MEI["sub"], "properties": {"issuer": WORKFORCE}}
    assert (signed.identity.token_id, signed.identity.session_id) == ("token-1", "session-1")
    assert isinstance(forged, Refused)
    assert forged.identity == Identity({}, {})


def test_a_subgroup_is_not_the_group_of_its_name(issuer: Issuer) -> None:
    paths = ["/aurora-contractors/platform-admins", "/aurora-researchers", "//platform-admins"]
    found = accepted(verifier(issuer).identify(issuer.token({"groups": paths}), now=NOW))
    assert found.subject["properties"]["groups"] == [
        "/aurora-contractors/platform-admins",
        "aurora-researchers",
        "//platform-admins",
    ]


def test_groups_of_other_products_are_as_they_are(issuer: Issuer) -> None:
    bundle = with_provider(type="okta")
    claims = {"groups": ["a", "/b"], "typ": ..., "scp": ["jobs"], "azp": ..., "cid": "qgov"}
    found = accepted(verifier(issuer, bundle=bundle).identify(issuer.token(claims), now=NOW))
    assert found.subject["properties"]["groups"] == ["a", "/b"]


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"typ": ..., "scp": ...}, Reason.TYPE),
        ({"typ": ..., "scp": ["openid"], "nonce": "n"}, Reason.TYPE),
        ({"typ": ..., "scp": ["jobs"], "sub": "qgov"}, Reason.NOT_A_PERSON),
    ],
)
def test_other_products_type_no_token(issuer: Issuer, claims: dict[str, Any], why: Reason) -> None:
    found = verifier(issuer, bundle=with_provider(type="okta")).identify(
        issuer.token(claims), now=NOW
    )
    assert reason(found) == why


@pytest.mark.parametrize(
    ("claims", "mfa"),
    [
        ({"acr": "mfa"}, True),
        ({"acr": "1"}, False),
        ({"acr": "0"}, False),
        ({"acr": ...}, None),
        ({"acr": ..., "amr": ["pwd", "otp"]}, True),
        ({"acr": ..., "amr": ["pwd"]}, False),
        ({"acr": "1", "amr": ["otp"]}, True),
        ({"acr": ..., "amr": []}, None),
    ],
)
def test_a_second_factor_is_a_level_or_a_method(
    issuer: Issuer, claims: dict[str, Any], mfa: bool | None
) -> None:
    bundle = with_provider(acr=["mfa"], amr=["otp", "hwk"])
    found = accepted(verifier(issuer, bundle=bundle).identify(issuer.token(claims), now=NOW))
    assert found.context.get("mfa") is mfa


def test_a_level_that_nobody_declared_says_nothing(issuer: Issuer) -> None:
    bundle = with_provider(acr=[], amr=["otp"])
    found = accepted(verifier(issuer, bundle=bundle).identify(issuer.token(), now=NOW))
    assert "mfa" not in found.context


def test_ages_count_from_the_sign_in_where_the_provider_says_so() -> None:
    with issuing(PARTNERS) as partners:
        verify = verifier(partners)
        found = accepted(verify.identify(partners.token(), now=NOW))
        silent = verify.identify(partners.token({"auth_time": ...}), now=NOW)

    assert found.context["token"]["issued_at"] == "2026-11-23T09:45:00+00:00"
    assert reason(silent) == Reason.SIGN_IN_UNKNOWN


def test_a_refresh_renews_the_token_and_not_the_sign_in(issuer: Issuer) -> None:
    later = NOW + timedelta(hours=2)
    token = issuer.token({"iat": AT + 7000, "exp": AT + 8000})
    found = {
        age: accepted(
            verifier(issuer, bundle=with_provider(age=age)).identify(token, now=later)
        ).context["token"]["issued_at"]
        for age in ("token", "sign-in")
    }
    assert found == {"token": "2026-11-23T11:56:40+00:00", "sign-in": "2026-11-23T09:45:00+00:00"}


def test_an_instant_with_a_fraction_is_read_by_every_engine(issuer: Issuer) -> None:
    found = accepted(verifier(issuer).identify(issuer.token({"iat": AT - 60.75}), now=NOW))
    assert Request.from_json({"context": found.context}).token.issued_at == NOW - timedelta(
        seconds=61
    )


@pytest.mark.parametrize(
    ("claims", "headers", "device", "country"),
    [
        ({}, {}, None, None),
        ({}, PROXY, True, "DE"),
        ({}, {"X-Device-Managed": "false", "X-Client-Country": "DE"}, False, "DE"),
        ({}, {"X-Device-Managed": "yes", "X-Client-Country": "Germany"}, None, None),
        ({"managed": True, "where": "AT"}, {}, True, "AT"),
        ({"managed": False, "where": "AT"}, PROXY, False, "AT"),
        ({"managed": "true", "where": ["AT"]}, PROXY, True, None),
        ({}, {"x-client-country": "DE", "X-Client-Country": "FR"}, None, None),
    ],
)
def test_device_and_country_are_attested_or_unknown(
    issuer: Issuer,
    claims: dict[str, Any],
    headers: dict[str, str],
    device: bool | None,
    country: str | None,
) -> None:
    bundle = with_provider(
        managed_device={"claim": "managed", "header": "X-Device-Managed"},
        country={"claim": "where", "header": "X-Client-Country"},
    )
    found = accepted(
        verifier(issuer, bundle=bundle).identify(issuer.token(claims), now=NOW, headers=headers)
    )
    assert (found.context.get("managed_device"), found.context.get("country")) == (device, country)


def test_headers_count_for_nothing_where_none_is_declared(issuer: Issuer) -> None:
    bundle = with_provider(managed_device={}, country={})
    found = accepted(
        verifier(issuer, bundle=bundle).identify(
            issuer.token(), now=NOW, headers={**PROXY, "": "true"}
        )
    )
    assert not {"managed_device", "country"} & {*found.context}


def test_every_reason_has_its_words() -> None:
    assert set(WORDS) == set(Reason)


ENTRA_ID = "6f1c0a52-0f6e-4c37-9f0b-3a1d2c4e5f60"
STRANGER_ID = "00000000-0000-0000-0000-000000000001"


@pytest.mark.parametrize(
    ("said", "given", "groups"),
    [
        (
            {"type": "entra", "named": {ENTRA_ID: "aurora-developers"}},
            [ENTRA_ID.upper(), STRANGER_ID, "aurora-developers"],
            ["aurora-developers"],
        ),
        ({"type": "entra", "named": {}}, [ENTRA_ID, "aurora-developers"], []),
        (
            {"type": "okta", "named": {"SG Devs": "aurora-developers", "ops": "ops"}},
            ["SG Devs", "sg devs", "aurora-developers", "ops", "Everyone"],
            ["aurora-developers", "ops"],
        ),
        ({"type": "okta"}, ["aurora-developers", "Everyone"], ["aurora-developers", "Everyone"]),
        (
            {"type": "keycloak", "named": {"devs": "aurora-developers"}},
            ["/devs", "/other/devs"],
            ["aurora-developers"],
        ),
    ],
)
def test_a_value_of_the_claim_is_the_group_that_is_meant_and_no_other(
    issuer: Issuer, said: dict[str, Any], given: list[str], groups: list[str]
) -> None:
    bundle = with_provider(**said)
    token = issuer.token({"groups": given})
    found = accepted(verifier(issuer, bundle=bundle).identify(token, now=NOW, headers=PROXY))
    assert found.subject["properties"]["groups"] == groups
