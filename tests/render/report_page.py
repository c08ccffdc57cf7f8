"""Reports of small changes, and a reader of HTML that accepts only what a report may hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any, Final

from qgov.plan.make import make_plan
from qgov.render.report import as_html
from tests.plan.worlds import NOW, sides_of

__all__ = ["FAILED", "PROVED", "Reader", "part", "read", "report"]

VOID: Final = {"meta", "link", "rect"}
TAGS: Final = VOID | {
    *("html", "head", "title", "style", "body", "script", "svg"),
    *("header", "main", "section", "nav", "footer", "article", "div", "details", "summary"),
    *("h1", "h2", "h3", "h4", "p", "ul", "li", "dl", "dt", "dd", "figure", "figcaption"),
    *("a", "span", "code", "b", "strong", "mark", "ins", "del"),
    *("label", "select", "option", "button"),
    *("table", "caption", "colgroup", "col", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES: Final = {
    *("lang", "charset", "http-equiv", "content", "name", "href", "rel", "type", "value"),
    *("class", "id", "tabindex", "role", "hidden", "disabled", "scope", "rowspan", "colspan"),
    *("viewbox", "preserveaspectratio", "focusable", "width", "height"),
}


class Reader(HTMLParser):
    """Reads a report; an element or attribute that is none of ours is an AssertionError."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.ids: Counter[str] = Counter()
        self.links: list[str] = []
        self.words: list[str] = []
        self.raw: dict[str, str] = {"style": "", "script": ""}
        self.policy = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        self.tags[tag] += 1
        for name, value in attrs:
            assert name in ATTRIBUTES or name.startswith(("aria-", "data-")), f"{tag} {name}"
            if name == "id":
                self.ids[str(value)] += 1
            if name == "href":
                self.links.append(str(value))
            if (name, value) == ("http-equiv", "Content-Security-Policy"):
                self.policy = str(dict(attrs)["content"])
        if tag not in VOID | {"col"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag == "rect", tag
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, tag

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in self.raw:
            self.raw[self.open[-1]] += data
        else:
            self.words.append(data)

    @property
    def text(self) -> str:
        """What is read, with runs of white space as one space."""
        return " ".join(" ".join(self.words).split())


def read(html: str) -> Reader:
    """A report that is well formed, and holds nothing but what a report may."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert not reader.open
    assert max(reader.ids.values()) == 1
    for link in reader.links:
        assert link == "data:," or (link.startswith("#") and reader.ids[link[1:]]), link
    return reader


def part(html: str, id_: str) -> str:
    """What is read in one section of a report, or in what comes before all (`first`)."""
    start, end = (
        ('<section class="first"' if id_ == "first" else f'<section id="{id_}">'),
        "</section>",
    )
    assert html.count(start) == 1
    reader = Reader()
    reader.feed(start + html.partition(start)[2].partition(end)[0] + end)
    return reader.text


def report(
    before: Mapping[str, str] | None,
    after: Mapping[str, str] | None,
    conformance: Mapping[str, Any] | None = None,
    **options: Any,
) -> str:
    """The report of a change, without git."""
    base, head, reach = sides_of(before, after, whole="horizon_s" in options)
    plan = make_plan(base, head, reach, now=NOW, **options)
    return as_html(plan, base.model, head.model, conformance)


def _case(number: int, role: str, backend: str, allow: bool, passed: bool) -> dict[str, Any]:
    return {
        "id": f"submission:{number}",
        "engine": "rego",
        "name": f"case {number} <b>",
        "role": role,
        "principal": "group:developers",
        "scope": "atlas/sandbox/chemistry",
        "backend": backend,
        "origin": "tests/access/atlas.yaml:3",
        "decision": {"allow": allow},
        "result": "passed" if passed else "failed",
        "problems": [] if passed else ["expected deny, got allow <img src=x>"],
        "submitted": True,
    }


def _document(cases: list[dict[str, Any]]) -> dict[str, Any]:
    wrong = sum(case["result"] == "failed" for case in cases)
    return {
        "schema": "qgov/conformance/v1",
        "engine": "rego",
        "revision": "sha256:1",
        "summary": {
            "passed": len(cases) - wrong,
            "failed": wrong,
            "submitted": len(cases),
            "refused": sum(not case["decision"]["allow"] for case in cases),
        },
        "bundle": {"differences": []},
        "matrix": {"roles": ["developer", "reader"], "backends": ["garnet", "simulator"]},
        "cases": cases,
    }


PROVED: Final = _document(
    [_case(1, "developer", "simulator", True, True), _case(2, "reader", "garnet", False, True)]
)
"""A run of conformance in which all is well."""

FAILED: Final = _document([*PROVED["cases"], _case(3, "reader", "simulator", True, False)])
"""One in which a role ran what it may not."""
