"""Who counts as a principal is a condition of its accesses: a change of it takes them from the
one and gives them to the other, with witnesses that both compiled policies decide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from qgov.language.intent import read_intent
from qgov.model.known_by import KnownBy
from qgov.model.principal import is_workload
from qgov.plan.changes import Change
from qgov.plan.plan import Plan
from qgov.plan.witness_search import with_witnesses
from qgov.records import replace
from qgov.render.plan_json import as_value
from qgov.render.plan_markdown import as_markdown
from qgov.render.plan_text import as_text
from tests.plan.worlds import BASELINE, ELEVATION, changed, line_of, plan_of, sides_of

ATLAS = "tenants/atlas.yaml"
ORGANIZATION = "qgov.yaml"
ISSUER = "https://id.acme.example/realms/quantum"
STRANGER = ISSUER.replace("acme", "stranger")
TOKENS = "https://token.actions.githubusercontent.com"
BRANCH = "repo:acme/atlas:ref:refs/heads/main"
PARTNERS = "https://id.partners.example/realms/quantum"
TWO_PROVIDERS = changed(
    BASELINE,
    {
        ORGANIZATION: {
            "sessionLifetime: 8h}\n": "sessionLifetime: 8h}\n"
            f"    partners: {{type: keycloak, issuer: {PARTNERS}, realm: quantum}}\n",
            **{
                f"{name}: {{members: {n}": f"{name}: {{identityProvider: corporate, members: {n}"
                for name, n in (("admins", 3), ("deputies", 2), ("auditors", 2), ("security", 2))
            },
        }
    },
)


def _witnessed(before: Mapping[str, str], after: Mapping[str, str], **options: Any) -> Plan:
    plan = plan_of(before, after, **options)
    base, head, _ = sides_of(before, after)
    return with_witnesses(plan, base.model, head.model)


def _edited(files: Mapping[str, str], path: str, *edits: tuple[str, str]) -> Mapping[str, str]:
    return changed(files, {path: dict(edits)})


def _people(issuer: str, *audiences: str, protocol: str = "oidc") -> KnownBy:
    return KnownBy(issuer, audiences or ("qgov",), protocol=protocol, groups_claim="groups")


CASES: Mapping[str, tuple[Mapping[str, str], tuple[str, str, str], KnownBy, KnownBy, set[str]]] = {
    "issuer": (
        BASELINE,
        (ORGANIZATION, ISSUER, STRANGER),
        _people(ISSUER),
        _people(STRANGER),
        {
            "group:admins",
            "group:deputies",
            "group:auditors",
            "group:operators",
            "group:atlas-developers",
            "group:atlas-leads",
            "group:borealis-developers",
            "group:borealis-leads",
            "workload:atlas/nightly",
            "workload:borealis/nightly",
        },
    ),
    "audience": (
        BASELINE,
        (ORGANIZATION, "realm: quantum, ", "realm: quantum, audience: other, "),
        _people(ISSUER),
        _people(ISSUER, "other"),
        {
            "group:admins",
            "group:deputies",
            "group:auditors",
            "group:operators",
            "group:atlas-developers",
            "group:atlas-leads",
            "group:borealis-developers",
            "group:borealis-leads",
            "workload:atlas/nightly",
            "workload:borealis/nightly",
        },
    ),
    "a group's provider": (
        TWO_PROVIDERS,
        (
            ORGANIZATION,
            "auditors: {identityProvider: corporate",
            "auditors: {identityProvider: partners",
        ),
        _people(ISSUER),
        _people(PARTNERS),
        {"group:auditors"},
    ),
    "a federation's issuer": (
        BASELINE,
        (ATLAS, TOKENS, "https://gitlab.example"),
        KnownBy(TOKENS, ("qgov",), BRANCH),
        KnownBy("https://gitlab.example", ("qgov",), BRANCH),
        {"workload:atlas/nightly"},
    ),
    "a federation's audience": (
        BASELINE,
        (ATLAS, "audience: qgov", "audience: other"),
        KnownBy(TOKENS, ("qgov",), BRANCH),
        KnownBy(TOKENS, ("other",), BRANCH),
        {"workload:atlas/nightly"},
    ),
    "a federation's subject": (
        BASELINE,
        (ATLAS, "repo:acme/atlas", "repo:mallory/atlas"),
        KnownBy(TOKENS, ("qgov",), BRANCH),
        KnownBy(TOKENS, ("qgov",), BRANCH.replace("acme", "mallory")),
        {"workload:atlas/nightly"},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_who_is_known_otherwise_loses_what_the_new_one_gains(name: str) -> None:
    before, (path, old, new), was, now, whom = CASES[name]
    after = _edited(before, path, (old, new))
    plan = _witnessed(before, after)
    by_change = {
        kind: [c for c in plan.access if c.row.change is kind]
        for kind in (Change.GRANTED, Change.REVOKED)
    }

    assert len(plan.access) == sum(map(len, by_change.values()))
    for kind, known in ((Change.GRANTED, now), (Change.REVOKED, was)):
        found = by_change[kind]
        assert {c.row.principal for c in found} == whom
        clients = {
            # A workload's client has its token of the people's Keycloak.
            replace(known, subject=c.row.principal, groups_claim=None)
            for c in found
            if is_workload(c.row.principal) and known.subject is None
        }
        assert {c.row.known_by for c in found} == {known, *clients}
        assert {(c.rule.id, str(c.rule.risk)) for c in found} == {("principal-moved", "critical")}
        for change in found:
            assert change.witness is not None, change.unwitnessed
            subject = change.witness.request["subject"]["properties"]
            assert subject["issuer"] == known.issuer
            assert change.witness.head.allow is (kind is Change.GRANTED)
            assert change.witness.base.allow is (kind is Change.REVOKED)
    gained, lost = ({i.cell for c in by_change[kind] for i in c.row.cells} for kind in by_change)
    assert gained == lost
    (row,) = plan.concerns
    assert row.reached is not None
    assert set(row.reached.principals) == whom
    assert row.reached.accesses == len(gained)
    assert row.witness is not None
    assert row.witness.head.allow
    assert {c.causes for c in plan.access} == {(row.cause,)}
    assert f"{row.cause.path}:{row.cause.line}" == line_of(after, path, new.splitlines()[0].strip())
    assert plan.rails == ()


def test_the_lines_of_a_moved_principal_say_whose_token_it_is() -> None:
    plan = _witnessed(BASELINE, _edited(BASELINE, ATLAS, ("repo:acme/atlas", "repo:mallory/atlas")))
    text, markdown = " ".join(as_text(plan).split()), as_markdown(plan)

    for found in (text, markdown):
        assert "mallory/atlas" in found
        assert "reaches 4 accesses of 1 workload" in found
        assert "otherwise as before" in found
    assert "sub repo:mallory/atlas:ref:refs/heads/main" in text
    trust, gains = text.index("TRUST "), text.index("GAINS ")
    assert trust < gains
    value: Any = as_value(plan)
    granted, *_ = (a for a in value["access"] if a["change"] == "granted")
    assert granted["known_by"] == {
        "issuer": TOKENS,
        "audiences": ["qgov"],
        "protocol": "oidc",
        "subject": "repo:mallory/atlas:ref:refs/heads/main",
    }
    (concern,) = value["concerns"]
    assert concern["reached"] == {"accesses": 4, "principals": ["workload:atlas/nightly"]}
    assert concern["witness"]["head"]["allow"] is True


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        (BRANCH, "repo:acme/atlas:*", {"granted"}),
        ("repo:acme/atlas:*", BRANCH, {"revoked"}),
        ("repo:acme/atlas:*", "repo:acme/atlas:**", set()),
        ("repo:acme/any", "repo:acme/*", {"granted"}),
        ("repo:acme/*:main", "repo:acme/atlas:*", {"granted", "revoked"}),
    ],
)
def test_a_wider_subject_is_a_gain_and_a_narrower_one_a_loss(
    old: str, new: str, changes: set[str]
) -> None:
    before = _edited(BASELINE, ATLAS, (BRANCH, old))
    plan = _witnessed(before, _edited(BASELINE, ATLAS, (BRANCH, new)))

    assert {str(c.row.change) for c in plan.access} == changes
    assert all(c.witness is not None for c in plan.access)
    critical = {c.rule.id == "principal-moved" for c in plan.access}
    assert critical == ({"granted" in changes} if changes else set())


def test_another_audience_of_the_same_issuer_lets_more_in_and_shuts_nobody_out() -> None:
    second = f"sessionLifetime: 8h}}\n    second: {{type: keycloak, issuer: {ISSUER}, audience: other}}\n"
    after = _edited(TWO_PROVIDERS, ORGANIZATION, ("sessionLifetime: 8h}\n", second))
    plan = _witnessed(TWO_PROVIDERS, after)

    moved = [c for c in plan.access if c.row.moved is not None]
    assert {str(c.row.change) for c in moved} == {"granted"}
    for change in moved:
        assert change.row.known_by == _people(ISSUER, "other", "qgov")
        assert change.witness is not None
        assert change.witness.request["context"]["token"]["audience"] == "other"


def test_what_only_sign_in_decides_is_granted_and_says_so() -> None:
    after = _edited(
        BASELINE, ORGANIZATION, ("realm: quantum, ", "realm: quantum, groupsClaim: roles, ")
    )
    plan = _witnessed(BASELINE, after)

    assert {str(c.row.change) for c in plan.access} == {"granted", "revoked"}
    for change in plan.access:
        assert change.row.known_by is not None
        claims = {"granted": "roles", "revoked": "groups"}
        assert change.row.known_by.groups_claim == claims[change.row.change]
        assert (change.witness, bool(change.unwitnessed)) == (None, True)
    assert not [f for f in plan.new_findings if f.code == "QG160"]
    assert "decided at sign-in" in plan.concerns[0].unwitnessed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sessionLifetime: 8h}", "sessionLifetime: 12h}"),
        ("sessionLifetime: 8h}", "sessionLifetime: 8h, mfa: available}"),
        ("sessionLifetime: 8h}", "sessionLifetime: 8h, login: local}"),
    ],
)
def test_who_shows_less_to_sign_in_is_critical_with_what_it_reaches(old: str, new: str) -> None:
    plan = _witnessed(BASELINE, _edited(BASELINE, ORGANIZATION, (old, new)))

    (row,) = plan.concerns
    assert (row.rule.id, str(row.rule.risk)) == ("trust-weaker", "critical")
    assert row.reached is not None
    assert len(row.reached.principals) == 8
    assert f"reaches {row.reached.accesses:,} accesses of 8 groups" in as_text(plan)
    assert (row.witness, bool(row.unwitnessed)) == (None, True)
    assert plan.access == ()


INTENTS = {
    "nothing": ("intent: []\n", False),
    "the gain": (
        "intent:\n  - {gain: '*', lose: '*', principals: ['group:auditors']}\n",
        True,
    ),
    "the gain alone": ("intent:\n  - {gain: '*', principals: ['group:auditors']}\n", True),
    "another group": ("intent:\n  - {gain: '*', principals: ['group:admins']}\n", False),
    "a part of it": (
        "intent:\n  - {gain: 'audit:read', principals: ['group:auditors']}\n",
        False,
    ),
    "the field": (
        "intent: []\nfields: ['Organization/acme spec.groups.auditors.identityProvider']\n",
        True,
    ),
}


@pytest.mark.parametrize("name", INTENTS)
def test_a_moved_principal_is_inside_the_intent_or_an_error(name: str) -> None:
    text, meant = INTENTS[name]
    intent, findings = read_intent("intent.yaml", text.encode())
    edit = ("auditors: {identityProvider: corporate", "auditors: {identityProvider: partners")
    plan = plan_of(TWO_PROVIDERS, _edited(TWO_PROVIDERS, ORGANIZATION, edit), intent=intent)

    assert not findings
    assert (not plan.unintended and not plan.unnamed) is meant
    assert bool(plan.unnamed) is not meant
    assert plan.intent is not None
    assert bool(plan.intent.achieved) is (meant or name == "a part of it")
    assert {"admins", "security"} <= {a.by for a in plan.approvals}


NAMES_THE_FIELD = "intent: []\nfields: ['Organization/acme spec.groups.auditors.identityProvider', 'Organization/acme spec.identityProviders.corporate.issuer']\n"
NAMES_THE_GAINS = "intent:\n  - {gain: '*', lose: '*', principals: ['group:*', 'user:*']}\n"
SMUGGLED = {
    "looser conditions": (
        NAMES_THE_FIELD,
        TWO_PROVIDERS,
        {
            ORGANIZATION: {
                "auditors: {identityProvider: corporate": "auditors: {identityProvider: partners"
            },
            "roles/auditor.yaml": {"maxTokenAge: 4h": "maxTokenAge: 9h"},
        },
    ),
    "a weaker sign-in on the same line": (
        NAMES_THE_GAINS,
        BASELINE,
        {
            ORGANIZATION: {
                ISSUER: STRANGER,
                "sessionLifetime: 8h": "sessionLifetime: 8h, mfa: available",
            }
        },
    ),
    "a second field": (
        NAMES_THE_FIELD,
        BASELINE,
        {ORGANIZATION: {ISSUER: STRANGER, "realm: quantum": "realm: quantum, audience: other"}},
    ),
}


@pytest.mark.parametrize("name", SMUGGLED)
def test_nothing_else_is_meant_with_a_principal_that_moves(name: str) -> None:
    text, before, edits = SMUGGLED[name]
    intent, findings = read_intent("intent.yaml", text.encode())
    plan = plan_of(before, changed(before, edits), intent=intent)

    assert not findings
    assert plan.unintended or plan.unnamed


def test_an_elevated_person_moves_with_the_group() -> None:
    before = BASELINE | {"tenants/mei.yaml": ELEVATION}
    plan = _witnessed(before, _edited(before, ORGANIZATION, (ISSUER, STRANGER)))

    mine = [c for c in plan.access if c.row.principal == "user:mei@acme.example"]
    assert {str(c.row.change) for c in mine} == {"granted", "revoked"}
    assert all(c.witness is not None for c in mine)


@pytest.mark.parametrize(
    ("subject", "changes"),
    [
        ("repo:mallory/atlas:ref:refs/heads/main", {"granted", "revoked", "widened"}),
        ("repo:acme/atlas:*", {"granted", "widened"}),
    ],
)
def test_conditions_that_change_with_the_holder_are_told_in_full(
    subject: str, changes: set[str]
) -> None:
    edits = {ATLAS: {BRANCH: subject, "maxTokenLifetime: 15m": "maxTokenLifetime: 20m"}}
    plan = _witnessed(BASELINE, changed(BASELINE, edits))
    text = " ".join(as_text(plan).split())

    assert {str(c.row.change) for c in plan.access} == changes
    assert all(c.witness is not None for c in plan.access)
    assert "otherwise as before" not in text
    assert "token at most 15m old" in text
    assert "token at most 20m old" in text
