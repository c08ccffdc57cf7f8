"""Which differences the language can say, and the files that say them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct
from pydantic import TypeAdapter, ValidationError

from qgov.drift.adopt.yaml_edits import Edits
from qgov.drift.drift import Drift
from qgov.drift.facts import Held, Setting
from qgov.drift.undo import Fact, Undo
from qgov.errors import FindingsError, Report
from qgov.finding import has_errors
from qgov.language.scalars import Name
from qgov.model.access_model import AccessModel, Binding
from qgov.model.principal import is_group, is_workload, name_of
from qgov.model.scope import EVERYWHERE, contains, tenant_of
from qgov.pipeline import check, load

__all__ = ["Adopted", "Adoption", "adopt", "adopted"]

_HEADING = "NOT ADOPTED: what runs is not a configuration that validates; nothing was written"
_NAME = TypeAdapter[str](Name)


class Adoption(Struct, frozen=True):
    """The files that differ (path → bytes), what they mean, and why the language does not say some
    of the differences, by `of`."""

    files: Mapping[str, bytes]
    model: AccessModel
    why_not: Mapping[tuple[str, ...], str]


class Adopted(Struct, frozen=True):
    """An adoption beside what differs with it: what is gone, and what is left, with the reason."""

    base: Mapping[str, bytes]
    files: Mapping[str, bytes]
    said: tuple[Drift, ...]
    left: tuple[tuple[Drift, str], ...]


def adopt(
    model: AccessModel, files: Mapping[str, bytes], drift: Iterable[Drift], now: datetime
) -> Adoption:
    """The configuration with what differs written into it, as far as the language can say it.

    Raises FindingsError where that does not validate, and EditError for a file that cannot be
    changed in place.
    """
    pen = _Pen(model, Edits())
    why_not: dict[tuple[str, ...], str] = {}
    for each in drift:
        reasons = [pen.say(each, *fact) for fact in zip(each.facts, each.undo, strict=True)]
        if not each.facts:
            reasons = ["it is no access or setting of its own; deploy what was reviewed"]
        if reason := next(filter(None, reasons), ""):
            why_not[_of(each)] = reason
    changed = {path: data for path, data in pen.edits.files(files).items() if data != files[path]}
    return Adoption(changed, _judged(files, changed, now), why_not)


def _judged(files: Mapping[str, bytes], changed: Mapping[str, bytes], now: datetime) -> AccessModel:
    """What the changed configuration means, when nothing is wrong with it that was not before."""
    was, is_ = (check(load(each), now) for each in (files, {**files, **changed}))
    known = Counter((each.code, each.message) for each in was.findings)
    fresh = []
    for each in is_.findings:
        known[each.code, each.message] -= 1
        if known[each.code, each.message] < 0:
            fresh.append(each)
    if is_.model is None or has_errors(fresh):
        raise FindingsError(Report(fresh, _HEADING))
    return is_.model


def adopted(
    base: Mapping[str, bytes], adoption: Adoption, before: Iterable[Drift], after: Iterable[Drift]
) -> Adopted:
    """What an adoption has said, by what differs `before` and `after` it."""
    rest = {_of(each): each for each in after}
    was = {_of(each): each for each in before}
    return Adopted(
        {path: base[path] for path in adoption.files},
        adoption.files,
        tuple(each for of, each in was.items() if of not in rest),
        tuple(
            (each, adoption.why_not.get(of, _UNSAID if of in was else _FOLLOWS))
            for of, each in rest.items()
        ),
    )


_UNSAID = "the language has no other word for it: take it back where it was made"
_FOLLOWS = "it follows from the adopted configuration, which has not been applied"


def _of(each: Drift) -> tuple[str, ...]:
    """What a difference is about, in whatever configuration."""
    return each.source, each.kind, each.principal, each.permission or "", each.scope, each.message


class _Pen(Struct, frozen=True):
    """Writes facts into a configuration."""

    model: AccessModel
    edits: Edits

    def say(self, drift: Drift, fact: Fact, undo: Undo) -> str:
        """Write a fact; why that is not possible, or nothing."""
        if isinstance(fact.what, Setting):
            return self._setting(drift, fact.what, fact, undo)
        if fact.elevated:
            return "an elevation is asked for and approved, and never adopted"
        if fact.extra:
            return self._bind(fact.what, undo)
        return self._unbind(fact.what)

    # -------------------------------------------------------------------------------- bindings

    def _bind(self, held: Held, undo: Undo) -> str:
        if held.role not in self.model.roles:
            return f"the configuration has no role `{held.role}`"
        if held.eligible:
            return "nobody knows on which terms: write an eligible binding with its approvers"
        if not (undo.steps or undo.given):
            return f"a binding is direct, and this goes through {', '.join(held.through)}"
        if is_workload(held.principal):
            return self._bind_workload(held)
        if not is_group(held.principal):
            return "a binding names a directory group or a workload"
        if (group := name_of(held.principal)) not in self.model.groups and not _is_name(group):
            return _no_name(group)
        if held.scope == EVERYWHERE:
            owner, on = self.model.organization.source.source, EVERYWHERE
        elif (tenant := self.model.tenants.get(tenant_of(held.scope))) is None:
            return f"the configuration has no tenant of `{held.scope}`"
        else:
            owner, on = tenant.source.source, held.scope.partition("/")[2] or EVERYWHERE
        item = {"group": group, "role": held.role, "on": on}
        self.edits.add(owner, ("spec", "bindings"), item)
        return ""

    def _bind_workload(self, held: Held) -> str:
        workload = self.model.workload_of(held.principal)
        if workload is None or not contains(workload.tenant, held.scope):
            return "a workload is bound in its own tenant"
        item = {"role": held.role, "on": held.scope.partition("/")[2] or EVERYWHERE}
        self.edits.add(workload.source.source, (*workload.source.path, "bindings"), item)
        return ""

    def _unbind(self, held: Held) -> str:
        bindings = [b for b in self.model.bindings if _gives(b) == held.what]
        for each in bindings:
            *path, index = each.source.path
            assert isinstance(index, int)
            self.edits.remove(each.source.source, tuple(path), index)
        return "" if bindings else "no binding says it"

    # -------------------------------------------------------------------------------- settings

    def _setting(self, drift: Drift, setting: Setting, fact: Fact, undo: Undo) -> str:
        organization = self.model.organization.source.source
        if undo.field is not None:
            path = ("spec", "identityProviders", undo.field.provider)
            self.edits.set(organization, path, undo.field.name, undo.field.value)
            return ""
        provider = drift.source.partition(":")[2]
        if setting.kind == "group" and not setting.field and fact.extra:
            if not _is_name(setting.name):
                return _no_name(setting.name)
            if provider not in self.model.organization.providers:
                return "its identity provider is not known"
            value = f"{{identityProvider: {provider}}}"
            self.edits.set(organization, ("spec", "groups"), setting.name, value)
            return ""
        thing = f"{setting.kind} `{setting.name}`" if setting.name else setting.kind
        return f"the language has no field that says this of the {thing}"


def _gives(binding: Binding) -> tuple[str, str, str, bool]:
    return binding.principal, binding.role, binding.scope, binding.eligible is not None


def _is_name(text: str) -> bool:
    try:
        _NAME.validate_python(text)
    except ValidationError:
        return False
    return True


def _no_name(group: str) -> str:
    return f"`{group}` is no name of a group in the language: rename it in the directory first"
