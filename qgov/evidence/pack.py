"""An evidence pack: its files, written to a folder or a zip and read back from either.

A pack is only a claim until it is verified, so reading trusts nothing: no link, no path that
leads out, no more bytes than a bound.
"""

from __future__ import annotations

import io
import os
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from qgov.errors import QgovError
from qgov.output import publish
from qgov.output.manifest import MANIFEST, is_inside, manifest_of, manifest_text
from qgov.output.one_file import put_file

__all__ = ["STATEMENT", "PackError", "read_pack", "with_manifest", "write_pack", "zipped"]

STATEMENT: Final = "statement.dsse.json"
MOST_BYTES: Final = 1 << 30
MOST_FILES: Final = 10_000
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can record."""


class PackError(QgovError):
    """What is read is not a pack, or cannot be read; the message says why."""


def write_pack(path: Path, files: Mapping[str, bytes], commit: str) -> None:
    """Write a pack with its manifest: a zip when the name ends in `.zip`, else a folder,
    which must be new, empty or a pack. All of it or nothing. Raises RepositoryError and
    OSError."""
    if path.suffix.lower() != ".zip":
        publish(path, files, commit)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    put_file(path, zipped(with_manifest(files, commit)))


def with_manifest(files: Mapping[str, bytes], commit: str | None) -> dict[str, bytes]:
    """The files and the manifest that `write_pack` puts beside them."""
    return {**files, MANIFEST: manifest_text(manifest_of(files, commit))}


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip that is a function of the files: sorted, without times, and stored, because
    compressors differ from machine to machine."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path, _EPOCH)
            entry.create_system = 3
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, files[path])
    return packed.getvalue()


def read_pack(path: Path) -> dict[str, bytes]:
    """The files of a pack, the manifest among them. Raises PackError."""
    try:
        if path.is_dir():
            return _folder(path)
        # A pipe would block, and cannot be read as a zip.
        if path.exists() and not path.is_file():
            raise PackError(f"{path} is neither a file nor a folder")
        return _zip(path)
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        # RuntimeError: an entry that is encrypted.
        raise PackError(f"{path} cannot be read: {_why(error)}") from error


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _folder(folder: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    room = MOST_BYTES
    for below, folders, names in os.walk(folder, onerror=_raise):
        for name in (*folders, *names):
            full = Path(below) / name
            shown = full.relative_to(folder).as_posix()
            if full.is_symlink() or not (full.is_file() or full.is_dir()):
                raise PackError(f"{shown} is neither a file nor a folder: a pack has no links")
            if full.is_dir():
                continue
            room -= full.stat().st_size
            _bounded(room, len(found))
            found[shown] = full.read_bytes()
    return _sorted(found)


def _raise(error: OSError) -> None:
    raise error


def _zip(path: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    room = MOST_BYTES
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            name = entry.filename
            if name in found or not (is_inside(name) or name == MANIFEST) or "\\" in name:
                raise PackError(f"the entry {name!r} of the zip is twice there or leads out of it")
            room -= entry.file_size
            _bounded(room, len(found))
            with archive.open(entry) as stream:
                found[name] = stream.read(entry.file_size + 1)
    return _sorted(found)


def _bounded(room: int, files: int) -> None:
    if room < 0 or files >= MOST_FILES:
        raise PackError(f"it holds more than {MOST_BYTES >> 30} GiB or {MOST_FILES:,} files")


def _sorted(found: Mapping[str, bytes]) -> dict[str, bytes]:
    if MANIFEST not in found:
        raise PackError(f"it has no {MANIFEST}: write a pack with `qgov plan --evidence`")
    return dict(sorted(found.items()))
