"""The configuration's own modules, to hold a state against."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from qgov.drift.facts import Plain
from qgov.drift.observers.terraform.document import Resource
from qgov.model.access_model import AccessModel
from qgov.targets import emit
from qgov.targets.hcl import Block, Ref, Value, parse

__all__ = ["module_of", "same", "seconds", "wanted_of"]

_UNITS: Final = {"h": 3600, "m": 60, "s": 1}
_DURATION: Final = re.compile(r"(?:\d+h)?(?:\d+m)?(?:\d+s)?")
_NESTED: Final = frozenset({"lifecycle"})
"""Blocks that Terraform keeps to itself."""


class _Unknown(Exception):  # noqa: N818 - no error: the value is given outside
    """A value that neither the module nor the state has."""


def module_of(
    model: AccessModel, resources: Mapping[str, Resource]
) -> tuple[str | None, Sequence[Block]]:
    """The root module that a state belongs to, and its resources: the one with which it has most
    addresses in common, and of several alike most values."""
    files, _ = emit(model)
    modules: dict[str, list[Block]] = defaultdict(list)
    for path, content in files.items():
        if path.startswith("terraform/") and path.endswith(".tf"):
            found = (block for block in parse(content) if block.type == "resource")
            modules[path.rpartition("/")[0]] += found
    best: tuple[tuple[int, int], str] | None = None
    for folder, blocks in sorted(modules.items()):
        shared = sum(".".join(block.labels) in resources for block in blocks)
        equal = sum(
            bool(name)
            and (there := resources.get(address)) is not None
            and same(there.values.get(name), value)
            for address, _, name, value in wanted_of(blocks, resources)
        )
        if shared and (best is None or (shared, equal) > best[0]):
            best = (shared, equal), folder
    return (None, ()) if best is None else (best[1], modules[best[1]])


def wanted_of(
    blocks: Sequence[Block], resources: Mapping[str, Resource]
) -> Iterator[tuple[str, str, str, Plain]]:
    """(address, type, attribute, value) of what a module says, an empty attribute first; what it
    takes from outside (a variable) is left out."""
    for block in blocks:
        address = ".".join(block.labels)
        yield address, block.labels[0], "", block.labels[0]
        for name, value in _content(block).items():
            if name in ("depends_on", "for_each", "count", "provider"):
                continue
            try:
                yield address, block.labels[0], name, _plain(_evaluated(value, resources))
            except _Unknown:
                continue


def _content(block: Block) -> dict[str, Any]:
    found: dict[str, Any] = dict(block.attributes)
    for inner in block.blocks:
        if inner.type not in _NESTED:
            found.setdefault(inner.type, []).append(_content(inner))
    return found


def _evaluated(value: Value, resources: Mapping[str, Resource]) -> Any:
    if isinstance(value, Ref):
        type_, _, rest = value.expression.partition(".")
        name, _, attribute = rest.partition(".")
        there = resources.get(f"{type_}.{name}")
        if there is None or not attribute or value.index is not None:
            raise _Unknown
        return there.values.get(attribute)
    if isinstance(value, Mapping):
        return {key: _evaluated(inner, resources) for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_evaluated(inner, resources) for inner in value]
    return value


def _plain(value: Any) -> Plain:
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True, ensure_ascii=False)
    return value  # type: ignore[no-any-return]


def same(found: Any, wanted: Plain) -> bool:
    """Whether a state holds what was written: a set has no order, a number may be a text, the
    provider writes durations its own way, and a block has fields that nobody wrote."""
    if isinstance(wanted, str) and wanted[:1] in "[{" and isinstance(found, dict | list):
        return _within(json.loads(wanted), found)
    return _within(wanted, found)


def _within(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(_within(v, found.get(k)) for k, v in wanted.items())
    if isinstance(wanted, list):
        if not isinstance(found, list) or len(wanted) != len(found):
            return False
        left = [*found]
        for each in wanted:
            if (match := next((one for one in left if _within(each, one)), None)) is None:
                return False
            left.remove(match)
        return True
    if isinstance(wanted, bool) or isinstance(found, bool):
        return str(wanted).lower() == str(found).lower()
    if isinstance(wanted, str) and wanted and _DURATION.fullmatch(wanted):
        return seconds(wanted) == seconds(str(found))
    return str(wanted) == str(found) or (wanted == "" and found is None)


def seconds(text: str) -> int | str:
    """A duration as the provider writes it (`8h0m0s`), in seconds; any other text as it is."""
    if not text or not _DURATION.fullmatch(text):
        return text
    return sum(int(many) * _UNITS[unit] for many, unit in re.findall(r"(\d+)([hms])", text))
