"""The worked repository and the small one of the decisions, compiled; bundles that somebody
tampered with; and engines that misbehave."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from functools import cache
from typing import Any

from qgov.conformance.case import Case, Result
from qgov.conformance.cases import cases
from qgov.conformance.content import grant_cases
from qgov.conformance.run import Compiled, Keep, Progress, decide, submit_all
from qgov.conformance.table import Table, table
from qgov.decision.bundle import Bundle, read_bundle
from qgov.decision.decision import Decision
from qgov.decision.engine import Closing, EngineKind
from qgov.decision.engines import engines
from qgov.decision.request_parts import RequestJson
from qgov.targets.opa.bundle import FOLDER, POLICY, emit, tarball
from tests.decision.harness import MODEL
from tests.targets.worked import worked_with_expectations as worked

TARBALL = f"{FOLDER}/bundle.tar.gz"
Data = dict[str, Any]


@cache
def table_of(small: bool) -> Table:
    return table(MODEL if small else worked())


@cache
def cases_of(small: bool) -> tuple[Case, ...]:
    """Every case that is decided."""
    return tuple(cases(table_of(small)))


@cache
def artifacts_of(small: bool) -> Mapping[str, bytes]:
    return emit(MODEL if small else worked())


def subject_of(small: bool) -> Compiled:
    artifacts = artifacts_of(small)
    return Compiled(table_of(small).model, artifacts, read_bundle(artifacts[TARBALL]))


def run(
    compiled: Compiled,
    kind: EngineKind,
    cases: Sequence[Case],
    tell: Progress = lambda _, __: None,
    keep: Keep = lambda _case, _folder: None,
) -> list[Result]:
    """Every case's result, by the cases' ids. Raises EngineError when the engine does not start,
    or fails again and again."""
    results = decide(compiled, kind, cases, tell)
    if submitted := submit_all(compiled, kind, cases, keep):
        results += submitted
        tell(len(cases), len(cases))
    return sorted(results, key=lambda result: result.case.id)


def data_of(small: bool) -> Data:
    """The bundle's data, to be changed."""
    found: Data = deepcopy(json.loads(artifacts_of(small)[f"{FOLDER}/data.json"]))
    return found


def tenant(data: Data, name: str) -> Data:
    shards = data["qgov"]["model"]["tenants"].values()
    found: Data = next(shard[name] for shard in shards if name in shard)
    return found


def repacked(
    data: Data, rego: Callable[[str], str] = lambda text: text, small: bool = False
) -> bytes:
    """A bundle with this data and a changed policy, of the same revision."""
    made = artifacts_of(small)
    policy = made[f"{FOLDER}/{POLICY}"].decode()
    return tarball(
        {
            ".manifest": made[f"{FOLDER}/.manifest"],
            "data.json": json.dumps(data).encode(),
            POLICY: rego(policy).encode(),
        }
    )


def asked_of(
    packed: bytes, wanted: Callable[[str], bool], engine: str = "rego"
) -> tuple[list[Result], Bundle]:
    """The results of the worked repository's wanted cases for a bundle."""
    bundle, found = read_bundle(packed), table_of(False)
    asked = [c for c in cases_of(False) if wanted(c.id)]
    asked += grant_cases(found.model, bundle)
    subject = Compiled(found.model, {TARBALL: packed}, bundle)
    return run(subject, engines()[engine], asked), bundle


class Stub(Closing):
    """An engine that answers with a function."""

    name = "stub"

    def __init__(self, answer: Callable[[RequestJson], Decision]) -> None:
        self.answer = answer

    def decide(self, requests: Sequence[RequestJson]) -> list[Decision]:
        return [self.answer(request) for request in requests]


def kind_of(stub: Any) -> EngineKind:
    return EngineKind("stub", lambda *_: stub)


def named(found: Sequence[Case], fragment: str) -> Case:
    return next(case for case in found if fragment in case.id)
