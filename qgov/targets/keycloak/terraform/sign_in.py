"""`mfa.tf`: the browser flow, level by level."""

from __future__ import annotations

from collections.abc import Iterator

from qgov.targets.hcl import Block, Ref
from qgov.targets.keycloak.facts.sign_in import CONDITION, COOKIE, FLOW, FORMS, Level, levels
from qgov.targets.keycloak.module import Module
from qgov.targets.keycloak.terraform.resource import REALM, resource

__all__ = ["sign_in"]

_BROWSER = Ref("keycloak_authentication_flow.browser.alias")
_FORMS = Ref("keycloak_authentication_subflow.forms.alias")


def sign_in(module: Module) -> list[Block]:
    """A cookie of a session that still holds, or the steps of each level that is asked for."""
    steps = [
        _execution("cookie", _BROWSER, COOKIE, "ALTERNATIVE", 10),
        _subflow("forms", _BROWSER, FORMS, "ALTERNATIVE", 20),
    ]
    for order, level in enumerate(levels(module), start=1):
        steps += _level(module, level, 10 * order)
    return [
        resource("authentication_flow", "browser", {**REALM, "alias": FLOW}),
        *steps,
        resource(
            "authentication_bindings",
            "bindings",
            {
                **REALM,
                "browser_flow": _BROWSER,
                # A flow without its steps lets in without them, or lets in nobody.
                "depends_on": [Ref(".".join(step.labels)) for step in steps],
            },
        ),
    ]


def _level(module: Module, level: Level, order: int) -> Iterator[Block]:
    """A part of the flow that counts where its level is asked for and not reached."""
    part = Ref(f"keycloak_authentication_subflow.{level.name}.alias")
    condition = f"{level.name}_level"
    yield _subflow(level.name, _FORMS, level.alias, "CONDITIONAL", order)
    yield _execution(condition, part, CONDITION, "REQUIRED", 10)
    yield resource(
        "authentication_execution_config",
        condition,
        {
            **REALM,
            "execution_id": Ref(f"keycloak_authentication_execution.{condition}.id"),
            "alias": level.alias,
            "config": dict(level.config(module)),
        },
    )
    for number, authenticator in enumerate(level.steps, start=2):
        name = f"{level.name}_{authenticator.replace('-', '_')}"
        yield _execution(name, part, authenticator, "REQUIRED", 10 * number)


def _subflow(name: str, parent: Ref, alias: str, need: str, order: int) -> Block:
    return resource(
        "authentication_subflow",
        name,
        {
            **REALM,
            "parent_flow_alias": parent,
            "alias": alias,
            "requirement": need,
            "priority": order,
        },
    )


def _execution(name: str, parent: Ref, authenticator: str, need: str, order: int) -> Block:
    return resource(
        "authentication_execution",
        name,
        {
            **REALM,
            "parent_flow_alias": parent,
            "authenticator": authenticator,
            "requirement": need,
            "priority": order,
        },
    )
