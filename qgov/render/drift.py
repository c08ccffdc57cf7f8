"""Drift as text, Markdown, HTML, SARIF and JSON."""

from __future__ import annotations

import html
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from qgov.contracts import drift as contract
from qgov.contracts.telling import document_text, tell
from qgov.drift.drift import Drift, GroupPeople, Kind, Report, as_findings
from qgov.language.scalars import format_instant
from qgov.render import findings
from qgov.render.counting import count
from qgov.render.escaping import plain, ticked
from qgov.render.markdown import code, escape, table
from qgov.render.markdown import details as folded
from qgov.render.text import columns, page, paint, wrapped

__all__ = ["as_html", "as_json", "as_markdown", "as_sarif", "as_text"]

_MEANS: Final[Mapping[Kind, str]] = {
    Kind.MISSING: "reviewed, and not there",
    Kind.UNMANAGED: "there, and never reviewed",
    Kind.CHANGED: "not as reviewed",
    Kind.STALE_BUNDLE: "decided by another bundle",
    Kind.OUTLIVED: "past its window",
}


def as_json(report: Report) -> str:
    """The document `qgov/drift/v1`."""
    return document_text(tell(contract.Drift, report))


def as_sarif(report: Report) -> str:
    """The drift as findings at the lines that were reviewed."""
    return findings.as_sarif(as_findings(report))


def _verdict(report: Report) -> str:
    if not report.drift:
        facts = sum(source.facts for source in report.sources)
        names = ", ".join(source.name for source in report.sources)
        return f"IN SYNC: {names} ({count(facts, 'fact')} read)"
    kinds = [f"{many} {kind}" for kind, many in report.counts.items() if many]
    return f"DRIFT: {', '.join(kinds)}; the highest risk is {report.risk}"


def _gathered(report: Report) -> Iterator[tuple[Drift, str]]:
    """Differences in their order, those of one principal by one way as one: the most dangerous,
    and in words what else follows from the same."""
    alike: dict[tuple[object, ...], list[Drift]] = defaultdict(list)
    for each in report.drift:
        own = each.message if each.rule.startswith("setting-") else (each.desired, each.observed)
        alike[each.source, each.kind, each.principal, each.how, own].append(each)
    for first, *rest in alike.values():
        places: dict[tuple[str, ...], list[str]] = defaultdict(list)
        by_scope: dict[str, set[str]] = defaultdict(set)
        for each in rest:
            by_scope[each.scope].add(str(each.permission))
        by_scope[first.scope].discard(str(first.permission))
        for scope, permissions in by_scope.items():
            if permissions:
                places[tuple(sorted(permissions))].append(scope)
        told = [f"{', '.join(names)} on {', '.join(where)}" for names, where in places.items()]
        yield first, f"and so with {'; '.join(told)}" if told else ""


def as_text(report: Report, colour: bool = False) -> str:
    """The verdict, each difference as a paragraph, and who is in the groups."""
    lines = [paint(_verdict(report), "title", colour), ""] if report.drift else [_verdict(report)]
    for each, others in _gathered(report):
        risk = paint(str(each.risk), str(each.risk), colour)
        lines.append(f"{risk}  {each.kind}  {plain(each.source)}")
        lines += wrapped(each.message, 2, 4)
        if others:
            lines += wrapped(others, 4, 6)
        lines.append(f"    {plain(str(each.origin))}")
    rows = [_counted(each) for each in report.people if _worth_telling(each)]
    if rows:
        lines += ["", paint("People", "title", colour), *columns(rows)]
    read = [
        (source.name, format_instant(source.read_at), count(source.facts, "fact"))
        for source in report.sources
    ]
    return page([*lines, "", paint("Read", "title", colour), *columns(read)])


def _worth_telling(each: GroupPeople) -> bool:
    return each.least is not None or each.approves or bool(each.members)


def _counted(each: GroupPeople) -> tuple[str, str, str]:
    words = [
        "TOO FEW, " + _purpose(each) if each.too_few else "",
        f"{each.disabled} disabled" if each.disabled else "",
        f"{each.never_signed_in} never signed in" if each.never_signed_in else "",
        f"{each.external} from outside" if each.external else "",
        f"{count(each.service_accounts, 'service account')}" if each.service_accounts else "",
        ", ".join(each.names),
    ]
    least = "" if each.least is None else f" of at least {each.least}"
    return each.group, f"{each.members}{least}", "; ".join(filter(None, words)) or "–"


def _purpose(each: GroupPeople) -> str:
    return "and others wait for its approval" if each.approves else "as declared"


def as_markdown(report: Report) -> str:
    """As an issue or the summary of a job shows it."""
    lines = [f"## {escape(_verdict(report))}", ""]
    lines += table(
        ("risk", "kind", "source", "what", "reviewed at"),
        (
            (
                str(each.risk),
                str(each.kind),
                code(each.source),
                _cell(each, others),
                code(f"{each.origin.path}:{each.origin.line}"),
            )
            for each, others in _gathered(report)
        ),
    )
    people = table(
        ("group", "members", "of note"),
        (
            (code(group), members, escape(words))
            for group, members, words in map(_counted, filter(_worth_telling, report.people))
        ),
    )
    if people:
        lines += ["", *folded("People", people)]
    read = table(
        ("source", "read at", "facts"),
        ((code(s.name), format_instant(s.read_at), str(s.facts)) for s in report.sources),
    )
    return "\n".join([*lines, "", *folded("What was read", read), ""])


def _cell(each: Drift, others: str) -> str:
    return ticked(f"{each.message} {others}".rstrip())


_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}td,th{border:1px solid;padding:.4rem;"
    "text-align:left;vertical-align:top}"
)


def as_html(report: Report) -> str:
    """One page without scripts or network."""

    def cells(tag: str, texts: list[str]) -> str:
        return "<tr>" + "".join(f"<{tag}>{_safe(text)}</{tag}>" for text in texts) + "</tr>"

    def section(title: str, head: list[str], rows: list[list[str]]) -> str:
        body = "".join(cells("td", row) for row in rows)
        top = cells("th", head).replace("<th>", '<th scope="col">')
        return f"<h2>{title}</h2><table><thead>{top}</thead><tbody>{body}</tbody></table>"

    found = [
        [
            str(each.risk),
            f"{each.kind}: {_MEANS[each.kind]}",
            each.source,
            f"{each.message} {others}".rstrip(),
            str(each.origin),
        ]
        for each, others in _gathered(report)
    ]
    read = [[s.name, format_instant(s.read_at), str(s.facts)] for s in report.sources]
    people = [[*_counted(each)] for each in report.people if _worth_telling(each)]
    parts = [
        section("What differs", ["risk", "kind", "source", "what", "reviewed at"], found)
        if found
        else "",
        section("People", ["group", "members", "of note"], people) if people else "",
        section("What was read", ["source", "read at", "facts"], read),
    ]
    title = _safe(_verdict(report))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body><main><h1>{title}</h1>{''.join(parts)}"
        "</main></body></html>\n"
    )


def _safe(text: str) -> str:
    return html.escape(plain(text))
