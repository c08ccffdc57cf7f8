"""What is made of models that differ in their roles alone is made once, where it looks at none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest

from qgov.model.access_model import AccessModel
from tests.model.repository import model_of

COUNTED: Counter[str] = Counter()


def _counted(function: Callable[[AccessModel], Any]) -> Callable[[AccessModel], Any]:
    @wraps(function)
    def counting(model: AccessModel) -> Any:
        COUNTED[function.__name__] += 1
        return function(model)

    return counting


@_counted
def tenants(model: AccessModel) -> list[str]:
    return sorted(model.tenants)


@_counted
def roles(model: AccessModel) -> list[str]:
    return sorted(model.roles)


@_counted
def documents(model: AccessModel) -> int:
    return len(model.documents)


@_counted
def beside_roles(model: AccessModel) -> int:
    return len(model.beside_roles())


@_counted
def through_another(model: AccessModel) -> int:
    return len(model.shared(roles))


@_counted
def through_what_is_made_late(model: AccessModel) -> int:
    return len(model.once(tenants))


@_counted
def compared(model: AccessModel) -> bool:
    return model == model.with_roles({}, ())


LOOKING = (roles, documents, through_another, through_what_is_made_late, compared)


def _name(derive: Callable[[AccessModel], Any]) -> str:
    return derive.__name__


@pytest.fixture
def pair() -> tuple[AccessModel, AccessModel]:
    """A model, and the same with one role less."""
    COUNTED.clear()
    model = model_of()
    fewer = dict([*model.roles.items()][1:])
    return model, model.with_roles(fewer, model.beside_roles())


@pytest.mark.parametrize("derive", [tenants, beside_roles], ids=_name)
def test_what_looks_at_no_role_is_made_once(
    pair: tuple[AccessModel, AccessModel], derive: Callable[[AccessModel], Any]
) -> None:
    one, other = pair

    assert one.is_alike(other)
    assert one.shared(derive) == other.shared(derive)
    assert [*COUNTED.values()] == [1]


@pytest.mark.parametrize("derive", LOOKING, ids=_name)
def test_what_looks_is_made_of_each(
    pair: tuple[AccessModel, AccessModel], derive: Callable[[AccessModel], Any]
) -> None:
    one, other = pair
    first, second = (model.watched(derive)[0] for model in pair)
    COUNTED.clear()

    assert [one.shared(derive), one.shared(derive)] == [first, first]
    assert [other.shared(derive), other.shared(derive)] == [second, second]
    assert max(COUNTED.values()) == 2


@pytest.mark.parametrize("derive", LOOKING, ids=_name)
def test_who_asks_again_for_what_looked_has_looked(
    pair: tuple[AccessModel, AccessModel], derive: Callable[[AccessModel], Any]
) -> None:
    one, _ = pair

    assert one.watched(lambda model: model.shared(derive))[1]
    assert one.watched(lambda model: model.shared(derive))[1]
    assert not one.watched(tenants)[1]


def test_models_that_were_linked_apart_share_nothing() -> None:
    COUNTED.clear()
    one, other = model_of(), model_of()

    assert not one.is_alike(other)
    assert one.shared(tenants) == other.shared(tenants)
    assert [*COUNTED.values()] == [2]


def test_what_was_forgotten_is_made_again(pair: tuple[AccessModel, AccessModel]) -> None:
    one, _ = pair
    assert [one.shared(roles), one.once(tenants)]
    one.forget()

    assert [one.shared(roles), one.once(tenants)]
    assert max(COUNTED.values()) == 2
