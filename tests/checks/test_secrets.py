"""Credentials are recognized by their marks or their randomness, and never repeated."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from qgov.checks import check
from qgov.checks.secrets import credential_in
from tests.checks.overlay import laid, model_of

NOW = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)

# Put together here, so that no scanner takes this file for a leak.
BAIT = {
    "aws": "AKIA" + "QGOVEXAMPLEKEY22",
    "aws-session": "key ASIA" + "QGOVEXAMPLEKEY22.",
    "aws-secret": "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY",
    "private-key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "github": "use ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    "github-fine": "github_pat_" + "11ABCDEFG0123456789abcd",
    "gitlab": "glpat-" + "abcDEF123456abcDEF12",
    "slack": "xoxb-" + "123456789012-abcdef",
    "google": "AIza" + "SyA1234567890abcdefghijklmnopqrstuv",
    "vault": "hvs." + "CAESIJ1234567890abcdefgh",
    "pypi": "pypi-" + "AgEIcHlwaS5vcmcCJD",
    "jwt": "Bearer eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiJtZWkifQ.c2ln",
    "azure": "Endpoint=x;AccountKey=" + "abcd1234abcd1234abcd1234==",
    "url": "https://mei:" + "hunter22@db.acme.example/",
    "assignment": "password: " + "correct-horse-7-battery",
    "api-key": "api_key=" + "0123456789abcdef",
    "ibm-cloud": "Qz7Lr0vXb9Tn3Wc5Yk1Hs8Jd2Gf6Mp4Ae-UoIi_KxRtE" + "9",
}

HARMLESS = [
    "secret://vault/siem/token",
    "arn:aws:braket:us-west-1::device/qpu/rigetti/Cepheus-1-108Q",
    "crn:v1:bluemix:public:quantum-computing:eu-de:a/0123456789abcdef0123456789abcdef:1-2-3::",
    "11111111-2222-3333-4444-555555555555",
    "https://docs.acme.example/document/d/1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcd/edit",
    "https://token.actions.githubusercontent.com",
    "repo:northwind/Aurora-Chemistry-Experiments-2026:ref:refs/heads/main",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "The token lifetime is 15 minutes; the key: rotated every 90 days by the vault",
    "aurora-materials-research-developers-of-the-second-floor",
    "mei@northwind.example",
]


@pytest.mark.parametrize("text", BAIT.values(), ids=BAIT.keys())
def test_a_credential_is_found_where_it_stands_and_not_repeated(text: str) -> None:
    assert credential_in(text)
    overlay = f"kind: Tenant\nmetadata: {{name: borealis, description: '{text}'}}\n"
    files, _ = laid(overlay)
    found = [f for f in check(model_of(files), NOW) if f.code == "QG651"]
    assert [f.origin.path for f in found] == ["Tenant/borealis.yaml"]
    line = files["Tenant/borealis.yaml"].decode().splitlines()[found[0].origin.line - 1]
    assert line[found[0].origin.column - 1 :].startswith(f'"{text}"')
    assert not any(word in str(found) for word in text.split() if len(word) > 9)


@pytest.mark.parametrize("text", HARMLESS, ids=range(len(HARMLESS)))
def test_ordinary_text_is_no_credential(text: str) -> None:
    assert credential_in(text) is None
