"""What is said of access reviews: each campaign, each membership with what was decided of it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from qgov.drift.drift import Source
from qgov.drift.facts import Held, Person
from qgov.drift.undo import Undo
from qgov.errors import ExitStatus
from qgov.finding import Finding, Origin
from qgov.model.principal import Principal
from qgov.review.campaign import Campaign

__all__ = ["Decided", "Line", "Report"]


class Decided(Struct, frozen=True):
    """What was decided of a membership: `keep` or `revoke`, why, by whom and when."""

    verdict: str
    reason: str | None
    by: str
    at: datetime
    origin: Origin


class Line(Struct, frozen=True):
    """Somebody is in a group that gives access. `told` is how a report may name them; `decided`
    None before the review is given its decisions. `leave` are the steps out of the group."""

    review: str
    source: str
    group: str
    access: tuple[Held, ...]
    person: Person
    told: Principal
    decided: Decided | None = None
    leave: Undo | None = None

    @property
    def revoked(self) -> bool:
        """Whether the membership is still to end."""
        return self.decided is not None and self.decided.verdict == "revoke"


class Report(Struct, frozen=True):
    """What was read, the campaigns, and who has access. `findings` are what reviewers should
    know, and no error."""

    sources: tuple[Source, ...]
    campaigns: tuple[Campaign, ...]
    lines: tuple[Line, ...]
    findings: tuple[Finding, ...]

    @property
    def revocations(self) -> tuple[Line, ...]:
        """The memberships that are still to end, each once."""
        found: dict[object, Line] = {}
        for line in self.lines:
            if line.revoked:
                found.setdefault((line.source, line.group, line.person), line)
        return tuple(found.values())

    @property
    def counts(self) -> dict[str, int]:
        """Campaigns, those that are overdue, and memberships by what was decided."""
        verdicts = [line.decided.verdict if line.decided else "undecided" for line in self.lines]
        return {
            "reviews": len(self.campaigns),
            "overdue": sum(one.overdue for one in self.campaigns),
            **{each: verdicts.count(each) for each in ("keep", "revoke", "undecided")},
        }

    def of(self, campaign: Campaign) -> list[Line]:
        """The memberships that a campaign is about."""
        return [line for line in self.lines if line.review == campaign.name]

    def decided(self, campaign: Campaign) -> bool:
        """Whether everything of a campaign was decided on."""
        own = self.of(campaign)
        return bool(own) and all(line.decided for line in own)

    def exit_status(self, *, detailed: bool) -> ExitStatus:
        """The status of `qgov review`. Where it is `detailed`, something that is left to do (a
        review that is overdue, a membership that is to end) is told from nothing."""
        left = self.revocations or any(one.overdue for one in self.campaigns)
        return ExitStatus.CHANGES if detailed and left else ExitStatus.WELL
