"""What a target writes, section by section, and which permissions of roles each looks at.

Where two models differ in nothing that a section sees, what it makes of them is the same, and is
made of neither. It sees no more than it says: the model that it is given has no other permissions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NoReturn, cast

from qgov.model.access_model import AccessModel, Role
from qgov.model.fact import Fact

__all__ = ["EVERY_PERMISSION", "NO_PERMISSION", "Permissions", "Section", "View"]

Permissions = frozenset[str] | None
"""Of the permissions that roles give, those that are looked at; None: every one."""

EVERY_PERMISSION: Final[Permissions] = None
NO_PERMISSION: Final[Permissions] = frozenset()


@dataclass(frozen=True, slots=True)
class Section:
    """A part of what a target writes, where it is only compared.

    `of` gives, by path, values that are equal exactly when the section's part of the file is;
    mappings where other sections make other parts of the same file. It reads the model, and of
    roles no `permissions` but these, nor where anything of them is written.
    """

    of: Callable[[AccessModel], Mapping[str, Any]]
    permissions: Permissions = EVERY_PERMISSION


class View:
    """A model as sections see it."""

    def __init__(self, model: AccessModel) -> None:
        self._model = model
        self._seen: dict[Permissions, AccessModel] = {EVERY_PERMISSION: model}

    def __call__(self, permissions: Permissions) -> AccessModel:
        """With these permissions of its roles alone; made once."""
        if (found := self._seen.get(permissions)) is None:
            assert permissions is not None
            roles = {n: _narrowed(r, permissions) for n, r in self._model.roles.items()}
            found = replace(self._model, roles=roles, documents=())
            self._seen[permissions] = found
        return found


def _narrowed(role: Role, permissions: frozenset[str]) -> Role:
    kept = {name: own for name, own in role.permissions.items() if name in permissions}
    return replace(role, permissions=kept, source=_WITHHELD)


class _Withheld:
    """Stands for the document of a role, which says what is not shown."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AssertionError(f"a section reads `{name}` of a role's document")


_WITHHELD: Final = cast("Fact[Any]", _Withheld())
