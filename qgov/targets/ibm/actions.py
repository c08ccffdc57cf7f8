"""What IBM's IAM can say of a permission.

It knows an instance and nothing inside: no owner of a job, no project, no device. Whoever may read
or cancel a job may so with everybody's. So that is given only to who holds it for all that runs in
an instance; and a session bills while it is open, so that sessions are for the gateway.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from qgov.model.access_model import Role

__all__ = ["SERVICE", "SHOWS", "actions_of"]

SERVICE: Final = "quantum-computing"
"""IBM Quantum in IAM."""

_SEEING: Final = ("device.read", "instance.read")
_WHOLE: Final[Sequence[tuple[frozenset[str], tuple[str, ...]]]] = (
    # A job and its result are read by one action.
    (frozenset({"job:read", "result:read"}), ("job.read", "workload.list")),
    (frozenset({"job:cancel"}), ("job.cancel",)),
    (frozenset({"result:delete"}), ("job.delete",)),
    (frozenset({"usage:read"}), ("instance-usage.read",)),
    (frozenset({"budget:read"}), ("instance.configuration.read",)),
)
SHOWS: Final = {
    f"{SERVICE}.{action}": permissions
    for action, permissions in (
        ("job.create", ("job:submit",)),
        ("job.read", ("job:read", "result:read")),
        ("job.cancel", ("job:cancel",)),
        ("job.delete", ("result:delete",)),
        ("instance-usage.read", ("usage:read",)),
        ("instance.configuration.read", ("budget:read",)),
    )
}
"""What an action shows of permissions."""


def actions_of(role: Role, *, whole: bool) -> list[str]:
    """The actions that a role gives in an instance, sorted; empty when IAM has nothing to say.
    `whole`: it is held for everything that runs there."""
    found: set[str] = set()
    if "job:submit" in role.permissions:
        found.add("job.create")
    for permissions, actions in _WHOLE if whole else ():
        if all(role.permissions.get(permission) is False for permission in permissions):
            found.update(actions)
    if found:
        found.update(_SEEING)
    return [f"{SERVICE}.{action}" for action in sorted(found)]
