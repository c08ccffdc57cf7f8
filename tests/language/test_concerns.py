"""Every field of the language says what it is about, and how it is looser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, ClassVar, get_args, get_origin

import pytest
from pydantic import BaseModel, Field

from qgov.language.concerns import (
    ACCESS,
    MONEY,
    MORE,
    WORDS,
    Concern,
    KeyedBy,
    Looser,
    declared,
    leaves,
    parts_of,
)
from qgov.language.kinds import KINDS
from qgov.language.kinds.backend import Price
from qgov.language.kinds.base import Strict
from qgov.language.kinds.budget import BudgetSpec
from qgov.language.kinds.directory import Group, IdentityProvider
from qgov.language.kinds.exceptions import AccessReviewSpec, ElevationSpec, WaiverSpec
from qgov.language.kinds.organization import OrganizationSpec
from qgov.language.scalars import Money, Text, UnitPrice
from qgov.render.schema import schemas

LEAVES = [(kind, *leaf) for kind, model in sorted(KINDS.items()) for leaf in leaves(model)]


@pytest.mark.parametrize(("kind", "path", "concern", "looser"), LEAVES)
def test_every_field_has_a_concern(
    kind: str, path: str, concern: Concern | None, looser: Looser
) -> None:
    assert concern is not None, f"{kind}.{path} says nothing of what it is about"
    assert isinstance(looser, Looser)


UNDIRECTED = {
    "Organization spec.identityProviders.tokens.clients",
    "Organization spec.backends.price.twoQubitGatesPerControl",
    "Organization spec.queues.priority",
    "Organization spec.guardrails.never.backends",
    "Organization spec.guardrails.always.backends",
    "Organization spec.guardrails.always.permissions",
    "Organization spec.showback.by",
    "Tenant spec.clouds.ibm.environments",
    "Tenant spec.clouds.ibm.instances.environments",
}
"""What has more and less of it, and neither lets more through: each says why beside it, or ranks
(a queue) or shows (a split of cost)."""


def test_what_has_more_and_less_of_it_has_a_direction() -> None:
    undirected = {
        f"{kind} {path}"
        for kind, model in KINDS.items()
        for part in parts_of(model.model_fields["spec"].annotation)
        for path, looser in _ordered(part, "spec")
        if looser is Looser.DIFFERENT and kind != "AccessTest"
    }
    assert undirected == UNDIRECTED


def _ordered(part: type[BaseModel], path: str) -> Iterator[tuple[str, Looser]]:
    """The numbers, truths and lists of a part."""
    for name, info in part.model_fields.items():
        at, inner = f"{path}.{info.alias or name}", [*parts_of(info.annotation)]
        for each in inner:
            yield from _ordered(each, at)
        if not inner and _has_order(info.annotation):
            yield at, declared(part, name).looser


def _has_order(annotation: Any) -> bool:
    if get_origin(annotation) is list:
        return True
    inner = get_args(annotation)
    return any(map(_has_order, inner)) or annotation in (int, bool, Money, UnitPrice, datetime)


def test_a_field_without_a_concern_is_found() -> None:
    class Silent(Strict):
        """A part that says nothing."""

        count: int = Field(description="?")
        name: Text = Field(description="?")

    assert list(leaves(Silent)) == [
        ("count", None, Looser.DIFFERENT),
        ("name", WORDS, Looser.DIFFERENT),
    ]


def test_the_nearest_mark_counts() -> None:
    class Part(Strict):
        """A part about money."""

        concern: ClassVar = MONEY
        limit: Annotated[int | None, MORE] = Field(None, description="?")
        role: Annotated[Text, ACCESS] = Field(description="?")
        title: Text | None = Field(None, description="?")

    assert list(leaves(Part)) == [
        ("limit", MONEY, MORE),
        ("role", ACCESS, Looser.DIFFERENT),
        ("title", WORDS, Looser.DIFFERENT),
    ]


@pytest.mark.parametrize(
    ("part", "field", "concern", "looser"),
    [
        (IdentityProvider, "issuer", Concern.TRUST, Looser.DIFFERENT),
        (IdentityProvider, "mfa", Concern.TRUST, Looser.LATER),
        (Group, "identity_provider", Concern.TRUST, Looser.DIFFERENT),
        (Group, "members", Concern.RULES, Looser.LESS),
        (Price, "as_of", Concern.MONEY, Looser.DIFFERENT),
        (Price, "source", Concern.WORDS, Looser.DIFFERENT),
        (ElevationSpec, "ticket", Concern.ACCESS, Looser.ABSENT),
        (WaiverSpec, "ticket", Concern.RULES, Looser.ABSENT),
        (AccessReviewSpec, "evidence", Concern.RULES, Looser.ABSENT),
        (Price, "per_shot", Concern.MONEY, Looser.LESS),
        (OrganizationSpec, "bindings", Concern.ACCESS, Looser.MEMBERS),
    ],
)
def test_what_is_declared(part: type[Strict], field: str, concern: Concern, looser: Looser) -> None:
    found = declared(part, field)
    assert (found.concern, found.looser) == (concern, looser)


def test_lists_of_parts_say_what_makes_an_entry_the_same() -> None:
    assert declared(BudgetSpec, "quotas").key == ("measure", "per")
    unkeyed = [
        f"{part.__name__}.{name}"
        for part in {p for model in KINDS.values() for p in _all(model)}
        for name, field in part.model_fields.items()
        if str(field.annotation).startswith("list[qgov") and not declared(part, name).key
    ]
    assert unkeyed == ["CaseContext.approvals"], KeyedBy.__doc__


def _all(part: type[Strict]) -> set[type[Strict]]:
    inner = {p for f in part.model_fields.values() for p in parts_of(f.annotation)}
    return {part}.union(*(_all(p) for p in inner))  # type: ignore[arg-type]


def test_marks_change_no_schema() -> None:
    assert "concern" not in str(schemas()["Organization"]["definitions"]["Price"])
