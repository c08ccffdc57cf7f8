"""What `qgov conform --native` found, as text: who may submit where, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from qgov.contracts.telling import document_text
from qgov.render.counting import count, more
from qgov.render.escaping import plain
from qgov.render.text import page, paint, wrapped

__all__ = ["NATIVE_FORMATS", "as_native_text"]

_MOST: Final = 20
_FIT: Final = 8  # devices side by side


def as_native_text(document: Mapping[str, Any], colour: bool = False) -> str:
    """The verdict, what failed, and the matrix."""
    summary, asked = document["summary"], document["questions"]
    wrong = [each for each in asked if each["result"] == "failed"]
    if not asked:
        told = "FAILED: there was nothing to ask"
    elif wrong:
        told = f"FAILED: {len(wrong):,} of {count(len(asked), 'question')}"
    else:
        told = f"PASSED: {count(len(asked), 'question')}"
    lines = [
        paint(told, "low" if asked and not wrong else "error", colour),
        f"{summary['allowed']:,} are allowed, {summary['denied']:,} denied",
        paint(f"{document['cloud']}, {document['evaluator']}", "quiet", colour),
    ]
    if wrong:
        lines += ["", paint("NOT AS THE DOCUMENTS SAY", "title", colour)]
        for each in wrong[:_MOST]:
            lines += wrapped(f"{each['answer']}, not {each['expect']}: {each['name']}", 2, 4)
        if len(wrong) > _MOST:
            lines.append(f"  {more(len(wrong) - _MOST)}")
    return page([*lines, *_matrix(asked, colour)])


def _matrix(asked: list[Mapping[str, Any]], colour: bool) -> list[str]:
    """Who × device: ● allowed, · denied, ! not as the documents say."""
    cells = {
        (each["row"], each["backend"]): "!"
        if each["result"] == "failed"
        else {"allow": "●", "deny": "·"}[each["answer"]]
        for each in asked
        if each["row"]
    }
    if not cells:
        return []
    rows, backends = (list(dict.fromkeys(each)) for each in zip(*cells, strict=True))
    shown = [row for row in rows if any(cells.get((row, b), "·") != "·" for b in backends)]
    lines = ["", paint("WHO MAY SUBMIT TO WHICH DEVICE", "title", colour)]
    for start in range(0, len(backends), _FIT):
        part = backends[start : start + _FIT]
        numbers = "".join(str(start + index + 1).rjust(4) for index in range(len(part)))
        lines.append(f" {numbers}")
        for row in shown:
            marks = "".join(cells.get((row, backend), " ").rjust(4) for backend in part)
            lines.append(f" {marks}  {plain(row)}")
    legend = ", ".join(f"{index + 1} {plain(name)}" for index, name in enumerate(backends))
    lines += ["", *wrapped(legend, 2), *wrapped("● allowed · denied ! wrong", 2)]
    if idle := len(rows) - len(shown):
        lines += wrapped(f"{count(idle, 'other')} may submit to none", 2)
    return lines


NATIVE_FORMATS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "text": as_native_text,
    "json": document_text,
}
"""How it is printed."""
