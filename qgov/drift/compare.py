"""The difference of what was reviewed and what was found: the plan's own, from base to head."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from qgov.drift.bound import Key, as_model, chains_of, differing, key_of, reviewed_in
from qgov.drift.drift import Drift, Kind
from qgov.drift.facts import EVERYONE, Facts, Held, Plain, Setting, label_of
from qgov.drift.observer import Effect, Observation
from qgov.drift.renamed import under_todays_names
from qgov.drift.undo import Fact, Undo
from qgov.drift.wanted import narrower, provider_of
from qgov.finding import Origin
from qgov.language.persons import folded
from qgov.model.access_model import AccessModel, Binding, Elevation
from qgov.model.accesses import AccessTable, Path
from qgov.model.principal import Principal, is_user, kind_of, name_of, user
from qgov.model.scope import EVERYWHERE
from qgov.plan.changes import Change, Row, difference, rows
from qgov.plan.risk import Risk, assess
from qgov.records import replace

__all__ = ["compare"]

_MANNER: Final = frozenset({"after", "as", "by", "from", "in", "over", "with", "without"})
"""Words that say how something is done begin with one of these; others say what is."""

_KINDS: Final = {
    Change.GRANTED: Kind.UNMANAGED,
    Change.REVOKED: Kind.MISSING,
}


def compare(
    model: AccessModel, seen: Observation, now: datetime, *, people: bool = False
) -> list[Drift]:
    """Every difference, most dangerous first. Without `people`, a person is a label that says
    nothing but that it is the same one."""
    wanted = seen.wanted
    found, former = under_todays_names(model, wanted, seen.found)
    if not people:
        wanted, found = _without_names(wanted), _without_names(found)
    drift = [
        *seen.stale,
        *_access(model, seen, wanted, found),
        *_elevations(model, seen.name, wanted, found, now, people),
        *_settings(model, seen, found),
        *(_former_name(model, seen.name, *names) for names in former),
    ]
    return sorted((replace(each, undo=_undo(seen, each)) for each in drift), key=_order)


def _undo(seen: Observation, each: Drift) -> tuple[Undo, ...]:
    return tuple(map(seen.undo, each.facts))


def _order(each: Drift) -> tuple[object, ...]:
    gains = each.kind is not Kind.MISSING
    return -each.risk, not gains, each.principal, each.scope, each.permission or "", each.message


# -------------------------------------------------------------------------------------- access


def _access(model: AccessModel, seen: Observation, wanted: Facts, found: Facts) -> Iterator[Drift]:
    """Who may do more, less or otherwise, by the tables of both sides."""
    source = seen.name
    reviewed = reviewed_in(model)
    base_held, head_held = differing(model, wanted, found)
    chains = chains_of(found.held)
    base = as_model(model, base_held, wanted.roles, reviewed)
    head = as_model(model, head_held, {**wanted.roles, **found.roles}, reviewed)
    told: set[Key] = set()
    for row in rows(difference(AccessTable(base), AccessTable(head)), base, head, whole=True):
        kind = _KINDS.get(row.change, Kind.CHANGED)
        sides = [(item.base, item.head) for item in row.cells]
        gained, lost = _only_after(sides), _only_after([(new, old) for old, new in sides])
        extra = lost if kind is Kind.MISSING else gained
        told |= {key_of(binding) for binding in extra}
        how = tuple(dict.fromkeys(w for b in extra for w in chains.get(key_of(b), ())))
        rule = assess(row, base, head)
        yield Drift(
            source,
            kind,
            row.principal,
            row.permission,
            row.scope,
            rule.risk,
            rule.id,
            _said(kind, row, extra, how),
            _roles(row, base_side=True),
            _roles(row, base_side=False),
            _where(model, row.principal, extra),
            how,
            row.backends,
            (
                *(_fact(head_held, key_of(b), extra=True) for b in gained),
                *(_fact(base_held, key_of(b), extra=False) for b in lost),
            ),
        )
    for key in sorted({*base_held, *head_held}):
        if (key in base_held) != (key in head_held) and key not in told:
            yield _without_effect(model, source, key, key in head_held, chains.get(key, ()))


def _only_after(sides: Iterable[tuple[Sequence[Path], Sequence[Path]]]) -> dict[Binding, None]:
    """The bindings of the paths that only the second of two sides has."""
    return dict.fromkeys(
        path.binding for before, after in sides for path in after if path not in before
    )


def _fact(held: Mapping[Key, Held], key: Key, *, extra: bool) -> Fact:
    principal, role, scope, eligible = key
    return Fact(held.get(key) or Held(principal, role, scope, (), eligible), extra)


def _said(kind: Kind, row: Row, extra: Iterable[Binding], how: Sequence[str]) -> str:
    roles = ", ".join(f"`{name}`" for name in dict.fromkeys(b.role for b in extra))
    what = f"`{row.permission}` on {row.scope}"
    if row.backends:
        what += f" ({', '.join(row.backends)})"
    who = _who(row.principal)
    through = ", ".join(how) or f"the role {roles}"
    if kind is Kind.MISSING:
        return f"{who} may not {what}, which was reviewed: the role {roles} is not held"
    if kind is Kind.CHANGED:
        return f"{who} may {what} on other conditions than were reviewed, through {through}"
    return f"{who} may {what}, outside of review, through {through}"


def _who(principal: str) -> str:
    name = name_of(principal)
    return {
        "group": f"`{name}`",
        "client": f"the client `{name}`",
        "user": f"the person `{name}`",
    }.get(kind_of(principal), f"`{principal}`" if name else principal)


def _roles(row: Row, *, base_side: bool) -> Plain:
    held = (p.binding for item in row.cells for p in (item.base if base_side else item.head))
    return tuple(sorted({f"{b.role} on {b.scope}" for b in held})) or None


def _where(model: AccessModel, principal: Principal, bindings: Iterable[Binding]) -> Origin:
    """The reviewed line nearest to what was found: the binding, the group, the organization."""
    for binding in bindings:
        if binding.source is not model.organization.source:
            return binding.origin
    group = model.group_of(principal)
    return group.origin if group is not None else _organization(model)


def _organization(model: AccessModel) -> Origin:
    return model.organization.source.origin


def _without_effect(
    model: AccessModel, source: str, key: Key, extra: bool, how: tuple[str, ...]
) -> Drift:
    principal, role, scope, eligible = key
    holds = f"the role `{role}` on {scope}" + (", just in time" if eligible else "")
    message = (
        f"{_who(principal)} holds {holds}, outside of review, through {', '.join(how) or 'a grant'}"
        if extra
        else f"{_who(principal)} does not hold {holds}, which was reviewed"
    )
    known = role in model.roles
    return Drift(
        source,
        Kind.UNMANAGED if extra else Kind.MISSING,
        principal,
        None,
        scope,
        Risk.LOW if known or not extra else Risk.MEDIUM,
        "no-other-access" if known else "role-unknown",
        message + (": no access follows from it" if known else ": no role of the configuration"),
        None if extra else role,
        role if extra else None,
        _where(model, principal, ()),
        how,
        facts=(Fact(Held(principal, role, scope, how, eligible), extra),),
    )


# ---------------------------------------------------------------------------------- elevations


def _elevations(
    model: AccessModel, source: str, wanted: Facts, found: Facts, now: datetime, people: bool
) -> Iterator[Drift]:
    """Who is elevated without a reason that holds now, and who should be and is not."""
    base, head = ({_folded(h): h for h in side.elevated} for side in (wanted, found))
    past: dict[tuple[str, str, str], Elevation] = {}
    for held in sorted(model.elevations, key=lambda e: e.expires):
        subject = user(held.subject) if people else label_of(user(held.subject))
        past[folded(subject), held.role, held.scope] = held
    for key in sorted({*base, *head}):
        if (key in base) == (key in head):
            continue
        extra = key in head
        each = head[key] if extra else base[key]
        document = past.get(key)
        over = extra and document is not None and document.expires <= now
        yield from _elevated(model, source, each, document, extra=extra, over=over)


def _elevated(
    model: AccessModel,
    source: str,
    held: Held,
    document: Elevation | None,
    *,
    extra: bool,
    over: bool,
) -> Iterator[Drift]:
    """The accesses of one elevation, by the same tables."""
    whole = {held.what: held}
    empty = as_model(model, {}, {}, {})
    full = as_model(model, whole, {}, {})
    kind = Kind.OUTLIVED if over else Kind.UNMANAGED if extra else Kind.MISSING
    sides = (empty, full) if extra else (full, empty)
    named = f"`{document.name}`" if document is not None else ""
    why = {
        Kind.OUTLIVED: f"although the elevation {named} is past its window",
        Kind.UNMANAGED: "without an elevation",
        Kind.MISSING: f"although the elevation {named} says so",
    }[kind]
    if kind is Kind.MISSING and document is not None:
        provider = source.partition(":")[2]
        own = (b for b in document.through if provider_of(model, b) == provider)
        why += f": {cannot}" if (cannot := narrower(document, own)) else ""
    before, after = map(AccessTable, sides)
    for row in rows(difference(before, after), *sides, whole=True):
        rule = assess(row, *sides)
        may = "may" if extra else "may not"
        how = ", through " + ", ".join(held.through) if extra and held.through else ""
        yield Drift(
            source,
            kind,
            held.principal,
            row.permission,
            row.scope,
            rule.risk,
            rule.id,
            f"{_who(held.principal)} {may} `{row.permission}` on {row.scope} {why}{how}",
            None if extra else f"{held.role} on {held.scope}",
            f"{held.role} on {held.scope}" if extra else None,
            document.source.origin if document is not None else _organization(model),
            held.through,
            row.backends,
            (Fact(held, extra, elevated=True),),
        )


def _folded(held: Held) -> tuple[str, str, str]:
    return folded(held.principal), held.role, held.scope


def _without_names(facts: Facts) -> Facts:
    return replace(
        facts,
        held=tuple(_without_name(held) for held in facts.held),
        elevated=tuple(_without_name(held) for held in facts.elevated),
    )


def _without_name(held: Held) -> Held:
    return held._replace(principal=label_of(held.principal)) if is_user(held.principal) else held


# ------------------------------------------------------------------------------------ settings


def _former_name(model: AccessModel, source: str, old: str, new: str) -> Drift:
    return Drift(
        source,
        Kind.CHANGED,
        EVERYONE,
        None,
        EVERYWHERE,
        Risk.LOW,
        "former-name",
        f"`{new}` is still called `{old}`: the rename was reviewed and has not arrived",
        new,
        old,
        _organization(model),
    )


def _settings(model: AccessModel, seen: Observation, found_facts: Facts) -> Iterator[Drift]:
    """The fields of things that differ; of a thing that is only on one side, it alone."""
    base, head = seen.wanted.settings, found_facts.settings
    for setting in sorted({*base, *head}):
        wanted, found = base.get(setting), head.get(setting)
        whole = setting._replace(field="")
        if setting.field and (whole in base) != (whole in head):
            continue
        if setting.field and (wanted or None) == (found or None):
            continue  # a field that is not there is one that holds nothing, or is off
        if not setting.field and wanted == found and (setting in base) == (setting in head):
            continue
        one_sided = Kind.MISSING if setting in base else Kind.UNMANAGED
        kind = Kind.CHANGED if setting.field else one_sided
        effect = seen.effect(setting, wanted, found)
        yield Drift(
            seen.name,
            kind,
            effect.principal,
            effect.permission,
            effect.scope,
            effect.risk,
            f"setting-{setting.kind.replace(' ', '-')}",
            _told(setting, kind, effect),
            wanted,
            found,
            _organization(model),
            (_thing(setting),),
            facts=(Fact(setting, kind is not Kind.MISSING, wanted=wanted, found=found),),
        )


def _thing(setting: Setting) -> str:
    thing = f"the {setting.kind} `{setting.name}`" if setting.name else f"the {setting.kind}"
    return f"`{setting.field}` of {thing}" if setting.field else thing


def _told(setting: Setting, kind: Kind, effect: Effect) -> str:
    what = {
        Kind.MISSING: "which was reviewed and is not there",
        Kind.UNMANAGED: "which nobody reviewed",
        Kind.CHANGED: "which is not as reviewed",
    }[kind]
    who = _who(effect.principal)
    may = f"{who} may {effect.words}"
    if effect.permission is not None:
        permission = f"`{effect.permission}` on {effect.scope}"
        manner = effect.words.partition(" ")[0] in _MANNER
        may = f"{who} may {permission} {effect.words}" if manner else f"{may}, and so {permission}"
    return f"{may}, outside of review, through {_thing(setting)}, {what}"
