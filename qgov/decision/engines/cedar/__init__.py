"""Cedar's policies, answered by Cedar itself (cedarpy) in this process.

Cedar has no loops: the engine asks one question for each thing that the specification
quantifies over (`qgov.decision.engines.cedar.proposals`) and joins the answers
(`qgov.decision.engines.cedar.answers`). It proposes grants, elevations, budgets and approvals by
looking them up; the policies judge each proposal in full, so that a wrong one denies. The
reasons are the annotations of the policies that forbid.

Computed outside of Cedar, because Cedar cannot:

- the request is normalized, and texts become entities' names and whole seconds;
- whether the subject of a workload's token matches its pattern: `like` takes patterns of the
  policies' text alone. What is handed in is the pattern that was matched, and Cedar compares
  it with the workload's;
- of the token's groups and approvers' groups, those that the entities mention;
- the union of the answers, and the obligations, which are attributes of the entities: Cedar
  answers with a decision, not with values.

A budget of a group is charged when it is looked up; that everybody's budgets are asked
about, Cedar checks.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Final

from qgov.decision.decision import Decision
from qgov.decision.engine import Closing, EngineError, EngineKind, Settings, in_turn
from qgov.decision.engines.cedar.answers import Said, join, read_policies, spoken
from qgov.decision.engines.cedar.entities import read_entities
from qgov.decision.engines.cedar.proposals import Evaluation, questions
from qgov.decision.engines.cedar.request import Asked, asked_of
from qgov.decision.engines.cedar.slices import Slices
from qgov.decision.request_parts import RequestJson
from qgov.model.access_model import AccessModel

__all__ = ["ENGINE", "CedarEngine"]

POLICIES: Final = "policy/cedar/policies.cedar"
SCHEMA: Final = "policy/cedar/schema.cedarschema"
ENTITIES: Final = "policy/cedar/entities.json"
AT_ONCE: Final = 256
"""How many questions are asked in one call: some 50 ms, after which the clock is read."""


class CedarEngine(Closing):
    """Policies, schema and entities in Cedar.

    `deadline_s` bounds one answer, in seconds: a request with thousands of elevations or
    approvals asks as many questions. A call into Cedar is not interrupted; it cannot loop.
    """

    name = "cedar"

    def __init__(
        self, policies: bytes, schema: bytes, entities: bytes, *, deadline_s: float = 5.0
    ) -> None:
        """Raises EngineError when Cedar is missing or does not accept the files."""
        try:
            import cedarpy  # noqa: PLC0415 - extra `engines`
        except ImportError as error:
            raise EngineError(
                "Cedar is not installed: install qgov with its extra `engines`"
            ) from error
        self._cedar = cedarpy
        self._deadline_s = deadline_s
        self._revision = _digest(policies, schema, entities)
        self._known = read_entities(entities)
        try:
            self._schema = cedarpy.Schema.from_str(schema.decode())
            parsed = cedarpy.policies_to_json_str(policies.decode())
            self._annotated = read_policies(parsed)
            self._entities = cedarpy.Entities.from_json_str(entities.decode(), self._schema)
            self._slices = Slices(cedarpy, parsed, self._entities)
        except ValueError as error:
            raise EngineError("Cedar does not accept the files: compile them again") from error

    @property
    def revision(self) -> str:
        """The digest of policies, schema and entities."""
        return self._revision

    def decide(self, requests: Sequence[RequestJson]) -> list[Decision]:
        """One decision for each request, in order. Raises EngineError."""
        said: dict[_Asking, Said] = {}
        return in_turn(lambda request: self._decide(request, said), requests)

    def _decide(self, request: RequestJson, said: dict[_Asking, Said]) -> Decision:
        """The decision. What requests ask alike, such as whether a budget bears a job, is asked
        once: `said` are the answers by everything that Cedar was told."""
        end = time.monotonic() + self._deadline_s
        asked = asked_of(request, self._known)
        proposed = questions(asked, self._known)
        answers: list[tuple[Evaluation, Said]] = []
        while batch := list(islice(proposed, AT_ONCE)):
            if answers and time.monotonic() >= end:
                raise EngineError(f"Cedar did not answer within {self._deadline_s:g} s")
            by = {question: _asking(asked, question) for question in batch}
            fresh = {by[question]: question for question in batch if by[question] not in said}
            said |= zip(fresh, self._ask(asked, [*fresh.values()]), strict=True)
            answers += [(question, said[by[question]]) for question in batch]
        joined = join(answers)
        return Decision(
            allow=not joined.reasons,
            reasons=joined.reasons,
            warnings=joined.warnings,
            obligations=self._obligations(asked, joined.reasons, joined.budgets),
            revision=self._revision,
        )

    def _ask(self, asked: Asked, batch: Sequence[Evaluation]) -> list[Said]:
        """The answers, in order: questions that the same policies can answer in one call."""
        alike: dict[tuple[str, frozenset[str]], list[int]] = {}
        for at, question in enumerate(batch):
            alike.setdefault((question.action, question.told), []).append(at)
        found: dict[int, Said] = {}
        for (action, told), places in alike.items():
            found |= zip(
                places,
                self._answers(asked, action, told, [batch[at].context for at in places]),
                strict=True,
            )
        return [found[at] for at in range(len(batch))]

    def _answers(
        self, asked: Asked, action: str, told: frozenset[str], contexts: Sequence[str]
    ) -> list[Said]:
        requests = [
            {
                "principal": asked.principal,
                "action": {"type": "QGov::Action", "id": action},
                "resource": asked.resource,
                "context": context,
            }
            for context in contexts
        ]
        try:
            policies = self._slices.of(
                asked.principal["type"], action, asked.resource["type"], told
            )
            found = self._cedar.is_authorized_batch(
                requests, policies, self._entities, self._schema
            )
        except (ValueError, TypeError, RuntimeError, OverflowError) as error:
            raise EngineError("Cedar failed at a question") from error
        return [spoken(result, self._annotated) for result in found]

    def _obligations(
        self, asked: Asked, reasons: Sequence[str], budgets: Sequence[str]
    ) -> dict[str, Any]:
        """What the enforcement point must do, whatever the answer."""
        _, name = asked.place
        placed = asked.listed and "scope-unknown" not in reasons
        tenant, environment = name.partition("/")[0], "/".join(name.split("/")[:2])
        jobs = asked.action.startswith(("job:", "input:", "result:"))
        return {
            "queue": self._known.queues.get(environment) if placed else None,
            "audit_stream": "jobs" if jobs else "admin",
            "retention": dict(self._known.retention.get(tenant, {})) if placed else {},
            "budgets": sorted({self._known.budgets[name].of for name in budgets}),
        }


_Asking = tuple[str, ...]
"""All that Cedar is told with one question."""


def _asking(asked: Asked, question: Evaluation) -> _Asking:
    principal, resource = asked.principal, asked.resource
    return (*principal.values(), *resource.values(), question.action, question.context)


def _digest(*files: bytes) -> str:
    digest = hashlib.sha256()
    for content in files:
        digest.update(len(content).to_bytes(8))
        digest.update(content)
    return f"sha256:{digest.hexdigest()}"


def _start(_: AccessModel, artifacts: Mapping[str, bytes], settings: Settings) -> CedarEngine:
    files = (artifacts[path] for path in (POLICIES, SCHEMA, ENTITIES))
    return CedarEngine(*files, deadline_s=settings.deadline_s)


ENGINE = EngineKind("cedar", _start, needs=(POLICIES, SCHEMA, ENTITIES))
