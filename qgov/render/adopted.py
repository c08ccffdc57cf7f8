"""An adoption as a patch that `git apply` takes, below what it says and what it does not."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable

from qgov.drift.adopt.adopt import Adopted
from qgov.drift.drift import alike
from qgov.render.counting import count
from qgov.render.escaping import one_line, plain

__all__ = ["as_patch", "summary"]


def summary(adopted: Adopted, out: str) -> str:
    """What was adopted and what was not, for a terminal."""
    if not adopted.files:
        head = "nothing to adopt: no file was written"
    else:
        head = f"adopted in {plain(out)}: {count(len(adopted.files), 'file')}, adopt.patch"
    return "\n".join([head, *_told(adopted)])


def as_patch(adopted: Adopted) -> str:
    """The patch, for the root of the configuration."""
    lines = [f"# {line}\n" for line in _told(adopted)]
    for path, data in adopted.files.items():
        before, after = (side.decode() for side in (adopted.base[path], data))
        lines += _diff(path, before, after)
    return "".join(lines)


def _told(adopted: Adopted) -> Iterable[str]:
    why = dict(adopted.left)
    for each, more in alike(adopted.said):
        yield one_line(f"adopted: {each.source}: {each.message}{_besides(more)}")
    for each, more in alike(why):
        told = f"{each.message}{_besides(more)}: {why[each]}"
        yield one_line(f"not adopted: {each.source}: {told}")


def _besides(more: int) -> str:
    return f", and {count(more, 'access', 'accesses')} besides" if more else ""


def _diff(path: str, before: str, after: str) -> Iterable[str]:
    yield f"diff --git {_name('a', path)} {_name('b', path)}\n"
    names = _name("a", path), _name("b", path)
    for line in difflib.unified_diff(_lines(before), _lines(after), *names):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(text: str) -> list[str]:
    """Lines as git counts them."""
    found = text.split("\n")
    return [f"{line}\n" for line in found[:-1]] + ([found[-1]] if found[-1] else [])


def _name(side: str, path: str) -> str:
    """A path as git quotes it."""
    full = f"{side}/{path}"
    return full if full.isascii() and full.isprintable() and not {*'"\\ '} & {*full} else _c(full)


def _c(text: str) -> str:
    if text.isascii():
        return json.dumps(text)
    raw = "".join(chr(b) if 32 <= b < 127 else f"\\{b:03o}" for b in _escaped(text).encode())
    return f'"{raw}"'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
