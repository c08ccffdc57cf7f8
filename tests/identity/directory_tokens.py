"""Access tokens as directories write them, claim for claim as their documentation lists them.

Entra: "Access token claims reference" (versions 1.0 and 2.0). Okta: "Access token payload" and
"Step-up authentication using ACR values". Shibboleth: the OIDC OP's JWT access tokens (RFC 9068),
with the attributes of eduPerson and REFEDS's profile of a second factor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tests.identity.issuer import AT

__all__ = [
    "APPLICATION",
    "DEVS",
    "ENTRA_V1",
    "ENTRA_V2",
    "FEDERATED",
    "HEADERS",
    "OKTA",
    "OVERAGE",
    "PERSON",
    "PROVIDERS",
    "SHIBBOLETH",
    "TENANT",
    "URN",
]

TENANT: Final = "72f988bf-86f1-41af-91ab-2d7cd011db47"
CLIENT: Final = "6e74172b-be56-4843-9ff4-e66a39bb12e3"
AUDIENCE: Final = "1f0c0d6e-9d3f-4e6d-8b5a-5a3f7d1c2b40"
DEVS: Final = "6f1c0a52-0f6e-4c37-9f0b-3a1d2c4e5f60"
"""The object id of the group `devs`."""
PERSON: Final = "690222be-ff1a-4d56-abd1-7e4f7d38e474"
IDENTITY: Final = "0c5f2a7e-41d0-4f0b-a6cf-8d1b6f0e9a11"
"""The object id of an application's service principal, or of a managed identity."""
URN: Final = "urn:mace:university.example:quantum:devs"

PROVIDERS: Final[Mapping[str, dict[str, Any]]] = {
    "entra-v1": {
        "type": "entra",
        "issuer": f"https://sts.windows.net/{TENANT}/",
        "audience": "api://quantum",
        "tokens": {"clients": [CLIENT], "person": "oid"},
    },
    "entra-v2": {
        "type": "entra",
        "issuer": f"https://login.microsoftonline.com/{TENANT}/v2.0",
        "audience": AUDIENCE,
        "tokens": {"clients": [CLIENT], "person": "oid", "secondFactor": {"acr": ["c1"]}},
    },
    "okta": {
        "type": "okta",
        "issuer": "https://quantum.okta.example/oauth2/default",
        "audience": "api://default",
        "tokens": {
            "clients": ["0oa1gjh63g214q0Hq0g4"],
            "person": "uid",
            "age": "sign-in",
            "secondFactor": {"acr": ["urn:okta:loa:2fa:any", "phr"], "amr": ["mfa"]},
        },
    },
    "shibboleth": {
        "type": "generic",
        "issuer": "https://idp.university.example",
        "audience": "https://quantum.example",
        "groupsClaim": "edumember_is_member_of",
        "tokens": {
            "clients": ["quantum_portal"],
            "person": "subject_id",
            "secondFactor": {"acr": ["https://refeds.org/profile/mfa"]},
        },
    },
}
"""What an organization declares of each."""

HEADERS: Final[Mapping[str, dict[str, Any]]] = {
    "entra-v1": {"typ": "JWT", "x5t": "first"},
    "entra-v2": {"typ": "JWT"},
    "okta": {"typ": ...},
    "shibboleth": {"typ": "at+jwt"},
}

_TIMES: Final = {"iat": AT - 60, "nbf": AT - 60, "exp": AT + 4000}
_OPAQUE: Final = {
    "aio": "AXQAi/8IAAAAtfg9yU0=",
    "rh": "0.ARoAv4j5cvGGr0GRqy180BHbR25KQ0E0",
    "uti": "fqiBqXLPj0eQa82S-IYFAA",
    "xms_cc": ["CP1"],
    "xms_ftd": "q2Wn0vZ3mF1",
    "xms_idrel": "1 2",
    "xms_st": {"sub": "oWn0vZ3mF1xq2"},
    "xms_tcdt": 1289241547,
    "wids": ["b79fbf4d-3ef9-4689-8143-76b194e85509"],
    "tid": TENANT,
    "sid": "00514d1e-8e4f-4d0e-8f2b-9b1f3e6a7c55",
}

