"""Witnesses in words: who asks for what, and how that was and is answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from qgov.decision.decision import Decision
from qgov.model.principal import is_group, name_of
from qgov.plan.plan import AccessChange
from qgov.plan.witness import Witness

__all__ = ["Told", "told", "told_of", "told_once"]


class Told(NamedTuple):
    """`a member of researchers`, and `without MFA: denied before (mfa-missing), allowed now`.
    Where nothing can be shown, `who` is `none`, and why."""

    who: str
    what: str

    def __str__(self) -> str:
        return f"{self.who}{self.what}"


def told(changes: Sequence[AccessChange]) -> Told | None:
    """The witness of the first of some changes that are alike; None when none was sought."""
    shown = next((change for change in changes if change.witness is not None), None)
    if shown is not None and shown.witness is not None:
        what = _answers(shown.witness, ", ")
        if shown.witness_lost is not None:
            what += f"; but{_answers(shown.witness_lost, ' ')}"
        principal = shown.witness.of[0] if shown.witness.of else shown.row.principal
        return Told(_who(principal), what)
    reason = next((change.unwitnessed for change in changes if change.unwitnessed), "")
    return _none(reason)


def told_of(witness: Witness | None, unwitnessed: str) -> Told | None:
    """The witness of a field beside access; None when none was sought."""
    if witness is None:
        return _none(unwitnessed)
    subject = witness.request["subject"]
    groups = subject["properties"].get("groups", ())
    who = f"a member of {', '.join(groups)}" if groups else subject["id"]
    return Told(who, _answers(witness, ", "))


def _none(reason: str) -> Told | None:
    return Told("none", f", because {reason}") if reason else None


def told_once(witnesses: Iterable[Told | None]) -> list[str]:
    """Each in words; empty where an earlier one says the same of somebody else."""
    found: list[str] = []
    said: set[str] = set()
    for witness in witnesses:
        new = witness is not None and witness.what not in said
        found.append(str(witness) if new else "")
        said |= {witness.what} if witness is not None else set()
    return found


def _who(principal: str) -> str:
    name = name_of(principal)
    return f"a member of {name}" if is_group(principal) else name


def _answers(witness: Witness, joint: str) -> str:
    """`, without MFA: denied before (mfa-missing), allowed now`; begins with the joint."""
    says = f"{joint}{' and '.join(witness.says)}" if witness.says else ""
    before = f"{_answer(witness.base)} before{_why(witness.base)}"
    now = f"{_answer(witness.head)} now{_why(witness.head)}"
    return f"{says}: {before}, {now}{_circuit(witness)}"


def _circuit(witness: Witness) -> str:
    """What became of its circuit, where that was tried."""
    if witness.submitted is None:
        return f"; no circuit: {witness.unsubmitted}" if witness.unsubmitted else ""
    if witness.head.allow:
        return "; its circuit ran now, and not before"
    return "; its circuit ran before, and not now"


def _answer(decision: Decision) -> str:
    return "allowed" if decision.allow else "denied"


def _why(decision: Decision) -> str:
    if decision.allow:
        return ""
    # Without a revision there was no policy to decide by.
    return f" ({', '.join(decision.reasons) if decision.revision else 'no policy'})"
