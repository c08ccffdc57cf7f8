"""The outputs of the compiler, found by looking into this folder.

Other packages add targets under the entry-point group `qgov.targets`; each entry
point loads to a `Target`.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import TypeVar

from qgov.finding import Finding, Severity
from qgov.model.access_model import AccessModel
from qgov.targets.parts import Parts
from qgov.targets.target import Access, Files, Target

__all__ = ["Access", "Files", "Parts", "Target", "emit", "outline", "targets"]

_Made = TypeVar("_Made")

_NOT_TARGETS = frozenset({"hcl", "moved", "origins", "outlines", "parts", "steps", "target"})


@cache
def targets() -> dict[str, Target]:
    """Every target by name, ours and those of installed packages, sorted."""
    found: dict[str, Target] = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name not in _NOT_TARGETS:
            target: Target = import_module(f"{__name__}.{module.name}").TARGET
            found[target.name] = target
    for point in entry_points(group="qgov.targets"):
        found[point.name] = point.load()
    return dict(sorted(found.items()))


def emit(model: AccessModel, only: Collection[str] = ()) -> tuple[dict[str, bytes], list[Finding]]:
    """The files of all targets, or of those named; nothing when one cannot express the
    model. Raises ValueError when a target breaks the contract (a path that is not below
    the folder, the manifest's own, or one that another target writes)."""
    chosen = [target for name, target in targets().items() if not only or name in only]
    return _gathered(model, [(target, target.emit) for target in chosen])


def outline(model: AccessModel) -> tuple[dict[str, object], list[Finding]]:
    """As `emit`, with a value for each file in the place of its content: equal for two models
    exactly when the contents are."""
    return _gathered(model, [(each, each.outline or each.emit) for each in targets().values()])


def _unserved(model: AccessModel) -> Iterator[Finding]:
    """A notice for each tenant whose people sign in where no target gives them anything."""
    served = frozenset().union(*(target.serves for target in targets().values()))
    for tenant in model.tenants.values():
        provider = model.organization.providers[tenant.provider]
        if (type_ := provider.value.type) not in served:
            yield Finding(
                "QG977",
                f"`{tenant.name}` signs in at `{provider.name}` of type {type_}, which no target "
                "serves: what its groups may do has to be given to them by hand",
                tenant.source.at("identityProvider"),
                f"give its groups their roles from idp/{provider.name}/group-mappings.json",
                Severity.WARNING,
                document=tenant.source.document,
            )


def _gathered(
    model: AccessModel,
    makers: Collection[tuple[Target, Callable[[AccessModel], Mapping[str, _Made]]]],
) -> tuple[dict[str, _Made], list[Finding]]:
    findings = [finding for target, _ in makers for finding in target.unsupported(model)]
    findings += _unserved(model)
    if any(finding.severity == "error" for finding in findings):
        return {}, findings
    files: dict[str, _Made] = {}
    for target, made_of in makers:
        for path, content in made_of(model).items():
            parts = path.split("/")
            misplaced = path == "manifest.json" or not {"", ".", ".."}.isdisjoint(parts)
            if misplaced or path in files:
                raise ValueError(f"target {target.name} may not write {path!r}")
            files[path] = content
    return dict(sorted(files.items())), findings
