"""Access reviews as text, Markdown and JSON, and the script that carries revocations out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from qgov.contracts import review as contract
from qgov.contracts.telling import document_text, tell
from qgov.language.scalars import format_duration, format_instant
from qgov.model.principal import name_of
from qgov.render.counting import count
from qgov.render.markdown import code, details, escape, table
from qgov.render.revert import Section, script
from qgov.render.text import columns, page, paint, plain, wrapped
from qgov.review.campaign import Campaign
from qgov.review.report import Line, Report
from qgov.review.words import access_words

__all__ = ["as_json", "as_markdown", "as_script", "as_text"]


def as_json(report: Report) -> str:
    """The document `qgov/review/v1`."""
    return document_text(tell(contract.Review, report))


def as_text(report: Report, colour: bool = False) -> str:
    """The verdict, each review with its groups, and who is to leave one."""
    lines = [paint(_verdict(report), "title", colour)]
    for one in report.campaigns:
        state = paint(_state(report, one), "high" if one.overdue else "quiet", colour)
        lines += ["", f"{state}  {plain(one.name)}", *wrapped(_told(one), 2, 4)]
        lines += columns(_groups(report, one), indent=4)
        lines += wrapped(_next(report, one), 4, 6) if _next(report, one) else []
        lines.append(f"    {plain(str(one.review.at('completed')))}")
    if report.revocations:
        lines += ["", paint("To leave", "title", colour), *columns(_leaving(report))]
    if report.findings:
        lines += ["", paint("Not in the reviews", "title", colour)]
        for finding in report.findings:
            lines += wrapped(f"{finding.code} {finding.told}; {finding.remedy}", 2, 4)
    read = [(s.name, format_instant(s.read_at), count(s.facts, "fact")) for s in report.sources]
    return page([*lines, "", paint("Read", "title", colour), *columns(read)])


def _verdict(report: Report) -> str:
    counts = report.counts
    late = f", {counts['overdue']} overdue" if counts["overdue"] else ""
    memberships = count(len(report.lines), "membership")
    decided = (
        f"; {counts['keep']} kept, {counts['revoke']} to end, {counts['undecided']} undecided"
        if counts["keep"] or counts["revoke"]
        else ""
    )
    return f"REVIEWS: {counts['reviews']}{late}; {memberships}{decided}"


def _state(report: Report, one: Campaign) -> str:
    if report.decided(one):
        return "decided"
    return "overdue" if one.overdue else "waiting"


def _told(one: Campaign) -> str:
    spec = one.review.value
    late = f"due {format_duration(one.late_s)} ago" if one.overdue else f"due by {one.due}"
    return (
        f"{spec.scope}, by {count(len(one.reviewers), 'member')} of {spec.reviewers}, {late}: "
        f"{count(one.people, 'person', 'people')} in {count(len(one.groups), 'group')}"
    )


def _next(report: Report, one: Campaign) -> str:
    """What is left to do with the document of a review that was decided."""
    days = [line.decided.at.date() for line in report.of(one) if line.decided]
    if not report.decided(one) or max(days) <= one.review.value.completed:
        return ""
    return f"write `completed: {max(days)}`, `completedBy` and `evidence` into the document"


def _groups(report: Report, one: Campaign) -> Iterator[tuple[str, str, str, str]]:
    decided = Counter(
        (line.source, line.group, line.decided.verdict) for line in report.of(one) if line.decided
    )
    for each in one.groups:
        kept, ended = (decided[each.source, each.path, verdict] for verdict in ("keep", "revoke"))
        said = f", {kept} kept, {ended} to end" if kept or ended else ""
        gives = "; ".join(map(access_words, each.access))
        yield each.path, each.source, f"{len(each.people)}{said}", gives


def _leaving(report: Report) -> Iterator[tuple[str, str, str]]:
    for line in report.revocations:
        yield name_of(line.told), f"{line.group} ({line.source})", _reason(line)


def _reason(line: Line) -> str:
    return line.decided.reason or "" if line.decided else ""


def as_markdown(report: Report) -> str:
    """As an issue or a pull request shows it."""
    lines = [f"## {escape(_verdict(report))}", ""]
    lines += table(
        ("review", "state", "what", "written at"),
        (
            (
                code(one.name),
                _state(report, one),
                escape(_told(one)),
                code(str(one.review.at("completed"))),
            )
            for one in report.campaigns
        ),
    )
    for one in report.campaigns:
        rows = [
            (code(path), code(source), escape(people), escape(gives))
            for path, source, people, gives in _groups(report, one)
        ]
        if rows:
            body = table(("group", "source", "people", "gives"), rows)
            lines += ["", *details(f"Groups of {escape(one.name)}", body)]
    leaving = [tuple(map(escape, row)) for row in _leaving(report)]
    if leaving:
        lines += ["", *table(("to leave", "group", "reason"), leaving)]
    lines += [f"\n{finding.code}: {escape(finding.told)}" for finding in report.findings]
    return "\n".join([*lines, ""])


def as_script(report: Report) -> str:
    """What carries the revocations out, to be reviewed."""
    sections = (
        Section(
            f"{line.source}: {name_of(line.told)} leaves {line.group}, by the review "
            f"`{line.review}`: {_reason(line)}",
            line.leave.steps if line.leave else (),
            [line.leave.why_not] if line.leave and line.leave.why_not else [],
        )
        for line in report.revocations
    )
    return script("What carries out the revocations of access reviews", sections, "nobody leaves")
