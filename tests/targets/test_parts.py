"""Every part of what is compiled says which fields it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from qgov.language.concerns import Concern, leaves, parts_of
from qgov.language.kinds import KINDS
from qgov.model.access_model import AccessModel
from qgov.targets import Parts, outlined, targets
from qgov.targets.parts import Field, Key, differences, steps_of
from tests.plan.worlds import RICH, changed, sides_of
from tests.targets.azure import renamed_on_azure
from tests.targets.directories import company
from tests.targets.worked import renamed, worked

WITHOUT = {"codeowners", "controls", "matrix"}
"""Targets that are read by people and platforms, and enforce nothing."""

every_table = pytest.mark.parametrize(
    "name", [name for name, target in targets().items() if target.parts is not None]
)


def _parts(name: str) -> Parts:
    parts = targets()[name].parts
    assert parts is not None
    return parts


@cache
def _models() -> tuple[AccessModel, ...]:
    strict = changed(RICH, {"qgov.yaml": {"managedDevice: false": "managedDevice: true"}})
    sides = [sides_of(None, files)[1] for files in (RICH, strict)]
    worlds = (worked(), renamed(), renamed_on_azure(), company(), company(renamed=True))
    return (*worlds, *(side.model for side in sides if side.model is not None))


def _keys(parts: Parts) -> Iterator[Key]:
    for model in _models():
        for path, value in outlined(None, model)[1].files.items():
            if parts.holds(path):
                found = differences(None, parts.read(path, value))
                # A collection without entries comes with what it is in.
                yield from (d.key for d in found if d.after != {})


def test_every_target_that_enforces_something_has_parts() -> None:
    assert {name for name, target in targets().items() if target.parts is None} == WITHOUT


@every_table
def test_every_part_comes_from_some_field(name: str) -> None:
    parts = _parts(name)
    keys = set(_keys(parts))
    unknown = {key for key in keys if not _known(parts, key)}

    assert keys
    assert unknown == set()


def _known(parts: Parts, key: Key) -> bool:
    origins = parts.origins(key)
    if origins is None or not (origins.fields or origins.words):
        return False
    # The pattern of everything is for a file that comes or goes, that of a tenant for a tenant.
    return len(parts.patterns(key)[0].split()) >= min(len(key), 3 if key[0] == "tenants" else 1)


@every_table
def test_every_row_of_a_table_is_of_some_part(name: str) -> None:
    parts = _parts(name)
    used = {pattern for key in _keys(parts) for pattern in parts.patterns(key)}

    assert {*parts.fields, *parts.words} - used == set()


@every_table
def test_every_field_of_a_table_is_one_of_the_language(name: str) -> None:
    parts = _parts(name)
    known = _language()
    for table, words in ((parts.fields, False), (parts.words, True)):
        for fields in table.values():
            for text in fields:
                document, _, label = text.partition(" ")
                # Each stands for an account, or for that of an environment.
                here, _, named = label.partition(" = ")
                here = here.replace("{aws}", "braket").replace("{azure}", "azure")
                steps = steps_of(here)
                field = Field(document.partition("/")[0], "", steps)
                concerns = {c for path, c in known[field.kind].items() if _within(field, path)}
                assert concerns, text
                assert named in ("", "{group}"), text
                assert (concerns == {Concern.WORDS}) == words, text


def _language() -> dict[str, dict[str, Concern | None]]:
    return {
        kind: {
            path: concern
            for name in ("metadata", "spec")
            for part in parts_of(document.model_fields[name].annotation)
            for path, concern, _ in leaves(part, None, (name,))
        }
        for kind, document in KINDS.items()
    }


def _within(field: Field, path: str) -> bool:
    """Whether a leaf lies in a field, whose entries have names that the leaf has not."""
    names = [s for s in field.steps if s != "*" and not s.startswith(("[", "{"))]
    return path.split(".")[: len(names)] == names
