"""What a setting of a realm means for access to the platform."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from qgov.drift.facts import Plain, Setting
from qgov.drift.observer import Effect
from qgov.model.principal import is_workload
from qgov.plan.risk import Risk

__all__ = ["effect_of"]


class _Means(NamedTuple):
    """Of which things and fields (patterns, of the whole), what follows for access: the risk, in
    words after "may", the permission and who gains. `{name}` in `who` is the thing's first word."""

    kind: str
    name: str
    field: str
    risk: Risk
    words: str
    permission: str | None = "job:submit"
    who: str = "everyone"


_L, _M, _H, _C = Risk.LOW, Risk.MEDIUM, Risk.HIGH, Risk.CRITICAL
_TABLE: Final = tuple(
    _Means(*row)
    for row in (
        # how people sign in
        (
            "execution",
            r".*",
            r".*",
            _C,
            "by signing in another way: without a password or a second factor, or not at all",
        ),
        ("flow", r".*", r".*", _M, "by signing in another way", None),
        ("realm", "", r".*Flow", _C, "by signing in through another flow, without a second factor"),
        ("realm", "", r"otpPolicy.*", _H, "with a one-time code that is weaker or used twice"),
        ("realm", "", r"webAuthnPolicy.*", _H, "with another kind of key"),
        ("realm", "", r"passwordPolicy", _M, "with another kind of password"),
        (
            "realm",
            "",
            r"brute.*|permanentLockout|max(Fail|Temp|Delta|Sec).*|wait.*|.*[qQ]uickLogin.*|failureFactor",
            _H,
            "after guessing passwords",
        ),
        (
            "realm",
            "",
            r"registration.*",
            _C,
            "after registering by themselves",
            "job:submit",
            "anyone",
        ),
        (
            "realm",
            "",
            r"(resetPassword|loginWithEmail|duplicateEmails|editUsername|verifyEmail).*",
            _H,
            "as somebody else, whose e-mail or name they take",
        ),
        (
            "realm",
            "",
            r"rememberMe|.*(Session|Offline|Lifespan|Timeout).*|.*offline.*|r.*efreshToken.*",
            _H,
            "with a token or session that lives longer or otherwise",
        ),
        (
            "realm",
            "",
            r"sslRequired",
            _C,
            "over a connection that others read",
            "job:submit",
            "anyone",
        ),
        ("realm", "", r"defaultSignatureAlgorithm", _H, "with tokens that are signed otherwise"),
        ("realm", "", r"enabled", _C, "sign in, or not"),
        (
            "realm",
            "",
            r"admin.*|organizationsEnabled|scimApiEnabled|.*[fF]ine.*",
            _H,
            "be administered by others",
            "member:write",
        ),
        ("realm", "", r".*", _M, "sign in on other conditions", None),
        (
            "required action",
            r".*",
            r".*",
            _H,
            "without having set up a second factor, or after setting up another",
        ),
        ("user profile", r".*", r".*", _H, "change what they are known by"),
        # who is believed
        (
            "component",
            r"KeyProvider.*",
            r".*",
            _C,
            "with tokens signed by a key that nobody reviewed",
            "job:submit",
            "anyone",
        ),
        (
            "component",
            r"(UserStorageProvider|LDAPStorageMapper).*",
            r".*",
            _C,
            "as an account of another directory, in the groups that it says",
            "job:submit",
            "anyone",
        ),
        (
            "component",
            r"ClientRegistrationPolicy.*",
            r".*",
            _H,
            "register clients that ask for tokens",
            "workload:write",
            "anyone",
        ),
        ("component", r".*", r".*", _M, "use what it adds to the realm", None),
        (
            "identity provider",
            r".*",
            r".*",
            _C,
            "as an account of another identity provider",
            "job:submit",
            "anyone",
        ),
        (
            "broker mapper",
            r".*",
            r".*",
            _C,
            "in a group or role that another identity provider grants",
            "job:submit",
            "anyone",
        ),
        ("organization", r".*", r".*", _H, "as a member of an organization that nobody reviewed"),
        (
            "workflow",
            r".*",
            r".*",
            _H,
            "be put into groups and roles, or left there, without anybody's approval",
            "member:write",
        ),
        ("default group", r".*", r".*", _H, "from the day on which their account is made"),
        # what tokens say, and who asks for them
        ("mapper", r".*", r".*", _C, "by a token that says other groups, audiences or conditions"),
        ("scope mapping", r".*", r".*", _M, "by a token that says more roles", None),
        ("(default|optional) client scope", r".*", r".*", _M, "by a token that says more", None),
        ("client scope", r".*", r".*", _M, "by a token that says more", None),
        (
            "client",
            r".*",
            r"jwt\.credential.*|.*[iI]ssuer.*|.*jwks.*",
            _C,
            "be somebody else's token",
            "job:submit",
            "{name}",
        ),
        (
            "client",
            r".*",
            r"clientAuthenticatorType|publicClient|secret",
            _C,
            "sign in with a secret that can be shared, or with none",
            "job:submit",
            "{name}",
        ),
        (
            "client",
            r".*",
            r"redirectUris|webOrigins|post\.logout.*",
            _C,
            "have their tokens sent elsewhere",
        ),
        (
            "client",
            r".*",
            r"directAccess.*|.*FlowEnabled|pkce.*|oauth2\.device.*|.*ciba.*|.*exchange.*",
            _C,
            "sign in without a second factor, or have their code stolen",
        ),
        (
            "client",
            r".*",
            r"fullScopeAllowed|defaultClientScopes|optionalClientScopes",
            _H,
            "by a token that says more, and opens more",
        ),
        (
            "client",
            r".*",
            r".*(lifespan|timeout|session).*",
            _H,
            "with a token that lives longer or otherwise",
            "job:submit",
            "{name}",
        ),
        (
            "client",
            r".*",
            r"minimum\.acr.*|.*acr.*|authenticationFlow.*",
            _C,
            "sign in without a second factor",
        ),
        (
            "client",
            r".*",
            r"serviceAccountsEnabled|authorizationServicesEnabled|enabled",
            _H,
            "sign in, or not",
            "job:submit",
            "{name}",
        ),
        ("client", r".*", r"", _H, "ask for tokens of the platform", None, "{name}"),
        ("client", r".*", r".*", _M, "ask for tokens on other terms", None, "{name}"),
        (
            r"initial access token",
            r".*",
            r".*",
            _H,
            "register clients that ask for tokens",
            "workload:write",
            "anyone",
        ),
        (
            r"client (policy|profile)|client .*",
            r".*",
            r".*",
            _H,
            "ask for tokens on other terms",
            None,
        ),
        # what is kept
        (
            "events",
            "",
            r".*",
            _H,
            "go unseen: what happens at sign-in is not kept as reviewed",
            "audit:write",
        ),
        # who is who
        (
            "group",
            r".*",
            r"qgov.*",
            _H,
            "be elevated on other terms",
            "elevation:approve",
            "group:{name}",
        ),
        ("group", r".*", r"", _L, "be in a group of another name", None, "group:{name}"),
        ("group", r".*", r".*", _L, "be in a group that says something else", None, "group:{name}"),
        (
            "role",
            r"qgov:.*",
            r"permissions|scope",
            _H,
            "use a role that says other permissions",
            None,
        ),
        ("role", r".*", r"composites", _M, "hold roles by a composite", None),
        ("role", r".*", r".*", _L, "hold a role of another name", None),
        (r".*", r".*", r".*", _M, "sign in on other conditions", None),
    )
)
"""The first that fits says it."""


def effect_of(setting: Setting, _wanted: Plain, _found: Plain) -> Effect:
    """What a difference of a setting means."""
    means = next(
        each
        for each in _TABLE
        if re.fullmatch(each.kind, setting.kind)
        and re.fullmatch(each.name, setting.name, re.DOTALL)  # names may have lines
        and re.fullmatch(each.field, setting.field, re.DOTALL)
    )
    who = means.who
    if who == "{name}":
        who = setting.name if is_workload(setting.name) else f"client:{setting.name}"
    return Effect(means.risk, means.words, who.format(name=setting.name), means.permission)
