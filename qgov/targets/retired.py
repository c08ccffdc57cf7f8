"""What Terraform lets go of and does not destroy, because a reviewed line (`retired`) says so.

The counterpart of `kept`: what is kept is refused to go while nobody has said that it may. A name
under `retired` gives the address that the resource had, from which Terraform takes it out of its
state; whatever it is stays where it is, with all that it holds, and is nobody's. Its guard is an
instance of a resource that others still have, which no `removed` block can name: it is moved to a
resource of its own, and that is let go whole.

Only what is `kept` is retired. An access that goes has to go: it would outlive its binding.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol

from qgov.targets.hcl import Block, Ref
from qgov.targets.kept import GUARD, addresses, kept

__all__ = ["RETIRED", "Account", "keeping", "misretired", "removed", "retired", "retired_addresses"]

RETIRED: Final = f"{GUARD}until_retired_"
"""What the addresses of guards begin with that are let go. They are in no state for long."""


def retired(what: str, resources: Mapping[str, str]) -> list[Block]:
    """What lets resources go that `kept(what, …)` guarded: name → the address that it had, which
    nothing has today. Nothing where there are none."""
    if not resources:
        return []
    return [
        *removed([*resources.values(), f"{RETIRED}{what}"]),
        *(
            Block(
                "moved",
                (),
                {"from": Ref(f"{GUARD}{what}", name), "to": Ref(f"{RETIRED}{what}", name)},
            )
            for name in sorted(resources)
        ),
    ]


def removed(addresses: Iterable[str]) -> list[Block]:
    """A `removed` block for each resource, which is not destroyed. Terraform takes none of what
    is still declared."""
    return [
        Block("removed", (), {"from": Ref(each)}, (Block("lifecycle", (), {"destroy": False}),))
        for each in sorted(set(addresses))
    ]


def retired_addresses(
    names: Iterable[str], kinds: Collection[str], declared: Collection[str]
) -> dict[str, str]:
    """The addresses among `names` that may be retired, as `retired` takes them: of the types of
    resources that are kept, and not declared today. A rule or `unsupported` tells of the others."""
    return {
        name: name for name in names if name.partition(".")[0] in kinds and name not in declared
    }


class Account(Protocol):
    """What an account of a cloud says of its resources that go."""

    @property
    def closed(self) -> bool:
        """Whether nobody uses it any more."""

    @property
    def retired(self) -> Sequence[str]:
        """The addresses of resources that are no longer declared."""


def keeping(made: Sequence[Block], kinds: Collection[str], account: Account) -> list[Block]:
    """The guard of the resources of some types among blocks, and what lets go of those that are
    retired; where the account is closed, of all that it guarded."""
    declared = addresses(made, kinds)
    gone = retired_addresses(account.retired, kinds, declared)
    if account.closed:
        return removed([*declared, *gone, f"{GUARD}resources", f"{RETIRED}resources"])
    return [kept("resources", declared), *retired("resources", gone)]


def misretired(
    made: Sequence[Block], kinds: Collection[str], account: Account
) -> Iterator[tuple[int, str]]:
    """(index, what is wrong) of each name that cannot be retired. Of a closed account nothing is
    declared any more."""
    made = () if account.closed else made
    declared = {".".join(each.labels) for each in made if each.type == "resource"}
    former = {str(each.attributes["from"]) for each in made if each.type == "moved"}
    for index, name in enumerate(account.retired):
        if name.partition(".")[0] not in kinds:
            yield index, "it holds neither money nor records, and goes with its line"
        elif name in declared:
            yield index, "it is still declared"
        elif name in former:
            yield index, "it is what something here was called before, which keeps it"
