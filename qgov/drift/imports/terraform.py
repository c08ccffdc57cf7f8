"""The Terraform beside an imported configuration: what is there already is imported and not made
again, and what it holds besides is left to it at first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from qgov.drift.imports.said import Note, Why
from qgov.drift.observer import Existing
from qgov.model.access_model import AccessModel
from qgov.targets import emit
from qgov.targets.hcl import Block, Ref, Value, parse, render
from qgov.targets.keycloak.facts.sign_in import FLOW

__all__ = ["IMPORTS", "KEPT", "beside"]

IMPORTS: Final = "imports.tf"
KEPT: Final = "kept_override.tf"
"""A file of this name is merged into the others of its folder
(https://developer.hashicorp.com/terraform/language/files/override)."""

_BINDINGS: Final = "keycloak_authentication_bindings.bindings"


def beside(
    model: AccessModel,
    provider: str,
    existing: Callable[[Sequence[Block]], Iterable[Existing]],
    browser_flow: str | None,
) -> tuple[dict[str, bytes], int, list[Note]]:
    """The files for the folder of the compiled module (path → bytes), how many resources they
    import, and what they leave as it is. `browser_flow` is how people sign in today."""
    folder = f"terraform/identity/{provider}"
    compiled, _ = emit(model, ["keycloak"])
    blocks = {
        ".".join(block.labels): block
        for path, content in compiled.items()
        if path.startswith(f"{folder}/") and path.endswith(".tf")
        for block in parse(content)
        if block.type == "resource"
    }
    there = [*existing([*blocks.values()])]
    if not there:
        return {}, 0, []
    imports = [Block("import", (), {"to": Ref(each.address), "id": each.id}) for each in there]
    files = {f"{folder}/{IMPORTS}": render(imports, _IMPORTED)}
    kept = [*_kept(there, blocks)]
    if browser_flow not in (None, FLOW) and _BINDINGS in blocks:
        kept.append(
            (
                _resource(_BINDINGS, {"browser_flow": str(browser_flow)}),
                f"people sign in by the flow `{browser_flow}`, and no token tells a second factor",
            )
        )
    if kept:
        files[f"{folder}/{KEPT}"] = render([block for block, _ in kept], _LEFT)
    return files, len(there), [_note(said) for _, said in kept]


_IMPORTED: Final = (
    "Written by `qgov import`: what is there already, so that the first apply takes it over.\n"
    "Remove it when that is done."
)
_LEFT: Final = (
    "Written by `qgov import`: what the first apply would take from somebody, left as it is.\n"
    "Remove a block when nobody needs what it keeps."
)


def _kept(there: Iterable[Existing], blocks: Mapping[str, Block]) -> Iterator[tuple[Block, str]]:
    for each in there:
        kind = each.address.partition(".")[0]
        if not each.others:
            continue
        others = f"`{'`, `'.join(each.others)}`"
        if kind == "keycloak_group_roles":
            yield (
                _resource(each.address, {"exhaustive": False}),
                f"the group of `{each.address}` holds {others} besides",
            )
        elif kind == "keycloak_default_roles":
            said = blocks[each.address].attributes["default_roles"]
            own = [*map(str, said)] if isinstance(said, list | tuple) else []
            yield (
                _resource(each.address, {"default_roles": sorted({*own, *each.others})}),
                f"everyone holds {others} besides",
            )
        elif kind == "keycloak_realm":
            ignored = [Ref(argument) for argument in each.others]
            rest = Block("lifecycle", (), {"ignore_changes": ignored})
            yield _resource(each.address, {}, rest), f"the realm has {others} of its own"


def _resource(address: str, attributes: Mapping[str, Value], *blocks: Block) -> Block:
    return Block("resource", tuple(address.split(".", 1)), attributes, blocks)


def _note(said: str) -> Note:
    return Note(
        Why.UNSAID,
        said,
        f"`{KEPT}` leaves that as it is, so that nobody loses it by the first apply",
        "take the block out of the file when nobody needs it any more",
    )
