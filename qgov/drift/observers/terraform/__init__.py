"""Terraform, by what `terraform show -json` says of a plan or of a state, of any provider.

A plan that was made of the reviewed configuration says itself what it would change: that is what
differs. A state is held against the module of the configuration that has its addresses.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from qgov.drift.facts import Facts, Held, Plain, Setting
from qgov.drift.observer import Asked, Effect, Need, Observation, Observer, UnreadableError
from qgov.drift.observers.terraform.document import Change, Document, read_document
from qgov.drift.observers.terraform.identity import TOLD, given, held_in, provider_in
from qgov.drift.observers.terraform.meaning import effect_of, tenants_by_account
from qgov.drift.observers.terraform.module import module_of, same, wanted_of
from qgov.drift.undo import Fact, Undo
from qgov.drift.wanted import bindings_of, held
from qgov.model.access_model import AccessModel
from qgov.targets.kept import GUARD

__all__ = ["OBSERVER"]

_FILES: Final = "QGOV_TERRAFORM_JSON"
_KIND: Final = "resource"
_LET_GO: Final = ("forget",)
_SECRET: Final = "(sensitive)"  # noqa: S105 - what stands in the place of one


def _observe(asked: Asked) -> Iterator[Observation]:
    files = [asked.what] if asked.what else asked.needed(_FILES).split(os.pathsep)
    for file in files:
        yield _observation(asked.model, file, read_document(file))


def _observation(model: AccessModel, file: str, document: Document) -> Observation:
    try:
        provider = provider_in(model, document.resources)
        found_held = tuple(held_in(document.resources)) if provider else ()
    except (AttributeError, KeyError, TypeError) as error:
        raise UnreadableError(
            f"{file}: of a version of keycloak/keycloak that is not known"
        ) from error
    wanted_held: tuple[Held, ...] = held(bindings_of(model, provider)) if provider else ()
    plan = document.changes is not None
    wanted, found = _by_plan(document) if plan else _by_module(model, file, document)
    types = {r.address: r.type for r in document.resources.values()}
    types |= {c.address: c.type for c in document.changes or ()}
    values: dict[str, Mapping[str, Any]] = {
        c.address: c.before or c.after or {} for c in document.changes or ()
    }
    values |= {r.address: r.values for r in document.resources.values()}
    effect = partial(_effect, types, values, tenants_by_account(model))
    name = f"terraform:{os.path.basename(file)}"  # noqa: PTH119 - of a text that may be no path
    return Observation(
        name,
        "terraform",
        Facts(held=wanted_held, settings=wanted),
        Facts(held=found_held, settings=found),
        effect,
        undo=_undo,
    )


def _undo(fact: Fact) -> Undo:
    if isinstance(fact.what, Setting):
        return Undo((("terraform", "apply", f"-target={fact.what.name}"),))
    why_not = "it is undone by `terraform apply` of the reviewed commit, as a whole"
    return Undo(why_not=why_not, given=given(fact.what))


def _effect(
    types: Mapping[str, str],
    values: Mapping[str, Mapping[str, Any]],
    accounts: Mapping[str, str],
    setting: Setting,
    _wanted: Plain,
    _found: Plain,
) -> Effect:
    type_ = types.get(setting.name, setting.name.partition(".")[0])
    return effect_of(type_, values.get(setting.name, {}), accounts)


# ------------------------------------------------------------------------------------- a plan


def _by_plan(document: Document) -> tuple[dict[Setting, Plain], dict[Setting, Plain]]:
    """What the plan would make of what there is: (wanted, found)."""
    wanted: dict[Setting, Plain] = {}
    found: dict[Setting, Plain] = {}
    for change in document.changes or ():
        if change.type in TOLD or change.address.startswith(GUARD):
            continue
        if change.actions == _LET_GO:
            continue  # what is retired has been reviewed
        thing = Setting(_KIND, change.address, "")
        if change.after is not None:
            wanted[thing] = change.type
        if change.before is not None:
            found[thing] = change.type
        if not {"no-op", "read"}.issuperset(change.actions):
            _fields(change, wanted, found)
    return wanted, found


def _fields(change: Change, wanted: dict[Setting, Plain], found: dict[Setting, Plain]) -> None:
    before, after = change.before or {}, change.after or {}
    unknown = change.unknown if isinstance(change.unknown, Mapping) else {}
    differing = [n for n in sorted({*before, *after}) if before.get(n) != after.get(n)]
    for name in differing:
        if unknown.get(name) is True:
            continue  # follows from the rest
        field = Setting(_KIND, change.address, name)
        secret = any(_is_secret(mark, name) for mark in change.secret)
        found[field] = _SECRET if secret else _plain(before.get(name))
        wanted[field] = f"{_SECRET}, another" if secret else _plain(after.get(name))
    if not any(Setting(_KIND, change.address, name) in found for name in differing):
        field = Setting(_KIND, change.address, "actions")
        found[field], wanted[field] = None, change.actions


def _is_secret(mark: Any, name: str) -> bool:
    """Whether a value, or something in it, is marked as sensitive."""
    return mark is True or (isinstance(mark, Mapping) and bool(mark.get(name)))


def _plain(value: Any) -> Plain:
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True, ensure_ascii=False)
    return value  # type: ignore[no-any-return]


# ------------------------------------------------------------------------------------ a state


def _by_module(
    model: AccessModel, file: str, document: Document
) -> tuple[dict[Setting, Plain], dict[Setting, Plain]]:
    """What the configuration's module says of what there is: (wanted, found)."""
    folder, blocks = module_of(model, document.resources)
    if folder is None:
        raise UnreadableError(
            f"{file}: no module of the configuration has its addresses; show a plan in its place"
        )
    wanted: dict[Setting, Plain] = {}
    found: dict[Setting, Plain] = {}
    for address, resource in document.resources.items():
        if resource.type not in TOLD and not address.startswith(GUARD):
            found[Setting(_KIND, address, "")] = resource.type
    for address, type_, name, value in wanted_of(blocks, document.resources):
        if type_ in TOLD or address.startswith(GUARD):
            continue
        setting = Setting(_KIND, address, name)
        there = document.resources.get(address)
        wanted[setting] = type_ if not name else value
        if name and there is not None:
            found[setting] = _like(there.values.get(name), value)
            if _is_secret(there.sensitive, name) and found[setting] != value:
                wanted[setting], found[setting] = f"{_SECRET}, another", _SECRET
    return wanted, found


def _like(found: Any, wanted: Plain) -> Plain:
    """What a state holds, in the form in which it was written if it means the same."""
    return wanted if same(found, wanted) else _plain(found)


OBSERVER: Final = Observer(
    "terraform",
    (
        Need(
            "the output of `terraform show -json`",
            "to read the file; whoever makes the plan reads the state and each provider",
            "what was applied, and what it would take to be as reviewed",
        ),
    ),
    _observe,
    lambda environment: bool(environment.get(_FILES)),
)
