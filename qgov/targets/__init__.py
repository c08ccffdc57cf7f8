"""The outputs of the compiler, found by looking into this folder.

Other packages add targets under the entry-point group `qgov.targets`; each entry
point loads to a `Target`.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, NamedTuple

from qgov.finding import Finding, Severity, has_errors
from qgov.model.access_model import AccessModel
from qgov.targets.parts import Parts
from qgov.targets.sections import EVERY_PERMISSION, NO_PERMISSION, Section, View
from qgov.targets.target import Access, Files, Target

__all__ = [
    "Access",
    "Files",
    "Outlines",
    "Parts",
    "Target",
    "Unsupported",
    "emit",
    "outlined",
    "stream",
    "targets",
    "unsupported",
]


@cache
def targets() -> dict[str, Target]:
    """Every target by name, ours and those of installed packages, sorted."""
    found: dict[str, Target] = {}
    for module in pkgutil.iter_modules(__path__):
        target = getattr(import_module(f"{__name__}.{module.name}"), "TARGET", None)
        if isinstance(target, Target):
            found[target.name] = target
    for point in entry_points(group="qgov.targets"):
        found[point.name] = point.load()
    return dict(sorted(found.items()))


def emit(model: AccessModel, only: Collection[str] = ()) -> tuple[dict[str, bytes], list[Finding]]:
    """The files of all targets, or of those named; nothing when one cannot express the
    model. Raises ValueError as `stream` does."""
    files, findings = stream(model, only)
    return dict(sorted(files)), findings


def stream(
    model: AccessModel, only: Collection[str] = ()
) -> tuple[Iterator[tuple[str, bytes]], list[Finding]]:
    """(path, content) of each of these files, in no order that means anything, made when it is
    asked for; none when a target cannot express the model. Raises ValueError, while it is read,
    when a target breaks the contract (a path that is not below the folder, the manifest's own, or
    one that was written before)."""
    chosen = [target for name, target in targets().items() if not only or name in only]
    findings = [finding for target in chosen for finding in target.unsupported(model)]
    findings += _unserved(model)
    whole = not any(finding.severity == "error" for finding in findings)
    return _streamed(model, chosen if whole else ()), findings


def _streamed(model: AccessModel, chosen: Iterable[Target]) -> Iterator[tuple[str, bytes]]:
    written: set[str] = set()
    for target in chosen:
        made = target.stream(model) if target.stream else target.emit(model).items()
        for path, content in made:
            if _is_misplaced(path) or path in written:
                raise ValueError(f"target {target.name} may not write {path!r}")
            written.add(path)
            yield path, content


class Outlines(NamedTuple):
    """What would be written of a model, where it is only compared: a value for each file in the
    place of its content; nothing when a target cannot express the model, as `findings` say."""

    files: Mapping[str, Any]
    findings: list[Finding]


Unsupported = tuple[list[Finding], list[Finding]]
"""What the targets cannot express of two models."""


def outlined(
    base: AccessModel | None, head: AccessModel | None, known: Unsupported | None = None
) -> tuple[Outlines, Outlines]:
    """The outlines of two models (None: the empty repository), whose values are equal exactly when
    the contents of the files are. What does not differ is in neither, so that no more than one
    section is held whole; and what a section makes of models that are the same to it is not made.
    `known` is what `unsupported` finds in them, where that is known.
    """
    views = _views(base, head)
    findings = unsupported(base, head) if known is None else known
    files: tuple[dict[str, Any], ...] = ({}, {})
    whole = [not has_errors(each) for each in findings]
    for target in targets().values():
        for section in target.sections or (Section(target.outline or target.emit),):
            old, new = _made(section, views, whole)
            same = {path for path in old.keys() & new.keys() if old[path] == new[path]}
            for made, found in ((old, files[0]), (new, files[1])):
                _add(target, {p: made[p] for p in made.keys() - same}, found)
    for view in views:
        if view is not None:
            view.forget()
    return Outlines(files[0], findings[0]), Outlines(files[1], findings[1])


def _made(
    section: Section, views: Sequence[View | None], whole: Sequence[bool]
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What a section makes of both models, where that may differ; nothing of one that cannot be
    expressed whole."""
    base, head = (v if compiled else None for v, compiled in zip(views, whole, strict=True))
    permissions, floors = section.permissions, section.floors
    if base is None or head is None:
        only_old, only_new = (
            {} if view is None else section.of(view(permissions, floors=floors))
            for view in (base, head)
        )
        return only_old, only_new
    if base.sees_alike(head, permissions, floors=floors):
        return {}, {}
    before, after = base(permissions, floors=floors), head(permissions, floors=floors)
    for parted, least, lowest in (
        (section.by_floors, permissions, False),
        (section.by_roles, NO_PERMISSION, floors),
    ):
        if parted is not None and base.sees_alike(head, least, floors=lowest):
            old, new = parted.facts(before), parted.facts(after)
            only = {part for part, facts in new.items() if facts != old[part]}
            return parted.of(before, only), parted.of(after, only)
    made, looked = before.watched(section.of)
    if before.is_alike(after) and not looked:
        return {}, {}
    return made, section.of(after)


