"""Back to accesses: who is assigned which app role, by the text of the Terraform alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from qgov.model import principal as principals
from qgov.model.principal import Principal
from qgov.targets.hcl import Block, Ref, Value, parse
from qgov.targets.target import Access, Files

__all__ = ["read_back"]

Resources = Mapping[str, Mapping[str, Mapping[str, Any]]]


def read_back(files: Files) -> frozenset[Access]:
    """The accesses that groups and workloads have by the app roles that they hold, and groups
    just-in-time by those of the groups that they are eligible for."""
    folders: dict[str, list[Block]] = defaultdict(list)
    for path, content in sorted(files.items()):
        folder, _, name = path.rpartition("/")
        if folder.startswith("terraform/identity/") and name.endswith(".tf"):
            folders[folder] += parse(content)
    return frozenset(access for blocks in folders.values() for access in _accesses(blocks))


def _accesses(blocks: Iterable[Block]) -> Iterator[Access]:
    resources: dict[str, dict[str, Mapping[str, Any]]] = defaultdict(dict)
    who: dict[str, Principal] = {}
    for block in blocks:
        if block.type == "resource":
            resources[block.labels[0]][block.labels[1]] = block.attributes
        elif block.labels == ("group_object_ids",):
            ids = block.attributes["value"]
            assert isinstance(ids, Mapping)
            who |= {_key(id_): principals.group(name) for name, id_ in ids.items()}
    for name, service in resources["azuread_service_principal"].items():
        application = resources["azuread_application"][_label(service["client_id"])]
        called = Principal(application["display_name"])
        who[f"azuread_service_principal.{name}.object_id"] = called
    eligible: dict[str, list[Principal]] = defaultdict(list)
    for schedule in resources["azuread_privileged_access_group_eligibility_schedule"].values():
        eligible[_key(schedule["group_id"])].append(who[_key(schedule["principal_id"])])
    for given in resources["azuread_app_role_assignment"].values():
        role = resources["azuread_application_app_role"][_label(given["app_role_id"])]
        holder = _key(given["principal_object_id"])
        for principal in eligible.get(holder, ()):
            yield from _held(principal, role, eligible=True)
        if holder not in eligible:
            yield from _held(who[holder], role, eligible=False)


def _held(who: Principal, role: Mapping[str, Any], *, eligible: bool) -> Iterator[Access]:
    _, _, scope = (*role["value"].split(":", 2), "")[:3]
    for permission in role["description"].split() if scope else ():
        base = permission.removesuffix(":own")
        yield Access(who, base, scope, eligible, base != permission)


def _key(value: Value) -> str:
    return str(value)


def _label(reference: Ref) -> str:
    """The name in `type.name.attribute`."""
    return reference.expression.split(".")[1]
