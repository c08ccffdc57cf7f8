"""The forms of texts: the pattern of each, and in words what it asks for, with an example.

Nobody should have to read a pattern: what is refused, the schemas and the pages use the words.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from pydantic import StringConstraints

__all__ = ["BY_PATTERN", "FORMS", "LABEL", "Form", "form"]


class Form(NamedTuple):
    """What a text looks like: a regular expression of all of it, and what that is in words, with
    an example as YAML has it."""

    pattern: str
    words: str
    example: str


LABEL: Final = r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
_GUID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_EXAMPLE_GUID: Final = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
_PERSON: Final = r"[A-Za-z0-9_][A-Za-z0-9._%+'#!^~-]{0,112}(?:@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)?"
_URL: Final = r"https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~!&()*+,;=:@%/-]*)?"
_SUBJECT: Final = (
    r"[A-Za-z0-9*/{_-](?:[A-Za-z0-9 *@.:/{}|+#=,_()~'&!-]{0,298}[A-Za-z0-9*@.:/{}|+#=,_()~'&!-])?"
)
_IBM_CRN: Final = (
    r"crn:v1:[a-z0-9-]{1,40}:public:quantum-computing:(?:us-east|eu-de):"
    rf"a/[0-9a-f]{{32}}:{_GUID}::"
)
_MEASURES: Final = "(?:jobs|shots|circuits|qpuSeconds|simulatorSeconds)"
_PRINCIPAL: Final = "(?:group|workload|user):[A-Za-z0-9*@._%+/-]{1,300}"
_PRINCIPALS: Final = (
    "`group:NAME`, `workload:TENANT/NAME` or `user:ID`, in which `*` stands for any text"
)

FORMS: Final = {
    name: Form(f"^{pattern}$", words, example)
    for name, pattern, words, example in (
        ("name", LABEL, "lower-case letters, digits and inner hyphens, at most 63", "chem-lab"),
        (
            "team",
            r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}(?:/[A-Za-z0-9][A-Za-z0-9._-]{0,99})*",
            "a team as CODEOWNERS names it, without its `@`",
            "example/quantum-leads",
        ),
        (
            "scope",
            rf"(?:\*|{LABEL})(?:/(?:\*|{LABEL})){{0,2}}",
            "up to three names with slashes between them, `*` for any of them",
            "production/chemistry",
        ),
        ("person", _PERSON, "a person's user name, object id or address", "ada@example.com"),
        (
            "address",
            _URL,
            "an https address without user, query or fragment",
            "https://login.example.com/realms/quantum",
        ),
        (
            "secret",
            rf"secret://{LABEL}/[A-Za-z0-9._/-]{{1,200}}",
            "`secret://`, the manager that keeps it, a slash and its path there",
            "secret://vault/quantum/ibm-key",
        ),
        ("currency", "[A-Z]{3}", "three capital letters (ISO 4217)", "EUR"),
        ("country", "[A-Z]{2}", "two capital letters (ISO 3166-1 alpha-2)", "DE"),
        (
            "jurisdiction",
            "[a-z][a-z0-9-]{1,31}",
            "2 to 32 lower-case letters, digits and hyphens, a letter first",
            "eu",
        ),
        (
            "mailbox",
            r"[^@\s<>]{1,64}@[A-Za-z0-9.-]{1,190}",
            "an address for mail",
            "quantum@example.com",
        ),
        (
            "cost center",
            "[A-Za-z0-9_-]{1,40}",
            "letters, digits, `_` and `-`, at most 40",
            "CC-100",
        ),
        ("rule", "QG[0-9]{3}", "the code of a rule: QG and three digits", "QG406"),
        (
            "document",
            rf"[A-Z][A-Za-z]{{1,40}}/{LABEL}",
            "the kind of a document, a slash and its name",
            "Tenant/aurora",
        ),
        ("principals", _PRINCIPAL, _PRINCIPALS, "group:chem-*"),
        (
            "principals or all",
            rf"(?:\*|{_PRINCIPAL})",
            f"`*`, or {_PRINCIPALS}",
            "group:chem-*",
        ),
        (
            "service account",
            "[a-z0-9-]{1,63}/[a-z0-9-]{1,63}",
            "a service account: its tenant, a slash and its name",
            "aurora/nightly",
        ),
        (
            "counter",
            f"{_MEASURES}/(?:day|month|once|[1-9][0-9]{{0,8}}[smhd])",
            "a measure and its period: `/day`, `/month`, `/once` or a window such as `/28d`",
            "shots/day",
        ),
        (
            "changed field",
            "[A-Za-z*]{1,40}/[a-z0-9*-]{1,63}(?: [!-~][ -~]{0,299})?",
            "a document, or one and a field of it after a space; `*` stands for any text",
            "Budget/chem spec.budget.limit",
        ),
        (
            "backends",
            "[a-z0-9*](?:[-a-z0-9*]{0,61}[a-z0-9*])?",
            "the name of a backend, in which `*` stands for any text",
            "iqm-*",
        ),
        # tokens
        (
            "audience",
            "[A-Za-z0-9][A-Za-z0-9.:/_-]{0,199}",
            "letters, digits and `.:/_-`, a letter or digit first, at most 200",
            "api://quantum",
        ),
        (
            "subject",
            _SUBJECT,
            "the `sub` of a token as its issuer writes it, without double quotes, at most 300",
            "repo:example/lab:environment:production",
        ),
        (
            "claim",
            "[A-Za-z][A-Za-z0-9_./:-]{0,99}",
            "letters, digits and `_./:-`, a letter first, at most 100",
            "groups",
        ),
        (
            "claimed value",
            "[A-Za-z0-9][A-Za-z0-9._:/-]{0,199}",
            "letters, digits and `._:/-`, a letter or digit first, at most 200",
            "mfa",
        ),
        (
            "header",
            "[A-Za-z][A-Za-z0-9-]{0,63}",
            "letters, digits and hyphens, a letter first, at most 64",
            "X-Device-Managed",
        ),
        # clouds
        (
            "region",
            "[a-z0-9][a-z0-9-]{1,39}",
            "2 to 40 lower-case letters, digits and hyphens, as the cloud writes it",
            "eu-north-1",
        ),
        (
            "device",
            "[A-Za-z0-9][A-Za-z0-9:/._-]{0,199}",
            "letters, digits and `:/._-`, a letter or digit first, at most 200",
            "ibm_torino",
        ),
        ("AWS account", "[0-9]{12}", "twelve digits in quotes", '"123456789012"'),
        (
            "AWS bucket",
            "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
            "3 to 63 lower-case letters, digits, inner hyphens and inner full stops",
            "amazon-braket-aurora",
        ),
        ("AWS region", "[a-z]{2}(?:-[a-z]+)+-[1-9]", "a region of AWS", "eu-north-1"),
        (
            "AWS role",
            "[A-Za-z0-9_+=,.@-]{1,64}",
            "letters, digits and `_+=,.@-`, at most 64",
            "qgov-deploy",
        ),
        (
            "Azure subscription",
            _GUID,
            "a GUID in lower case, with its hyphens",
            _EXAMPLE_GUID,
        ),
        (
            "Azure resource group",
            "[A-Za-z0-9_()-](?:[A-Za-z0-9._()-]{0,88}[A-Za-z0-9_()-])?",
            "letters, digits, `_`, `(`, `)`, hyphens and inner full stops, at most 90",
            "rg-quantum-aurora",
        ),
        (
            "Azure workspace",
            "[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?",
            "letters, digits and inner hyphens, at most 64",
            "qw-aurora",
        ),
        (
            "Azure region",
            "[a-z0-9]{2,40}",
            "2 to 40 lower-case letters and digits, as Azure writes it",
            "westeurope",
        ),
        (
            "Azure provider",
            "[a-z][a-z0-9-]{0,63}",
            "lower-case letters, digits and hyphens, a letter first, at most 64",
            "ionq",
        ),
        (
            "Azure plan",
            "[A-Za-z0-9][A-Za-z0-9._-]{0,99}",
            "letters, digits and `._-`, a letter or digit first, at most 100",
            "pay-as-you-go-cred",
        ),
        (
            "Azure storage account",
            "[a-z0-9]{3,24}",
            "3 to 24 lower-case letters and digits",
            "stquantumaurora",
        ),
        (
            "IBM instance",
            _IBM_CRN,
            "the CRN of an instance in us-east or eu-de",
            f"crn:v1:bluemix:public:quantum-computing:eu-de:a/{'0' * 32}:{_EXAMPLE_GUID}::",
        ),
        (
            "network",
            r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:/[0-9]{1,2})?",
            "an IPv4 address, or a network in CIDR notation",
            "192.0.2.0/24",
        ),
        (
            "attribute",
            "[A-Za-z][A-Za-z0-9_]{0,99}",
            "letters, digits and underscores, a letter first, at most 100",
            "department",
        ),
        (
            "attribute value",
            r"[^\x00-\x1f\x7f\"'`\\]{1,256}",
            "a line of at most 256 characters, without quotes, backticks and backslashes",
            "Quantum research",
        ),
        (
            "credit",
            "[A-Z][A-Z0-9]{1,11}",
            "2 to 12 upper-case letters and digits, a letter first, and no code of ISO 4217",
            "HQC",
        ),
        (
            "resource",
            r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+\.[A-Za-z][A-Za-z0-9_-]{0,249}",
            "the address of a resource of Terraform, its type and its name",
            "aws_s3_bucket.results_eu-west-2",
        ),
        (
            "Google project",
            "[a-z][a-z0-9-]{4,28}[a-z0-9]",
            "6 to 30 lower-case letters, digits and inner hyphens, a letter first",
            "quantum-aurora",
        ),
        ("Google project number", "[0-9]{6,20}", "6 to 20 digits in quotes", '"1234567890"'),
        (
            "vendor's project",
            "[A-Za-z0-9][A-Za-z0-9 ._-]{0,98}",
            "letters, digits, spaces and `._-`, a letter or digit first, at most 99",
            "Aurora chemistry",
        ),
    )
}
BY_PATTERN: Final = {each.pattern: each for each in FORMS.values()}


def form(name: str) -> Any:
    """A text of one of the forms: its constraint."""
    return StringConstraints(pattern=FORMS[name].pattern)
