"""The three files: policies and schema as they are shipped, and the entities of a model.

Each line is one entity, sorted by type and id, so that a change of one access is a change of one
line.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib.resources import files as package_files
from typing import Any, Final

from qgov.model import principal as principals
from qgov.model.access_model import AccessModel
from qgov.targets.cedar.entities import Entity, entities, floors, others, roles
from qgov.targets.sections import NO_PERMISSION, Section
from qgov.targets.target import Access, Files

__all__ = ["FOLDER", "SECTIONS", "emit", "read_back"]

FOLDER: Final = "policy/cedar"
STATIC: Final = ("policies.cedar", "schema.cedarschema")


def emit(model: AccessModel) -> dict[str, bytes]:
    """`entities.json` beside the static policies and schema."""
    shipped = package_files(__package__).joinpath("policy")
    return {
        f"{FOLDER}/entities.json": _text(entities(model)),
        **{f"{FOLDER}/{name}": shipped.joinpath(name).read_bytes() for name in STATIC},
    }


def _of_others(model: AccessModel) -> dict[str, object]:
    """The rest of the files is the same for every model."""
    return {**_by_name(others(model)), **{f"{FOLDER}/{name}": name for name in STATIC}}


def _of_roles(model: AccessModel) -> dict[str, object]:
    return _by_name(roles(model))


def _by_name(entities_: Iterable[Entity]) -> dict[str, object]:
    """Of entities the values, by type and name."""
    found: dict[str, dict[str, Entity]] = defaultdict(dict)
    for entity in entities_:
        found[entity["uid"]["type"].removeprefix("QGov::")][entity["uid"]["id"]] = entity
    return {f"{FOLDER}/entities.json": found}


def _of_floors(model: AccessModel) -> dict[str, object]:
    found: dict[str, dict[str, object]] = defaultdict(dict)
    for kind, name, floor in floors(model):
        found[kind][name] = {"attrs": {"floor": floor}}
    return {f"{FOLDER}/entities.json": found}


SECTIONS: Final = (
    Section(_of_roles, floors=False),
    Section(_of_floors, NO_PERMISSION),
    Section(_of_others, NO_PERMISSION, floors=False),
)


def _text(found: list[Entity]) -> bytes:
    found.sort(key=lambda entity: (entity["uid"]["type"], entity["uid"]["id"]))
    # No cycles in what was built from a model, and its order is always the same: neither
    # looking for the first nor sorting saves half of the time.
    encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
    return ("[\n" + ",\n".join(map(encode, found)) + "\n]\n").encode()


def read_back(files: Files) -> frozenset[Access]:
    """The accesses that the grants among the entities give."""
    found = json.loads(files[f"{FOLDER}/entities.json"])
    attributes = {_uid(entity["uid"]): entity["attrs"] for entity in found}
    return frozenset(
        access
        for (kind, _), grant in attributes.items()
        if kind == "QGov::Grant"
        for access in _accesses(grant, attributes[_uid(grant["role"]["__entity"])])
    )


def _uid(written: dict[str, str]) -> tuple[str, str]:
    return written["type"], written["id"]


def _accesses(grant: dict[str, Any], role: dict[str, Any]) -> Iterator[Access]:
    if "group" in grant:
        principal = principals.group(grant["group"]["__entity"]["id"])
    else:
        principal = principals.workload(grant["workload"]["__entity"]["id"])
    own = [action["__entity"]["id"] for action in role["own"]]
    for action in role["permissions"]:
        permission = action["__entity"]["id"]
        yield Access(
            principal,
            permission,
            grant["scope"]["__entity"]["id"],
            "eligible" in grant,
            permission in own,
        )