def _views(*models: AccessModel | None) -> list[View | None]:
    return [None if model is None else model.once(View) for model in models]


def unsupported(base: AccessModel | None, head: AccessModel | None) -> Unsupported:
    """What the targets cannot express of each of two models; looked for once where that is the
    same."""
    found: Unsupported = ([], [])
    views = old, new = _views(base, head)
    for target in targets().values():
        if old is not None and new is not None and old.sees_alike(new, target.permissions):
            model = old(target.permissions)
            same = model.shared(target.unsupported)
            for each in found:
                each.extend(same)
            if target.permissions is not EVERY_PERMISSION:
                model.forget()  # nothing is outlined of what is the same
        else:
            for each, view in zip(found, views, strict=True):
                if view is not None:
                    each.extend(view(target.permissions).shared(target.unsupported))
    for each, view in zip(found, views, strict=True):
        each.extend(() if view is None else _unserved(view(NO_PERMISSION)))
    return found


def _add(target: Target, made: Mapping[str, Any], files: dict[str, Any]) -> None:
    """Add what a section of a target makes. Raises ValueError where it may not."""
    for path, content in made.items():
        known = files.setdefault(path, content)
        if _is_misplaced(path) or not (known is content or isinstance(content, Mapping)):
            raise ValueError(f"target {target.name} may not write {path!r}")
        if known is not content:
            files[path] = _joined(known, content)


def _joined(known: Mapping[str, Any], more: Mapping[str, Any]) -> Mapping[str, Any]:
    """Two parts of a file; what both are about is joined too."""
    found = {**known, **more}
    for name in known.keys() & more.keys():
        if isinstance(known[name], Mapping) and isinstance(more[name], Mapping):
            found[name] = _joined(known[name], more[name])
    return found


def _is_misplaced(path: str) -> bool:
    return path == "manifest.json" or not {"", ".", ".."}.isdisjoint(path.split("/"))


def _unserved(model: AccessModel) -> Iterator[Finding]:
    """A notice for each tenant whose people sign in where no target gives them anything."""
    served = frozenset().union(*(target.serves for target in targets().values()))
    for tenant in model.tenants.values():
        provider = model.organization.providers[tenant.provider]
        if (type_ := provider.value.type) not in served:
            yield Finding(
                "QG977",
                f"`{tenant.name}` signs in at `{provider.name}` of type {type_}, for which no "
                "Terraform is written: what its groups may do has to be given to them by hand",
                tenant.source.at("identityProvider"),
                f"give its groups their roles from idp/{provider.name}/group-mappings.json",
                Severity.WARNING,
                document=tenant.source.document,
            )
