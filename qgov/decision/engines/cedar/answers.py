"""What Cedar answered: which policies spoke, and how the answers to one request's questions
are joined. The reasons are those that the policies are annotated with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from msgspec import Struct

from qgov.decision.decision import REASONS, WARNINGS
from qgov.decision.engine import EngineError
from qgov.decision.engines.cedar.proposals import Evaluation

__all__ = ["Joined", "Policy", "join", "read_policies", "spoken"]

ABOUT: Final = ("request", "candidate", "elevation", "budget", "approval", "asker")


class Policy(NamedTuple):
    """A policy by its annotations; see the head of `policies.cedar`."""

    name: str
    forbids: bool
    about: str
    reason: str | None
    warning: str | None
    void: bool


Said = frozenset[Policy]
"""The policies that determined one answer: all that forbid, else all that permit."""


def read_policies(policies: str) -> dict[str, Policy]:
    """Cedar's id of each policy → the policy, from the policies as Cedar's JSON. Raises
    EngineError when a policy does not say what its word is good for."""
    found: dict[str, Policy] = {}
    for key, policy in json.loads(policies)["staticPolicies"].items():
        given = policy.get("annotations", {})
        read = Policy(
            given.get("id", ""),
            policy["effect"] == "forbid",
            given.get("about", ""),
            given.get("reason"),
            given.get("warning"),
            "void" in given,
        )
        if not _sound(read):
            raise EngineError(f"Cedar's policy `{read.name or key}` is not annotated as it must be")
        found[key] = read
    return found


def _sound(policy: Policy) -> bool:
    if not policy.name or policy.about not in ABOUT:
        return False
    if not policy.forbids:
        codes = policy.warning is None or policy.warning in WARNINGS
        return codes and policy.reason is None and not policy.void
    silent = policy.about == "asker" or (policy.about == "budget" and policy.void)
    return policy.warning is None and (
        silent if policy.reason is None else policy.reason in REASONS
    )


def spoken(result: Any, policies: Mapping[str, Policy]) -> Said:
    """The policies that determined an answer. Raises EngineError unless they are an answer:
    where a policy failed, Cedar leaves it out, a prohibition too."""
    decision, diagnostics = result.decision.value, result.diagnostics
    if decision not in ("Allow", "Deny"):
        raise EngineError("Cedar did not take the question: it is not as the schema says")
    if diagnostics.errors:
        raise EngineError("Cedar could not evaluate a policy: the entities are not complete")
    try:
        said = frozenset(policies[key] for key in diagnostics.reasons)
    except KeyError as error:
        raise EngineError("Cedar named a policy that there is none of") from error
    if any(policy.about == "asker" for policy in said):
        raise EngineError("Cedar was asked an incomplete question")
    if any(policy.forbids for policy in said) != (decision == "Deny"):
        raise EngineError("Cedar's answer contradicts itself")
    if decision == "Allow" and all(policy.warning for policy in said):
        raise EngineError("Cedar allowed without a policy that permits")
    return said


class Joined(Struct, frozen=True):
    """The answer to a request; `budgets` are those that it falls under."""

    reasons: tuple[str, ...]
    warnings: tuple[str, ...]
    budgets: tuple[str, ...]


def join(answers: Sequence[tuple[Evaluation, Said]]) -> Joined:
    """The answer to a request from the answers to its questions. Raises EngineError when
    they allow it without a permit for a way and for every budget.

    What is about the request denies whatever else is so. Of its ways one is enough, of a
    grant's elevations one, of a budget's approvals one (`_enough`); every budget must bear
    the job. An allowed request is told what any budget says of it, and of its ways what all
    that are allowed say: one that does not end soon goes on.
    """
    ways = _grouped((question.way, said) for question, said in answers if question.budget is None)
    charges = {
        budget: saids
        for budget, saids in _grouped((q.budget, said) for q, said in answers if q.budget).items()
        if not any(policy.void and policy.about == "budget" for policy in saids[0])
    }
    denials = _about((said for _, said in answers), "request")
    denials |= _enough(
        [_either(saids, "candidate", "elevation") for saids in ways.values()], "candidate"
    )
    for saids in charges.values():
        denials |= _either(saids, "budget", "approval")
    if denials:
        reasons = {policy.reason for policy in denials if policy.reason is not None}
        return Joined(tuple(sorted(reasons)), (), tuple(sorted(charges)))
    through = [said for saids in ways.values() for said in saids if _allows(said)]
    borne = {budget: [said for said in saids if _allows(said)] for budget, saids in charges.items()}
    if not through or not all(borne.values()):
        raise EngineError("Cedar neither permits the request nor says why not")
    told = frozenset.intersection(*through).union(*(s for saids in borne.values() for s in saids))
    warnings = {policy.warning for policy in told if policy.warning is not None}
    return Joined((), tuple(sorted(warnings)), tuple(sorted(charges)))


def _grouped(answers: Iterable[tuple[str, Said]]) -> dict[str, list[Said]]:
    found: dict[str, list[Said]] = {}
    for key, said in answers:
        found.setdefault(key, []).append(said)
    return found


def _allows(said: Said) -> bool:
    return not any(policy.forbids for policy in said)


def _about(answers: Iterable[Said], about: str) -> set[Policy]:
    """The prohibitions that are about something."""
    return {p for said in answers for p in said if p.forbids and p.about == about}


def _either(answers: Sequence[Said], whole: str, part: str) -> set[Policy]:
    """What denies the whole, and each of its parts where one would be enough."""
    return _about(answers, whole) | _enough([_about([said], part) for said in answers], part)


def _enough(proposals: Sequence[set[Policy]], about: str) -> set[Policy]:
    """Nothing when one proposal lacks nothing; otherwise what each one lacks. Those that
    are none are passed over, and say so only where there is no other."""
    if not all(proposals):
        return set()
    void = [{p for p in lacking if p.void and p.about == about} for lacking in proposals]
    standing = [lacking for lacking, none in zip(proposals, void, strict=True) if not none]
    return set().union(*(standing or void))
