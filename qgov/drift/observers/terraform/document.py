"""What `terraform show -json` says of a plan or a state, read whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from qgov.drift.observer import UnreadableError

__all__ = ["Change", "Document", "Resource", "read_document"]

_LARGEST: Final = 256 * 1024 * 1024
_KNOWN: Final = {"resource_changes": ("1.0", "1.1", "1.2"), "values": ("1.0",)}
"""Format versions of plans and of states; a new major is another format, a new minor may say what
this does not read (https://developer.hashicorp.com/terraform/internals/json-format)."""


class Resource(Struct, frozen=True):
    """A resource of a state."""

    address: str
    type: str
    values: Mapping[str, Any]
    sensitive: Any


class Change(Struct, frozen=True):
    """What a plan would do to a resource: make `before` into `after`. None: it is not there."""

    address: str
    type: str
    actions: tuple[str, ...]
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    secret: tuple[Any, Any]
    unknown: Any


class Document(Struct, frozen=True):
    """A plan (`changes` is not None) or a state. `resources` are what there is, by address."""

    resources: Mapping[str, Resource]
    changes: tuple[Change, ...] | None


def read_document(path: str) -> Document:
    """The document in a file. Raises UnreadableError for a file that cannot be read, is no
    document of a known version, or tells of a plan that failed or is not whole."""
    found = _load(path)
    plan = "resource_changes" in found or "planned_values" in found
    state = "terraform_version" in found and not plan
    if not plan and not state:
        raise UnreadableError(f"{path}: neither a plan nor a state of `terraform show -json`")
    known = _KNOWN["resource_changes" if plan else "values"]
    if found.get("format_version") not in known:
        version = found.get("format_version")
        raise UnreadableError(f"{path}: format {version!r} is none of {', '.join(known)}")
    if plan and (found.get("errored") or found.get("complete") is False):
        raise UnreadableError(f"{path}: the plan failed or leaves something out")
    try:
        there = found.get("prior_state", {}).get("values") if plan else found.get("values")
        resources = {r.address: r for r in _resources((there or {}).get("root_module") or {})}
        changes = tuple(map(_change, found.get("resource_changes", ()))) if plan else None
    except (AttributeError, KeyError, TypeError) as error:
        raise UnreadableError(f"{path}: not as `terraform show -json` writes it") from error
    return Document(resources, changes)


def _load(path: str) -> dict[str, Any]:
    try:
        with Path(path).open("rb") as stream:
            content = stream.read(_LARGEST + 1)
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror}") from error
    if len(content) > _LARGEST:
        raise UnreadableError(f"{path}: more than {_LARGEST // 1024 // 1024} MiB")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"{path}: its JSON is cut off or broken") from error
    if not isinstance(found, dict):
        raise UnreadableError(f"{path}: neither a plan nor a state of `terraform show -json`")
    return found


def _resources(module: Mapping[str, Any]) -> Iterator[Resource]:
    waiting = [module]
    while waiting:
        one = waiting.pop()
        for each in one.get("resources", ()):
            if each["mode"] == "managed":
                yield Resource(
                    each["address"], each["type"], each["values"], each.get("sensitive_values")
                )
        waiting += one.get("child_modules", ())


def _change(each: Mapping[str, Any]) -> Change:
    what = each["change"]
    managed = each["mode"] == "managed"
    return Change(
        each["address"],
        each["type"],
        tuple(what["actions"]) if managed else ("read",),
        what.get("before"),
        what.get("after"),
        (what.get("before_sensitive"), what.get("after_sensitive")),
        what.get("after_unknown"),
    )
