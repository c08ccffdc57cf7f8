"""Conditions in words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from qgov.language.scalars import Money, format_duration, format_instant, format_money
from qgov.model.conditions import Conditions, JobLimits
from qgov.model.known_by import KnownBy
from qgov.model.measures import MEASURES

__all__ = [
    "alternatives",
    "approvals",
    "in_words",
    "joined",
    "tokens_of",
    "what_differs",
    "what_holds",
]


def in_words(conditions: Conditions, currency: str) -> list[str]:
    """Each condition as a phrase, the ones about the person first."""
    return list(_phrases(conditions, currency).values())


def alternatives(options: tuple[Conditions, ...], currency: str) -> str:
    """`MFA · managed device`; several ways are joined by `or`."""
    return "  or  ".join(joined(in_words(conditions, currency)) for conditions in options)


def joined(phrases: Iterable[str]) -> str:
    """`MFA · managed device`, or that there is none."""
    return " · ".join(phrases) or "no condition"


def what_differs(
    before: tuple[Conditions, ...], after: tuple[Conditions, ...], currency: str
) -> list[tuple[str, str]]:
    """`(MFA, no MFA)`, for each condition that is not the same on both sides.
    With several ways on a side, each is told without what they all ask for."""
    sides = [[_phrases(conditions, currency) for conditions in side] for side in (before, after)]
    if len(before) != 1 or len(after) != 1:
        same = set.intersection(*({*phrases.items()} for side in sides for phrases in side))
        ways = [[_beside(phrases, same) for phrases in side] for side in sides]
        return [("  or  ".join(ways[0]), "  or  ".join(ways[1]))]
    (old,), (new,) = sides
    return [
        (old.get(name, absent), new.get(name, absent))
        for name, absent in _ABSENT.items()
        if old.get(name) != new.get(name)
    ]


def _beside(phrases: Mapping[str, str], same: Collection[tuple[str, str]]) -> str:
    """What a way asks for beside what all do."""
    more = " · ".join(said for name, said in phrases.items() if (name, said) not in same)
    return more or f"no {'other ' if same else ''}condition"


def what_holds(options: tuple[Conditions, ...], currency: str) -> list[str]:
    """The phrases of one way; of several ways, one phrase that tells them all."""
    if len(options) != 1:
        return [alternatives(options, currency)]
    return in_words(options[0], currency)


def approvals(conditions: Conditions, currency: str) -> list[str]:
    """`by finance above 50.00 EUR`, for each rule of expensive jobs."""
    return [
        f"by {rule.approvers} above {format_money(Money(rule.above_micros, currency))}"
        for rule in conditions.approvals
    ]


def tokens_of(known: KnownBy) -> str:
    """What a principal is known by: `oidc token of https://id.example (aud qgov, sub …)`."""
    claims = [f"aud {' or '.join(known.audiences)}"]
    claims += [f"sub {known.subject}"] if known.subject is not None else []
    if known.groups_claim is not None:
        claims += [_in_claim(known.groups_claim, known.group)]
    own = f"{known.protocol} token of {known.issuer} ({', '.join(claims)})"
    return own if known.client is None else f"{own} or {tokens_of(known.client)}"


def _in_claim(claim: str, group: str | None) -> str:
    if group is None:
        return f"groups in {claim}"
    return f"{group} in {claim}" if group else f"nothing in {claim}, for want of a directoryId"


_ABSENT = {
    "elevation": "no elevation",
    "eligible": "held all the time",
    "own_only": "everybody's jobs",
    "mfa": "no MFA",
    "managed_device": "any device",
    "max_token_age_s": "token of any age",
    "countries": "from anywhere",
    "job": "jobs of any size",
    "budgets": "no budget",
    "approvals": "no approval of expensive jobs",
    "expires": "without end",
}
"""How it is said that a condition is not there."""


def _phrases(c: Conditions, currency: str) -> dict[str, str]:
    found: dict[str, str] = {}
    if c.elevation is not None:
        window = c.elevation
        start = f"{format_instant(window.not_before)} to " if window.not_before else "until "
        found["elevation"] = (
            f"elevation {start}{format_instant(window.expires)}, approved by "
            f"{window.approved_by or 'nobody'}"
        )
    if c.eligible is not None:
        ticket = " with a ticket" if c.eligible.ticket else ""
        found["eligible"] = (
            f"just in time, approved by {c.eligible.approvers}{ticket}, at most "
            f"{format_duration(c.eligible.max_duration_s)}"
        )
    if c.own_only:
        found["own_only"] = "own jobs only"
    if c.mfa:
        found["mfa"] = "MFA"
    if c.managed_device:
        found["managed_device"] = "managed device"
    if c.max_token_age_s is not None:
        found["max_token_age_s"] = f"token at most {format_duration(c.max_token_age_s)} old"
    if c.countries is not None:
        found["countries"] = f"from {', '.join(c.countries) or 'nowhere'}"
    if c.job != JobLimits():
        found["job"] = _job(c.job, currency)
    if c.budgets:
        found["budgets"] = f"within the budget{'s' if len(c.budgets) > 1 else ''} " + ", ".join(
            c.budgets
        )
    if c.approvals:
        found["approvals"] = "approval " + " and ".join(approvals(c, currency))
    if c.expires is not None:
        found["expires"] = f"until {format_instant(c.expires)}"
    return found


def _job(job: JobLimits, currency: str) -> str:
    limits = ((measure, getattr(job, measure.limit)) for measure in MEASURES if measure.limit)
    said = (
        format_money(Money(limit, currency))
        if measure.limit == "cost_micros"
        else f"{limit:,} {measure.unit}"
        for measure, limit in limits
        if limit is not None
    )
    return f"jobs up to {', '.join(said)}"
