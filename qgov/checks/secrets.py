"""Credentials: never in the text, kept in one place, replaced in time: QG65x."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from itertools import pairwise
from typing import Any, Final

from qgov.checks import guide
from qgov.checks.facts import found_at
from qgov.checks.rule import Found, rule
from qgov.finding import Severity
from qgov.language.documents import Document
from qgov.language.scalars import format_duration
from qgov.model.access_model import AccessModel

__all__ = ["credential_in"]

_DAY: Final = 86_400

_KNOWN: Final = r"""(?x)
    (?P<aws_access_key_id>          \b(?:AKIA|ASIA)[A-Z2-7]{16}\b)
  | (?P<private_key>                -----BEGIN\ [A-Z\ ]{0,30}PRIVATE\ KEY)
  | (?P<github_token>               \bgh[opsur]_[A-Za-z0-9]{36,} | \bgithub_pat_[A-Za-z0-9_]{22,})
  | (?P<gitlab_token>               \bglpat-[A-Za-z0-9_-]{20,})
  | (?P<slack_token>                \bxox[abeoprs]-[A-Za-z0-9-]{10,})
  | (?P<google_api_key>             \bAIza[A-Za-z0-9_-]{35})
  | (?P<vault_token>                \bhv[bs]\.[A-Za-z0-9_-]{20,})
  | (?P<package_registry_token>     \bpypi-[A-Za-z0-9_-]{16,} | \bnpm_[A-Za-z0-9]{36})
  | (?P<json_web_token>             \beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,})
  | (?P<azure_connection_string>    (?:AccountKey|SharedAccessKey|ApiKey)=[A-Za-z0-9+/=]{16,})
  | (?P<address_with_a_password>    ://[^\s/:@]{1,100}:[^\s/:@]{3,100}@)
  | (?P<credential_assignment>
      (?i: (?:passw(?:or)?d|passphrase|secret|token|(?:api|access|private|secret)[\ _-]?key)
           ["']?\s{0,3}[:=]\s{0,3}["']? | bearer\ )
      (?!//)(?=[^\s"']{0,80}[0-9])[^\s"']{12,})
"""
_LONG: Final = re.compile(r"[A-Za-z0-9+/_=-]{32,}")
"""Where an API key without a mark of its own may hide, such as IBM Cloud's 44 characters."""
_LEAST_ENTROPY: Final = 4.0
_LEAST_CHANGES: Final = 0.3
"""Neighbours of different kinds: about 0.6 in random text, under 0.2 in names and paths."""

_SHORTEST: Final = 16
# What follows only decides, at a few microseconds, whether a document is read closely.
_MARKS: Final = (
    "AKIA",
    "ASIA",
    "-----BEGIN",
    "ghp_",
    "gho_",
    "ghs_",
    "ghu_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xox",
    "AIza",
    "hvs.",
    "hvb.",
    "pypi-",
    "npm_",
    "eyJ",
    "Key=",
)
_PASSWORD: Final = re.compile(r":[^\s/:@]+@")
_WORD: Final = re.compile(
    r"(?:passw(?:or)?d|passphrase|secret|token|key)[\"']?\s{0,3}[:=](?!//)|bearer "
)
_WORDS: Final = ("pass", "secret", "token", "key", "bearer")
_RUN: Final = "A" * 32
_TO_RUNS: Final = str.maketrans(
    {chr(c): "A" if chr(c).isalnum() or chr(c) in "+/_=-" else " " for c in range(128)}
)


@cache
def _known() -> re.Pattern[str]:
    """Compiled when a text is read closely, which few are: it takes a millisecond."""
    return re.compile(_KNOWN)


def credential_in(text: str) -> str | None:
    """What kind of credential a text holds, in words, or None. Never the credential."""
    if match := _known().search(text):
        return str(match.lastgroup).replace("_", " ")
    for match in _LONG.finditer(text):
        run = match.group()
        start = max(text.rfind(" ", 0, match.start()), text.rfind("\n", 0, match.start()))
        if "://" not in text[start + 1 : match.end()] and _is_random(run):
            return "text that looks like an API key"
    return None


def _is_random(run: str) -> bool:
    """Whether characters vary and change between kinds as in a key, not as in a path or name."""
    kinds = [
        "a" if c.islower() else "A" if c.isupper() else "0" if c.isdigit() else "" for c in run
    ]
    if not {"a", "A", "0"} <= set(kinds):
        return False
    pairs = [one != other for one, other in pairwise(kinds) if one and other]
    total = len(run)
    entropy = -sum(n / total * math.log2(n / total) for n in Counter(run).values())
    return entropy >= _LEAST_ENTROPY and sum(pairs) >= _LEAST_CHANGES * len(pairs)


@rule("QG651", Severity.ERROR, "secrets", guide=guide.TOKENS)
def credential_in_text(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A text looks like a credential.

    What was committed once is in every clone and in every log of this repository.

    Remedy: revoke the credential, keep its successor in the secrets manager and refer to it as
    `secret://<manager>/<path>`.
    """
    yield from model.shared(_in_other_documents)
    for role in model.roles.values():
        yield from _in_document(role.source.source)


def _in_other_documents(model: AccessModel) -> list[Found]:
    return [found for each in model.beside_roles() for found in _in_document(each)]


def _in_document(document: Document) -> Iterator[Found]:
    if not _worth_reading(document.raw):
        return
    for path, text in _texts(document.raw, ()):
        if (kind := credential_in(text)) is not None:
            yield Found(document.at(*path), f"a credential in plain text ({kind})", document.id)


def _worth_reading(raw: dict[str, Any]) -> bool:
    """Whether any of a document's texts can be a credential; false alarms are welcome."""
    texts: list[str] = []
    nodes: list[Any] = [raw]
    add, later = texts.append, nodes.append
    for node in nodes:  # grows while it is walked
        for value in node.values() if type(node) is dict else node:
            kind = type(value)
            if kind is str:
                if len(value) >= _SHORTEST:
                    add(value)
            elif kind is dict or kind is list:
                later(value)
    text = "\n".join(texts)
    for mark in _MARKS:
        if mark in text:
            return True
    if _RUN in text.translate(_TO_RUNS) or ("@" in text and _PASSWORD.search(text)):
        return True
    lower = text.lower()
    return any(word in lower for word in _WORDS) and _WORD.search(lower) is not None


def _texts(node: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in items:
        if isinstance(value, str):
            yield (*path, key), value
        elif isinstance(value, dict | list):
            yield from _texts(value, (*path, key))


@rule("QG652", Severity.WARNING, "secrets", guide=guide.COMPONENTS)
def no_secrets_manager(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """The organization declares no secrets manager.

    Without one place for secrets they end up in notebooks and environment files.

    Remedy: declare it in `secretsManagers`.
    """
    if not model.organization.secrets_managers:
        message = "the organization declares no secrets manager"
        yield found_at(model.organization.source, message, "secretsManagers")


@rule("QG653", Severity.ERROR, "secrets", "workload-identity", guide=guide.TOKENS)
def slow_rotation(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A key is replaced less often than its secrets manager asks for.

    A rotation that is too slow is an incident that has not been noticed yet.

    Remedy: shorten `rotateEvery` to the manager's `maxAge`.
    """
    managers = model.organization.secrets_managers
    for name, workload in model.workloads.items():
        key = workload.spec.static_credential
        manager = managers.get(_manager_of(key.secret)) if key else None
        if key and manager and key.rotate_every > manager.value.max_age:
            message = (
                f"the key of `{name}` is replaced every "
                f"{format_duration(key.rotate_every)}, `{manager.name}` asks for "
                f"{format_duration(manager.value.max_age)}"
            )
            yield found_at(workload.source, message, "staticCredential", "rotateEvery")


def _manager_of(reference: str) -> str:
    return reference.removeprefix("secret://").partition("/")[0]


@rule("QG654", Severity.WARNING, "secrets", guide=guide.TOKENS)
def old_secrets(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A secrets manager lets secrets grow older than 90 days.

    The longer a key lives, the more places it has been copied to.

    Remedy: set `maxAge` to 90 days or less.
    """
    for name, manager in model.organization.secrets_managers.items():
        if manager.value.max_age > 90 * _DAY:
            message = f"secrets in `{name}` may grow {format_duration(manager.value.max_age)} old"
            yield found_at(manager, message, "maxAge")


@rule("QG655", Severity.WARNING, "incident-response", guide=guide.EVIDENCE)
def no_incident_response(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """The organization names nobody who responds to incidents.

    The procedure belongs in every evidence pack, and nobody writes it during an incident.

    Remedy: fill `incidentResponse`: owner, contact, runbook and `revokeWithin`.
    """
    if model.organization.spec.incident_response is None:
        message = "nobody is named who acts when a credential leaks"
        yield found_at(model.organization.source, message, "incidentResponse")


@rule("QG656", Severity.WARNING, "incident-response", "secrets", guide=guide.TOKENS)
def slow_revocation(model: AccessModel, _now: datetime) -> Iterator[Found]:
    """A leaked credential may work for longer than a day.

    A script that holds the key can spend the year's budget overnight.

    Remedy: set `incidentResponse.revokeWithin` to 24h or less, and rehearse it.
    """
    response = model.organization.spec.incident_response
    if response is not None and response.revoke_within > _DAY:
        message = f"a leaked credential works for up to {format_duration(response.revoke_within)}"
        yield found_at(model.organization.source, message, "incidentResponse", "revokeWithin")
