"""`hold`: the reviews of a model, from what was observed and decided to a report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from qgov.drift.facts import Person, label_of
from qgov.drift.observe import source_of
from qgov.drift.observer import Observation
from qgov.errors import FindingsError
from qgov.errors import Report as Findings
from qgov.finding import Finding, closest, in_order
from qgov.language.decisions import Decisions
from qgov.language.persons import folded
from qgov.language.quote import quoted
from qgov.model.access_model import AccessModel
from qgov.model.principal import Principal, user
from qgov.records import replace
from qgov.review.campaign import Campaign, campaigns
from qgov.review.judge import Judged, beside, judge
from qgov.review.report import Line, Report
from qgov.review.words import written

__all__ = ["hold"]

Told = Callable[[Person], Principal]
_HEADING = "NOT REVIEWED: the decisions do not count"


def hold(
    model: AccessModel,
    seen: Sequence[Observation],
    names: Sequence[str],
    decisions: Sequence[Decisions],
    now: datetime,
    *,
    people: bool = False,
) -> Report:
    """The campaigns of these reviews, and what was decided in them. People are labels, unless
    names are asked for.

    Raises FindingsError for decisions that do not count, and UnreadableError for a review of
    groups that were not read.
    """
    found = campaigns(model, seen, names, now)
    known = {one.name: one for one in found}

    def told(person: Person) -> Principal:
        return user(person.name) if people else label_of(user(person.known_as))

    judged: dict[str, Judged] = {}
    findings: list[Finding] = []
    for each in decisions:
        name = each.said.review
        if name not in known:
            hint = closest(name, known)
            message = f"{quoted(name)} is none of the reviews that are held{hint}"
            findings.append(Finding("QG930", message, each.at("review"), "name an `AccessReview`"))
        elif name in judged:
            message = f"there are decisions of {quoted(name)} already"
            remedy = "keep one file for each review"
            findings.append(Finding("QG928", message, each.at("review"), remedy))
        else:
            judged[name], wrong = judge(known[name], each, now, told)
            findings += wrong
    if findings:
        raise FindingsError(Findings(in_order(findings), _HEADING))
    by_source = {one.name: one for one in seen}
    lines = tuple(
        line if line.decided is None else _with_steps(line, by_source[line.source])
        for campaign in found
        for line in _lines(campaign, judged.get(campaign.name, {}), told)
    )
    return Report(
        tuple(source_of(one, now) for one in seen),
        tuple(found),
        lines,
        tuple(finding for one in found for finding in beside(one)),
    )


def _lines(campaign: Campaign, judged: Judged, told: Told) -> Iterator[Line]:
    for one in campaign.groups:
        for person in one.people:
            key = one.source, one.path, folded(written(person.known_as))
            yield Line(
                campaign.name, one.source, one.path, one.access, person,
                told(person), judged.get(key),
            )  # fmt: skip


def _with_steps(line: Line, seen: Observation) -> Line:
    return replace(line, leave=seen.leave(line.group, line.person)) if line.revoked else line
