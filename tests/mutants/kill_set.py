"""The requests that must tell a mutant from the policy, with the reference's answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any, Final

from qgov.contracts import decision as contract
from qgov.contracts.telling import tell
from qgov.decision.decision import Decision
from qgov.decision.reference import decide
from qgov.decision.request import Request
from qgov.model.access_model import AccessModel
from tests.decision.exhaustive import TENANTS, Extent, requests_about
from tests.decision.harness import MODEL, TIMED
from tests.decision.regressions import cases
from tests.decision.test_periods import CASES as PERIODS
from tests.decision.test_raw import ODD, SPOILT
from tests.decision.test_reasons import ALLOWED, DENIED
from tests.targets.worked import worked

__all__ = ["HAND_MADE", "MOST", "Ask", "Suite", "for_data", "for_text", "told", "unshaped"]

HAND_MADE: Final = [*ALLOWED.values(), *(request for request, _ in DENIED.values())]

SAMPLE: Final = 40
"""Requests of each tenant of the worked repository that a changed text is asked."""

FIRST: Final = 8
"""Requests asked at first; then four times as many, and so on: most mutants die early."""

ALL_OF_HARNESS: Final = Extent(cells=300, pairs=200)
ALL_OF_WORKED: Final = Extent(cells=400, pairs=0)
SOME_OF_WORKED: Final = Extent(cells=200, every_way=False, pairs=100)

MOST: Final = 1200
"""Requests that changed data is asked at most: those that speak of what changed."""

AIMED: Final = {
    "mfa": ("context.mfa",),
    "managed_device": ("context.managed_device",),
    "max_token_age_s": ("context.token.issued_at",),
    "countries": ("context.country",),
    "federation": ("subject.properties", "context.token.audience"),
    "issuer": ("subject.properties.issuer", "subject.properties.groups"),
    "issuers": ("subject.properties.issuer", "context.token.audience"),
    "shots": ("context.job.shots",),
    "circuits": ("context.job.circuits",),
    "qubits": ("context.job.qubits",),
    "qpu_seconds": ("context.job.estimated_qpu_seconds",),
    "cost_micros": ("context.job.estimated_cost_micros",),
    "quotas": ("usage: ", "context.job."),
    "money": (".spent_micros", "context.job.estimated_cost_micros"),
    "raises": ("instant: ",),
    "expires": ("instant: ",),
    "approval": ("context.job.estimated_cost_micros", "context.approvals"),
    "eligible": ("context.elevations",),
    "elevations": ("instant: ", "context.elevations"),
    "residency": ("resource.properties.backend",),
    "jurisdiction": ("resource.properties.backend",),
    "backends": ("resource.properties.backend", "context.job."),
    "permissions": (": cell",),
    "grants": (": cell", "subject.properties.groups"),
    "retention": (": sound",),
    "queue": (": sound",),
    "budgets": (": sound", "usage: "),
}
"""A word of a changed field's path → what the requests are called that it could matter to."""

Ask = Callable[[Sequence[dict[str, Any]]], Sequence[Any]]
"""Answers as JSON without the revision; fewer than requests where one is undefined."""


