"""The plan as people read it: one value, of which text, Markdown and HTML are layouts.

Everything is here that a view tells, put together and in words where all say the same; what
needs neither (documents, artifacts, the horizon) is read from the plan itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from msgspec import Struct

from qgov.finding import Finding, Severity
from qgov.plan.approvers import Approver
from qgov.plan.intent import Unmet
from qgov.plan.plan import AccessChange, AuthorGains, Intended, Plan
from qgov.plan.rails import Tripped
from qgov.render.counting import count, kinds
from qgov.render.findings import worst_first
from qgov.render.plan_concerns import FIRST, Clause, ConcernSection, clauses, concern_sections
from qgov.render.plan_entries import AccessEntry, entries_of
from qgov.render.plan_exposure import ExposureView, exposure_view
from qgov.repository import Snapshot

__all__ = [
    "AlikeFindings",
    "ApprovalView",
    "AuthorView",
    "IntentPart",
    "IntentView",
    "PlanView",
    "Section",
    "new_errors",
    "short_name",
    "verdict",
    "view_of",
]

GAINS, LOSSES, OTHER = "Gains", "Losses", "Other conditions"
DELETED = "Groups deleted"


class Section(NamedTuple):
    """Gains, losses, or what is neither."""

    title: str
    entries: tuple[AccessEntry, ...]


class IntentPart(NamedTuple):
    """What lies outside the intent or achieves it."""

    title: str
    is_error: bool
    entries: tuple[AccessEntry, ...]


class UnmetGroup(NamedTuple):
    """The first of one statement's parts that fail for one reason, and how many do."""

    first: Unmet
    number: int


class IntentView(Struct, frozen=True):
    """What a change was meant to do against what it does. `outside` is the sentence of the
    gains that nobody declared, where there are any, and `fields` are those beside access."""

    path: str
    outside: str
    fields: tuple[str, ...]
    parts: tuple[IntentPart, ...]
    unmet: tuple[UnmetGroup, ...]

    @property
    def is_met(self) -> bool:
        """Whether all of it is achieved, and nothing else is gained."""
        return not self.outside and not self.unmet


class AuthorView(Struct, frozen=True):
    """Who wrote the change, and what they gain by it."""

    id: str
    groups: tuple[str, ...]
    entries: tuple[AccessEntry, ...]


class ApprovalView(NamedTuple):
    """A group whose approval is needed, every reason why, and whether it is asked as an owner
    alone."""

    by: str
    because: tuple[str, ...]
    as_owner: bool


class AlikeFindings(NamedTuple):
    """Findings of one rule with the same remedy."""

    severity: Severity
    code: str
    remedy: str
    findings: tuple[Finding, ...]


class PlanView(Struct, frozen=True):
    """What there is to tell of a plan. `first` and `then` are what changes beside access,
    above and below it; `nobody` says that nobody is asked, and `errors` which are new.
    `guardrails` are the sentences of those that the change takes away and runs into, and `rails`
    the tripped ones with whether they were overridden; `compared` says what was looked at."""

    plan: Plan
    verdict: Clause
    first: tuple[ConcernSection, ...]
    sections: tuple[Section, ...]
    then: tuple[ConcernSection, ...]
    intent: IntentView | None
    author: AuthorView | None
    exposure: ExposureView | None
    approvals: tuple[ApprovalView, ...]
    nobody: str
    errors: str
    guardrails: tuple[str, ...]
    rails: tuple[tuple[Tripped, bool], ...]
    new_findings: tuple[AlikeFindings, ...]
    fixed_findings: tuple[AlikeFindings, ...]
    compared: str


def view_of(plan: Plan) -> PlanView:
    """The view of a plan."""
    beside = concern_sections(plan.concerns)
    return PlanView(
        plan=plan,
        verdict=_verdict(plan),
        first=tuple(section for section in beside if section.concern in FIRST),
        then=tuple(section for section in beside if section.concern not in FIRST),
        sections=tuple(_sections(plan)),
        intent=_intent(plan.intent, plan.currency) if plan.intent else None,
        author=_author(plan.author, plan.currency) if plan.author else None,
        exposure=exposure_view(plan),
        approvals=tuple(_approvals(plan)),
        nobody=_nobody(plan),
        errors=_errors(plan),
        guardrails=tuple(_guardrails(plan)),
        rails=tuple((rail, rail.rail in plan.overridden) for rail in plan.rails),
        new_findings=_by_rule(plan.new_findings),
        fixed_findings=_by_rule(plan.fixed_findings),
        compared=_compared(plan),
    )


