"""What a directory cannot hold, or does not tell: QG33x."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from qgov.checks import guide
from qgov.checks.facts import found_at, group_document
from qgov.checks.rule import Found, rule
from qgov.finding import Severity
from qgov.language.kinds.directory import IdentityProvider
from qgov.language.quote import quoted
from qgov.language.scalars import is_object_id
from qgov.model.access_model import AccessModel, Binding, Group
from qgov.model.directories import DIRECTORIES, Directory, claim_value
from qgov.model.principal import is_group, name_of


def _groups(model: AccessModel) -> Iterator[tuple[Group, IdentityProvider, Directory]]:
    for group in model.groups.values():
        provider = model.organization.providers[group.provider].value
        yield group, provider, DIRECTORIES[provider.type]


def _at(model: AccessModel, group: Group, message: str, field: str, detail: str = "") -> Found:
    """A breach by what is written of a group, or by the group where nothing is."""
    source = model.organization.source
    if (written := source.written("groups", group.name, field)) is not None:
        return Found(written, message, source.document, detail)
    return Found(group.origin, message, group_document(model, group.name, group.tenants), detail)


def _alike(model: AccessModel, group: Group, value: str, field: str, other: str) -> Found:
    message = f"`{group.name}` is {quoted(value)} in `{group.provider}`, and so is another group"
    return _at(model, group, message, field, f"`{other}`")


@rule("QG331", Severity.ERROR, "joiner-mover-leaver", guide=guide.SSO)
def name_that_no_directory_holds(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A directory cannot hold the name of a group.

    A directory shortens such a name, trims it or refuses it, and the group that people are in is
    then another one than was reviewed.

    Remedy: write a `directoryName` on one line, without spaces around it, that is as short as the
    directory asks; leave it out for Keycloak, whose groups are called as here.
    """
    for group, provider, directory in _groups(model):
        name, said = group.called, quoted(group.called)
        problem = ""
        if directory.ours and name != group.name:
            problem = f"is of a Keycloak, whose groups are called as here, and not {said}"
        elif len(name) > directory.longest:
            problem = f"has {len(name)} characters in {provider.type}, which holds "
            problem += str(directory.longest)
        elif not name.isprintable() or name != name.strip():
            problem = f"is called {said} in {provider.type}, which is not one line without "
            problem += "spaces around it"
        if problem:
            yield _at(model, group, f"the group `{group.name}` {problem}", "directoryName")


