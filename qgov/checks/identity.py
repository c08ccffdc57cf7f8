"""Who people are and how they sign in: QG30x."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from qgov.checks.facts import found_at, privileged, submitting, ticks
from qgov.checks.rule import Found, Rule
from qgov.finding import Severity
from qgov.language.scalars import format_duration
from qgov.model.access_model import AccessModel, Binding, Role
from qgov.model.scope import EVERYWHERE, depth, tenant_of

__all__ = ["RULES"]

DAY: Final = 86_400
_EVERYONE: Final = frozenset(
    {
        "all",
        "all-employees",
        "all-staff",
        "all-users",
        "any",
        "authenticated",
        "domain-users",
        "employees",
        "everybody",
        "everyone",
        "public",
        "staff",
        "users",
    }
)
_LOOKS_LIKE: Final = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s", "-": None})


def _people(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for binding in model.bindings:
        if binding.principal.startswith("user:"):
            person = binding.principal.removeprefix("user:")
            yield found_at(binding.source, f"the binding names the account `{person}`", "user")


def _local_logins(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for name, provider in model.organization.providers.items():
        if provider.value.login == "local":
            yield found_at(
                provider,
                f"people of `{name}` sign in with passwords that the quantum platform keeps",
                "login",
            )


def _optional_mfa(model: AccessModel, _now: datetime) -> Iterator[Found]:
    if model.organization.floor.mfa:
        return
    for name, provider in model.organization.providers.items():
        if provider.value.mfa != "enforced":
            yield found_at(
                provider,
                f"neither `{name}` nor the organization's floors ask everyone for a second factor",
                "mfa",
            )


def _privileged_without_mfa(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for name, role in model.roles.items():
        if privileged(role) and not (role.requires & model.organization.floor).mfa:
            yield found_at(
                role.source,
                f"the privileged role `{name}` does not require multi-factor authentication",
                "requires",
            )


def _privileged_from_anywhere(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for name, role in model.roles.items():
        held = role.requires & model.organization.floor
        if privileged(role) and not held.managed_device and held.countries is None:
            yield found_at(
                role.source,
                f"the privileged role `{name}` may be used from any device and any country",
                "requires",
            )


def _old_tokens(model: AccessModel, _now: datetime) -> Iterator[Found]:
    ceiling = model.organization.floor.max_token_age_s
    if ceiling is not None and ceiling <= DAY:
        return
    reported: set[str] = set()
    for binding in model.bindings:
        if binding.role in reported or binding.principal.startswith("workload:"):
            continue
        if not _fresh(model, binding, model.roles[binding.role]):
            reported.add(binding.role)
            yield found_at(
                binding.source,
                f"a token of any age serves for the role `{binding.role}` on `{binding.scope}`",
                "role",
            )


def _fresh(model: AccessModel, binding: Binding, role: Role) -> bool:
    """Whether tokens of at most a day are asked for wherever the binding holds."""
    ages = [role.requires.max_token_age_s, binding.requires.max_token_age_s]
    if any(age is not None and age <= DAY for age in ages):
        return True
    scope = binding.scope
    if scope == EVERYWHERE:
        return False
    tenant = model.tenants[tenant_of(scope)]
    floors = (
        [e.floor for e in tenant.environments.values()]
        if depth(scope) == 1
        else [model.floor(scope)]
    )
    return all(f.max_token_age_s is not None and f.max_token_age_s <= DAY for f in floors)


def _long_sessions(model: AccessModel, _now: datetime) -> Iterator[Found]:
    for name, provider in model.organization.providers.items():
        lifetime = provider.value.session_lifetime
        if lifetime is None:
            yield found_at(provider, f"`{name}` does not say how long a session lasts")
        elif lifetime > DAY:
            yield found_at(
                provider,
                f"a session of `{name}` lasts {format_duration(lifetime)}",
                "sessionLifetime",
            )


def _lookalikes(model: AccessModel, _now: datetime) -> Iterator[Found]:
    seen: dict[str, str] = {}
    for name in model.groups:
        shape = name.translate(_LOOKS_LIKE).replace("rn", "m").replace("vv", "w")
        first = seen.setdefault(shape, name)
        if first != name:
            for one, other in ((name, first), (first, name)):
                group = model.groups[one]
                yield Found(
                    group.origin,
                    f"the group `{one}` reads like `{other}`",
                    _document_at(model, group.origin.path, group.tenants),
                )


def _document_at(model: AccessModel, path: str, tenants: tuple[str, ...]) -> str:
    for name in tenants:
        if name in model.tenants and model.tenants[name].source.source.path == path:
            return f"Tenant/{name}"
    return model.organization.source.document


def _same_issuer(model: AccessModel, _now: datetime) -> Iterator[Found]:
    seen: dict[str, str] = {}
    for name, provider in model.organization.providers.items():
        first = seen.setdefault(provider.value.issuer.rstrip("/"), name)
        if first != name:
            yield found_at(provider, f"`{name}` has the same issuer as `{first}`", "issuer")


def _everyone(model: AccessModel, _now: datetime) -> Iterator[Found]:
    roles = submitting(model) | {n for n, role in model.roles.items() if privileged(role)}
    for binding in model.bindings:
        if binding.role in roles and binding.principal.removeprefix("group:") in _EVERYONE:
            yield found_at(
                binding.source,
                f"{ticks([binding.role])} is given to the catch-all "
                f"group {ticks([binding.principal.removeprefix('group:')])}",
                "group",
            )


_SHARED = "Identity-first access over shared logins"
_SSO = "Use SSO and federation as the default"
_MFA = "Enforce MFA and conditional access"
_TOKENS = "Short-lived tokens and secret hygiene"

RULES: Final = (
    Rule(
        "QG301",
        "account-in-binding",
        Severity.ERROR,
        "A binding names an account instead of a directory group.",
        "Rights of a single account outlive the person's job, and an account that several people "
        "use makes it impossible to say who submitted a job.",
        "bind a directory group, and put the person into it",
        ("individual-identity", "joiner-mover-leaver"),
        _SHARED,
        _people,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec: {bindings: [{user: lab@acme.example, role: developer, on: sandbox}]}
""",
        good="""
kind: Tenant
metadata: {name: borealis}
spec: {bindings: [{group: borealis-lab, role: developer, on: sandbox}]}
""",
    ),
    Rule(
        "QG302",
        "local-login",
        Severity.ERROR,
        "People sign in with passwords of the quantum platform.",
        "A second identity system has its own offboarding, and somebody who left keeps access.",
        "set `login: sso` and federate the provider by OIDC or SAML",
        ("individual-identity", "joiner-mover-leaver"),
        _SSO,
        _local_logins,
        bad="""
kind: Organization
metadata: {name: acme}
spec: {identityProviders: {partners: {login: local}}}
""",
        good="""
kind: Organization
metadata: {name: acme}
spec: {identityProviders: {partners: {login: sso, protocol: saml}}}
""",
    ),
    Rule(
        "QG303",
        "optional-mfa",
        Severity.WARNING,
        "Nothing asks every interactive user for a second factor.",
        "A stolen password is then enough to spend a tenant's budget.",
        "set `floors: {mfa: true}`, or enforce MFA at the identity provider",
        ("strong-authentication",),
        _MFA,
        _optional_mfa,
        bad="""
kind: Organization
metadata: {name: acme}
spec: {floors: {mfa: false}, identityProviders: {corporate: {mfa: available}}}
""",
        good="""
kind: Organization
metadata: {name: acme}
spec: {floors: {mfa: true}, identityProviders: {corporate: {mfa: available}}}
""",
    ),
    Rule(
        "QG304",
        "privileged-without-mfa",
        Severity.ERROR,
        "A privileged role does not require multi-factor authentication.",
        "MFA is not optional for those who change policy, money or records; the bundle asks for "
        "it only where a role or a floor says so.",
        "add `requires: {mfa: true}` to the role, or to the organization's floors",
        ("strong-authentication", "least-privilege"),
        _MFA,
        _privileged_without_mfa,
        bad="""
kind: Organization
metadata: {name: acme}
spec: {floors: {mfa: false}}
---
kind: Role
metadata: {name: steward}
spec: {requires: {mfa: false}}
""",
        good="""
kind: Organization
metadata: {name: acme}
spec: {floors: {mfa: false}}
---
kind: Role
metadata: {name: steward}
spec: {requires: {mfa: true}}
""",
    ),
    Rule(
        "QG305",
        "privileged-from-anywhere",
        Severity.WARNING,
        "A privileged role may be used from any device and any country.",
        "A session on an unmanaged device is where an administrator's token is stolen.",
        "add `managedDevice: true` or `countries` to the role's `requires`",
        ("strong-authentication",),
        _MFA,
        _privileged_from_anywhere,
        bad="""
kind: Role
metadata: {name: steward}
spec: {requires: {managedDevice: false}}
""",
        good="""
kind: Role
metadata: {name: steward}
spec: {requires: {managedDevice: false, countries: [DE, FI]}}
""",
    ),
    Rule(
        "QG306",
        "tokens-of-any-age",
        Severity.WARNING,
        "People may act with tokens older than a day.",
        "Somebody who was removed from a group keeps what the old token says.",
        "set `maxTokenAge` of at most 24h in the organization's floors, the tiers or the role",
        ("strong-authentication", "joiner-mover-leaver"),
        _TOKENS,
        _old_tokens,
        bad="""
kind: Organization
metadata: {name: acme}
spec: {floors: {maxTokenAge: 30d}}
---
kind: Tenant
metadata: {name: borealis}
spec: {bindings: [{group: borealis-developers, role: pipeline, on: sandbox}]}
""",
        good="""
kind: Organization
metadata: {name: acme}
spec: {floors: {maxTokenAge: 24h}}
""",
    ),
    Rule(
        "QG307",
        "long-session",
        Severity.WARNING,
        "Sessions of an identity provider last longer than a day, or nobody says how long.",
        "A session that outlives the working day renews tokens on a forgotten machine.",
        "set `sessionLifetime` of at most 24h, as it is configured at the provider",
        ("strong-authentication",),
        _TOKENS,
        _long_sessions,
        bad="""
kind: Organization
metadata: {name: acme}
spec: {identityProviders: {partners: {sessionLifetime: 7d}}}
""",
        good="""
kind: Organization
metadata: {name: acme}
spec: {identityProviders: {partners: {sessionLifetime: 24h}}}
""",
    ),
    Rule(
        "QG308",
        "lookalike-groups",
        Severity.WARNING,
        "Two groups have names that read alike.",
        "Whoever may create a group can pass it off as another in a review.",
        "rename one of the two",
        ("individual-identity", "least-privilege"),
        _SHARED,
        _lookalikes,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec: {bindings: [{group: boreal1s-leads, role: developer, on: sandbox}]}
""",
        good="""
kind: Tenant
metadata: {name: borealis}
spec: {bindings: [{group: borealis-leads, role: developer, on: sandbox}]}
""",
    ),
    Rule(
        "QG309",
        "same-issuer",
        Severity.ERROR,
        "Two identity providers have the same issuer.",
        "A token says only who issued it; two providers behind one issuer cannot be told apart, "
        "so people of the one pass for people of the other.",
        "give each provider its own issuer, or merge the two",
        ("individual-identity", "tenant-isolation"),
        _SSO,
        _same_issuer,
        bad="""
kind: Organization
metadata: {name: acme}
spec: {identityProviders: {partners: {issuer: https://id.acme.example/realms/quantum}}}
""",
        good="""
kind: Organization
metadata: {name: acme}
spec: {identityProviders: {partners: {issuer: https://id.acme.example/realms/partners}}}
""",
    ),
    Rule(
        "QG310",
        "catch-all-group",
        Severity.WARNING,
        "A group of everybody may run jobs or administer.",
        "A group tied to a job function or a project ends with it, one of everybody never does.",
        "bind a group of the people who need it",
        ("least-privilege", "joiner-mover-leaver"),
        "Group-based permissions and just-in-time elevation",
        _everyone,
        bad="""
kind: Tenant
metadata: {name: borealis}
spec: {bindings: [{group: all-employees, role: developer, on: sandbox}]}
""",
        good="""
kind: Tenant
metadata: {name: borealis}
spec: {bindings: [{group: all-employees, role: auditor, on: "*"}]}
""",
    ),
)
"""Rules about identity providers, roles' authentication and the groups that are bound."""
