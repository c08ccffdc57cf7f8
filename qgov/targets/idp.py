"""What each directory group means: the file that a control plane reads at sign-in.

`idp/<provider>/group-mappings.json` gives every value of the groups claim (where Keycloak writes
`/NAME`), and every workload by the token that it is known by, its bindings. `names` says which
group a value is, where not each is a group's name. Each binding is one line, so that a change of
it is a change of one line.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Any, Final

from qgov.language.scalars import format_instant
from qgov.model import principal as principals
from qgov.model.access_model import AccessModel, Binding
from qgov.model.directories import claim_value, claimed
from qgov.model.principal import Principal
from qgov.targets.origins import BOUND, NAMED, ORGANIZATION
from qgov.targets.parts import Key, Parts, Table
from qgov.targets.sections import NO_PERMISSION, Parted, Section, permitted
from qgov.targets.target import Access, Files, Target

__all__ = ["SCHEMA", "TARGET"]

SCHEMA: Final = "qgov/group-mappings/v1"
"""The `schema` field of the file."""

_PROVIDER: Final = f"{ORGANIZATION} spec.identityProviders.{{provider}}"
_HELD: Final = (
    *BOUND,
    "Role/* spec.permissions",
    f"{ORGANIZATION} spec.groups.*.identityProvider",
    f"{ORGANIZATION} spec.groups.*.directoryName",
    f"{ORGANIZATION} spec.groups.*.directoryId",
    f"{_PROVIDER}.type",
    "Tenant/{tenant} spec.identityProvider = {group}",
)
_WORKLOAD: Final = "Tenant/{tenant} spec.serviceAccounts[*]"
FIELDS: Final[Table] = {
    "{provider}": (_PROVIDER,),
    "{provider} type": (f"{_PROVIDER}.type",),
    "{provider} protocol": (f"{_PROVIDER}.protocol",),
    "{provider} issuer": (f"{_PROVIDER}.issuer",),
    "{provider} audience": (f"{_PROVIDER}.audience",),
    "{provider} groupsClaim": (f"{_PROVIDER}.groupsClaim",),
    "{provider} groups {value} {group}": _HELD,
    "{provider} names": (*NAMED, f"{_PROVIDER}.type"),
    "{provider} workloads {scope}": (_WORKLOAD, "Tenant/{tenant} spec.identityProvider"),
    "{provider} workloads {scope} issuer": (f"{_WORKLOAD}.federation.issuer",),
    "{provider} workloads {scope} audience": (f"{_WORKLOAD}.federation.audience",),
    "{provider} workloads {scope} subject": (f"{_WORKLOAD}.federation.subject",),
    "{provider} workloads {scope} maxTokenAge": (f"{_WORKLOAD}.maxTokenLifetime",),
    "{provider} workloads {scope} bindings": _HELD,
}
"""The parts of the file, and which fields they come from."""

_encode: Final = json.JSONEncoder(ensure_ascii=False).encode

_Bound = Mapping[str, list[str]]


def _emit(model: AccessModel, only: Collection[str] | None = None) -> dict[str, bytes]:
    """The files; `only` is to tell no more than who holds some role of these."""
    bindings = model.bindings
    provider_of = {w.id: model.tenants[w.tenant].provider for w in model.workloads.values()}
    if only is not None:
        holders = {binding.principal for binding in bindings if binding.role in only}
        bindings = tuple(binding for binding in bindings if binding.principal in holders)
        provider_of = {
            id_: p for id_, p in provider_of.items() if principals.workload(id_) in holders
        }
    groups: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    workloads: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))

    @cache
    def permissions(role: str) -> str:
        held = sorted(model.roles[role].permissions.items())
        return _encode([f"{name}:own" if own else name for name, own in held])

    for id_, provider in provider_of.items():
        workloads[provider][id_] = []
    for binding in bindings:
        line = _line(binding, permissions(binding.role))
        if (group := model.group_of(binding.principal)) is not None:
            names = claimed(model, group.provider)
            value = claim_value(model.organization.providers[group.provider].value, group)
            if value is not None and (names is None or value in names):  # else nobody is in it
                groups[group.provider][value].append(line)
        elif (workload := model.workload_of(binding.principal)) is not None:
            workloads[provider_of[workload.id]][workload.id].append(line)
    return {
        f"idp/{name}/group-mappings.json": _file(model, name, groups[name], workloads[name])
        for name in sorted(model.organization.providers)
    }


def _line(binding: Binding, permissions: str) -> str:
    # By hand around encoded parts: the role's permissions are encoded once, not per binding.
    eligible = _encode(binding.eligible.as_json()) if binding.eligible else "null"
    ends = f', "expires": {_encode(format_instant(binding.expires))}' if binding.expires else ""
    return (
        f'{{"role": {_encode(binding.role)}, "scope": {_encode(binding.scope)}, '
        f'"permissions": {permissions}, "eligible": {eligible}{ends}}}'
    )


def _file(model: AccessModel, name: str, groups: _Bound, workloads: _Bound) -> bytes:
    provider = model.organization.providers[name].value
    head: dict[str, str] = {
        "schema": SCHEMA,
        "provider": name,
        "type": provider.type,
        "protocol": provider.protocol,
        "issuer": provider.issuer,
        "audience": provider.audience,
        "groupsClaim": provider.groups_claim,
    }
    lines = [f"  {_encode(key)}: {_encode(value)}" for key, value in head.items()]
    if (names := claimed(model, name)) is not None:
        told = (f"    {_encode(value)}: {_encode(group)}" for value, group in names.items())
        lines.append(_object("names", told))
    lines.append(
        _object(
            "groups",
            (
                f"    {_encode(value)}: {_array(bound, '    ')}"
                for value, bound in sorted(groups.items())
            ),
        )
    )
    lines.append(
        _object(
            "workloads", (_workload(model, id_, bound) for id_, bound in sorted(workloads.items()))
        )
    )
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def _workload(model: AccessModel, id_: str, bound: list[str]) -> str:
    workload = model.workloads[id_]
    known = {
        "issuer": workload.issuer,
        "audience": workload.audience,
        "subject": workload.subject,
        "maxTokenAge": workload.max_token_age_s,
    }
    fields = [f"      {_encode(key)}: {_encode(value)}" for key, value in known.items()]
    fields.append(f'      "bindings": {_array(bound, "      ")}')
    return f"    {_encode(id_)}: {{\n" + ",\n".join(fields) + "\n    }"


def _object(key: str, members: Iterable[str]) -> str:
    text = ",\n".join(members)
    return f'  "{key}": {{\n{text}\n  }}' if text else f'  "{key}": {{}}'


def _array(lines: Iterable[str], indent: str) -> str:
    unique = sorted(set(lines))
    inner = f",\n{indent}  ".join(unique)
    return f"[\n{indent}  {inner}\n{indent}]" if unique else "[]"


def _read_back(files: Files) -> frozenset[Access]:
    """The accesses that `group-mappings.json` files give."""
    found: set[Access] = set()
    for path, content in files.items():
        if not (path.startswith("idp/") and path.endswith("/group-mappings.json")):
            continue
        mapping = json.loads(content)
        names = mapping.get("names")
        bound = {
            principals.group(value if names is None else names[value]): held
            for value, held in mapping["groups"].items()
        }
        for id_, known in mapping["workloads"].items():
            bound[principals.workload(id_)] = known["bindings"]
        for principal, bindings in bound.items():
            for binding in bindings:
                found |= _accesses(principal, binding)
    return frozenset(found)


def _accesses(principal: Principal, binding: Mapping[str, Any]) -> set[Access]:
    return {
        Access(
            principal,
            permission.removesuffix(":own"),
            binding["scope"],
            binding["eligible"] is not None,
            permission.endswith(":own"),
        )
        for permission in binding["permissions"]
    }


def _parts(path: str, content: bytes) -> dict[str, Any]:
    """The fields of the file; what a value of the claim means below the group that it is."""
    found = json.loads(content)
    group_of = found.get("names", {})
    held = {value: {group_of.get(value, value): bound} for value, bound in found["groups"].items()}
    return {path.split("/")[1]: {**found, "groups": held}}


def _resource(key: Key) -> str:
    """An entry of the file, or one of its fields."""
    return key[1] if key[1:2] == ("names",) else ".".join(key[1:3])


TARGET = Target(
    "idp",
    _emit,
    read_back=_read_back,
    parts=Parts(("idp/*/group-mappings.json",), _parts, FIELDS, resource=_resource),
    sections=(Section(_emit, floors=False, by_roles=Parted(permitted, _emit)),),
    permissions=NO_PERMISSION,
)
