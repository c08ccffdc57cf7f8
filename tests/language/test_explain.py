"""A problem is told in the words of the language, with its remedy."""

from __future__ import annotations

import pytest

from qgov.finding import Finding
from qgov.language.documents import read_documents
from qgov.language.kinds import KINDS
from qgov.language.quote import quoted

ROLE = "apiVersion: qgov/v1\nkind: Role\nmetadata: {name: a}\nspec:\n  permissions: [job:read]\n"


def finding(text: str) -> Finding:
    """The only finding of a text."""
    _, findings = read_documents({"a.yaml": text.encode()})
    (found,) = findings
    return found


@pytest.mark.parametrize(
    ("text", "message", "remedy"),
    [
        (
            ROLE + "  conflictWith: []\n",
            "unknown field `conflictWith`; did you mean `conflictsWith`?",
            "use one of conflictsWith, permissions, privileged, requires",
        ),
        (
            ROLE + "  requires: {job: {shot: 1}}\n",
            "unknown field `shot`; did you mean `shots`?",
            "use one of circuits, cost, qpuSeconds, qubits, shots",
        ),
        (
            ROLE + "  requires: {mfa: 1}\n",
            "`spec.requires.mfa` is a number, expected true or false",
            "write true or false",
        ),
        (
            ROLE + "  conflictsWith: [a, 1]\n",
            "`spec.conflictsWith[1]` is a number, expected a text",
            "quote it to make it a text",
        ),
        (
            ROLE + "  requires: {maxTokenAge: 1:30}\n",
            "`spec.requires.maxTokenAge` is `1:30`, expected a duration",
            "write it like 15m, 8h, 90d or 7y",
        ),
        (
            ROLE.replace("job:read", "job:raed"),
            "`job:raed` is not a permission; did you mean `job:read`?",
            "see docs/language.md for the catalogue",
        ),
        (
            ROLE.replace("name: a", "name: A"),
            "`metadata.name` is `A`, which has the wrong form",
            "write lower-case letters, digits and inner hyphens, at most 63, such as `chem-lab`",
        ),
        (
            ROLE + "  requires: {job: {shots: 0}}\n",
            "`spec.requires.job.shots` is 0, expected 1 or more",
            "write 1 or more",
        ),
        (
            ROLE.replace("Role", "Rolle"),
            "`Rolle` is not a kind; did you mean `Role`?",
            f"use one of {', '.join(KINDS)}",
        ),
        (
            "a: 1\nb: {a: 1, a: 2}\n",
            "the key `a` appears twice (first at line 2)",
            "keep one of the two",
        ),
        (
            ROLE + "  requires: {countries: DE}\n",
            "`spec.requires.countries` is a text, expected a list",
            "write a list",
        ),
        (
            ROLE + "  requires: [mfa]\n",
            "`spec.requires` is a list, expected a mapping",
            "write a mapping",
        ),
    ],
)
def test_a_problem_is_told_in_the_languages_words(text: str, message: str, remedy: str) -> None:
    found = finding(text)

    assert (found.message, found.remedy) == (message, remedy)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            (
                "spec: {identityProviders: {a: {type: okta, issuer: https://a}}, currency: EUR, "
                "tiers: {prod: {}}}"
            ),
            "`spec.tiers.prod`",
        ),
        (
            (
                "spec: {currency: EUR, identityProviders: "
                "{a: {type: okta, issuer: https://a, isuer: 1}}}"
            ),
            "`isuer`; did you mean `issuer`?",
        ),
        (
            (
                "spec: {identityProviders: {a: {type: okta, issuer: https://a}}, currency: EUR, "
                "guardrails: {never: [{name: a, why: b, permissions: [job:read], scope: a}]}}"
            ),
            "`scope`; did you mean `scopes`?",
        ),
        (
            "spec: {identityProviders: {a: {type: auth0, issuer: https://a}}, currency: EUR}",
            "is `auth0`, expected `keycloak`, `okta`, `entra` or `generic`",
        ),
    ],
)
def test_a_problem_below_a_name_or_an_item_is_told_as_well(text: str, what: str) -> None:
    head = "apiVersion: qgov/v1\nkind: Organization\nmetadata: {name: a}\n"

    assert what in finding(head + text).message


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("{from: 1}", "a mapping"),
        ("[8h]", "a list"),
        ("true", "true or false"),
        ("8", "`8`"),
        ("8 hours", "`8 hours`"),
    ],
)
def test_what_is_no_scalar_is_told_by_its_kind(written: str, shown: str) -> None:
    """Never as Python writes it."""
    text = ROLE + f"  requires: {{maxTokenAge: {written}}}\n"
    assert finding(text).message == f"`spec.requires.maxTokenAge` is {shown}, expected a duration"
    choice = "apiVersion: qgov/v1\nkind: Budget\nmetadata: {name: a}\nspec: {scope: a, owner: a, "
    told = finding(choice + f"quotas: [{{measure: jobs, per: {written}, limit: 1}}]}}\n").message
    assert told.startswith(f"`spec.quotas[0].per` is {shown}, expected `job`")


def test_a_credit_is_worth_something() -> None:
    """What costs nothing would be bounded by no budget, and needs no approval."""
    head = "apiVersion: qgov/v1\nkind: Organization\nmetadata: {name: a}\nspec:\n  currency: EUR\n"
    head += "  identityProviders: {a: {type: okta, issuer: https://a}}\n"
    told = finding(head + "  credits: {HQC: {worth: 0.00 USD, source: b, asOf: 2026-10-01}}\n")
    assert (told.code, told.origin.line) == ("QG127", 7)
    assert told.message == "`spec.credits.HQC.worth` is `0.00 USD`, expected a worth above nothing"


def test_a_finding_names_its_document_where_that_has_a_name() -> None:
    assert finding(ROLE + "  x: 1\n").document == "Role/a"
    assert finding(ROLE.replace("{name: a}", "{name: 1}")).document == ""
    assert finding(ROLE.replace("{name: a}", "[]")).document == ""


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a", "`a`"),
        ("a\nb\x1b\u202e", "`a\\nb\\x1b\\u202e`"),
        ("é💥", "`é💥`"),
        ("x" * 61, f"`{'x' * 59}…`"),
        (None, "`None`"),
        (["a"], "`['a']`"),
    ],
)
def test_a_quoted_word_is_one_printable_line(value: object, shown: str) -> None:
    assert quoted(value) == shown
