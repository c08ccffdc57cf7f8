"""Keycloak, by its admin API: a realm whole, against the realm that was compiled.

What gives access is found wherever it is: in roles and groups, in what tokens say, in who is
believed and in how people sign in. `read.py` has the reads and their traps.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from qgov.drift.facts import Facts, Held
from qgov.drift.observer import Asked, Observation, Observer, UnreadableError
from qgov.drift.observers.keycloak.access import (
    POWERS,
    elevations_in,
    held_in,
    leading,
    people_in,
    role_at,
)
from qgov.drift.observers.keycloak.connect import ADDRESS, address, connected, reviewed
from qgov.drift.observers.keycloak.existing import There, words_in
from qgov.drift.observers.keycloak.meaning import effect_of
from qgov.drift.observers.keycloak.read import NEEDS, Realm, read_realm
from qgov.drift.observers.keycloak.settings import KNOWN, fields_of_version, settings_of
from qgov.drift.observers.keycloak.undo import Back
from qgov.drift.observers.keycloak.wanted import represented, wanted_settings
from qgov.drift.wanted import approving, bindings_of, elevated, held
from qgov.language.kinds.directory import IdentityProvider
from qgov.model.principal import Principal, is_group, name_of
from qgov.records import replace
from qgov.targets import emit
from qgov.targets.keycloak.facts.access import ELIGIBLE, PRINCIPAL

__all__ = ["OBSERVER"]


def _observe(asked: Asked) -> Iterator[Observation]:
    providers = reviewed(asked)
    files, findings = emit(asked.model, ["keycloak"])
    if not files:
        raise UnreadableError(f"the configuration has no realm: {findings[0].told}")
    for name, provider in providers.items():
        try:
            yield _realm(asked, name, provider, files)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            told = f"{type(error).__name__}: {error}"
            raise UnreadableError(
                f"the realm of `{name}` is not as Keycloak {KNOWN} tells it ({told})"
            ) from error


def _realm(
    asked: Asked, name: str, provider: IdentityProvider, files: Mapping[str, bytes]
) -> Observation:
    given = _filled(files[f"idp/{name}/realm.json"], asked.environment)
    realm = str(given["realm"])
    with connected(asked, provider, realm) as server:
        read = read_realm(server, realm, leading, approving(asked.model))
    seen = replace(read, by_id=provider.tokens.person == "sub")
    found_settings = settings_of(seen)
    _require_known(seen, f"{address(asked, provider)}/admin/realms/{realm}")
    bindings = held(bindings_of(asked.model, name))
    bound: dict[str, list[Held]] = defaultdict(list)
    for each in bindings:
        if is_group(each.principal):
            bound[name_of(each.principal)].append(each)
    wanted = represented(given)
    jit = _just_in_time(wanted)
    eligible, now_elevated = elevations_in(seen, jit)
    found_held = held_in(seen, bound, provider.groups_claim, provider.audience)
    powers = {
        f"realm-management/{right}": dict.fromkeys(permissions, False)
        for right, permissions in POWERS.items()
    }
    back = Back(name, address(asked, provider), seen, jit)
    return Observation(
        f"keycloak:{name}",
        "keycloak",
        Facts(
            held=bindings,
            elevated=tuple(elevated(asked.model, name, asked.now)),
            roles=powers,
            settings=wanted_settings(given, wanted),
        ),
        Facts(
            held=(*found_held, *eligible),
            elevated=tuple(now_elevated),
            roles=powers,
            settings=found_settings,
            groups=people_in(seen),
        ),
        effect_of,
        undo=back,
        leave=back.leave,
        existing=There(seen),
        words=words_in(seen),
    )


def _just_in_time(realm: Realm) -> dict[str, tuple[Principal, str, str]]:
    """Path of a just-in-time group → whose eligible binding it carries out, role and scope."""
    found: dict[str, tuple[Principal, str, str]] = {}
    for group in realm.groups:
        principals, terms = group.attributes.get(PRINCIPAL), group.attributes.get(ELIGIBLE)
        if principals and terms and (at := role_at(terms[0].partition(" ")[0])) is not None:
            found[group.path] = (Principal(principals[0]), *at)
    return found


def _filled(content: bytes, environment: Mapping[str, str]) -> Any:
    """The compiled realm, with what its import takes from the environment: `${NAME:ELSE}`."""

    def value(found: re.Match[str]) -> str:
        return json.dumps(environment.get(found[1], found[2]))[1:-1]

    return json.loads(re.sub(r"\$\{([A-Za-z0-9_]+):([^}]*)\}", value, content.decode()))


def _require_known(realm: Realm, where: str) -> None:
    """Whether the server tells what the known version does: a field more may mean access that
    nothing here looks for."""
    if odd := sorted({*realm.raw} - fields_of_version()):
        raise UnreadableError(
            f"{where}: of a version that is not known ({KNOWN} is): it tells of {', '.join(odd)}"
        )


OBSERVER: Final = Observer(
    "keycloak",
    NEEDS,
    _observe,
    lambda environment: bool(environment.get(ADDRESS)),
    knows_members=True,
)
