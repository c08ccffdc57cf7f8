"""The realm itself: how long anything lasts, what is guarded, what is recorded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from qgov.model.access_model import AccessModel, Binding
from qgov.model.principal import is_group
from qgov.model.scope import EVERYWHERE, contains, tenant_of
from qgov.targets.keycloak.facts.setting import Seconds, Setting
from qgov.targets.keycloak.module import Module, short

__all__ = [
    "ADMIN_EVENTS_EXPIRATION",
    "BRUTE_FORCE",
    "EVENTS",
    "EVENTS_S",
    "LISTENERS",
    "LOCKED_ATTRIBUTES",
    "ONE_TIME_CODE",
    "people_age_s",
    "realm_name",
    "session_s",
    "settings",
    "strictest_age_s",
]

_IDLE_S: Final = 1800  # an idle session ends after half an hour
_SESSION_S: Final = 36_000  # Keycloak's own ten hours, where nothing is said
EVENTS_S: Final = 90 * 86_400
"""How long Keycloak keeps events. They say who signed in from where, so not for ever."""

ADMIN_EVENTS_EXPIRATION: Final = "adminEventsExpiration"
"""The realm's attribute for how long events of administration are kept."""

LOCKED_ATTRIBUTES: Final = ("username", "email", "firstName", "lastName")
"""What a person is known by, which the directory writes and nobody changes for themselves."""

ONE_TIME_CODE: Final = (
    Setting("type", "otpPolicyType", "totp"),
    Setting("algorithm", "otpPolicyAlgorithm", "HmacSHA1"),  # all that many apps know
    Setting("digits", "otpPolicyDigits", 6),
    Setting("period", "otpPolicyPeriod", 30),
    Setting("look_ahead_window", "otpPolicyLookAheadWindow", 1),
    Setting("code_reusable", "otpPolicyCodeReusable", False),
)
"""One-time codes. What stands here is Keycloak's own default, so that nobody has to ask."""

BRUTE_FORCE: Final = (
    Setting("permanent_lockout", "permanentLockout", False),
    Setting("max_login_failures", "failureFactor", 10),
    Setting("wait_increment_seconds", "waitIncrementSeconds", 60),
    Setting("max_failure_wait_seconds", "maxFailureWaitSeconds", 900),
    Setting("failure_reset_time_seconds", "maxDeltaTimeSeconds", 43_200),
)
"""Against guessing."""

EVENTS: Final = (
    Setting("events_enabled", "eventsEnabled", True),
    Setting("events_expiration", "eventsExpiration", EVENTS_S),
    Setting("admin_events_enabled", "adminEventsEnabled", True),
    Setting("admin_events_details_enabled", "adminEventsDetailsEnabled", True),
)
"""What is recorded: sign-ins, and each change with what it said."""

LISTENERS: Final = ("jboss-logging",)
"""Who hears of events besides: Keycloak's own log, as it does without being told."""


def settings(module: Module) -> list[Setting]:
    """Nobody registers, changes who they are, or stays longer than was reviewed."""
    organization = module.model.organization
    session = session_s(module)
    found = [
        Setting("realm", "realm", realm_name(module)),
        Setting("enabled", "enabled", True),
        Setting(
            "display_name",
            "displayName",
            short(organization.metadata.title or organization.name),
        ),
        Setting("registration_allowed", "registrationAllowed", False),
        Setting("reset_password_allowed", "resetPasswordAllowed", False),
        Setting("edit_username_allowed", "editUsernameAllowed", False),
        Setting("login_with_email_allowed", "loginWithEmailAllowed", False),
        Setting("remember_me", "rememberMe", False),
        Setting("ssl_required", "sslRequired", "external"),
        Setting("revoke_refresh_token", "revokeRefreshToken", True),
        Setting("refresh_token_max_reuse", "refreshTokenMaxReuse", 0),
        Setting("sso_session_max_lifespan", "ssoSessionMaxLifespan", Seconds(session)),
        Setting(
            "sso_session_idle_timeout", "ssoSessionIdleTimeout", Seconds(min(_IDLE_S, session))
        ),
        # Should a token for offline use ever be made, it ends with the session too.
        Setting("offline_session_max_lifespan_enabled", "offlineSessionMaxLifespanEnabled", True),
        Setting("offline_session_max_lifespan", "offlineSessionMaxLifespan", Seconds(session)),
    ]
    if (age := people_age_s(module)) is not None:
        found.append(
            Setting("access_token_lifespan", "accessTokenLifespan", Seconds(min(age, session)))
        )
    return found


def session_s(module: Module) -> int:
    """The longest session, in seconds."""
    return module.provider.session_lifetime or _SESSION_S


def people_age_s(module: Module) -> int | None:
    """The smallest `maxTokenAge` that anything of a person asks for, in seconds."""
    people = (binding for binding in module.bindings if is_group(binding.principal))
    return strictest_age_s(module.model, people)


def strictest_age_s(model: AccessModel, bindings: Iterable[Binding]) -> int | None:
    """The smallest `maxTokenAge` that any place, role or binding asks for, in seconds: an older
    token would be of no use there, and a refresh makes a new one. None: nothing asks."""
    ages = [model.organization.floor.max_token_age_s]
    for binding in bindings:
        ages += [
            model.roles[binding.role].requires.max_token_age_s,
            binding.requires.max_token_age_s,
        ]
        ages += _floors(model, binding.scope)
    return min((age for age in ages if age is not None), default=None)


def _floors(model: AccessModel, scope: str) -> Iterator[int | None]:
    """What the places within a scope ask for."""
    tenants = model.tenants.values() if scope == EVERYWHERE else [model.tenants[tenant_of(scope)]]
    for tenant in tenants:
        yield tenant.floor.max_token_age_s
        for environment in tenant.environments.values():
            if contains(scope, environment.scope) or contains(environment.scope, scope):
                yield environment.floor.max_token_age_s


def realm_name(module: Module) -> str:
    """The realm's name: from its field, else from the issuer, else the provider's name."""
    in_issuer = re.search(r"/realms/([^/]+)/?$", module.provider.issuer)
    return module.provider.realm or (in_issuer[1] if in_issuer else module.name)
