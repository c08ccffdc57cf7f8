"""The Terraform beside an imported configuration: what is there already is imported and not made
again, and what it holds besides is left to it at first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from qgov.drift.facts import Setting
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
) -> tuple[dict[str, bytes], int, list[Note], set[Setting]]:
    """The files for the folder of the compiled module (path → bytes), how many resources they
    import, and what they leave as it is, in words and as settings. `browser_flow` is how people
    sign in today."""
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
        return {}, 0, [], set()
    imports = [Block("import", (), {"to": Ref(each.address), "id": each.id}) for each in there]
    files = {f"{folder}/{IMPORTS}": render(imports, _IMPORTED)}
    kept = [*_kept(there, blocks)]
    if browser_flow not in (None, FLOW) and _BINDINGS in blocks:
        kept.append(
            _Kept(
                _resource(_BINDINGS, {"browser_flow": str(browser_flow)}),
                f"people sign in by the flow `{browser_flow}`, and no token tells a second factor",
                "when people are ready for it",
                (Setting("realm", "", "browserFlow"),),
            )
        )
    if kept:
        files[f"{folder}/{KEPT}"] = render([each.block for each in kept], _LEFT)
    settings = {setting for each in kept for setting in each.settings}
    return files, len(there), [_note(each) for each in kept], settings


class _Kept(NamedTuple):
    """A block that keeps something as it is, what that is, when to let it go, and which settings
    it is told by."""

    block: Block
    what: str
    until: str
    settings: tuple[Setting, ...] = ()


_IMPORTED: Final = (
    "Written by `qgov import`: what is there already, so that the first apply takes it over.\n"
    "Remove it when that is done."
)
_LEFT: Final = (
    "Written by `qgov import`: what the first apply would take from somebody, left as it is.\n"
    "Remove a block when nobody needs what it keeps."
)


class _Whole(NamedTuple):
    """A resource that says all there is: its argument, what that is in words, and the settings (or
    the kind of those) that what it leaves out is told by."""

    argument: str
    words: str
    kind: str = ""
    settings: tuple[Setting, ...] = ()


_WHOLE: Final = {
    "keycloak_default_roles": _Whole(
        "default_roles", "everyone holds", "", (Setting("role", "default-roles", "composites"),)
    ),
    "keycloak_realm_default_client_scopes": _Whole(
        "default_scopes", "new clients have the scopes", "default client scope"
    ),
    "keycloak_realm_optional_client_scopes": _Whole(
        "optional_scopes", "new clients may ask for the scopes", "optional client scope"
    ),
}


def _kept(there: Iterable[Existing], blocks: Mapping[str, Block]) -> Iterator[_Kept]:
    for each in there:
        kind, _, name = each.address.partition(".")
        if not each.others:
            continue
        others = f"`{'`, `'.join(each.others)}`"
        if (whole := _WHOLE.get(kind)) is not None:
            said = blocks[each.address].attributes[whole.argument]
            own = [*map(str, said)] if isinstance(said, list | tuple) else []
            yield _Kept(
                _resource(each.address, {whole.argument: sorted({*own, *each.others})}),
                f"{whole.words} {others}",
                "when nobody needs them",
                whole.settings or tuple(Setting(whole.kind, name, "") for name in each.others),
            )
        elif kind == "keycloak_group_roles":
            group = blocks[f"keycloak_group.{name}"].attributes["name"]
            yield _Kept(
                _resource(each.address, {"exhaustive": False}),
                f"the group `{group}` holds {others}",
                "when it needs them no more; for what they mean on the platform, write "
                f"`roles/NAME.yaml` and a binding `{{group: {group}, role: NAME, on: SCOPE}}`",
            )
        elif kind == "keycloak_realm":
            ignored = [Ref(argument) for argument in each.others]
            yield _Kept(
                _resource(each.address, {}, Block("lifecycle", (), {"ignore_changes": ignored})),
                f"the realm has {others} of its own",
                "only where it should have none",
                (Setting("realm", "", "passwordPolicy"),),
            )


def _resource(address: str, attributes: Mapping[str, Value], *blocks: Block) -> Block:
    return Block("resource", tuple(address.split(".", 1)), attributes, blocks)


def _note(kept: _Kept) -> Note:
    return Note(
        Why.UNSAID,
        kept.what,
        f"`{KEPT}` leaves that as it is, so that the first apply takes it from nobody",
        f"take the block out of that file {kept.until}",
    )
