"""`okta-sign-in.tf`: the application's sign-on policy, as the floors say.

A rule for each set of conditions, the strictest first, over the groups that are asked them; Okta
takes the first that fits. Whoever none fits is turned away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from qgov.model.conditions import Conditions
from qgov.targets.directory import Module, asked
from qgov.targets.hcl import Block, Ref, Value
from qgov.targets.okta.module import group_id, resource

__all__ = ["POLICY", "sign_in"]

POLICY: Final = "okta_app_signon_policy.qgov"


@dataclass(frozen=True, slots=True, order=True)
class _Asked:
    """What a rule asks; in the order of rules."""

    lax_factor: bool
    any_device: bool
    countries: tuple[str, ...]
    anywhere: bool
    age_s: int | None

    @property
    def name(self) -> str:
        """A label: what is asked, in words."""
        age = "" if self.age_s is None else f"{self.age_s}s"
        words = ("" if self.lax_factor else "mfa", "" if self.any_device else "managed", age)
        places = [country.lower() for country in self.countries]
        if not (self.anywhere or places):
            places = ["nowhere"]
        return "_".join(["people", *filter(None, words), *places])


def sign_in(module: Module) -> list[Block]:
    """The policy, its rules, and the zones of countries that they name."""
    rules: dict[_Asked, list[Value]] = defaultdict(list)
    everyone, of = module.model.organization.floor, asked(module)
    for group in module.groups:
        rules[_asked(module, of.get(group.name, everyone))].append(group_id(group))
    ordered = sorted(rules, key=lambda r: (r.lax_factor, r.any_device, r.anywhere, r.name))
    zones = sorted({rule.countries for rule in ordered if rule.countries})
    found = [_zone(module, countries) for countries in zones]
    found.append(
        resource(
            "app_signon_policy",
            "qgov",
            {
                "name": f"qgov {module.name}",
                "description": "As the reviewed configuration of the quantum platform says",
            },
        )
    )
    open_to = [rule for rule in ordered if rule.anywhere or rule.countries]
    found += [_rule(rule, number, rules[rule]) for number, rule in enumerate(open_to, start=1)]
    found.append(_nobody_else(len(open_to) + 1))
    return found


def _asked(module: Module, conditions: Conditions) -> _Asked:
    ages = (conditions.max_token_age_s, module.provider.session_lifetime)
    return _Asked(
        not (conditions.mfa or module.provider.mfa == "enforced"),
        not conditions.managed_device,
        conditions.countries or (),
        conditions.countries is None,
        min((age for age in ages if age is not None), default=None),
    )


def _label(countries: tuple[str, ...]) -> str:
    return "_".join(["countries", *(each.lower() for each in countries)])


def _zone(module: Module, countries: tuple[str, ...]) -> Block:
    return resource(
        "network_zone",
        _label(countries),
        {
            "name": f"qgov {module.name} {' '.join(countries)}",
            "type": "DYNAMIC",
            "dynamic_locations": list(countries),
        },
    )


def _rule(rule: _Asked, priority: int, groups: list[Value]) -> Block:
    return resource("app_signon_policy_rule", rule.name, dict(_attributes(rule, priority, groups)))


def _attributes(rule: _Asked, priority: int, groups: list[Value]) -> Iterator[tuple[str, Value]]:
    yield "policy_id", Ref(f"{POLICY}.id")
    yield "name", rule.name
    yield "priority", priority
    yield "access", "ALLOW"
    yield "groups_included", groups
    yield "factor_mode", "1FA" if rule.lax_factor else "2FA"
    if not rule.any_device:
        yield "device_is_registered", True  # without it Okta cannot tell
        yield "device_is_managed", True
    if not rule.anywhere:
        yield "network_connection", "ZONE"
        yield "network_includes", [Ref(f"okta_network_zone.{_label(rule.countries)}.id")]
    if rule.age_s is not None:
        yield "re_authentication_frequency", f"PT{max(1, rule.age_s // 60)}M"


def _nobody_else(priority: int) -> Block:
    return resource(
        "app_signon_policy_rule",
        "nobody_else",
        {
            "policy_id": Ref(f"{POLICY}.id"),
            "name": "nobody_else",
            "priority": priority,
            "access": "DENY",
        },
    )