_PRICES: Final = (("backends",), ("exchangeRates",), ("credits",))
"""Where an organization says what jobs cost."""


def _by_direction(plan: Plan) -> tuple[list[AccessChange], ...]:
    """Gains, losses, and what is neither."""
    return (
        [c for c in plan.access if c.gains],
        [c for c in plan.access if c.loses],
        [c for c in plan.access if not c.gains and not c.loses],
    )


def _sections(plan: Plan) -> Iterable[Section]:
    for title, changes in zip((GAINS, LOSSES, OTHER), _by_direction(plan), strict=True):
        if changes:
            yield Section(title, entries_of(changes, plan.currency))


def verdict(plan: Plan) -> str:
    """The verdict of a plan, in one line."""
    return str(_verdict(plan))


def _verdict(plan: Plan) -> Clause:
    """The one line that says the most: who may count as whom, what judges changes, in which
    direction access moves, who gains and loses what, what it may cost, whether it breaks a
    rule."""
    beside = list(clauses(concern_sections(plan.concerns)))
    found = [clause for concern, clause in beside if concern in FIRST]
    if plan.access:
        found.append(_of_access(plan))
    if plan.groups:
        found.append(_of_groups(plan))
    found += [clause for concern, clause in beside if concern not in FIRST]
    if not found:
        word = "EQUIVALENT" if plan.verdict == "equivalent" else "MONEY CHANGES"
        found.append(Clause(word, "no access changes"))
    parts = [str(clause) for clause in found]
    end = _of_exposure(plan)
    if errors := new_errors(plan):
        end += f"; {count(len(errors), 'new error')}"
    first = found[0]
    return Clause(first.word, " \u00b7 ".join([first.told, *parts[1:]]) + end)


def _of_exposure(plan: Plan) -> str:
    """Where the most that can be spent goes; that less is only counted is no less."""
    before, after = plan.exposure
    if before == after:
        return ""
    if after.exceeds(before):
        return "; cost exposure rises"
    cheaper = any(
        row.change.names[1:2] in _PRICES and row.money and row.loosens for row in plan.concerns
    )
    return "; cost exposure falls" + (", as jobs are counted for less" if cheaper else "")


def _of_access(plan: Plan) -> Clause:
    gains, losses, other = _by_direction(plan)
    word = (
        "MORE AND LESS PERMISSIVE"
        if other or (gains and losses)
        else "MORE PERMISSIVE"
        if gains
        else "LESS PERMISSIVE"
    )
    verbs = zip(("gain", "lose", "change"), (gains, losses, other), strict=True)
    return Clause(word, "; ".join(_clause(verb, changes) for verb, changes in verbs if changes))


def _of_groups(plan: Plan) -> Clause:
    names = {group.name for group in plan.groups}
    first = min(names)
    if len(names) == 1:
        return Clause(DELETED.upper(), plan.groups[0].message)
    groups = f"{count(len(names), 'directory group')} such as {first}"
    return Clause(DELETED.upper(), f"{groups} and their memberships are deleted")


def _nobody(plan: Plan) -> str:
    """That nobody is asked, where the base names nobody."""
    if not plan.unasked:
        return ""
    return f"NOBODY IS ASKED of {count(plan.unasked, 'change')}: the base names no reviewers"


def new_errors(plan: Plan) -> list[Finding]:
    """The errors that the change brings."""
    return [f for f in plan.new_findings if f.severity is Severity.ERROR]


def _clause(verb: str, changes: Sequence[AccessChange]) -> str:
    """`2 groups gain 3 permissions such as job:submit on aurora/production`."""
    principals = {c.row.principal for c in changes}
    top = max(changes, key=lambda c: (c.rule.risk, c.row.permission == "job:submit")).row
    what = _such_as(top.permission, {c.row.permission for c in changes}, "permission")
    where = _such_as(top.scope, {c.row.scope for c in changes}, "scope")
    return f"{kinds(principals)} {verb}{'s' * (len(principals) == 1)} {what} on {where}"


