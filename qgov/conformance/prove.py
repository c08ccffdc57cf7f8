"""A whole conformance run: every case of a model, asked of each engine, as one document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from qgov.beside import beside
from qgov.conformance.case import Case, Result, shard_of
from qgov.conformance.cases import cases
from qgov.conformance.content import added_grants, differences, grant_cases
from qgov.conformance.report import report
from qgov.conformance.run import Compiled, Keep, Progress, decide, submit_all
from qgov.conformance.submissions import submissions
from qgov.conformance.table import table
from qgov.contracts.conformance import Conformance
from qgov.decision.engine import EngineKind

__all__ = ["WHOLE", "asked_of", "prove"]

WHOLE: Final = (1, 1)
"""The only shard."""


def asked_of(compiled: Compiled, shard: tuple[int, int] = WHOLE) -> list[Case]:
    """The cases of a shard. The model must hold what is in force alone."""
    index, of = shard

    def wanted(case_id: str) -> bool:
        return shard_of(case_id, of) == index

    found = table(compiled.model)
    derived = [
        *cases(found, wanted),
        *grant_cases(compiled.model, compiled.bundle),
        *submissions(found),
    ]
    return [case for case in derived if wanted(case.id)]


def prove(
    compiled: Compiled,
    kinds: Sequence[EngineKind],
    asked: Sequence[Case],
    *,
    engine: str,
    shard: tuple[int, int] = WHOLE,
    tell: Callable[[str], Progress] = lambda _: lambda _done, _of: None,
    keep: Keep = lambda _case, _folder: None,
) -> Conformance:
    """The document `qgov/conformance/v1`. `engine` is its name there, `all` for several;
    `tell` gives each engine's progress. Circuits are submitted beside the decisions, in another
    process where there can be one: `keep` is called there. Raises EngineError when an engine does
    not start, or fails again and again."""

    def submitted() -> list[Result]:
        return [result for kind in kinds for result in submit_all(compiled, kind, asked, keep)]

    with beside(submitted) as (circuits,):
        told = {kind: tell(kind.name) for kind in kinds}
        results = [result for kind in kinds for result in decide(compiled, kind, asked, told[kind])]
        if found := circuits():
            results += found
            for done in told.values():
                done(len(asked), len(asked))
    model, bundle = compiled.model, compiled.bundle
    return report(
        engine,
        bundle.revision,
        results,
        roles=sorted(model.roles),
        backends=sorted(model.organization.backends),
        differences=differences(model, bundle),
        added=added_grants(model, bundle),
        shard=shard,
    )