ENTRA_V1: Final[Mapping[str, Any]] = {
    "aud": "api://quantum",
    **_TIMES,
    **_OPAQUE,
    "acr": "1",
    "amr": ["pwd", "mfa"],
    "appid": CLIENT,
    "appidacr": "1",
    "family_name": "Lovelace",
    "given_name": "Ada",
    "groups": [DEVS, "f0c1d2e3-0000-4000-8000-00000000beef"],
    "ipaddr": "203.0.113.7",
    "name": "Ada Lovelace",
    "oid": PERSON,
    "onprem_sid": "S-1-5-21-1004336348-1177238915-682003330-512",
    "scp": "jobs.submit user_impersonation",
    "sub": "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ",
    "unique_name": "ada@quantum.example",
    "upn": "ada@quantum.example",
    "ver": "1.0",
}

ENTRA_V2: Final[Mapping[str, Any]] = {
    "aud": AUDIENCE,
    **_TIMES,
    **_OPAQUE,
    "acrs": ["p1", "c1"],
    "azp": CLIENT,
    "azpacr": "0",
    "groups": [DEVS.upper()],
    "name": "Ada Lovelace",
    "oid": PERSON,
    "preferred_username": "ada@quantum.example",
    "scp": "jobs.submit",
    "sub": "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ",
    "ver": "2.0",
}

_ELSEWHERE: Final = {
    "groups": ...,
    "_claim_names": {"groups": "src1"},
    "_claim_sources": {
        "src1": {"endpoint": f"https://graph.windows.net/{TENANT}/users/{PERSON}/getMemberObjects"}
    },
}
OVERAGE: Final[Mapping[str, dict[str, Any]]] = {
    "a source": _ELSEWHERE,
    "a source and a flag": {**_ELSEWHERE, "hasgroups": True},
    "a flag alone": {"groups": ..., "hasgroups": True},
    "a flag that is a text": {"groups": ..., "hasgroups": "true"},
}
"""How Entra says that somebody is in too many groups; the flag is of the implicit flow."""

APPLICATION: Final[Mapping[str, dict[str, Any]]] = {
    version: {
        **dict.fromkeys(("scp", "groups", "name", "amr", "acrs", "upn", "unique_name"), ...),
        **dict.fromkeys(("preferred_username", "family_name", "given_name", "sid"), ...),
        "oid": IDENTITY,
        "sub": IDENTITY,
        "roles": ["jobs.submit.all"],
    }
    for version in ("entra-v1", "entra-v2")
}
"""What differs in the token of an application by itself, without the optional `idtyp`."""

FEDERATED: Final[Mapping[str, Any]] = {
    "issuer": f"https://sts.windows.net/{TENANT}/",
    "audience": "api://quantum",
    "subject": IDENTITY,
}
"""How a managed identity is declared as a workload."""

OKTA: Final[Mapping[str, Any]] = {
    "ver": 1,
    "jti": "AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE",
    "aud": "api://default",
    "sub": "ada@quantum.example",
    "iat": AT - 60,
    "exp": AT + 3540,
    "cid": "0oa1gjh63g214q0Hq0g4",
    "uid": "00uid4BxXw6I6TV4m0g3",
    "scp": ["jobs", "offline_access"],
    "auth_time": AT - 900,
    "acr": "urn:okta:loa:2fa:any",
    "amr": ["mfa", "pwd", "okta_verify"],
    "groups": ["Everyone", "SG Quantum Devs"],
}

SHIBBOLETH: Final[Mapping[str, Any]] = {
    "aud": ["https://quantum.example"],
    "client_id": "quantum_portal",
    "sub": "ZHKF6JWBCNV5RCHBT2QRZDLUSWDIL4Z3",
    "subject_id": "ada@university.example",
    "scope": "openid profile eduperson_scoped_affiliation",
    "iat": AT - 60,
    "exp": AT + 540,
    "auth_time": AT - 300,
    "jti": "_4f0c0ab5a1d14b8b",
    "acr": "https://refeds.org/profile/mfa",
    "eduperson_assurance": ["https://refeds.org/assurance/IAP/medium"],
    "eduperson_principal_name": "ada@university.example",
    "eduperson_scoped_affiliation": ["member@university.example"],
    "eduperson_entitlement": ["urn:mace:dir:entitlement:common-lib-terms"],
    "edumember_is_member_of": [URN, "urn:mace:university.example:library"],
}
