"""What the language can say of the facts of a source, in the names that qgov gives things there."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from pydantic import TypeAdapter, ValidationError

from qgov.drift.facts import Facts, Held, Plain, Setting, label_of
from qgov.drift.imports.provider import Things, provider_of
from qgov.drift.imports.said import Bound, Directory, Note, Said, Terms, Why, Workload
from qgov.drift.imports.words import printable
from qgov.language.kinds.base import PermissionName
from qgov.language.kinds.tenant import Federation
from qgov.language.scalars import Name
from qgov.model.principal import Principal, is_group, is_user, is_workload, name_of
from qgov.model.scope import EVERYWHERE, contains, tenant_of
from qgov.targets.keycloak.facts.access import ELIGIBLE, PRINCIPAL, jit_group_name
from qgov.targets.keycloak.facts.clients import ISSUER

__all__ = ["is_name", "is_scope", "read_facts"]

_NAME: Final = TypeAdapter[str](Name)
_PERMISSION: Final = TypeAdapter[str](PermissionName)
_TERMS: Final = re.compile(
    r"qgov:([^:\s]+):(\S+) approvers=(\S+) max_duration_s=(\d{1,9}) ticket=(required|optional)"
)
_ENOUGH: Final = 3
"""The most people that a group is said to keep: nobody wants to hear of each that leaves."""


def read_facts(
    directory: Directory,
    found: Facts,
    direct: Callable[[Held], bool],
    words: Mapping[Setting, str],
) -> Said:
    """What the language says of what was found. `direct` says whether something is held as a
    binding gives it, and not through something else; `words` are what things are called."""
    things = _things(found.settings)
    notes: list[Note] = []
    provider, tokens, age = provider_of(things, notes)
    roles = _roles(things, notes)
    jit = [*_eligible(things)]
    paths = {path for path, _ in jit}
    groups = {
        name: _able(found, name)
        for kind, name in things
        if kind == "group" and name not in paths and is_name(name)
    }
    for kind, name in things:
        if kind == "group" and name not in paths and not is_name(name):
            notes.append(_no_name(name))
    workloads = dict(_workloads(things, notes))
    bindings = [
        *(Bound(h.principal, h.role, h.scope) for h in found.held if not h.eligible and direct(h)),
        *(bound for _, of in jit for bound in of),
    ]
    kept: dict[Bound, None] = {}
    for bound in sorted(bindings, key=lambda each: (*each[:3], each.terms or ())):
        if bound.role not in roles:
            continue
        if why := _why_not(bound, groups, workloads):
            notes.append(_unbound(bound, why))
        else:
            kept[bound] = None
    return Said(
        directory,
        provider,
        tokens,
        groups,
        roles,
        (*kept,),
        workloads,
        age,
        printable(words),
        (*notes,),
    )


def _things(settings: Mapping[Setting, Plain]) -> Things:
    found: dict[tuple[str, str], dict[str, Plain]] = defaultdict(dict)
    for setting in sorted(settings, key=lambda each: (each.kind, each.name, each.field)):
        found[setting.kind, setting.name][setting.field] = settings[setting]
    return {key: fields for key, fields in found.items() if "" in fields}


def is_name(text: str) -> bool:
    """Whether the language takes a text as a name."""
    try:
        _NAME.validate_python(text)
    except ValidationError:
        return False
    return True


def is_scope(text: str) -> bool:
    """Whether a text is a scope whose parts have names."""
    parts = text.split("/")
    return text == EVERYWHERE or (len(parts) <= 3 and all(map(is_name, parts)))


def _no_name(group: str) -> Note:
    nested = " It lies in another group, and the language has groups of the top alone." * (
        "/" in group
    )
    return Note(
        Why.UNSAID,
        f"the group `{group}`",
        f"its name is none in the language (lower case letters, digits and hyphens).{nested}",
        "leave it to the directory, where it stays as it is, or rename it there and import again",
    )


def _able(found: Facts, group: str) -> int | None:
    """How many people a group is said to keep."""
    people = found.groups.get(group)
    if people is None:
        return None
    able = sum(one.enabled and not one.service_account for one in people)
    return min(able, _ENOUGH)


def _why_not(bound: Bound, groups: Mapping[str, object], workloads: Mapping[str, object]) -> str:
    """Why no binding says this, or nothing."""
    who = name_of(bound.principal)
    if bound.terms is not None and bound.terms.approvers not in groups:
        return f"`{bound.terms.approvers}`, who approve it, are no group of this directory"
    if is_group(bound.principal):
        return "" if who in groups else "the language has no such group"
    if not is_workload(bound.principal):
        return "a binding names a group or a workload"
    if who in workloads and contains(tenant_of(who), bound.scope):
        return ""
    return "a workload is bound in its own tenant"


def _unbound(bound: Bound, why: str) -> Note:
    who = label_of(bound.principal) if is_user(bound.principal) else bound.principal
    return Note(
        Why.UNSAID,
        f"the role `{bound.role}` of `{who}` on `{bound.scope}`",
        why,
        "write a binding that the language has, and take this away where it was made",
    )


# ------------------------------------------------------------------------------------------ roles


def _roles(things: Things, notes: list[Note]) -> dict[str, tuple[str, ...]]:
    """The permissions of roles, where all scopes agree on them."""
    said: dict[str, dict[tuple[str, ...], str]] = defaultdict(dict)
    for (kind, label), fields in things.items():
        prefix, _, rest = label.partition(":")
        role, _, scope = rest.partition(":")
        if kind != "role" or prefix != "qgov" or not scope:
            continue
        permissions = tuple(sorted(map(str, _several(fields.get("permissions")))))
        if not is_name(role) or not is_scope(scope) or not _known(permissions):
            notes.append(
                Note(
                    Why.UNSAID,
                    f"the role `{label}`",
                    "its name, scope or permissions are none of the language",
                    "see who holds it, and write a role in `roles/` that says what it means",
                )
            )
        else:
            said[role].setdefault(permissions, label)
    for role in [name for name, variants in said.items() if len(variants) > 1]:
        labels = "`, `".join(said.pop(role).values())
        notes.append(
            Note(
                Why.UNSAID,
                f"the role `{role}`",
                f"it means other permissions at each of `{labels}`",
                "decide what it means, write it in `roles/`, and bind it",
            )
        )
    return {role: next(iter(variants)) for role, variants in said.items()}


def _known(permissions: Iterable[str]) -> bool:
    try:
        return bool([_PERMISSION.validate_python(each) for each in permissions])
    except ValidationError:
        return False


def _several(value: Plain) -> tuple[Plain, ...]:
    return value if isinstance(value, tuple) else () if value is None else (value,)


def _eligible(things: Things) -> Iterator[tuple[str, list[Bound]]]:
    """The groups of eligible bindings, by path."""
    for (kind, path), fields in things.items():
        principals = _several(fields.get(PRINCIPAL))
        if kind != "group" or len(principals) != 1:
            continue
        who = Principal(str(principals[0]))
        found = []
        for terms in _several(fields.get(ELIGIBLE)):
            if (said := _TERMS.fullmatch(str(terms))) is not None:
                role, scope, approvers, most, ticket = said.groups()
                if jit_group_name(who, role, scope) == path:
                    how = Terms(approvers, int(most), ticket == "required")
                    found.append(Bound(who, role, scope, how))
        if found:
            yield path, found


# -------------------------------------------------------------------------------------- workloads


def _workloads(things: Things, notes: list[Note]) -> Iterator[tuple[str, Workload]]:
    """The clients of workloads, and who vouches for each."""
    for (kind, id_), fields in things.items():
        if kind != "client" or not is_workload(id_):
            continue
        name = name_of(Principal(id_))
        if name.count("/") != 1 or not is_scope(name):
            notes.append(_foreign(id_, "its name is not `workload:TENANT/NAME`"))
            continue
        age = fields.get("access.token.lifespan")
        most = age if isinstance(age, int) and age > 0 else None
        trust = things.get(("identity provider", str(fields.get(ISSUER))), {})
        said = {
            "issuer": trust.get("issuer"),
            "audience": trust.get("clientId"),
            "subject": fields.get("jwt.credential.sub"),
        }
        try:
            known = Federation.model_validate(said)
        except ValidationError:
            notes.append(
                Note(
                    Why.UNSAID,
                    f"how the workload `{name}` is known",
                    "no issuer, audience and subject that the language takes vouch for its client",
                    "write its `federation`; until then it is disabled",
                )
            )
            yield name, Workload(max_age_s=most)
        else:
            yield name, Workload(known.issuer, known.audience, known.subject, most)


def _foreign(id_: str, why: str) -> Note:
    return Note(
        Why.UNSAID,
        f"the client `{id_}`",
        why,
        "leave it as it is, or write a service account with its federation",
    )
