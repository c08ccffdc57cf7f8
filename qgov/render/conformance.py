"""What `qgov conform` found, as text, JSON or JUnit XML: views of one document."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final
from xml.etree import ElementTree as ET

from qgov.conformance.report import failed
from qgov.render.counting import count, more
from qgov.render.escaping import plain
from qgov.render.text import columns, page, paint, wrapped

__all__ = ["FORMATS", "as_json", "as_junit", "as_text", "tallies"]

Document = Mapping[str, Any]

MOST_FAILURES: Final = 20
"""Failures that are shown in full; JSON and JUnit have all."""

MOST_DIFFERENCES: Final = 10
KINDS: Final = {
    "cell": "cells, one by one",
    "nobody-else": "cells, of all other groups at once",
    "binding": "near misses of bindings",
    "elevation": "near misses of elevations",
    "access-test": "expectations of AccessTests",
    "submission": "circuits submitted",
    "grant": "grants of the bundle that no document gives",
}
"""What a case's id begins with, and what such cases are."""


def as_json(document: Document) -> str:
    """The document `qgov/conformance/v1`, each of its thousands of cases on a line."""
    head = {name: value for name, value in document.items() if name != "cases"}
    cases = ",".join(f"\n  {json.dumps(case, ensure_ascii=False)}" for case in document["cases"])
    start = json.dumps(head, indent=1, ensure_ascii=False).removesuffix("\n}")
    return f'{start},\n "cases": [{cases}\n ]\n}}\n'


# ------------------------------------------------------------------------------------ text


def as_text(document: Document, colour: bool = False) -> str:
    """The verdict, the failures, the matrix, and what was asked."""
    lines = _verdict(document, colour)
    lines += _failures(document, colour)
    lines += _differences(document["bundle"]["differences"], colour)
    lines += _matrix(document, colour)
    if document["cases"]:
        lines += ["", paint("ASKED", "title", colour), *_asked(document["cases"])]
    return page(lines)


def _verdict(document: Document, colour: bool) -> list[str]:
    summary, wrong = document["summary"], failed(document)
    cases = summary["passed"] + summary["failed"]
    differences = len(document["bundle"]["differences"])
    if not cases:
        told = "FAILED: there was nothing to ask"
    elif summary["failed"]:
        told = f"FAILED: {summary['failed']:,} of {count(cases, 'case')}"
    elif differences:
        told = f"FAILED: {count(cases, 'case')} passed, but the bundle is not of these documents"
    else:
        told = f"PASSED: {count(cases, 'case')}"
    ran = summary["submitted"] - summary["refused"]
    style = "error" if wrong else "low"
    shard = document["shard"]
    part = f", shard {shard['index']} of {shard['of']}" if shard["of"] > 1 else ""
    return [
        *(paint(line, style, colour) for line in wrapped(told, 0, 2)),
        *wrapped(f"{count(ran, 'circuit')} ran, {summary['refused']:,} were refused", 0),
        *(
            paint(line, "quiet", colour)
            for line in wrapped(f"{document['engine']}{part}, {document['revision']}", 0, 2)
        ),
    ]


def _failures(document: Document, colour: bool) -> list[str]:
    wrong = sorted((case for case in document["cases"] if case["result"] == "failed"), key=_weight)
    if not wrong:
        return []
    lines = ["", paint("FAILURES", "title", colour)]
    for case in wrong[:MOST_FAILURES]:
        lines += ["", *_failure(case, colour)]
    if len(wrong) > MOST_FAILURES:
        rest = Counter(_where(case) for case in wrong[MOST_FAILURES:])
        lines += ["", *wrapped(f"{more(len(wrong) - MOST_FAILURES)}:", 2)]
        lines += columns(((f"{n:,}", where) for where, n in rest.most_common(MOST_FAILURES)), 4)
        lines += ["  --format json or junit has them all"]
    return lines


