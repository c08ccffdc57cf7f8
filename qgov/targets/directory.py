"""What the modules of all directories are made from, whatever the product."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import reduce
from operator import and_
from typing import Any, Final

from msgspec import Struct

from qgov.language.kinds.directory import IdentityProvider
from qgov.model.access_model import AccessModel, Binding, Group, Workload
from qgov.model.conditions import NONE, Conditions, Eligibility
from qgov.model.principal import Principal, is_group, kind_of, name_of
from qgov.model.renames import Renames, renames
from qgov.model.scope import EVERYWHERE, contains, tenant_of
from qgov.targets import kept
from qgov.targets.hcl import Block, Equal, Outline, Ref, Value, address
from qgov.targets.outlines import unfolded
from qgov.targets.parts import Key
from qgov.targets.retired import removed, retired

__all__ = [
    "GUARD",
    "File",
    "JustInTime",
    "Module",
    "asked",
    "conditions_of",
    "existing",
    "files",
    "held_by",
    "jit_name",
    "just_in_time",
    "let_go",
    "modules",
    "read_blocks",
    "resource_of",
    "retired_groups",
    "role_name",
    "shortened",
]

GUARD: Final = f"{kept.GUARD}groups"
"""What refuses to let a group go."""


class Module(Struct, frozen=True):
    """What one directory, and the root module that makes it, are made from."""

    model: AccessModel
    name: str
    provider: IdentityProvider
    groups: tuple[Group, ...]
    bindings: tuple[Binding, ...]
    workloads: tuple[Workload, ...]
    renames: Renames


File = tuple[str, str, list[Block]]
"""(path, comment, blocks)."""

_COMMENT: Final = (
    "Written by qgov from the reviewed configuration. The next compilation overwrites edits.\n"
    "Compiled against the schema of {}."
)
_NOTES: Final = {
    "groups": "A group that goes is refused, until its identity provider has it under `retired`:\n"
    "then Terraform lets go of it, and it stays with whoever is in it.",
}


class JustInTime(Struct, frozen=True):
    """What a group may be elevated to: a role at a scope. Where several bindings say how, any of
    their approvers may approve, for the shortest time, with a ticket if one asks for it."""

    group: str
    role: str
    scope: str
    approvers: tuple[str, ...]
    max_duration_s: int
    ticket: bool
    requires: Conditions


def modules(model: AccessModel, type_: str) -> tuple[Module, ...]:
    """A root module for each directory of a type. A group is its provider's, a workload its
    tenant's."""
    return tuple(each for each in model.once(_modules) if each.provider.type == type_)


def _modules(model: AccessModel) -> tuple[Module, ...]:
    return tuple(_made(model))


def _made(model: AccessModel) -> Iterator[Module]:
    workload_provider = {w.id: model.tenants[w.tenant].provider for w in model.workloads.values()}
    bindings: dict[str, list[Binding]] = defaultdict(list)
    workloads: dict[str, list[Workload]] = defaultdict(list)
    groups: dict[str, list[Group]] = defaultdict(list)
    for binding in model.bindings:
        if (group := model.group_of(binding.principal)) is not None:
            bindings[group.provider].append(binding)
        elif (holder := model.workload_of(binding.principal)) is not None:
            bindings[workload_provider[holder.id]].append(binding)
    for id_, workload in sorted(model.workloads.items()):
        workloads[workload_provider[id_]].append(workload)
    for _, group in sorted(model.groups.items()):
        groups[group.provider].append(group)
    former = renames(model)
    for name, fact in sorted(model.organization.providers.items()):
        yield Module(
            model,
            name,
            fact.value,
            tuple(groups[name]),
            tuple(bindings[name]),
            tuple(workloads[name]),
            former,
        )


def files(
    product: str,
    schema: str,
    modules: Iterable[Module],
    parts: Mapping[str, Callable[[Module], list[Block]]],
) -> Iterator[File]:
    """A file for each part of each root module of a product; one without blocks is not written.
    `schema` is the provider, with the version that it is written for."""
    for module in modules:
        for part, blocks_of in parts.items():
            if blocks := blocks_of(module):
                comment = f"{_COMMENT.format(schema)}\n{_NOTES.get(part, '')}".rstrip()
                yield f"terraform/identity/{module.name}/{product}-{part}.tf", comment, blocks


def role_name(role: str, scope: str) -> str:
    """What a role at a scope is called in a directory."""
    return f"qgov:{role}:{scope}"


def jit_name(group: str, role: str, scope: str) -> str:
    """The group of an eligible binding. A `/` would read as a subgroup, and names have no dots."""
    return f"jit:{group}:{role}:{scope}".replace("/", ".")


def shortened(text: str, width: int) -> str:
    """A text for people within the width of a directory's column."""
    return text if len(text) <= width else text[: width - 1] + "…"


