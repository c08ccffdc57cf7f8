"""What a target writes, section by section, and what each looks at: which permissions of roles, and
whether floors.

Where two models differ in nothing that a section sees, what it makes of them is the same, and is
made of neither. It sees no more than it says: the model that it is given has no other permissions,
and where it looks at no floors there are none.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, NoReturn, cast

from msgspec import Struct

from qgov.model.access_model import AccessModel, Role, Tenant
from qgov.model.accesses import accesses
from qgov.records import replace

__all__ = [
    "EVERY_PERMISSION",
    "NO_PERMISSION",
    "Parted",
    "Permissions",
    "Section",
    "View",
    "permitted",
]

Permissions = frozenset[str] | None
"""Of the permissions that roles give, those that are looked at; None: every one."""

EVERY_PERMISSION: Final[Permissions] = None
NO_PERMISSION: Final[Permissions] = frozenset()


class Parted(Struct, frozen=True):
    """How floors, or the permissions of roles, bear on a section: part by part, all `facts` that
    they decide. Where models differ in these alone, `of` makes only the parts whose facts differ,
    with the paths of the section."""

    facts: Callable[[AccessModel], Mapping[str, Any]]
    of: Callable[[AccessModel, Collection[str]], Mapping[str, Any]]


def permitted(model: AccessModel) -> Mapping[str, Mapping[str, bool]]:
    """Role → its permissions: the facts of a section in which roles stand by themselves."""
    return {name: role.permissions for name, role in model.roles.items()}


class Section(Struct, frozen=True):
    """A part of what a target writes, where it is only compared.

    `of` gives, by path, values that are equal exactly when the section's part of the file is;
    mappings where other sections make other parts of the same file. It reads the model, and of
    roles no `permissions` but these, nor where anything of them is written; without `floors` no
    folded floor, nor what the organization's document says of them, nor where. `by_floors` is for
    one on which floors seldom bear, `by_roles` for one in which roles stand by themselves.
    """

    of: Callable[[AccessModel], Mapping[str, Any]]
    permissions: Permissions = EVERY_PERMISSION
    floors: bool = True
    by_floors: Parted | None = None
    by_roles: Parted | None = None


class View:
    """A model as sections see it."""

    def __init__(self, model: AccessModel) -> None:
        self._model = model
        self._seen: dict[tuple[Permissions, bool], AccessModel] = {}
        self._other: View | None = None
        self._alike: dict[tuple[Permissions, bool], bool] = {}

    def __call__(self, permissions: Permissions, *, floors: bool = True) -> AccessModel:
        """With these permissions of its roles alone, with or without floors; made once."""
        if permissions is EVERY_PERMISSION and floors:
            return self._model
        if (found := self._seen.get((permissions, floors))) is None:
            found = self._model if floors else _without_floors(self._model)
            if permissions is not None:
                roles = {n: _narrowed(r, permissions) for n, r in self._model.roles.items()}
                found = found.with_roles(roles, found.beside_roles())
            # What is given alike is folded once.
            accesses(found).share(accesses(self._model))
            self._seen[permissions, floors] = found
        return found

    def sees_alike(self, other: View, permissions: Permissions, *, floors: bool = True) -> bool:
        """Whether another's model is the same with these permissions; compared once for the last
        of others."""
        if other is not self._other:
            self._other, self._alike = other, {}
        if (known := self._alike.get((permissions, floors))) is None:
            mine, theirs = self(permissions, floors=floors), other(permissions, floors=floors)
            known = self._alike[permissions, floors] = mine == theirs
        return known

    def forget(self) -> None:
        """Let go what was made of the model as sections see it: it refers to what it is made of, so
        that nobody else would."""
        for model in self._seen.values():
            model.forget()
        self._seen.clear()


def _narrowed(role: Role, permissions: frozenset[str]) -> Role:
    kept = {name: own for name, own in role.permissions.items() if name in permissions}
    return replace(role, permissions=kept, source=_WITHHELD)


def _without_floors(model: AccessModel) -> AccessModel:
    organization, spec = model.organization, model.organization.spec
    tiers = {n: tier.model_copy(update={"floors": _WITHHELD}) for n, tier in spec.tiers.items()}
    return replace(
        model,
        organization=replace(
            organization,
            floor=_WITHHELD,
            tier_floors={},
            spec=spec.model_copy(update={"floors": _WITHHELD, "tiers": tiers}),
            source=_WITHHELD,
        ),
        tenants=model.shared(_floorless_tenants),
        documents=(),
    )


def _floorless_tenants(model: AccessModel) -> Mapping[str, Tenant]:
    return {name: _floorless(tenant) for name, tenant in model.tenants.items()}


def _floorless(tenant: Tenant) -> Tenant:
    environments = {n: replace(e, floor=_WITHHELD) for n, e in tenant.environments.items()}
    return replace(tenant, floor=_WITHHELD, environments=environments)


class _Withheld:
    """Stands for what is not shown: the document of a role or of the organization, or a floor."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AssertionError(f"a section reads `{name}` of what it does not look at")


_WITHHELD: Final = cast("Any", _Withheld())
