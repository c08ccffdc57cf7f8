"""Files that are added to a folder: all of them or none, and never over one that exists."""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Mapping
from pathlib import Path

from qgov.output.beside import beside, sole_writer
from qgov.repository import RepositoryError
from qgov.repository.files import link_on

__all__ = ["add_files", "new_folder", "require_free"]

_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK)


def add_files(root: Path, files: Mapping[str, bytes], programs: Collection[str] = ()) -> None:
    """Write new files (path below `root` → bytes) in their order; those of `programs` can be
    run. When one cannot be written, what was written before is taken away.

    Raises RepositoryError when a file is there already, or cannot be written.
    """
    made: list[Path] = []
    try:
        with sole_writer(root / "files"), beside(root / "files") as holder:
            _fill(holder, files, programs)
            try:
                for path in files:
                    _put(holder / path, root, path, made)
            except BaseException:
                _take_away(made)
                raise
    except OSError as error:
        raise RepositoryError(_reason(root, error)) from error


def new_folder(out: Path, files: Mapping[str, bytes], programs: Collection[str] = ()) -> None:
    """Make the folder `out` from these files, in one step. One that exists must be empty, but for
    a `.git`; what is in it stays.

    Raises RepositoryError when it is not empty, or cannot be written.
    """
    try:
        require_free(out)
        if os.path.lexists(out):
            # A shell may be in it, so it is filled and not replaced.
            add_files(out, files, programs)
            return
        place = out.parent.resolve() / out.name
        place.parent.mkdir(parents=True, exist_ok=True)
        with sole_writer(place), beside(place) as holder:
            fresh = holder / "new"
            fresh.mkdir()
            _fill(fresh, files, programs)
            fresh.rename(place)
    except OSError as error:
        raise RepositoryError(_reason(out, error)) from error


def require_free(out: Path) -> None:
    """Raises RepositoryError when `out` cannot become a new folder, because something is there."""
    if not os.path.lexists(out):
        return
    if not out.is_dir():
        raise RepositoryError(f"{out} is not a folder; give another")
    if others := sorted({entry.name for entry in out.iterdir()} - {".git"}):
        raise RepositoryError(
            f"{out} is not empty (it has {others[0]}); give a new or an empty folder"
        )


def _fill(folder: Path, files: Mapping[str, bytes], programs: Collection[str]) -> None:
    for path, content in files.items():
        full = folder / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(content)
        if path in programs:
            mode = full.stat().st_mode
            full.chmod(mode | (mode & 0o444) >> 2)


def _put(ready: Path, root: Path, path: str, made: list[Path]) -> None:
    """Give a finished file its place; what is made is noted in `made`."""
    full = root / path
    if (link := link_on(root, path)) is not None:
        raise RepositoryError(f"{root / link} is a link; nothing was written")
    for folder in reversed([p for p in full.parents if root in p.parents and not p.exists()]):
        folder.mkdir()
        made.append(folder)
    try:
        os.link(ready, full)
        made.append(full)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        with full.open("xb") as stream:
            made.append(full)
            stream.write(ready.read_bytes())
        full.chmod(ready.stat().st_mode)


def _take_away(made: list[Path]) -> None:
    for place in reversed(made):
        if place.is_dir():
            place.rmdir()
        else:
            place.unlink()


def _reason(out: Path, error: OSError) -> str:
    if error.errno == errno.EEXIST:
        return f"{error.filename2 or error.filename} is there already; nothing was written"
    # The name of a temporary folder says nothing to the reader.
    named = isinstance(error.filename, str) and ".qgov-new-" not in error.filename
    return f"cannot write {error.filename if named else out}: {error.strerror}"
