"""The lines of an audit log, each holding the digest of the one before it.

A line is canonical JSON: sorted keys, no white space, UTF-8. `hash` is SHA-256 over the
line without it, and `prev` is the hash of the line before, for the first one a digest of
the stream's name: so lines cannot be edited, removed, exchanged or moved to another stream.
A checkpoint says how many lines there were, so that their end cannot be cut off either.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any, Final

from msgspec import Struct
from msgspec.json import Encoder

__all__ = [
    "MAX_LINE",
    "STREAMS",
    "Checkpoint",
    "Line",
    "UnsoundError",
    "canonical",
    "genesis",
    "parse",
    "parse_checkpoint",
    "written",
]

STREAMS: Final = ("jobs", "admin")
"""What users do and what is done to the gateway: they are kept for different times."""

MAX_LINE: Final = 1 << 20
"""Bytes of one line, its end included."""

CHECKPOINT: Final = "qgov/audit-checkpoint/v1"
_HEX = re.compile(r"[0-9a-f]{64}")
_ENCODER: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)
_QUICK: Final = Encoder(order="sorted")
"""It writes what is plain in the same bytes, in a fifth of the time; a fraction it does not."""
_PLAIN: Final = frozenset((str, int, bool, type(None)))


class UnsoundError(ValueError):
    """Bytes that are not what this module writes; the message says in which way."""


class Line(Struct, frozen=True):
    """An entry: its number from 1, the hashes, and either an event or what was `recovered`."""

    seq: int
    prev: str
    hash: str
    event: Mapping[str, Any] | None
    recovered: Mapping[str, Any] | None = None


class Checkpoint(Struct, frozen=True):
    """A log had `size` entries in `length` bytes, the last one with the hash `head`."""

    stream: str
    size: int
    length: int
    head: str

    def encode(self) -> bytes:
        """One line of canonical JSON with its own digest."""
        fields = {
            "schema": CHECKPOINT,
            "stream": self.stream,
            "size": self.size,
            "bytes": self.length,
            "head": self.head,
        }
        return canonical({**fields, "digest": _digest(canonical(fields))}) + b"\n"


def canonical(value: Any) -> bytes:
    """The one way to write a JSON value. Raises ValueError for what is none, TypeError for
    what JSON has no type for, RecursionError for one too deep."""
    if _is_plain((value,)):
        with suppress(TypeError):  # a name that is no text
            return _QUICK.encode(value)
    return _ENCODER.encode(value).encode()


def _is_plain(values: Collection[Any]) -> bool:
    """Whether values are of the types that both encoders write alike, and all that they hold."""
    for value in values:
        kind = type(value)
        if kind in _PLAIN or (kind is dict and _is_plain(value.values())):
            continue
        if kind is not list or not _is_plain(value):
            return False
    return True


def genesis(stream: str) -> str:
    """What the first line of a stream has as `prev`."""
    return _digest(canonical({"schema": "qgov/audit/v1", "stream": stream}))


def written(seq: int, prev: str, name: str, content: bytes) -> tuple[bytes, str]:
    """The bytes of a line and its hash. `content` is the canonical JSON of what has this
    name: an `event`, or what was `recovered`."""
    named = b'"%s":%s,' % (name.encode(), content)
    # In the order of the names: `recovered` follows `hash`, an event does not.
    first, then = (named, b"") if name < "hash" else (b"", named)
    rest = b'"prev":"%s",%s"seq":%d}' % (prev.encode(), then, seq)
    hashed = _digest(b"{%s%s" % (first, rest))
    return b'{%s"hash":"%s",%s\n' % (first, hashed.encode(), rest), hashed


def parse(raw: bytes) -> Line:
    """The line of these bytes, its end included. Raises UnsoundError, and nothing else."""
    found = _read(raw)
    names = found.keys() - {"seq", "prev", "hash"}
    seq: Any = found.get("seq")
    prev: Any = found.get("prev")
    hashed: Any = found.get("hash")
    if names not in ({"event"}, {"recovered"}) or len(found) != 4:
        raise UnsoundError("is not an entry: it has other fields")
    content = found[next(iter(names))]
    if not isinstance(content, dict) or not _is_number(seq) or not _is_hash(prev, hashed):
        raise UnsoundError("is not an entry: a field has another type")
    body = {name: value for name, value in found.items() if name != "hash"}
    if _digest(canonical(body)) != hashed:
        raise UnsoundError("was changed: its hash is not that of its content")
    return Line(seq, prev, hashed, found.get("event"), found.get("recovered"))


def parse_checkpoint(raw: bytes) -> Checkpoint:
    """The checkpoint of these bytes. Raises UnsoundError, and nothing else."""
    found = _read(raw)
    digest = found.pop("digest", None)
    if found.keys() != {"schema", "stream", "size", "bytes", "head"}:
        raise UnsoundError("is not a checkpoint: it has other fields")
    right = (
        found["schema"] == CHECKPOINT
        and isinstance(found["stream"], str)
        and _is_number(found["size"])
        and _is_number(found["bytes"])
        and _is_hash(found["head"])
    )
    if not right:
        raise UnsoundError("is not a checkpoint: a field has another type")
    if _digest(canonical(found)) != digest:
        raise UnsoundError("was changed: its digest is not that of its content")
    return Checkpoint(found["stream"], found["size"], found["bytes"], found["head"])


def _read(raw: bytes) -> dict[str, Any]:
    """The object of a line that is written in the one way."""
    if not raw.endswith(b"\n"):
        raise UnsoundError("does not end: it was cut off")
    try:
        found = json.loads(raw.decode())
        same = canonical(found) == raw[:-1]
    except (ValueError, RecursionError) as error:
        raise UnsoundError("is not JSON as it is written here") from error
    if not isinstance(found, dict):
        raise UnsoundError("is not an object")
    if not same:
        raise UnsoundError("is not canonical: the same content is written in another way")
    return found


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63


def _is_hash(*values: object) -> bool:
    return all(isinstance(value, str) and _HEX.fullmatch(value) for value in values)
