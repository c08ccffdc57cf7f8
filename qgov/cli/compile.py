"""`qgov compile`: write the artifacts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from qgov.cli.common import Now, Root, about, choose, clock, together
from qgov.cli.streams import say
from qgov.errors import ExitStatus, FindingsError, Report
from qgov.finding import Severity, has_errors
from qgov.output import publish, stale_paths
from qgov.pipeline import check as check_rules
from qgov.pipeline import load, stream
from qgov.render.findings import as_text
from qgov.repository import at_hand, head_commit
from qgov.targets import targets
from qgov.targets.opa.signing import BUNDLE, key_digest, signed

__all__ = ["command"]


def command(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The output folder.")],
    target: Annotated[
        list[str] | None,
        typer.Option("--target", metavar="NAME", help="Only this target; may be repeated."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 2 when DIR is stale.")
    ] = False,
    signing_key: Annotated[
        Path | None,
        typer.Option(
            "--signing-key",
            metavar="FILE",
            help="Sign the OPA bundle with this P-256 private key (PEM).",
            show_default="the text in QGOV_SIGNING_KEY",
        ),
    ] = None,
    root: Root = Path(),
    now: Now = None,
) -> int:
    """Compile the configuration into DIR, all of it or nothing."""
    with together() as each:
        for name in target or ():
            with each():
                choose(name, tuple(targets()), "--target")
        with each():
            key = _key(signing_key)
        with each():
            time = clock(now)
        with each():
            files, unread = at_hand(root)
            loaded = load(files) if not has_errors(unread) else None
            if loaded is None or loaded.model is None:
                raise FindingsError(Report([*unread, *(loaded.findings if loaded else ())]))
    compiled, artifacts = stream(check_rules(loaded, time), target or ())
    serious = [f for f in (*unread, *compiled.findings) if f.severity is not Severity.INFO]
    if has_errors(serious):
        raise FindingsError(Report(serious))
    if serious:
        say(as_text(serious).rstrip())
    if key is not None:
        artifacts = _signed(artifacts, key)
    if check:
        stale = stale_paths(out, artifacts, partial=bool(target))
        for path in stale:
            say(f"stale: {path}")
        return ExitStatus.CHANGES if stale else 0
    written = publish(out, artifacts, head_commit(root, files), partial=bool(target))
    say(f"wrote {written} files to {out}")
    return 0


def _key(file: Path | None) -> tuple[bytes, str] | None:
    """The key to sign with in PEM, and its digest. Raises typer.BadParameter."""
    text = os.environ.get("QGOV_SIGNING_KEY", "")
    if file is None and not text:
        return None
    with about("QGOV_SIGNING_KEY" if file is None else "--signing-key"):
        pem = text.encode(errors="surrogateescape") if file is None else file.read_bytes()
        return pem, key_digest(pem)


def _signed(
    artifacts: Iterator[tuple[str, bytes]], key: tuple[bytes, str]
) -> Iterator[tuple[str, bytes]]:
    pem, digest = key
    said = f"signed nothing: {BUNDLE} is not among the targets"
    for path, content in artifacts:
        yield from signed({path: content}, pem).items() if path == BUNDLE else [(path, content)]
        if path == BUNDLE:
            said = f"signed {BUNDLE} with the key {digest}"
    say(said)
