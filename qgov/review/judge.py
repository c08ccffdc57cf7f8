"""Decisions against what directories tell now: each is held to the rules of a review."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from qgov.drift.facts import Person
from qgov.finding import Finding, Origin, Severity, closest
from qgov.language.decisions import Decisions
from qgov.language.kinds.decisions import DecidedGroup, DecidedPerson
from qgov.language.persons import folded
from qgov.language.quote import quoted
from qgov.language.scalars import format_duration, format_instant
from qgov.model.principal import Principal
from qgov.review.campaign import Campaign, GroupAccess, of_note
from qgov.review.report import Decided
from qgov.review.words import access_words, written

__all__ = ["Judged", "beside", "judge"]

Judged = Mapping[tuple[str, str, str], Decided]
"""(source, group, person as it is written) → what was decided."""


class _Bench(Struct, frozen=True):
    campaign: Campaign
    decisions: Decisions
    now: datetime
    told: Callable[[Person], Principal]
    reviewers: frozenset[str]

    def finding(self, code: str, message: str, remedy: str, *steps: str | int) -> Finding:
        document = f"AccessReview/{self.campaign.name}"
        return Finding(code, message, self.decisions.at(*steps), remedy, document=document)


def judge(
    campaign: Campaign,
    decisions: Decisions,
    now: datetime,
    told: Callable[[Person], Principal],
) -> tuple[Judged, list[Finding]]:
    """What was decided, and every reason for which it does not count: a review is whole or it
    was not held. `told` is how findings may name a person who stands nowhere in the file."""
    reviewers = frozenset(map(_key, campaign.reviewers))
    bench = _Bench(campaign, decisions, now, told, reviewers)
    known = {(written(one.source), written(one.path)): one for one in campaign.groups}
    decided: dict[tuple[str, str, str], Decided] = {}
    findings: list[Finding] = []
    seen: set[tuple[str, str]] = set()
    for index, said in enumerate(decisions.said.groups):
        key = said.source, said.group
        if key not in known:
            findings.append(_unknown_group(bench, said, index))
        elif key in seen:
            findings.append(bench.finding(
                "QG928", f"{quoted(said.group)} of {quoted(said.source)} stands here twice",
                "keep one of them", "groups", index, "group"))  # fmt: skip
        else:
            seen.add(key)
            findings += _group(bench, known[key], said, index, decided)
    for key, one in known.items():
        if key not in seen and one.people:
            findings.append(bench.finding(
                "QG921", f"the group {quoted(one.path)} of {quoted(one.source)} is not decided on",
                "make the file anew, and decide on its members", "groups"))  # fmt: skip
    return decided, findings


def _unknown_group(bench: _Bench, said: DecidedGroup, index: int) -> Finding:
    names = [written(one.path) for one in bench.campaign.groups]
    scope = bench.campaign.review.value.scope
    return bench.finding(
        "QG924",
        f"{quoted(said.group)} of {quoted(said.source)} gives no access to {scope} now"
        f"{closest(said.group[:64], names)}",
        "remove it, or make the file anew",
        "groups", index, "group",
    )  # fmt: skip


def _group(
    bench: _Bench,
    now: GroupAccess,
    said: DecidedGroup,
    index: int,
    decided: dict[tuple[str, str, str], Decided],
) -> Iterator[Finding]:
    at = ("groups", index)
    more = [words for words in map(access_words, now.access) if words not in said.access]
    if more:
        yield bench.finding(
            "QG923",
            f"{quoted(said.group)} gives more than was decided on: {', '.join(more)}",
            "make the file anew, and decide again",
            *at, "access",
        )  # fmt: skip
    members = {_key(person.known_as): person for person in now.people}
    left = set(members)
    twice: set[str] = set()
    for place, one in enumerate(said.people):
        key = _key(one.person)
        here = (*at, "people", place)
        if key in twice:
            yield bench.finding(
                "QG928", f"{quoted(one.person)} stands in {quoted(said.group)} twice",
                "keep one of them", *here, "person")  # fmt: skip
            continue
        twice.add(key)
        member = members.get(key)
        if member is None:
            if one.decision != "revoke":  # one that was carried out is well
                yield bench.finding(
                    "QG922", f"{quoted(one.person)} is not in the group {quoted(said.group)}",
                    "remove the entry, or write the name as the directory does",
                    *here, "person")  # fmt: skip
            continue
        left.discard(key)
        wrong = [*_person(bench, member, one, here)]
        yield from wrong
        by, when = one.by or bench.decisions.said.by, one.at or bench.decisions.said.at
        if not wrong and one.decision and by and when:
            decided[now.source, now.path, key] = Decided(
                one.decision, one.reason, by, when, bench.decisions.at(*here)
            )
    for key in sorted(left):
        yield bench.finding(
            "QG921",
            f"nobody decided on {quoted(bench.told(members[key]))}, a member of "
            f"{quoted(said.group)}",
            "add the person, or make the file anew",
            *at, "people",
        )  # fmt: skip


def _person(
    bench: _Bench, member: Person, one: DecidedPerson, here: Sequence[str | int]
) -> Iterator[Finding]:
    """What is wrong with a decision on a member."""
    name = quoted(one.person)
    if one.decision is None:
        yield bench.finding(
            "QG921", f"nobody decided on {name}", "write `keep` or `revoke`", *here, "decision"
        )
        return
    note = of_note(member)
    if one.reason is None and (one.decision == "revoke" or note):
        what = "is revoked" if one.decision == "revoke" else f"is kept and {' and '.join(note)}"
        yield bench.finding(
            "QG929", f"{name} {what}, and nobody says why", "write a `reason`", *here, "decision"
        )
    yield from _by(bench, member, one, here)
    yield from _at(bench, one, here)


def _by(
    bench: _Bench, member: Person, one: DecidedPerson, here: Sequence[str | int]
) -> Iterator[Finding]:
    by = one.by or bench.decisions.said.by
    steps = (*here, "by") if one.by else ("by",)
    group = bench.campaign.review.value.reviewers
    if by is None:
        yield bench.finding(
            "QG925", f"nobody says who decided on {quoted(one.person)}",
            "write who decided into `by`", *here, "decision")  # fmt: skip
    elif _key(by) in (_key(member.known_as), _key(member.name)):
        yield bench.finding(
            "QG925", f"{quoted(by)} decides on themself",
            f"let another of {quoted(group)} decide, and write them into `by` of the entry",
            *here, "decision")  # fmt: skip
    elif _key(by) not in bench.reviewers:
        yield bench.finding(
            "QG927", f"{quoted(by)} is not in the group {quoted(group)}, which reviews",
            "let one of its members decide", *steps)  # fmt: skip


def _at(bench: _Bench, one: DecidedPerson, here: Sequence[str | int]) -> Iterator[Finding]:
    when = one.at or bench.decisions.said.at
    steps = (*here, "at") if one.at else ("at",)
    every = int(bench.campaign.review.value.every)
    if when is None:
        yield bench.finding(
            "QG926", f"nobody says when {quoted(one.person)} was decided on",
            "write an instant into `at`, like 2026-11-23T08:00:00+01:00",
            *here, "decision")  # fmt: skip
    elif when > bench.now:
        yield bench.finding(
            "QG926", f"it was decided in the future, at {format_instant(when)}",
            "write when it was decided", *steps)  # fmt: skip
    elif when < bench.now - timedelta(seconds=every):
        yield bench.finding(
            "QG926",
            f"it was decided at {format_instant(when)}, longer ago than the "
            f"{format_duration(every)} of the review",
            "make the file anew, and decide again", *steps)  # fmt: skip


def _key(person: str) -> str:
    return folded(written(person))


def beside(campaign: Campaign) -> list[Finding]:
    """That somebody has access through no group, which no decision on a group is about."""
    if not campaign.beside:
        return []
    places = sorted({access_words(held) for held in campaign.beside})
    return [
        Finding(
            "QG931",
            f"{len({h.principal for h in campaign.beside})} hold access through no group, which "
            f"`{campaign.name}` says nothing of: {', '.join(places[:5])}"
            f"{' and more' if places[5:] else ''}",
            _origin(campaign),
            "see what `qgov drift` says of it, and take it back",
            Severity.WARNING,
            document=f"AccessReview/{campaign.name}",
        )
    ]


def _origin(campaign: Campaign) -> Origin:
    return campaign.review.at("scope")
