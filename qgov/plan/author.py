"""What the author of a change gains by it, and that somebody else must then approve.

Who the author is, the platform says. The author field of a commit proves nothing:
anybody can write it.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from qgov.language.persons import folded
from qgov.model.access_model import AccessModel
from qgov.model.principal import is_group, is_user, name_of
from qgov.model.scope import EVERYWHERE, tenant_of
from qgov.plan.approvers import Approver
from qgov.plan.changes import Change, Row
from qgov.plan.risk import Risk

__all__ = ["Author", "second_of_trust", "second_person"]


class Author(Struct, frozen=True):
    """A person by directory id, and the directory groups that they are in."""

    id: str
    groups: tuple[str, ...] = ()

    def gains_by(self, row: Row) -> bool:
        """Whether they can do something that they could not, through any of their groups
        or by an elevation. Directories do not tell `Mei@` from `mei@`."""
        if row.change in (Change.REVOKED, Change.NARROWED):
            return False
        if is_user(row.principal):
            return folded(name_of(row.principal)) == folded(self.id)
        return is_group(row.principal) and name_of(row.principal) in self.groups


def second_person(
    model: AccessModel, author: Author, gains: Sequence[Row], risk: Risk | None
) -> list[Approver]:
    """The approval by somebody else that an author who gains needs, under `model`'s rules.
    `gains` are the author's, most dangerous first, and `risk` is the highest of them. It is
    an approval of the groups that review this risk, else of the tenants' owners, else of
    anybody. Being in one of these groups does not let the author approve."""
    if not gains or risk is None:
        return []
    permissions = list(dict.fromkeys(row.permission for row in gains))
    what = permissions[0] + (f" and {len(permissions) - 1} more" if permissions[1:] else "")
    owners = {
        model.tenants[name].spec.owner.group
        for row in gains
        if (name := tenant_of(row.scope)) in model.tenants
    }
    by = set(getattr(model.organization.spec.review, str(risk))) or owners or {EVERYWHERE}
    because = f"somebody other than {author.id}, who wrote the change and gains {what} by it"
    return [Approver(group, because) for group in sorted(by)]


def second_of_trust(model: AccessModel, author: Author) -> list[Approver]:
    """The approval by somebody else where the author changes who counts as a principal: nobody
    can tell whether they are among those who do."""
    by = model.organization.spec.review.critical or [EVERYWHERE]
    because = f"somebody other than {author.id}, who wrote the change of who counts as a principal"
    return [Approver(group, because) for group in sorted(by)]
