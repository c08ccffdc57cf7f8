"""Reading an OPA bundle: its Rego, and the data of all its files in one."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from qgov.decision.engine import EngineError

__all__ = ["Bundle", "read_bundle"]

MAX_BYTES: Final = 1 << 30
"""How much a bundle may unpack to; OPA's own bound for one file."""


class Bundle(Struct, frozen=True):
    """What a bundle holds: Rego by file name, and the data of all its files in one."""

    revision: str
    modules: Mapping[str, str]
    data: Mapping[str, Any]


def read_bundle(content: bytes) -> Bundle:
    """Read a bundle's tarball. Raises EngineError when it is none, or a file collides."""
    modules: dict[str, str] = {}
    data: dict[str, Any] = {}
    manifest: Any = {}
    try:
        for name, text in _files(content):
            folder, _, base = name.rpartition("/")
            if base.endswith(".rego"):
                modules[name] = text
            elif base == "data.json":
                _merge(data, folder.split("/") if folder else [], json.loads(text), name)
            elif name == ".manifest":
                manifest = json.loads(text)
        revision = str(manifest.get("revision", ""))
    except (
        tarfile.TarError,
        gzip.BadGzipFile,
        zlib.error,
        EOFError,
        ValueError,
        AttributeError,
        RecursionError,
    ) as error:
        raise EngineError(f"the bundle cannot be read: {error}") from error
    if not modules:
        raise EngineError("the bundle holds no policy")
    return Bundle(revision, modules, data)


def _files(content: bytes) -> list[tuple[str, str]]:
    found, left = [], MAX_BYTES
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        for entry in archive:
            if not entry.isfile():
                continue
            left -= entry.size
            stream = archive.extractfile(entry)
            if left < 0 or stream is None:
                raise EngineError(f"the bundle unpacks to more than {MAX_BYTES} bytes")
            found.append(
                (entry.name.removeprefix("./").removeprefix("/"), stream.read().decode("utf-8"))
            )
    return found


def _merge(data: dict[str, Any], path: Sequence[str], value: Any, name: str) -> None:
    for label in reversed(path):
        value = {label: value}
    if not isinstance(value, dict):
        raise EngineError(f"{name} is no object")
    _merge_objects(data, value, name)


def _merge_objects(into: dict[str, Any], value: Mapping[str, Any], name: str) -> None:
    for key, child in value.items():
        if isinstance(child, dict) and isinstance(into.setdefault(key, {}), dict):
            _merge_objects(into[key], child, name)
        elif key in into:
            raise EngineError(f"{name} says `{key}` a second time")
        else:
            into[key] = child
