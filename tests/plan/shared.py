"""What targets make of a model, made once: a thousand edits have the same base."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from qgov import targets
from qgov.model.access_model import AccessModel
from qgov.records import replace
from qgov.targets.sections import Section
from qgov.targets.target import Target

__all__ = ["once_for_a_model"]

T = TypeVar("T")
Make = Callable[[AccessModel], T]


def _once(make: Make[T]) -> Make[T]:
    return lambda model: model.once(make)


def _keeping(target: Target) -> Target:
    sections = target.sections or (Section(target.outline or target.emit),)
    return replace(
        target,
        unsupported=_once(target.unsupported),
        sections=tuple(Section(_once(each.of), each.permissions) for each in sections),
    )


@pytest.fixture(scope="module", autouse=True)
def once_for_a_model() -> Iterator[None]:
    """Outlines and what cannot be expressed are kept with the model that they are of; what is
    compared with them, the files, is made by itself."""
    kept = {name: _keeping(target) for name, target in targets.targets().items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(targets, "targets", lambda: kept)
        yield
