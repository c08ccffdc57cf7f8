"""Groups that their directory knows by another id: other people get what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from qgov.finding import Finding
from qgov.language.quote import quoted
from qgov.model.access_model import AccessModel
from qgov.model.directories import directory_id
from qgov.model.renames import renames

__all__ = ["REISSUED", "reissued"]

REISSUED: Final = "QG162"


def reissued(base: AccessModel | None, head: AccessModel | None) -> Iterator[Finding]:
    """Each group whose id differs, unless it says what the former one was."""
    if base is None or head is None:
        return
    source, former = head.organization.source, renames(head).group
    for name, group in head.groups.items():
        old = base.groups.get(name) or base.groups.get(former(name))
        if old is None or old.provider != group.provider:
            continue
        provider = head.organization.providers[group.provider].value
        before, after = directory_id(provider, old), directory_id(provider, group)
        said = source.value.groups[name].previously if name in source.value.groups else None
        if before is None or after in (None, before) or old.directory_id in (said or ()):
            continue
        yield Finding(
            REISSUED,
            f"the group `{name}` was {quoted(before)} in its directory and becomes "
            f"{quoted(after)}: whoever is in that one has what it holds",
            source.at("groups", name, "directoryId"),
            "write the id that it had under `previously`, or give the other group a name of its "
            "own",
            document=source.document,
        )
