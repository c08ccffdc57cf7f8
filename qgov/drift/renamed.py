"""Systems that still use the former name of something: a rename that has not arrived, and not
something that is gone and something that is new."""

from __future__ import annotations

from collections.abc import Mapping

from qgov.drift.facts import Facts, Held, Setting
from qgov.model import principal as principals
from qgov.model.access_model import AccessModel
from qgov.model.principal import Principal, is_group, is_workload, name_of
from qgov.model.renames import Renames, renames
from qgov.records import replace

__all__ = ["under_todays_names"]


def under_todays_names(
    model: AccessModel, wanted: Facts, found: Facts
) -> tuple[Facts, list[tuple[str, str]]]:
    """What was found under the names of today, and (former, today's) of what is called otherwise
    there. A former name counts where today's is not there."""
    former = renames(model)
    if not former.former:
        return found, []
    held = {
        _was(former, each).what: each
        for each in wanted.held
        if _was(former, each).what != each.what
    }
    present = {each.what for each in found.held}
    back = {old: new for old, new in held.items() if new.what not in present}
    names = _names(former, wanted, found)
    told = {(old, new) for old, new in names.items() if not old.startswith("qgov:")}
    for old, new in back.items():
        if old in present:
            told |= {(name_of(old[0]), name_of(new.principal))}
            told |= {(old[1], new.role), (old[2], new.scope)}
    moved = replace(
        found,
        held=tuple(_now(each, back) for each in found.held),
        settings={_renamed(s, names): value for s, value in found.settings.items()},
        groups={names.get(path, path): people for path, people in found.groups.items()},
    )
    return moved, sorted((old, new) for old, new in told if old != new)


def _was(former: Renames, held: Held) -> Held:
    """What was held before everything that it names was renamed."""
    return held._replace(
        principal=_principal(former, held.principal),
        role=former.role(held.role),
        scope=former.scope(held.scope),
    )


def _principal(former: Renames, principal: Principal) -> Principal:
    if is_group(principal):
        return principals.group(former.group(name_of(principal)))
    if is_workload(principal):
        return principals.workload(former.workload(name_of(principal)))
    return principal


def _now(held: Held, back: Mapping[tuple[Principal, str, str, bool], Held]) -> Held:
    new = back.get(held.what)
    if new is None:
        return held
    return held._replace(principal=new.principal, role=new.role, scope=new.scope)


def _names(former: Renames, wanted: Facts, found: Facts) -> dict[str, str]:
    """Former → today's name of the things whose settings or members are told by name."""
    there = {setting.name for setting in found.settings}
    names: dict[str, str] = {}
    for setting in wanted.settings:
        if setting.field or setting.name in there:
            continue
        if (old := _thing(former, setting)) != setting.name and old in there:
            names[old] = setting.name
    return names


def _thing(former: Renames, setting: Setting) -> str:
    """What a thing was called: a group, a realm role, a workload's client."""
    name = setting.name
    if setting.kind == "group":
        return former.group(name)
    if setting.kind == "role" and name.startswith("qgov:"):
        _, role, scope = name.split(":", 2)
        return f"qgov:{former.role(role)}:{former.scope(scope)}"
    if setting.kind == "client" and is_workload(name):
        return str(principals.workload(former.workload(name_of(Principal(name)))))
    return name


def _renamed(setting: Setting, names: Mapping[str, str]) -> Setting:
    return setting._replace(name=names.get(setting.name, setting.name))
