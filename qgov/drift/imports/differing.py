"""How the imported configuration and its source still differ, as lines of the list: things of one
kind in one line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from qgov.drift.drift import Drift, Kind, alike
from qgov.drift.facts import Setting
from qgov.drift.imports.said import Note, Why
from qgov.drift.observers.keycloak.settings import fresh

__all__ = ["differences"]

_APPLIED: Final = {
    Kind.MISSING: (
        Why.CHANGES,
        "the source does not have that, and the configuration makes it",
        "look at it in the plan of Terraform before it is applied",
    ),
    Kind.CHANGED: (
        Why.CHANGES,
        "the configuration says otherwise",
        "look at it in the plan of Terraform before it is applied",
    ),
    Kind.UNMANAGED: (
        Why.UNSAID,
        "the language has no word for it, so it stays as it is",
        "say it in another way, or take it away where it was made; drift tells of it until then",
    ),
    Kind.OUTLIVED: (
        Why.UNSAID,
        "an elevation is asked for and approved, and never imported",
        "take it away where it was made",
    ),
    Kind.STALE_BUNDLE: (
        Why.CHANGES,
        "decisions are made by the bundle of other documents",
        "deploy the bundle of this configuration",
    ),
}

_IN_STATE: Final = (
    Why.CHANGES,
    "the configuration does not have that, so an apply with this state takes it away",
    "take it out of the state (`terraform state rm`), or say it, before anything is applied",
)


def differences(drift: Iterable[Drift], kept: Collection[Setting]) -> Iterator[Note]:
    """The lines, without the settings that are kept as they are, of which there are others."""
    built_in = {setting.name for setting in fresh() if setting.kind == "client"}
    things: dict[tuple[Kind, str, str], dict[str, None]] = defaultdict(dict)
    accesses: list[Note] = []
    for each, more in alike(drift):
        why, reason, remedy = _APPLIED[each.kind]
        settings = [fact.what for fact in each.facts if isinstance(fact.what, Setting)]
        if settings and kept and {*settings} <= {*kept}:
            continue
        if settings:
            for setting in settings:
                what = setting.name if not setting.field else f"{setting.field}` of `{setting.name}"
                name = what if setting.name else setting.field
                of = f"a field of the {setting.kind}" if setting.field else f"the {setting.kind}"
                kind = _kind(each.kind, setting, built_in)
                things[kind, each.rule, of][name] = None
        else:
            besides = f" ({more} more such accesses)" if more else ""
            accesses.append(Note(why, f"{each.message}{besides}", reason, remedy))
    yield from accesses
    for (kind, _, of), names in things.items():
        in_state = of == "the resource" and kind is Kind.UNMANAGED
        why, reason, remedy = _IN_STATE if in_state else _APPLIED[kind]
        yield Note(why, f"{of}: {', '.join(f'`{name}`' for name in names)}", reason, remedy)


def _kind(kind: Kind, setting: Setting, built_in: Collection[str]) -> Kind:
    """What applying means: the compiled profile is the whole one, and no module has the clients
    that Keycloak makes itself."""
    if setting.kind == "user profile" and kind is Kind.UNMANAGED:
        return Kind.CHANGED
    if setting.kind == "client" and setting.name in built_in and kind is Kind.CHANGED:
        return Kind.UNMANAGED
    return kind
