"""The file that a reviewer fills in: who has what through which group, and what becomes of it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from datetime import datetime

from qgov.language.scalars import format_duration, format_instant
from qgov.review.campaign import Campaign, GroupAccess, of_note
from qgov.review.words import access_words, written

__all__ = ["sheet"]


def sheet(campaign: Campaign, now: datetime) -> str:
    """The YAML of a campaign, with names: for its reviewers alone."""
    spec = campaign.review.value
    about = (
        f"The access review `{campaign.name}`: who has access to {spec.scope}, through which "
        f"group, at {format_instant(now)}. It names people: give it to nobody but its reviewers."
    )
    rules = (
        f"A member of {spec.reviewers} writes `keep` or `revoke` into each `decision`, and a "
        "`reason` for `revoke`; also for `keep` where something is noted. Nobody decides on "
        "themself: another writes `by: ID` into that entry. Decisions count for "
        f"{format_duration(int(spec.every))}, while a group gives no more than stands here."
    )
    head = [f"# {line}" for text in (about, rules) for line in textwrap.wrap(text, 96)]
    head += [
        f"review: {campaign.name}",
        "by: # your id",
        "at: # when you decided, like 2026-11-23T08:00:00+01:00",
    ]
    groups = [line for one in campaign.groups if one.people for line in _group(one)]
    return "\n".join([*head, *(["groups:", *groups] if groups else ["groups: []"]), ""])


def _group(one: GroupAccess) -> Iterator[str]:
    yield f"- group: {_text(one.path)}"
    yield f"  source: {_text(one.source)}"
    yield "  access:"
    for held in one.access:
        yield f"  - {_text(access_words(held))}"
    yield "  people:"
    for person in one.people:
        note = of_note(person)
        yield f"  - person: {_text(person.known_as)}" + (f" # {', '.join(note)}" if note else "")
        if person.id:
            yield f"    # called {_text(person.name)}"
        yield "    decision:"
        yield "    reason:"


def _text(value: str) -> str:
    """A name, whatever it holds, as a scalar of YAML between double quotes."""
    return json.dumps(written(value), ensure_ascii=False)
