"""`qgov verify`: whether an evidence pack is what it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from qgov.cli.common import Format, Root, about, together
from qgov.cli.streams import wants_colour, write
from qgov.evidence.pack import read_pack
from qgov.evidence.verification import Verification, as_json, as_text
from qgov.evidence.verify import Problem, index_of, verify
from qgov.lazy import lazy, postpone

__all__ = ["command"]

_rebuilt: Callable[[Path, Mapping[str, bytes]], list[Problem]] = lazy("qgov.cli.packing:rebuilt")


def command(
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
    format_: Format = "text",
    root: Root = Path(),
) -> int:
    """Check an evidence pack offline: digests, statement, signature, contents."""
    postpone("boto3")  # securesystemslib imports it for a signer that nobody asks for
    with together() as each:
        with each():
            public = _public(key)
        with each():
            files = read_pack(pack)
    with about("--key"):
        problems, signed_by = verify(files, public)
    again = rebuild and not problems
    if again:
        problems = _rebuilt(root, files)
    said = index_of(files)
    found = Verification(
        path=str(pack),
        base=said.get("base"),
        head=said.get("head"),
        files=len(files),
        signed_by=signed_by,
        key_checked=public is not None,
        rebuilt=again,
        problems=problems,
    )
    write(as_json(found) if format_ == "json" else as_text(found, wants_colour()))
    return 0 if found.sound else 1


def _public(key: Path | None) -> bytes | None:
    with about("--key"):
        return None if key is None else key.read_bytes()
