"""Putting artifacts in the place of an output folder.

A folder belongs to us when it holds our manifest; one that does not, and is not empty, is
never touched. What others keep in our folder (a lock file of Terraform, say) moves along.

This holds when the process is killed at any moment, not when the power fails: nothing is
flushed. Runs at the same time wait for each other.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

from qgov.contracts.artifacts import Entry
from qgov.contracts.telling import document_chunks
from qgov.output.beside import beside, exchange, sole_writer
from qgov.output.manifest import (
    MANIFEST,
    Artifacts,
    entry_of,
    is_file,
    is_inside,
    manifest_from,
    one_by_one,
    stored_in,
)
from qgov.repository import RepositoryError

__all__ = ["publish"]


def publish(out: Path, artifacts: Artifacts, commit: str | None, *, partial: bool = False) -> int:
    """Make `out` hold the artifacts, their manifest, and what others keep there; returns
    how many files are ours. With `partial`, our other files stay as they are, and so does
    what the manifest says about them; the commit is null when they are of another one.

    Raises RepositoryError when the folder is not ours, cannot be written, or somebody's
    file is in the way of an artifact; ValueError for a path that leads out of the folder.
    """
    place = _place(out)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with sole_writer(place):
            return _replace(place, artifacts, commit, partial)
    except OSError as error:
        raise RepositoryError(_reason(out, error)) from error


def _replace(out: Path, artifacts: Artifacts, commit: str | None, partial: bool) -> int:
    stored = stored_in(out)
    with beside(out) as holder:
        fresh = holder / "new"
        fresh.mkdir()
        written = _fill(fresh, artifacts)
        kept = {
            path: entry
            for path, entry in stored.entries.items()
            if partial and path not in written and is_file(out, path)
        }
        of = commit if not kept or stored.commit == commit else None
        manifest = manifest_from([*written.values(), *kept.values()], of)
        with (fresh / MANIFEST).open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(document_chunks(manifest))
        if out.exists():
            _carry_over(out, fresh, written, {*stored.entries, MANIFEST} - set(kept))
            shutil.copymode(out, fresh)
        exchange(fresh, out, holder / "old")
    return len(written) + len(kept)


def _place(out: Path) -> Path:
    """Where `out` is, without links on the way to it, so that it has a name and siblings."""
    place = out.parent.resolve() / out.name if out.name not in ("", "..") else out.resolve()
    if not place.name:
        raise RepositoryError(f"{out} cannot be an output folder; give another --out")
    return place


def _reason(out: Path, error: OSError) -> str:
    if error.errno in (errno.EBUSY, errno.EXDEV):
        return f"{out} cannot be replaced as a whole (a mount?); give a folder below it as --out"
    # The name of a temporary folder says nothing to the reader.
    named = isinstance(error.filename, str) and ".qgov-new-" not in error.filename
    return f"cannot write {error.filename if named else out}: {error.strerror}"


def _fill(folder: Path, artifacts: Artifacts) -> dict[str, Entry]:
    """Write the artifacts; by path, what the manifest says of each."""
    written: dict[str, Entry] = {}
    last = folder
    for path, content in one_by_one(artifacts):
        if not is_inside(path):
            raise ValueError(f"not the path of an artifact: {path!r}")
        full = folder / path
        if full.parent != last:
            last = full.parent
            last.mkdir(parents=True, exist_ok=True)
        full.write_bytes(content)
        written[path] = entry_of(path, content)
    return written


def _carry_over(
    old: Path, fresh: Path, artifacts: Collection[str], replaced: Collection[str]
) -> None:
    """Link what others keep in the old folder into the fresh one, empty folders and the
    permissions of folders included."""
    taken = {*artifacts, MANIFEST}
    folders = {str(parent) for path in taken for parent in PurePosixPath(path).parents}
    made: list[tuple[Path, Path]] = []
    for path in _leaves(old):
        if path in replaced:
            continue
        if path in taken | folders or not taken.isdisjoint(map(str, PurePosixPath(path).parents)):
            raise RepositoryError(
                f"{old / path} is in the way of an artifact and was not written by qgov; "
                "move it away"
            )
        missing = [p for p in (fresh / path).parents if fresh in p.parents and not p.exists()]
        for folder in reversed(missing):
            folder.mkdir()
            made.append((old / folder.relative_to(fresh), folder))
        _link(old / path, fresh / path)
    for source, folder in reversed(made):
        shutil.copymode(source, folder)


def _leaves(folder: Path) -> Iterator[str]:
    """Every file, link and empty folder, relative to `folder`; what cannot be read raises."""
    pending = [""]
    while pending:
        below = pending.pop()
        with os.scandir(folder / below) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
        for entry in listed:
            if entry.is_dir(follow_symlinks=False):
                pending.append(f"{below}{entry.name}/")
            else:
                yield f"{below}{entry.name}"
        if below and not listed:
            yield below.rstrip("/")


def _link(source: Path, target: Path) -> None:
    if source.is_dir() and not source.is_symlink():
        target.mkdir()
        shutil.copymode(source, target)
        return
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        # Another's file (protected_hardlinks), or a file system without hard links.
        shutil.copy2(source, target, follow_symlinks=False)