def _such_as(first: str, names: set[str], kind: str) -> str:
    return first if len(names) == 1 else f"{count(len(names), kind)} such as {first}"


def _intent(found: Intended, currency: str) -> IntentView:
    parts = (
        ("outside the intent", True, found.gained),
        ("outside, as losses", False, found.lost),
        ("achieved", False, found.achieved),
    )
    return IntentView(
        path=found.path,
        outside="; ".join(_outside(found)),
        fields=tuple(f"{row.change.document} {row.change.field}" for row in found.fields),
        parts=tuple(
            IntentPart(title, is_error, entries_of(changes, currency))
            for title, is_error, changes in parts
            if changes
        ),
        unmet=tuple(
            UnmetGroup(next(alike), 1 + sum(1 for _ in alike))
            for _, alike in groupby(found.not_achieved, key=lambda u: (u.wanted.origin, u.why))
        ),
    )


def _outside(found: Intended) -> Iterable[str]:
    if found.fields:
        yield f"{count(len(found.fields), 'field')} made looser, or another"
    if found.gained:
        yield _clause("gain", found.gained)


def _author(found: AuthorGains, currency: str) -> AuthorView:
    return AuthorView(
        found.author.id, tuple(found.author.groups), entries_of(found.gains, currency)
    )


def _approvals(plan: Plan) -> Iterable[ApprovalView]:
    groups: dict[str, list[Approver]] = defaultdict(list)
    for approver in plan.approvals:
        groups[approver.by].append(approver)
    for group, found in groups.items():
        yield ApprovalView(
            group, tuple(each.because for each in found), all(each.as_owner for each in found)
        )


def _guardrails(plan: Plan) -> Iterable[str]:
    for guardrail in plan.overrun:
        broken = guardrail.broken_by or "nobody is left"
        yield (
            f"{guardrail.kind} {guardrail.name}: {broken}; this change removes the guardrail "
            "that forbids it"
        )


def _errors(plan: Plan) -> str:
    """`4 new errors: QG507`; empty without any."""
    if not (errors := new_errors(plan)):
        return ""
    codes = ", ".join(sorted({finding.code for finding in errors}))
    return f"{count(len(errors), 'new error')}: {codes}"


def _by_rule(findings: Iterable[Finding]) -> tuple[AlikeFindings, ...]:
    """Errors before warnings."""
    found: dict[tuple[Severity, str, str], list[Finding]] = defaultdict(list)
    for finding in worst_first(sorted(findings, key=lambda f: (f.code, f.origin))):
        found[finding.severity, finding.code, finding.remedy].append(finding)
    return tuple(AlikeFindings(*rule, tuple(alike)) for rule, alike in found.items())


def _compared(plan: Plan) -> str:
    """What was looked at, so that silence means something."""
    c = plan.compared
    of = f"{count(c.accesses, 'access', 'accesses')} of {count(c.tenants, 'tenant')}"
    parts = [f"compared {of}, {c.skipped} skipped"]
    if c.unchanged_tenants:
        unchanged = count(c.unchanged_tenants, "tenant")
        parts.append(f"{unchanged} not loaded, being the same bytes on both sides")
    if plan.guardrails:
        parts.append(_guarded(plan))
    return "; ".join(parts)


def _guarded(plan: Plan) -> str:
    holding = sum(1 for judged in plan.guardrails if judged.holds)
    beyond = sum(1 for judged in plan.guardrails if judged.holds is None)
    text = f"{holding} of {count(len(plan.guardrails), 'guardrail')} hold over these accesses"
    return f"{text}, {beyond} rest on tenants not loaded" if beyond else text


def short_name(side: Snapshot) -> str:
    """`main (1f0c2ab34d5e)`; the commit alone where no name was given, or the name alone."""
    short = side.commit[:12] if side.commit else ""
    if not side.ref or side.ref == side.commit:
        return short
    return f"{side.ref} ({short})" if short else side.ref
