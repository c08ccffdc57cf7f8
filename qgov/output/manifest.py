"""What an output folder says of itself: the manifest, written, read back and compared."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from itertools import starmap
from pathlib import Path
from typing import Any, Final, NamedTuple

from qgov import __version__
from qgov.contracts.artifacts import Entry, Manifest
from qgov.contracts.telling import document_text
from qgov.repository import RepositoryError

__all__ = [
    "MANIFEST",
    "Artifacts",
    "Stored",
    "entry_of",
    "is_file",
    "is_inside",
    "manifest_from",
    "manifest_of",
    "manifest_text",
    "one_by_one",
    "stale_paths",
    "stored_in",
]

MANIFEST: Final = "manifest.json"
SCHEMA: Final = "qgov/manifest/v1"

Artifacts = Mapping[str, bytes] | Iterable[tuple[str, bytes]]
"""Path → content, or one after the other so that they need not all be held."""


def one_by_one(artifacts: Artifacts) -> Iterable[tuple[str, bytes]]:
    """(path, content) of each."""
    return artifacts.items() if isinstance(artifacts, Mapping) else artifacts


def manifest_of(artifacts: Mapping[str, bytes], commit: str | None) -> Manifest:
    """The document `qgov/manifest/v1`. `content_digest` is over every path and SHA-256."""
    return manifest_from(starmap(entry_of, artifacts.items()), commit)


def manifest_text(manifest: Mapping[str, Any]) -> bytes:
    """A manifest as the bytes of its file."""
    return document_text(manifest).encode()


def entry_of(path: str, content: bytes) -> Entry:
    """An artifact as the manifest lists it."""
    return {"path": path, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}


def manifest_from(entries: Iterable[Entry], commit: str | None) -> Manifest:
    """The manifest of these entries, in order of path."""
    # `qgov verify` makes it again of what a pack lists, where a path may be anything.
    listed = sorted(entries, key=lambda entry: str(entry["path"]))
    digest = hashlib.sha256()
    for entry in listed:
        digest.update(f"{entry['sha256']}  {entry['path']}\n".encode())
    return {
        "schema": "qgov/manifest/v1",
        "commit": commit,
        "content_digest": f"sha256:{digest.hexdigest()}",
        "qgov_version": __version__,
        "artifacts": listed,
    }


class Stored(NamedTuple):
    """What the manifest of a folder says: its commit, and its artifacts by path."""

    commit: str | None
    entries: Mapping[str, Entry]


def stale_paths(out: Path, artifacts: Artifacts, *, partial: bool) -> list[str]:
    """The paths below `out` that differ from the artifacts, are missing, or are ours and no
    longer emitted; the manifest is one of them when it lists other contents. With `partial`,
    artifacts that were not compiled this time are passed over. Raises RepositoryError for a
    folder that is not ours or cannot be read."""
    stored = stored_in(out)
    stale: set[str] = set()
    wanted: dict[str, Entry] = {}
    for path, content in one_by_one(artifacts):
        wanted[path] = entry_of(path, content)
        try:
            if not is_file(out, path) or (out / path).read_bytes() != content:
                stale.add(path)
        except OSError as error:
            raise RepositoryError(f"cannot read {error.filename}: {error.strerror}") from error
    listed = {
        path: entry for path, entry in stored.entries.items() if path in wanted or not partial
    }
    if listed != wanted:
        stale |= {MANIFEST} | (set(listed) - set(wanted))
    return sorted(stale)


def stored_in(out: Path) -> Stored:
    """What our manifest says; nothing for a folder that is empty or does not exist. Raises
    RepositoryError when `out` holds something else."""
    manifest = out / MANIFEST
    try:
        if not os.path.lexists(out):
            return Stored(None, {})
        if out.is_symlink() or not out.is_dir():
            raise RepositoryError(f"{out} is not a folder; give another --out")
        if not os.path.lexists(manifest):
            if any(out.iterdir()):
                raise RepositoryError(
                    f"{out} is not empty and was not written by qgov; give an empty or new folder"
                )
            return Stored(None, {})
        if not is_file(out, MANIFEST):
            raise ValueError("not a file")
        stored = json.loads(manifest.read_bytes())
        if stored["schema"] != SCHEMA:
            raise ValueError(stored["schema"])
        entries = {entry["path"]: entry for entry in stored["artifacts"]}
        if not all(
            is_inside(path) and isinstance(entry["sha256"], str) for path, entry in entries.items()
        ):
            raise ValueError("a path leads out of the folder")
        return Stored(stored["commit"], entries)
    except OSError as error:
        raise RepositoryError(f"cannot read {error.filename}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RepositoryError(
            f"{manifest} is not a manifest of qgov; move the folder away"
        ) from error


def is_inside(path: object) -> bool:
    """Whether this is the relative path of an artifact, written in the one way there is."""
    return (
        isinstance(path, str)
        and "\0" not in path
        and path != MANIFEST
        and not {"", ".", ".."} & set(path.split("/"))
    )


def is_file(folder: Path, path: str) -> bool:
    """Whether there is a regular file, with no link on the way to it."""
    full = folder / path
    ways = [full, *list(full.parents)[: path.count("/")]]
    return full.is_file() and not any(way.is_symlink() for way in ways)