@rule("QG332", Severity.ERROR, "joiner-mover-leaver", "individual-identity", guide=guide.SSO)
def id_of_another_form(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """The id of a group does not have the form of its directory's ids.

    No token and no interface of the directory knows such an id, so that nobody is in the group,
    or Terraform asks for something that is not there.

    Remedy: copy the group's id from the directory; leave it out for Keycloak, whose tokens have
    paths.
    """
    for group, provider, directory in _groups(model):
        id_ = group.directory_id
        if id_ is None:
            continue
        if directory.id_form is None:
            problem = f"is of a {provider.type}, which tells groups by no id"
        elif not directory.id_form.fullmatch(id_) or not id_.isprintable() or id_ != id_.strip():
            problem = f"has the id {quoted(id_)}, and one of {provider.type} is "
            problem += directory.id_words
        else:
            continue
        yield _at(model, group, f"the group `{group.name}` {problem}", "directoryId")


@rule("QG333", Severity.ERROR, "least-privilege", "individual-identity", guide=guide.SSO)
def two_groups_in_one(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Two groups are one in their directory.

    Whoever is in it has what either of them may do, and only one of the two can be meant by what
    a token says.

    Remedy: give each its own `directoryId` or `directoryName`, or make them one group.
    """
    for field, word in (("called", "directoryName"), ("directory_id", "directoryId")):
        seen: dict[tuple[str, str], str] = {}
        for group in model.groups.values():
            value = getattr(group, field)
            if value is None:
                continue
            first = seen.setdefault((group.provider, value.casefold()), group.name)
            if first != group.name:
                yield _alike(model, group, value, word, first)
        if field == "directory_id":
            yield from _across(model)


def _across(model: AccessModel) -> Iterator[Found]:
    """Where the claim holds ids of some groups and names of others."""
    seen: dict[tuple[str, str], str] = {}
    for group, provider, directory in _groups(model):
        value = claim_value(provider, group)
        if not (directory.by_id and directory.by_name) or value is None:
            continue
        first = seen.setdefault((group.provider, value.casefold()), group.name)
        other = model.groups[first]
        if first != group.name and (group.directory_id is None) != (other.directory_id is None):
            yield _alike(model, group, value, "directoryId", first)


@rule("QG334", Severity.WARNING, "joiner-mover-leaver", guide=guide.SSO)
def group_without_an_id(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """The tokens of a directory tell groups by ids, and a group has none.

    Nobody can be in the group then: whatever it may do is denied to everybody.

    Remedy: write the group's object id as `directoryId`; of a group that the Terraform makes, its
    output `group_object_ids` has it after the first apply.
    """
    for group, provider, directory in _groups(model):
        if not directory.by_name and group.directory_id is None:
            message = f"no `directoryId` says which group of {provider.type} is `{group.name}`"
            yield _at(model, group, message, "directoryId")


@rule("QG338", Severity.ERROR, "joiner-mover-leaver", guide=guide.SSO)
def retired_group_that_is_here(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A group is retired, and is a group all the same.

    What is retired stays in its directory with whoever is in it, and Terraform forgets it. A group
    of that name would be a second one, or the old one with people whom nobody has looked at.

    Remedy: take the name off `retired` where the group stays or was renamed; give a new group
    another name, or the `directoryId` of the old one, once its people are known.
    """
    called: dict[tuple[str, str], str] = {}
    for group in model.groups.values():
        declared = model.organization.spec.groups.get(group.name)
        for name in declared.former_names if declared else ():
            called[group.provider, name] = f"is what `{group.name}` was called before"
        called[group.provider, group.name] = "is a group there"
    for name, fact in model.organization.providers.items():
        for index, gone in enumerate(fact.value.retired):
            if (problem := called.get((name, gone))) is not None:
                message = f"`{gone}` is retired at `{name}`, and {problem}"
                yield found_at(fact, message, "retired", index)


_TENANT: Final = r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_ISSUERS: Final = {
    "entra": (
        re.compile(
            rf"https://(?:login\.microsoftonline\.(?:com|us)/{_TENANT}/v2\.0"
            rf"|sts\.windows\.net/{_TENANT}/)"
        ),
        "https://login.microsoftonline.com/TENANT/v2.0 or https://sts.windows.net/TENANT/",
    ),
    "okta": (
        re.compile(r"https://[^/]+/oauth2/[A-Za-z0-9]+"),
        "https://ORG/oauth2/SERVER: tokens of the organization's own server are for Okta alone",
    ),
}


@rule("QG335", Severity.ERROR, "individual-identity", guide=guide.SSO)
def issuer_of_no_such_product(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """The issuer is none that the product has.

    No token that the platform can verify has this issuer, so everybody is refused; of Entra and
    Okta it also says which tenant or authorization server is meant.

    Remedy: copy `issuer` from the discovery document of the tenant or the authorization server.
    """
    for name, fact in model.organization.providers.items():
        form = _ISSUERS.get(fact.value.type)
        if form is not None and not form[0].fullmatch(fact.value.issuer):
            message = f"the issuer of `{name}` is not of the form {form[1]}"
            yield found_at(fact, message, "issuer")


@rule("QG336", Severity.ERROR, "individual-identity", guide=guide.SSO)
def audience_that_entra_does_not_write(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """The audience is none that Entra writes into tokens of this version.

    Tokens of version 2 are for the application by its id, those of version 1 for it by its id or
    its address (`api://…`): with anything else everybody is refused.

    Remedy: write the application's client id, or with an issuer at sts.windows.net its `api://`
    address.
    """
    for name, fact in model.organization.providers.items():
        if fact.value.type != "entra" or is_object_id(fact.value.audience):
            continue
        old = fact.value.issuer.startswith("https://sts.")
        if not (old and re.match(r"(api|https)://.", fact.value.audience)):
            message = f"no token of `{name}` is for `{fact.value.audience}`"
            yield found_at(fact, message, "audience")


@rule("QG337", Severity.WARNING, "strong-authentication", guide=guide.MFA)
def second_factor_that_no_token_tells(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A second factor is asked for, and the tokens tell of none.

    Entra writes how people signed in (`amr`) into tokens of version 1 only, so that with version 2
    the decision denies whatever asks for a second factor, to everybody.

    Remedy: take the issuer at sts.windows.net, or name under `tokens.secondFactor.acr` a context of
    authentication (`acrs`) that a policy ties to a second factor.
    """
    silent = {n for n, fact in model.organization.providers.items() if _tells_none(fact.value)}
    asking = {
        provider
        for binding in (model.bindings if silent else ())
        if is_group(binding.principal)
        and (provider := model.groups[name_of(binding.principal)].provider) in silent
        and _asks(model, binding)
    }
    for name in sorted(asking):
        message = f"no token of `{name}` tells that a second factor was shown"
        yield found_at(model.organization.providers[name], message, "issuer")


def _tells_none(provider: IdentityProvider) -> bool:
    version_2 = provider.type == "entra" and provider.issuer.endswith("/v2.0")
    factor = provider.tokens.second_factor
    return version_2 and not (factor and factor.acr)


def _asks(model: AccessModel, binding: Binding) -> bool:
    floor = model.floor(binding.scope)
    return (model.roles[binding.role].requires & binding.requires & floor).mfa


@rule("QG989", Severity.ERROR, "joiner-mover-leaver", "change-approval", guide=guide.LIFECYCLE)
def requests_in_vain(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """Nobody can be put into a group that people ask to be in.

    A group of a rule takes nobody else, whoever is in it need not ask, and a directory asks groups
    of its own alone.

    Remedy: leave `membersWhere` out, and name other groups of the same directory as `requestors`
    and `approvers`.
    """
    source = model.organization.source
    for name, spec in model.organization.spec.groups.items():
        if (asked := spec.requests) is None:
            continue
        if spec.members_where is not None:
            message = f"`{name}` has its members by a rule, and takes nobody who asks"
            yield found_at(source, message, "groups", name, "requests")
        if asked.requestors == name:
            message = f"`{name}` may ask to be in `{name}`"
            yield found_at(source, message, "groups", name, "requests", "requestors")
        for field in ("requestors", "approvers"):
            other = model.groups.get(getattr(asked, field) or "")
            if other is not None and other.provider != model.groups[name].provider:
                message = f"`{name}` is of `{model.groups[name].provider}`, and `{other.name}` of "
                message += f"`{other.provider}`"
                yield found_at(source, message, "groups", name, "requests", field)
