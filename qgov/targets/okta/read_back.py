"""Back to accesses: what the assignments of groups carry, by the text of the Terraform alone."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from qgov.model import principal as principals
from qgov.targets.hcl import Block, parse
from qgov.targets.okta.module import ROLES
from qgov.targets.target import Access, Files

__all__ = ["read_back"]


def read_back(files: Files) -> frozenset[Access]:
    """The accesses that groups have by the roles in the profile of their assignment."""
    folders: dict[str, list[Block]] = defaultdict(list)
    for path, content in sorted(files.items()):
        folder, _, name = path.rpartition("/")
        if folder.startswith("terraform/identity/") and name.endswith(".tf"):
            folders[folder] += parse(content)
    return frozenset(access for blocks in folders.values() for access in _accesses(blocks))


def _accesses(blocks: Iterable[Block]) -> Iterator[Access]:
    outputs: dict[str, Mapping[str, Any]] = defaultdict(dict)
    assigned: list[Mapping[str, Any]] = []
    for block in blocks:
        if block.type == "output" and isinstance(value := block.attributes["value"], Mapping):
            outputs[block.labels[0]] = value
        elif block.labels[:1] == ("okta_app_group_assignment",):
            assigned.append(block.attributes)
    names = {str(id_): name for name, id_ in outputs["group_ids"].items()}
    for each in assigned:
        who = principals.group(names[str(each["group_id"])])
        for role in json.loads(each["profile"])[ROLES]:
            scope = role.split(":", 2)[2]
            for permission in outputs["role_permissions"][role].split():
                base = permission.removesuffix(":own")
                yield Access(who, base, scope, False, base != permission)
