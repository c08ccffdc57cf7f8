"""What refuses to let resources go that hold people, money or records.

Terraform forgets `prevent_destroy` with the block that says it, and would destroy what a block was
about when the block is gone. A `removed` block would have to name what is no longer written: the
compiler sees one commit, and not the one before. So a block of its own stays, whatever there is,
and protects each resource by name: without one `terraform plan` fails until an operator takes the
name out of the state, alone (then the resource goes) or with the resource (then it stays, and is
nobody's).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from qgov.targets.hcl import Block, Ref

__all__ = ["GUARD", "addresses", "kept"]

GUARD: Final = "terraform_data.kept_"
"""What the addresses of guards begin with. They are nothing by themselves."""


def kept(what: str, resources: Mapping[str, str]) -> Block:
    """The guard `terraform_data.kept_WHAT` of resources: name → address."""
    return Block(
        "resource",
        tuple(f"{GUARD}{what}".split(".")),
        {"for_each": dict(sorted(resources.items())), "input": Ref("each.value")},
        (Block("lifecycle", (), {"prevent_destroy": True}),),
    )


def addresses(blocks: Iterable[Block], kinds: Collection[str]) -> dict[str, str]:
    """The addresses of the resources of some types, as `kept` takes them."""
    found = (".".join(each.labels) for each in blocks if each.type == "resource")
    return {each: each for each in found if each.partition(".")[0] in kinds}
