"""Who people are and how they sign in: QG30x."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from qgov.checks import guide
from qgov.checks.facts import at_binding, found_at, group_document, privileged, submitting
from qgov.checks.rule import Found, rule
from qgov.finding import Severity
from qgov.language.scalars import format_duration
from qgov.model.access_model import AccessModel, Binding, Role
from qgov.model.principal import group as group_of
from qgov.model.principal import is_user, is_workload, name_of
from qgov.model.scope import EVERYWHERE, depth, tenant_of

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


@rule(
    "QG301",
    Severity.ERROR,
    "individual-identity",
    "joiner-mover-leaver",
    guide=guide.IDENTITY_FIRST,
)
def account_in_binding(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A binding names an account instead of a directory group.

    Rights of a single account outlive the person's job, and an account that several people use
    makes it impossible to say who submitted a job.

    Remedy: bind a directory group, and put the person into it.
    """
    for binding in model.bindings:
        if is_user(binding.principal):
            person = name_of(binding.principal)
            yield found_at(binding.source, f"the binding names the account `{person}`", "user")


@rule("QG302", Severity.ERROR, "individual-identity", "joiner-mover-leaver", guide=guide.SSO)
def local_login(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """People sign in with passwords of the quantum platform.

    A second identity system has its own offboarding, and somebody who left keeps access.

    Remedy: set `login: sso` and federate the provider by OIDC or SAML.
    """
    for name, provider in model.organization.providers.items():
        if provider.value.login == "local":
            message = f"people of `{name}` sign in with passwords that the quantum platform keeps"
            yield found_at(provider, message, "login")


@rule("QG303", Severity.WARNING, "strong-authentication", guide=guide.MFA)
def optional_mfa(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Nothing asks every interactive user for a second factor.

    A stolen password is then enough to spend a tenant's budget.

    Remedy: set `floors: {mfa: true}`, or enforce MFA at the identity provider.
    """
    if model.organization.floor.mfa:
        return
    for name, provider in model.organization.providers.items():
        if provider.value.mfa != "enforced":
            yield found_at(
                provider,
                f"neither `{name}` nor the organization's floors ask everyone for a second factor",
                "mfa",
            )


@rule("QG304", Severity.ERROR, "strong-authentication", "least-privilege", guide=guide.MFA)
def privileged_without_mfa(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A privileged role does not require multi-factor authentication.

    MFA is not optional for those who change policy, money or records; the bundle asks for it
    only where a role or a floor says so.

    Remedy: add `requires: {mfa: true}` to the role, or to the organization's floors.
    """
    for name, role in model.roles.items():
        if privileged(role) and not (role.requires & model.organization.floor).mfa:
            message = f"the privileged role `{name}` does not require multi-factor authentication"
            yield found_at(role.source, message, "requires")


@rule("QG305", Severity.WARNING, "strong-authentication", guide=guide.MFA)
def privileged_from_anywhere(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A privileged role may be used from any device and any country.

    A session on an unmanaged device is where an administrator's token is stolen.

    Remedy: add `managedDevice: true` or `countries` to the role's `requires`.
    """
    for name, role in model.roles.items():
        held = role.requires & model.organization.floor
        if privileged(role) and not held.managed_device and held.countries is None:
            message = f"the privileged role `{name}` may be used from any device and any country"
            yield found_at(role.source, message, "requires")


@rule("QG306", Severity.WARNING, "strong-authentication", "joiner-mover-leaver", guide=guide.TOKENS)
def tokens_of_any_age(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """People may act with tokens older than a day.

    Somebody who was removed from a group keeps what the old token says.

    Remedy: set `maxTokenAge` of at most 24h in the organization's floors, the tiers or the
    role.
    """
    ceiling = model.organization.floor.max_token_age_s
    if ceiling is not None and ceiling <= DAY:
        return
    reported: set[str] = set()
    for binding in model.bindings:
        if binding.role in reported or is_workload(binding.principal):
            continue
        if not _fresh(model, binding, model.roles[binding.role]):
            reported.add(binding.role)
            source = model.roles[binding.role].source
            message = f"a token of any age serves for the role `{binding.role}`"
            where = f"on `{binding.scope}`, see {binding.origin}"
            yield found_at(source, message, "name", detail=where)


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


@rule("QG307", Severity.WARNING, "strong-authentication", guide=guide.TOKENS)
def long_session(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Sessions of an identity provider last longer than a day, or nobody says how long.

    A session that outlives the working day renews tokens on a forgotten machine.

    Remedy: set `sessionLifetime` of at most 24h, as it is configured at the provider.
    """
    for name, provider in model.organization.providers.items():
        lifetime = provider.value.session_lifetime
        if lifetime is None:
            yield found_at(provider, f"`{name}` does not say how long a session lasts")
        elif lifetime > DAY:
            message = f"a session of `{name}` lasts {format_duration(lifetime)}"
            yield found_at(provider, message, "sessionLifetime")


@rule(
    "QG308", Severity.WARNING, "individual-identity", "least-privilege", guide=guide.IDENTITY_FIRST
)
def lookalike_groups(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Two groups have names that read alike.

    Whoever may create a group can pass it off as another in a review.

    Remedy: rename one of the two.
    """
    seen: dict[str, str] = {}
    for name in model.groups:
        shape = name.translate(_LOOKS_LIKE).replace("rn", "m").replace("vv", "w")
        first = seen.setdefault(shape, name)
        if first != name:
            for one, other in ((name, first), (first, name)):
                group = model.groups[one]
                document = group_document(model, one, group.tenants)
                message = f"the group `{one}` reads like another group"
                yield Found(group.origin, message, document, f"`{other}`")


@rule("QG309", Severity.ERROR, "individual-identity", "tenant-isolation", guide=guide.SSO)
def same_issuer(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Two identity providers have the same issuer.

    A token says only who issued it; two providers behind one issuer cannot be told apart, so
    people of the one pass for people of the other.

    Remedy: give each provider its own issuer, or merge the two.
    """
    seen: dict[str, str] = {}
    for name, provider in model.organization.providers.items():
        first = seen.setdefault(provider.value.issuer.rstrip("/"), name)
        if first != name:
            message = f"`{name}` has the issuer of another identity provider"
            yield found_at(provider, message, "issuer", detail=f"`{first}`")


_MAILBOXES: Final = frozenset(
    {"email", "emailaddress", "emails", "mail", "verifiedprimaryemail", "verifiedsecondaryemail"}
)
_REUSED: Final = {"entra": frozenset({"preferredusername", "uniquename", "upn"})}
"""Claims that hold an address by another name, by product."""


@rule("QG311", Severity.ERROR, "individual-identity", guide=guide.IDENTITY_FIRST)
def person_by_mailbox(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """People are known by their e-mail address.

    Addresses change hands, and where people may change their own, one can become a colleague.

    Remedy: set `tokens.person` to the claim of the directory's id, such as `sub` or `oid`.
    """
    for name, provider in model.organization.providers.items():
        claim = provider.value.tokens.person
        plain = re.sub(r"[^a-z]", "", re.split(r"[/.:]", claim.lower())[-1])
        if plain in _MAILBOXES or plain in _REUSED.get(provider.value.type, ()):
            message = f"people of `{name}` are known by `{claim}`, an address that can change hands"
            yield found_at(provider, message, "tokens", "person")


@rule("QG310", Severity.WARNING, "least-privilege", "joiner-mover-leaver", guide=guide.JUST_IN_TIME)
def catch_all_group(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A group of everybody may run jobs or administer.

    A group tied to a job function or a project ends with it, one of everybody never does.

    Remedy: bind a group of the people who need it.
    """
    roles = submitting(model) | {n for n, role in model.roles.items() if privileged(role)}
    everyone = {group_of(name) for name in _EVERYONE}
    for binding in model.bindings:
        if binding.role in roles and binding.principal in everyone:
            group = name_of(binding.principal)
            message = f"`{binding.role}` is given to the catch-all group `{group}`"
            yield at_binding(binding, message, "group")