def held_by(module: Module, kind: str) -> dict[str, tuple[tuple[str, str], ...]]:
    """The (role, scope) of the standing bindings of each principal of a kind."""
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for binding in module.bindings:
        if kind_of(binding.principal) == kind and binding.eligible is None:
            found[name_of(binding.principal)].add((binding.role, binding.scope))
    return {name: tuple(sorted(held)) for name, held in found.items()}


def just_in_time(module: Module) -> list[JustInTime]:
    """What people may be elevated to, for each group, role and scope."""
    bound: dict[tuple[Principal, str, str], list[Binding]] = defaultdict(list)
    for binding in module.bindings:
        if binding.eligible is not None and is_group(binding.principal):
            bound[binding.principal, binding.role, binding.scope].append(binding)
    return [
        _elevation(module.model, name_of(who), role, scope, found)
        for (who, role, scope), found in sorted(bound.items())
    ]


def _elevation(
    model: AccessModel, group: str, role: str, scope: str, bindings: Iterable[Binding]
) -> JustInTime:
    found = list(bindings)
    terms: list[Eligibility] = [b.eligible for b in found if b.eligible is not None]
    return JustInTime(
        group,
        role,
        scope,
        tuple(sorted({each.approvers for each in terms})),
        min(each.max_duration_s for each in terms),
        any(each.ticket for each in terms),
        reduce(and_, (conditions_of(model, binding) for binding in found)),
    )


def asked(module: Module) -> dict[str, Conditions]:
    """What whoever is in a group may be asked: the strictest of all that it holds standing."""
    found: dict[str, Conditions] = {}
    for binding in module.bindings:
        if binding.eligible is None and is_group(binding.principal):
            name = name_of(binding.principal)
            found[name] = found.get(name, NONE) & conditions_of(module.model, binding)
    return found


def conditions_of(model: AccessModel, binding: Binding) -> Conditions:
    """The strictest that is asked of a binding, at any place that it reaches."""
    places = model.once(_Places).at(binding.scope)
    return model.roles[binding.role].requires & binding.requires & places


class _Places:
    """The strictest floors within each scope."""

    def __init__(self, model: AccessModel) -> None:
        self._model = model
        self._found: dict[str, Conditions] = {}

    def at(self, scope: str) -> Conditions:
        """What the places that a scope reaches ask together."""
        if scope not in self._found:
            self._found[scope] = reduce(and_, self._floors(scope), self._model.organization.floor)
        return self._found[scope]

    def _floors(self, scope: str) -> Iterator[Conditions]:
        tenants = self._model.tenants
        for tenant in tenants.values() if scope == EVERYWHERE else [tenants[tenant_of(scope)]]:
            yield tenant.floor
            for environment in tenant.environments.values():
                if contains(scope, environment.scope) or contains(environment.scope, scope):
                    yield environment.floor


def let_go(type_: str, module: Module, exist: Iterable[str], made: Iterable[str]) -> list[Block]:
    """A `removed` block, without destroying, for each group that exists by itself and may have
    been made here before, under this name or a former one."""
    names = {name for each in exist for name in (each, module.renames.group(each))}
    return removed(f"{type_}.{address('group', name)}" for name in names - set(made))


def retired_groups(type_: str, module: Module) -> list[Block]:
    """What lets go of the groups that are retired, which stay with whoever is in them. One that is
    declared all the same (QG338) stays as it is declared."""
    declared = {n for g in module.groups for n in (g.name, module.renames.group(g.name))}
    names = set(module.provider.retired) - declared
    return retired("groups", {name: f"{type_}.{address('group', name)}" for name in names})


def existing(
    type_: str, group: Group, by: Mapping[str, Value], name: Ref, called: str | None
) -> Block:
    """The data source of a group that exists: `terraform plan` fails where there is none with its
    id, or where it is not called as the reviewed configuration says (None: that says nothing).

    Nothing refers to it: it compares what a reviewer reads, the name, with what is enforced, the
    id, which looks like any other.
    """
    label = (type_, address("group", group.name))
    if called is None:
        return Block("data", label, by)
    says: dict[str, Value] = {
        "condition": Equal(name, called),
        "error_message": f"The group {group.name} was reviewed as {called}, and "
        f"{group.directory_id} is another one.",
    }
    checked = Block("lifecycle", (), {}, (Block("postcondition", (), says),))
    return Block("data", label, by, (checked,))


_OF: Final = {"import": "to", "moved": "from", "removed": "from"}
"""The attribute by which a block without labels says what it is of."""


def read_blocks(path: str, value: Outline) -> dict[str, Any]:
    """Provider → what each block is (of a resource its type) → its labels → its attributes, for
    the tables of parts."""
    found: dict[str, Any] = {}
    for block, labels, content in unfolded(value):
        of = [content[_OF[block]]] if block in _OF else labels
        names = [block, *of]
        at = found
        for name in names[1:] if block == "resource" else names:
            at = at.setdefault(name, {})
        at |= content
    return {path.split("/")[-2]: found}


def resource_of(key: Key) -> str:
    """The address of the block that a part belongs to."""
    return key[1] if key[1] == "terraform" else ".".join(key[1 : 4 if key[1] == "data" else 3])
