"""What a list says twice means nothing: every list of the example repositories has a member twice,
and the same bytes are compiled."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from qgov.model.access_model import AccessModel
from qgov.targets import emit
from tests.targets.worked import example, model_of, worked


def _with_lists(model: AccessModel, change: Callable[[list[Any]], list[Any]]) -> AccessModel:
    texts: dict[str, list[str]] = defaultdict(list)
    for document in model.documents:
        texts[document.path].append(json.dumps(_changed(document.raw, change)))
    return model_of({path: "\n---\n".join(each).encode() for path, each in texts.items()})


def _changed(value: Any, change: Callable[[list[Any]], list[Any]]) -> Any:
    if isinstance(value, list):
        return change([_changed(item, change) for item in value])
    if isinstance(value, dict):
        return {
            # Former names have an order, and the last one is given once.
            key: item if key == "previously" else _changed(item, change)
            for key, item in value.items()
        }
    return value


@pytest.mark.parametrize("repository", [worked, example])
def test_a_member_twice_is_compiled_once(repository: Callable[[], AccessModel]) -> None:
    once = _with_lists(repository(), lambda items: items)
    twice = _with_lists(repository(), lambda items: [*items, *items[:1], *items[-1:]])

    assert emit(twice)[0] == emit(once)[0]
