"""The emitted Terraform back to accesses, by its text alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from qgov.model import principal as principals
from qgov.model.principal import Principal
from qgov.targets.cloud import FOLDER
from qgov.targets.hcl import Ref, parse
from qgov.targets.ibm.access import ELIGIBLE
from qgov.targets.ibm.actions import SHOWS
from qgov.targets.target import Access, Files

__all__ = ["ACCOUNTS", "CLOUD", "Holder", "holders", "read_back"]

ACCOUNTS: Final = "terraform/accounts/ibm"
"""Where those of accounts are."""

CLOUD: Final = "ibm"
"""The folder of a tenant's root module in there."""

_Resources = Mapping[str, Mapping[str, Mapping[str, Any]]]
Holder = tuple[Principal, bool, str, str, tuple[str, ...]]
"""A principal, whether it is only eligible, its scope, the instance (its label in Terraform) and
the actions that it has there."""


def read_back(files: Files) -> frozenset[Access]:
    """The accesses that access groups and service ids give, as far as IBM can tell them apart.
    Elevations end by themselves and are not among them."""
    return frozenset(
        Access(who, permission, scope, eligible, own=False)
        for who, eligible, scope, _, actions in holders(files)
        for action in actions
        for permission in SHOWS.get(action, ())
    )


def holders(files: Files) -> Iterator[Holder]:
    """Everybody who has something in any instance."""
    for path in sorted(files):
        parts = path.split("/")
        if path.startswith(f"{FOLDER}/") and parts[3:] == [CLOUD, "instances.tf"]:
            yield from _holders(files, "/".join(parts[:4]), parts[2])


def _holders(files: Files, folder: str, tenant: str) -> Iterator[Holder]:
    known = _resources(files, f"{folder}/access_groups.tf")
    own = _resources(files, f"{folder}/service_ids.tf")
    roles = {
        label: tuple(each["actions"])
        for label, each in _resources(files, f"{folder}/roles.tf")["ibm_iam_custom_role"].items()
    }
    members: dict[str, list[str]] = defaultdict(list)
    for rule in known["ibm_iam_access_group_dynamic_rule"].values():
        members[_label(rule["access_group_id"])].append(rule["name"])
    for attributes, inside in _policies(known["ibm_iam_access_group_policy"]):
        group = _label(attributes["access_group_id"])
        what, scope = _scope_of(group)
        actions = roles[_label(attributes["roles"][0])]
        if what == "standing":
            for name in members[group]:
                yield principals.group(name), False, scope, inside, actions
        elif what == "eligible":
            for tag in known["ibm_iam_access_group"][group]["tags"]:
                name = tag.removeprefix(ELIGIBLE)
                yield principals.group(name), True, scope, inside, actions
    for label, attributes in own["ibm_iam_service_policy"].items():
        inside = _instance_of(attributes)
        name, _, scope, *_ = label.removeprefix("workload_").split("__")
        who = principals.workload(f"{tenant}/{name}")
        actions = roles[_label(attributes["roles"][0])]
        yield who, False, scope.replace("_", "/"), inside, actions


def _policies(found: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], str]]:
    for attributes in found.values():
        yield attributes, _instance_of(attributes)


def _instance_of(attributes: Mapping[str, Any]) -> str:
    """The label of the instance that a policy is for."""
    return next(
        _label(each.attributes["value"])
        for each in attributes["resource_attributes"]
        if each.attributes["name"] == "serviceInstance"
    )


def _scope_of(group: str) -> tuple[str, str]:
    """What an access group is for, and the scope, by its label."""
    what, _, names = group.partition("_")
    return what, names.split("__")[-1].replace("_", "/")


def _resources(files: Files, path: str) -> _Resources:
    """Type → label → attributes, and beside them the nested blocks by their type."""
    found: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for block in _blocks(files, path):
        if block.type == "resource":
            inner: dict[str, Any] = {}
            for each in block.blocks:
                inner.setdefault(each.type, []).append(each)
            found[block.labels[0]][block.labels[1]] = {**block.attributes, **inner}
    return found


def _blocks(files: Files, path: str) -> Any:
    return parse(files[path]) if path in files else ()


def _label(reference: Any) -> str:
    """The name in `type.name.attribute`."""
    assert isinstance(reference, Ref)
    return reference.expression.split(".")[1]
