"""`entra-sign-in.tf`: conditional access, as the floors say.

Each policy asks one thing of the groups that hold something which asks it, or of everyone where
the organization does. All are about this application alone. `var.conditional_access_state` lets
them report before they are enforced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from operator import attrgetter
from typing import Any, Final

from qgov.model.access_model import Group
from qgov.model.conditions import Conditions
from qgov.targets.directory import Module, asked, just_in_time
from qgov.targets.entra.claims import SWITCH
from qgov.targets.entra.just_in_time import can
from qgov.targets.entra.module import APPLICATION, group_id, jit_address, resource
from qgov.targets.hcl import Block, Ref, Value

__all__ = ["sign_in"]

_HOUR: Final = 3600
_HOURS: Final = 23  # the provider's most, then days

_CONTROLS: Final = {"mfa": "mfa", "managed_device": "compliantDevice"}
"""Condition → the control that asks for it."""

Countries = tuple[str, ...]


def sign_in(module: Module) -> list[Block]:
    """MFA, managed devices, countries, and how often people sign in again."""
    everyone = module.model.organization.floor
    strict = dict(_whom(module))
    found: list[Block] = []
    for name, control in _CONTROLS.items():
        if users := _users(module, everyone, strict, attrgetter(name)):
            found.append(_policy(module, name, users, grant=[control]))
    countries = {c.countries for c in (everyone, *strict.values()) if c.countries is not None}
    for allowed in sorted(countries):
        users = _users(module, everyone, strict, partial(_is_from, allowed))
        found += _located(module, allowed, users) if users else ()
    if (age := _age(module)) is not None:
        found.append(_policy(module, "session", {"included_users": ["All"]}, session=_again(age)))
    return found


def _is_from(countries: Countries, conditions: Conditions) -> bool:
    return conditions.countries == countries


def _whom(module: Module) -> Iterator[tuple[str, Conditions]]:
    """Group, or address of a just-in-time group → what is asked of who is in it."""
    yield from asked(module).items()
    for jit in just_in_time(module):
        if can(module, jit):
            yield f"azuread_group.{jit_address(jit)}.object_id", jit.requires


def _users(
    module: Module,
    everyone: Conditions,
    strict: dict[str, Conditions],
    asks: Callable[[Conditions], Any],
) -> dict[str, Value]:
    """Of whom something is asked; nobody: empty."""
    if asks(everyone):
        return {"included_users": ["All"]}
    groups: list[Value] = [
        _id(module, name) for name, conditions in sorted(strict.items()) if asks(conditions)
    ]
    return {"included_groups": groups} if groups else {}


def _id(module: Module, name: str) -> Value:
    group: Group | None = module.model.groups.get(name)
    return Ref(name) if group is None else group_id(module, group)


def _located(module: Module, countries: Countries, users: dict[str, Value]) -> Iterator[Block]:
    """Nobody from anywhere else; no country at all is nobody."""
    name = "_".join(["countries", *(each.lower() for each in countries)])
    where: dict[str, Value] = {"included_locations": ["All"]}
    if countries:
        title = f"qgov {module.name} {' '.join(countries)}"
        yield resource(
            "named_location",
            name,
            {"display_name": title},
            Block(
                "country",
                (),
                {
                    "countries_and_regions": list(countries),
                    "include_unknown_countries_and_regions": False,
                },
            ),
        )
        where["excluded_locations"] = [Ref(f"azuread_named_location.{name}.object_id")]
    yield _policy(module, name, users, grant=["block"], where=where)


def _policy(
    module: Module,
    name: str,
    users: dict[str, Value],
    *,
    grant: list[str] | None = None,
    where: dict[str, Value] | None = None,
    session: dict[str, Value] | None = None,
) -> Block:
    applications: dict[str, Value] = {"included_applications": [Ref(f"{APPLICATION}.client_id")]}
    inner = [Block("applications", (), applications), Block("users", (), users)]
    if where is not None:
        inner.append(Block("locations", (), where))
    blocks = [Block("conditions", (), {"client_app_types": ["all"]}, tuple(inner))]
    if grant is not None:
        blocks.append(
            Block("grant_controls", (), {"operator": "OR", "built_in_controls": list(grant)})
        )
    if session is not None:
        blocks.append(Block("session_controls", (), session))
    return resource(
        "conditional_access_policy",
        name,
        {"display_name": f"qgov {module.name} {name}", "state": Ref(f"var.{SWITCH}")},
        *blocks,
    )


def _age(module: Module) -> int | None:
    """After how many seconds people sign in again."""
    ages = (module.model.organization.floor.max_token_age_s, module.provider.session_lifetime)
    return min((age for age in ages if age is not None), default=None)


def _again(age_s: int) -> dict[str, Value]:
    hours = age_s // _HOUR
    if hours < 1:
        return {"sign_in_frequency_interval": "everyTime"}
    amount, period = (hours, "hours") if hours <= _HOURS else (hours // 24, "days")
    return {"sign_in_frequency": amount, "sign_in_frequency_period": period}
