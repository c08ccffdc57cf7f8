"""Where the keys are of those who vouch for workloads: no document says it, so it is a variable."""

from __future__ import annotations

import json
from typing import NamedTuple

from qgov.drift.facts import Facts, Setting
from qgov.drift.imports.said import Note, Said, Why
from qgov.targets.keycloak.facts.clients import Issuer
from qgov.targets.keycloak.representation import jwks_variable

__all__ = ["Key", "key_note", "keys_file", "keys_of"]


class Key(NamedTuple):
    """Where an issuer's keys are, and the variable that says it to `qgov drift`."""

    issuer: str
    url: str
    variable: str


def keys_of(said: Said, found: Facts) -> list[Key]:
    """The keys of the issuers that vouch for what was imported, as the source has them."""
    keys: dict[str, Key] = {}
    for one in said.workloads.values():
        if one.issuer is None or one.audience is None:
            continue
        issuer = Issuer(one.issuer, one.audience)
        url = found.settings.get(Setting("identity provider", issuer.alias, "jwksUrl"))
        if isinstance(url, str) and url:
            keys[issuer.alias] = Key(one.issuer, url, jwks_variable(issuer))
    return [keys[alias] for alias in sorted(keys)]


def keys_file(provider: str, keys: list[Key]) -> dict[str, bytes]:
    """The variable of the compiled module, in a file that Terraform reads by itself."""
    if not keys:
        return {}
    urls = {key.issuer: key.url for key in keys}
    text = json.dumps({"jwks_urls": urls}, indent=2, sort_keys=True) + "\n"
    return {f"terraform/identity/{provider}/imported.auto.tfvars.json": text.encode()}


def key_note(key: Key) -> Note:
    """What to say to whom."""
    return Note(
        Why.ASSUMED,
        f"the keys of `{key.issuer}` are at `{key.url}`",
        "the language does not say where keys are; Terraform reads it in "
        "`imported.auto.tfvars.json`",
        f"set {key.variable} to it for `qgov drift`, unless that is the usual place",
    )
