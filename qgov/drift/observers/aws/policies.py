"""What IAM policies let somebody do on the platform, at the most: a condition may narrow it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote

__all__ = ["ACTIONS", "document_of", "permissions_in", "statements_of"]

ACTIONS: Final[Mapping[str, str]] = {
    "braket:CreateQuantumTask": "job:submit",
    "braket:CreateJob": "job:submit",
    "braket:CancelQuantumTask": "job:cancel",
    "braket:CancelJob": "job:cancel",
    "braket:GetQuantumTask": "job:read",
    "braket:SearchQuantumTasks": "job:read",
    "braket:CreateSpendingLimit": "budget:write",
    "braket:UpdateSpendingLimit": "budget:write",
    "braket:DeleteSpendingLimit": "budget:write",
    "iam:CreateRole": "workload:write",
    "iam:AttachRolePolicy": "workload:write",
    "iam:PutRolePolicy": "workload:write",
    "iam:UpdateAssumeRolePolicy": "workload:write",
    "iam:CreateAccessKey": "secret:rotate",
    "sso:CreateAccountAssignment": "member:write",
}
"""Actions that amount to a permission, as the platform calls it."""


def document_of(document: Any) -> Mapping[str, Any]:
    """A policy document, which some calls give decoded and some as (URL-encoded) text.

    Raises ValueError for what is none.
    """
    found = json.loads(unquote(document)) if isinstance(document, str) else document
    if not isinstance(found, Mapping):
        raise ValueError("no policy document")  # noqa: TRY004 - as for broken JSON
    return found


def statements_of(document: Any) -> Iterator[Mapping[str, Any]]:
    """The statements of a document, of which one may stand by itself."""
    statements = document_of(document).get("Statement", [])
    yield from [statements] if isinstance(statements, Mapping) else statements


def permissions_in(documents: Iterable[Any]) -> frozenset[str]:
    """What all of somebody's policies together allow. A denial counts where nothing narrows it:
    on every resource, under no condition."""
    allowed: set[str] = set()
    denied: set[str] = set()
    for document in documents:
        for statement in statements_of(document):
            named = {action for action in ACTIONS if _covers(statement, action)}
            if statement.get("Effect") == "Allow":
                allowed |= named
            elif "*" in _listed(statement.get("Resource")) and not statement.get("Condition"):
                denied |= named
    return frozenset(ACTIONS[action] for action in allowed - denied)


def _covers(statement: Mapping[str, Any], action: str) -> bool:
    if "NotAction" in statement:
        return not any(_matches(each, action) for each in _listed(statement["NotAction"]))
    return any(_matches(each, action) for each in _listed(statement.get("Action")))


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(each) for each in value or ()]


def _matches(pattern: str, action: str) -> bool:
    return _compiled(pattern.lower()).fullmatch(action.lower()) is not None


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."))