class Suite:
    """Requests about one model. It remembers which requests have told a mutant from the
    policy: they are asked first."""

    def __init__(
        self,
        name: str,
        model: AccessModel,
        requests: Sequence[dict[str, Any]],
        names: Sequence[str] = (),
        shape: Callable[[dict[str, Any]], dict[str, Any]] = lambda given: Request.from_json(
            given
        ).to_json(),
    ) -> None:
        self.name = name
        self.model = model
        self._requests = [shape(request) for request in requests]
        self._texts = [json.dumps(request) for request in requests]
        self._names = [*names, *[""] * (len(requests) - len(names))]
        self._kills = [0] * len(requests)
        self._wanted: dict[int, dict[str, Any]] = {}

    def __len__(self) -> int:
        return len(self._requests)

    def catches(self, ask: Ask, words: Sequence[str] = (), most: int | None = None) -> bool:
        """Whether an answer is not the wanted one. First are asked the requests that speak
        of most of the words, then those that caught most before; those without a name,
        which somebody thought of, are never left out."""

        aims = [aim for word in words for aim in AIMED.get(word, ())]

        def rank(index: int) -> tuple[int, int, int]:
            aimed = sum(aim in self._names[index] for aim in aims)
            told = sum(word in self._texts[index] for word in words)
            return -aimed, -told, -self._kills[index]

        order = sorted(range(len(self)), key=rank)
        left = order if most is None else [*order[:most], *self._thought_of(order[most:])]
        size = FIRST
        while left:
            some, left = left[:size], left[size:]
            answers = ask([self._requests[index] for index in some])
            if len(answers) != len(some):
                return True
            for index, answer in zip(some, answers, strict=True):
                if answer != self._right(index):
                    self._kills[index] += 1
                    return True
            size *= 4
        return False

    def _thought_of(self, order: Sequence[int]) -> list[int]:
        return [index for index in order if not self._names[index]]

    def _right(self, index: int) -> dict[str, Any]:
        """What the reference answers; found when it is first needed."""
        if index not in self._wanted:
            self._wanted[index] = told(decide(self.model, self._requests[index]))
        return self._wanted[index]


def told(decision: Decision) -> dict[str, Any]:
    """A decision as a policy answers, without the revision."""
    answer = tell(contract.Decision, decision)
    return {name: value for name, value in answer.items() if name != "revision"}


def for_text() -> list[Suite]:
    """What a changed policy is asked."""
    found = [
        Suite("hand-made", MODEL, HAND_MADE),
        Suite("hand-made, periods", TIMED, [request for request, _, _ in PERIODS.values()]),
    ]
    for name in dict.fromkeys(case.repository for case in cases()):
        asked = [case for case in cases() if case.repository == name]
        found.append(
            Suite(f"regressions, {name}", asked[0].model, [case.request for case in asked])
        )
    made = _least(_about(MODEL, "aurora", ALL_OF_HARNESS), 4 * SAMPLE)
    found.append(_suite("exhaustive, harness", MODEL, made))
    for tenant in TENANTS:
        made = _least(_about(worked(), tenant, SOME_OF_WORKED), SAMPLE)
        found.append(_suite(f"exhaustive, {tenant}", worked(), made))
    return found


def for_data(name: str) -> Suite:
    """What changed data of `harness` or `worked` is asked."""
    if name == "worked":
        tenants = sorted(worked().tenants)
        made = [named for t in tenants for named in _about(worked(), t, ALL_OF_WORKED)]
        return _suite(name, worked(), made)
    known = [*HAND_MADE, *(c.request for c in cases() if c.repository == "harness")]
    made = [named for t in ("aurora", "borealis") for named in _about(MODEL, t, ALL_OF_HARNESS)]
    return _suite(name, MODEL, [*(("", request) for request in known), *made])


def unshaped() -> Suite:
    """Requests that nobody normalized, for OPA, without those that it is stricter about: ids
    beyond ASCII, null for what is not there, and an approval whose amount it cannot read."""
    odd = ("numbers-that-are-none", "instants-in-zulu")
    asked = [*HAND_MADE, *SPOILT.values(), *ODD.values()]
    asked += [c.request for c in cases() if c.name.startswith(odd)]
    kept = [r for r in asked if not re.search(r'\\u|"ticket": null|"much"', json.dumps(r))]
    return Suite("unshaped", MODEL, kept, shape=dict)


Named = tuple[str, dict[str, Any]]


def _suite(name: str, model: AccessModel, named: Sequence[Named]) -> Suite:
    return Suite(name, model, [request for _, request in named], [called for called, _ in named])


def _about(model: AccessModel, tenant: str, extent: Extent) -> list[Named]:
    made = requests_about(model, tenant, extent)
    cells = [(f"{name}: cell", request) for name, request in made.pop("cells")]
    return [*cells, *(named for kind in made.values() for named in kind)]


def _least(requests: list[Named], most: int) -> list[Named]:
    return sorted(requests, key=lambda named: sha256(named[0].encode()).digest())[:most]
