"""`qgov compile`: write the artifacts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qgov.cli.common import Now, Root, choose, clock, say

__all__ = ["compile_"]

STALE = 2


def compile_(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The output folder.")],
    target: Annotated[
        list[str] | None,
        typer.Option("--target", metavar="NAME", help="Only this target; may be repeated."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 2 when DIR is stale.")
    ] = False,
    root: Root = Path(),
    now: Now = None,
) -> int:
    """Compile the configuration into DIR, all of it or nothing."""
    from qgov.finding import Severity, has_errors
    from qgov.output import publish, stale_paths
    from qgov.pipeline import compile_files
    from qgov.render.findings import as_text
    from qgov.repository import head_commit, read_work_tree
    from qgov.targets import targets

    for name in target or ():
        choose(name, tuple(targets()), "--target")
    files, refused = read_work_tree(root)
    if refused:
        say(as_text(refused).rstrip())
        return 1
    compiled = compile_files(files, clock(now), target or ())
    serious = [f for f in compiled.findings if f.severity is not Severity.INFO]
    if serious:
        say(as_text(serious).rstrip())
    if has_errors(compiled.findings):
        return 1
    if check:
        stale = stale_paths(out, compiled.artifacts, partial=bool(target))
        for path in stale:
            say(f"stale: {path}")
        return STALE if stale else 0
    written = publish(out, compiled.artifacts, head_commit(root, files), partial=bool(target))
    say(f"wrote {written} files to {out}")
    return 0
