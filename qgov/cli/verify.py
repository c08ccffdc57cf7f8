"""`qgov verify`: whether an evidence pack is what it says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qgov.cli.common import Root, choose, say, wants_colour, write

if TYPE_CHECKING:
    from qgov.cli.planning import Asked
    from qgov.evidence.verify import Problem
    from qgov.language.intent import Intent
    from qgov.plan.author import Author

__all__ = ["verify"]


def verify(
    pack: Annotated[Path, typer.Argument(metavar="PACK", help="The folder or the zip.")],
    key: Annotated[
        Path | None,
        typer.Option("--key", metavar="FILE", help="The public key (PEM) that must have signed."),
    ] = None,
    rebuild: Annotated[
        bool,
        typer.Option(
            "--rebuild", help="Make the pack again from its two commits, in a clone, and compare."
        ),
    ] = False,
    format_: Annotated[
        str, typer.Option("--format", metavar="text|json", help="How to print.")
    ] = "text",
    root: Root = Path(),
) -> int:
    """Check an evidence pack offline: digests, statement, signature, contents."""
    from qgov.evidence.pack import PackError, read_pack
    from qgov.evidence.statement import StatementError
    from qgov.evidence.verify import verify as verify_files
    from qgov.render.text import plain
    from qgov.render.verification import Verification, as_json, as_text

    choose(format_, ("text", "json"), "--format")
    public = _public(key)
    try:
        files = read_pack(pack)
        problems, signed_by = verify_files(files, public)
    except PackError as error:
        say(f"error: {plain(str(error))}")
        return 1
    except StatementError as error:
        raise typer.BadParameter(str(error), param_hint="--key") from error
    again = None
    if rebuild and not problems:
        again = _rebuilt(root, files)
        if again is None:
            return 1
        problems = [*problems, *again]
    said = _index(files)
    found = Verification(
        path=str(pack),
        base=said.get("base"),
        head=said.get("head"),
        files=len(files),
        signed_by=signed_by,
        key_checked=public is not None,
        rebuilt=again is not None,
        problems=problems,
    )
    write(as_json(found) if format_ == "json" else as_text(found, wants_colour()))
    return 0 if found.sound else 1


def _public(key: Path | None) -> bytes | None:
    if key is None:
        return None
    try:
        return key.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{key}: {error.strerror}", param_hint="--key") from error


def _index(files: Mapping[str, bytes]) -> Mapping[str, Any]:
    """What the pack says of itself; nothing where that cannot be read."""
    try:
        found = json.loads(files.get("pack.json", b"{}"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _rebuilt(root: Path, files: Mapping[str, bytes]) -> list[Problem] | None:
    """What differs from the pack made again; None, with the reason on standard error, where
    it cannot be made."""
    from qgov import __version__
    from qgov.cli.packing import packed
    from qgov.cli.planning import planned
    from qgov.evidence.pack import with_manifest
    from qgov.evidence.verify import compared
    from qgov.render.text import plain

    said = _index(files)
    if said["qgov_version"] != __version__:
        wanted = plain(str(said["qgov_version"]))
        say(f"error: the pack was made by qgov {wanted}, this is {__version__}: use that one")
        return None
    asked = _asked(root, said, files)
    found = planned(asked)
    if found is None:
        return None
    made = packed(asked, found, files.get(str(said["options"]["intent"])), None)
    if made is None:
        return None
    return compared(files, with_manifest(*made))


def _asked(root: Path, said: Mapping[str, Any], files: Mapping[str, bytes]) -> Asked:
    from qgov.cli.planning import Asked

    options = said["options"]
    return Asked(
        root=root,
        base=said["base"] or "empty",
        head=said["head"],
        horizon=options["horizon"],
        overrides=tuple(options["override"]),
        now=options["now"],
        intent=_intent(options["intent"], files),
        author=_author(options),
        witness=True,
        prove=True,
    )


def _author(options: Mapping[str, Any]) -> Author | None:
    from qgov.plan.author import Author

    if options["author"] is None:
        return None
    return Author(options["author"], tuple(options["author_groups"]))


def _intent(name: str | None, files: Mapping[str, bytes]) -> Intent | None:
    from qgov.language.intent import read_intent

    if name is None:
        return None
    intent, findings = read_intent(name, files.get(name, b""))
    if intent is None or findings:
        raise typer.BadParameter(f"{name} in the pack is no intent", param_hint="PACK")
    return replace(intent, path=name)