def _weight(case: Mapping[str, Any]) -> tuple[bool, bool, bool, bool, str, str]:
    """First what is allowed and should not be, and of that first what names a role, what the bundle
    itself gives, and what ran."""
    opened = case["decision"]["allow"] and case["expect"] == "deny"
    given, id_ = case["id"].startswith("grant:"), case["id"]
    return not opened, not case["role"], not given, not case["submitted"], id_, case["engine"]


def _where(case: Mapping[str, Any]) -> str:
    return f"{case['role'] or case['principal'] or 'nobody'} on {case['scope']}"


def _failure(case: Mapping[str, Any], colour: bool) -> list[str]:
    first, *rest = wrapped(_where(case), 2, 4)
    lines = [paint(first, "error", colour), *rest]
    fields = [("case", case["id"]), ("says", case["name"])]
    fields += [("", problem) for problem in case["problems"]]
    fields += [("wrong", "")] if not case["problems"] else []
    fields += [("engine", case["engine"])]
    fields += [("written", case["origin"])] if case["origin"] else []
    lines += columns(_named(fields), 4)
    return lines


def _named(fields: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    named = False
    for name, value in fields:
        yield (name or ("" if named else "wrong"), value)
        named = named or not name


def _differences(found: Sequence[Mapping[str, Any]], colour: bool) -> list[str]:
    if not found:
        return []
    lines = ["", paint("THE BUNDLE SAYS SOMETHING OTHER THAN THE DOCUMENTS", "title", colour)]
    for difference in found[:MOST_DIFFERENCES]:
        lines += wrapped(difference["place"], 2, 4)
        lines += columns([(who, _value(difference[who])) for who in ("documents", "bundle")], 4)
    if len(found) > MOST_DIFFERENCES:
        lines += [f"  {more(len(found) - MOST_DIFFERENCES)}"]
    return lines


def _value(value: Any) -> str:
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 160 else f"{text[:157]}…"


def _matrix(document: Document, colour: bool) -> list[str]:
    """Role × backend: how many circuits ran, and how many were refused."""
    tally = tallies(document)
    roles, backends = document["matrix"]["roles"], document["matrix"]["backends"]
    if not tally or not roles or not backends:
        return []
    width = max(map(len, map(plain, roles)))
    cells = {key: _cell(numbers) for key, numbers in tally.items()}
    size = max(3, *map(len, cells.values())) + 1
    fit = max(1, (78 - width) // size)
    lines = ["", paint("RAN/REFUSED, EACH ROLE ON EACH BACKEND", "title", colour)]
    for start in range(0, len(backends), fit):
        part = backends[start : start + fit]
        letters = "".join(_letter(start + n).rjust(size) for n in range(len(part)))
        lines += [f"  {' ' * width}{letters}"]
        for role in roles:
            row = "".join(cells.get((role, backend), "·").rjust(size) for backend in part)
            lines += [f"  {plain(role).ljust(width)}{row}"]
    lines += ["", *_legend(backends)]
    runners = {role for (role, _), numbers in tally.items() if numbers["ran"]}
    if idle := [role for role in roles if role not in runners]:
        lines += ["", *wrapped(f"No backend runs anything for {', '.join(idle)}.", 2)]
    return lines


def tallies(document: Document) -> dict[tuple[str, str], Counter[str]]:
    """(role, backend) → how many submissions `ran`, were `refused`, or `failed` to be as the
    documents say."""
    found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for case in document["cases"]:
        if case["submitted"]:
            how = "ran" if case["decision"]["allow"] else "refused"
            found[case["role"], case["backend"]][
                how if case["result"] == "passed" else "failed"
            ] += 1
    return found


def _cell(numbers: Counter[str]) -> str:
    text = f"{numbers['ran'] or '-'}/{numbers['refused'] or '-'}"
    return f"!{text}" if numbers["failed"] else text


def _legend(backends: Sequence[str]) -> list[str]:
    named = [f"{_letter(n)} {plain(name)}" for n, name in enumerate(backends)]
    size = max(map(len, named)) + 2
    across = max(1, 78 // size)
    return [
        "  " + "".join(name.ljust(size) for name in named[start : start + across]).rstrip()
        for start in range(0, len(named), across)
    ]


def _letter(number: int) -> str:
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("a") + rest) + letters
    return letters


def _asked(cases: Sequence[Mapping[str, Any]]) -> list[str]:
    kinds = Counter(case["id"].partition(":")[0] for case in cases)
    rows = [(f"{kinds[kind]:,}", about) for kind, about in KINDS.items() if kinds[kind]]
    size = max((len(number) for number, _ in rows), default=0)
    return columns((number.rjust(size), about) for number, about in rows)


# ----------------------------------------------------------------------------------- JUnit

_ILLEGAL: Final = re.compile(
    "[^\\x09\\x0a\\x0d\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]"
)
"""What XML 1.0 cannot express."""


def as_junit(document: Document) -> str:
    """JUnit XML: a suite for each engine, a case for each case."""
    suites = ET.Element("testsuites", name="qgov conform")
    by_engine: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for case in document["cases"]:
        by_engine[case["engine"]].append(case)
    failures = 0
    for engine, cases in sorted(by_engine.items()):
        failures += _suite(suites, f"qgov conform {engine}", document, cases)
    if differences := document["bundle"]["differences"]:
        failures += _content(suites, document, differences)
    suites.set("tests", str(len(suites.findall(".//testcase"))))
    suites.set("failures", str(failures))
    suites.set("errors", "0")
    ET.indent(suites)
    text = ET.tostring(suites, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _suite(
    parent: ET.Element,
    name: str,
    document: Document,
    cases: Sequence[Mapping[str, Any]],
) -> int:
    failures = [case["result"] for case in cases].count("failed")
    suite = ET.SubElement(
        parent,
        "testsuite",
        name=_legal(name),
        tests=str(len(cases)),
        failures=str(failures),
        errors="0",
        skipped="0",
    )
    properties = ET.SubElement(suite, "properties")  # before the cases, says the XSD
    ET.SubElement(properties, "property", name="revision", value=_legal(document["revision"]))
    for case in cases:
        _testcase(suite, case)
    return failures


def _testcase(suite: ET.Element, case: Mapping[str, Any]) -> None:
    kind = str(case["id"]).partition(":")[0]
    classname = f"qgov.conform.{case['engine']}.{kind}"
    element = ET.SubElement(suite, "testcase", classname=_legal(classname), name=_legal(case["id"]))
    if case["result"] == "failed":
        problems = [str(problem) for problem in case["problems"]]
        failure = ET.SubElement(
            element, "failure", message=_legal("; ".join(problems)), type="conformance"
        )
        told = [f"{_where(case)}: {case['name']}", *problems]
        told += [f"written at {case['origin']}"] if case["origin"] else []
        failure.text = _legal("\n".join(told))


def _content(parent: ET.Element, document: Document, found: Sequence[Mapping[str, Any]]) -> int:
    cases = [
        {
            "id": f"bundle:{difference['place']}",
            "engine": "content",
            "name": "the bundle says what the documents say",
            "role": "",
            "principal": difference["place"],
            "scope": "*",
            "origin": "",
            "result": "failed",
            "problems": [f"{who}: {_value(difference[who])}" for who in ("documents", "bundle")],
        }
        for difference in found
    ]
    return _suite(parent, "qgov conform content", document, cases)


def _legal(text: Any) -> str:
    return _ILLEGAL.sub(lambda found: f"\\x{ord(found[0]):02x}", str(text))


FORMATS: Final[dict[str, Callable[[Document], str]]] = {
    "text": as_text,
    "json": as_json,
    "junit": as_junit,
}
"""A view by the name that `--format` takes."""
