"""Asks an engine every case, and submits what is to be submitted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from qgov.conformance.case import Case, Result, problems_with
from qgov.conformance.cells import denied_cell
from qgov.decision.bundle import Bundle
from qgov.decision.decision import Decision
from qgov.decision.engine import UNANSWERED, Engine, EngineError, EngineKind, Settings
from qgov.model import principal
from qgov.model.access_model import AccessModel
from qgov.model.accesses import Cell

__all__ = [
    "Answer",
    "Compiled",
    "Keep",
    "Progress",
    "decide",
    "decide_all",
    "submit_all",
]

CHUNK: Final = 100
"""Cases between two reports of progress."""

PROCESSES: Final = {"rego": 2}
"""Engines that answer one request after the other in a process of their own."""

GIVE_UP_AFTER: Final = 5
"""Requests that an engine could not answer: more would say nothing new."""

Progress = Callable[[int, int], None]
"""Called with how many of how many cases are done."""


Keep = Callable[[Case, Path], None]
"""Is shown the folder of a submission's logs before it goes."""


class Compiled(Struct, frozen=True):
    """What is judged: the documents' model, and the artifacts with the bundle in them."""

    model: AccessModel
    artifacts: Mapping[str, bytes]
    bundle: Bundle
    settings: Settings = field(default_factory=Settings)


class Answer(Struct, frozen=True):
    """A decision, or why there is none."""

    decision: Decision
    error: str = ""


def decide(
    compiled: Compiled,
    kind: EngineKind,
    cases: Sequence[Case],
    tell: Progress = lambda _, __: None,
) -> list[Result]:
    """The results of the cases that are not submitted. Raises EngineError."""
    asked = [case for case in cases if case.submission is None]
    with ExitStack() as open_:
        engines = [
            open_.enter_context(kind.start(compiled.model, compiled.artifacts, compiled.settings))
            for _ in range(PROCESSES.get(kind.name, 1))
        ]
        results = _decided(kind.name, engines, asked, lambda done: tell(done, len(cases)))
        return results + _single(compiled.model, kind.name, engines, results)


def submit_all(
    compiled: Compiled, kind: EngineKind, cases: Sequence[Case], keep: Keep
) -> list[Result]:
    """The results of the cases that are submitted. Cirq is imported only where there is one;
    `keep` is shown the folder of each submission's logs. Raises EngineError."""
    submitted = [case for case in cases if case.submission is not None]
    if not submitted:
        return []
    from qgov.conformance.submit import Stand, submit  # noqa: PLC0415 - brings Cirq in

    with kind.start(compiled.model, compiled.artifacts, compiled.settings) as engine:
        stand = Stand(compiled.model, engine, compiled.bundle, keep=keep)
        return [submit(case, stand) for case in submitted]


def _decided(
    name: str, engines: Sequence[Engine], cases: Sequence[Case], tell: Callable[[int], None]
) -> list[Result]:
    found = decide_all(engines, cases, tell)
    return [_result(case, name, answer) for case, answer in zip(cases, found, strict=True)]


def _result(case: Case, name: str, answer: Answer) -> Result:
    problems = (answer.error,) if answer.error else problems_with(case, answer.decision)
    return Result(case, name, answer.decision, problems)


def decide_all(
    engines: Sequence[Engine],
    cases: Sequence[Case],
    tell: Callable[[int], None] = lambda _: None,
) -> list[Answer]:
    """The decisions in the cases' order; chunks go to whichever engine is free. Raises
    EngineError when the engines fail more often than a few times."""
    chunks = [cases[start : start + CHUNK] for start in range(0, len(cases), CHUNK)]
    failures: list[str] = []
    free = list(engines)

    def work(chunk: Sequence[Case]) -> list[Answer]:
        engine = free.pop()
        try:
            return list(_chunk(engine, chunk, failures))
        finally:
            free.append(engine)

    found: list[Answer] = []
    with ThreadPoolExecutor(len(engines)) as pool:
        for answers in pool.map(work, chunks):
            found += answers
            tell(len(found))
    return found


def _chunk(engine: Engine, cases: Sequence[Case], failures: list[str]) -> Iterator[Answer]:
    """Answers for all: a request that the engine fails at is one failed case, not the end."""
    left = list(cases)
    while left:
        if len(failures) > GIVE_UP_AFTER:
            raise EngineError(f"{engine.name} failed too often: {failures[0]}")
        try:
            decisions, error = engine.decide([case.request for case in left]), ""
        except EngineError as failed:
            decisions, error = list(failed.answered), str(failed)
        yield from map(Answer, decisions)
        if error:
            failures.append(error)
            yield Answer(UNANSWERED, error)
        left = left[len(decisions) + bool(error) :]


def _single(
    model: AccessModel, name: str, engines: Sequence[Engine], results: Sequence[Result]
) -> list[Result]:
    """Where groups were asked all at once and something was wrong: which of them it is."""
    asked = {result.case.id for result in results}
    more = [
        case
        for result in results
        if result.problems
        for group in result.case.one_by_one
        if (case := _alone(model, result.case, group)).id not in asked
    ]
    found = _decided(name, engines, more, lambda _: None)
    return [result for result in found if result.problems]


def _alone(model: AccessModel, case: Case, group: str) -> Case:
    permission = case.request["action"]["name"]
    return denied_cell(model, Cell(principal.group(group), permission, case.scope, case.backend))
