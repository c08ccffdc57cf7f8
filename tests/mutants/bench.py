"""Where a mutant is judged: served by its engine, asked the kill set."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from contextlib import ExitStack, closing
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import pytest

import qgov.targets.opa
from qgov.decision.engine import Engine, EngineError, Settings
from qgov.decision.engines import engines
from qgov.decision.engines.cedar import CedarEngine
from qgov.model.access_model import AccessModel
from qgov.targets import emit
from qgov.targets.opa.data import model_data
from tests.decision.harness import MODEL
from tests.decision.wrong_proposals import LIARS, TEMPTING, WIDER
from tests.mutants import cedar, data, rego
from tests.mutants.kill_set import MOST, Suite, for_data, for_text, told, unshaped
from tests.mutants.server import REVISION, RefusedError, Server
from tests.targets.worked import worked

__all__ = ["Bench", "Mutant", "Verdict", "by_name", "listed"]

POLICY: Final = Path(qgov.targets.opa.__file__).parent / "policy" / "qgov" / "authz.rego"
CEDAR: Final = "policy/cedar/"
CEDAR_FILES: Final = ("policies.cedar", "schema.cedarschema", "entities.json")

MODELS: Final[dict[str, AccessModel]] = {"harness": MODEL, "worked": worked()}
"""Whose data is changed."""

Mutant = rego.Mutant | cedar.CedarMutant | data.DataMutant


class Verdict(StrEnum):
    """What became of a mutant. `REFUSED`: it does not compile, so it is none."""

    CAUGHT = "caught"
    SURVIVED = "survived"
    REFUSED = "refused"


class Bench:
    """The kill sets and, once entered, an OPA server; for one process."""

    def __init__(self, opa: str) -> None:
        self._opa = opa
        self._stack = ExitStack()
        self.text = [*for_text(), unshaped()]
        self._suites: dict[str, Suite] = {}
        models = {suite.name: suite.model for suite in self.text} | MODELS
        self._served = {name: model_data(model) for name, model in models.items()}
        self._cedar = {name: _cedar_files(model) for name, model in models.items()}
        self._wider = _cedar_files(WIDER)

    def data_suite(self, name: str) -> Suite:
        """What changed data is asked: made when it is first needed, before the fork."""
        if name not in self._suites:
            self._suites[name] = for_data(name)
        return self._suites[name]

    @cached_property
    def _unmoved(self) -> list[Any]:
        """What the policies say to every wrong proposal."""
        return list(_tempted(self._wider))

    def __enter__(self) -> Self:
        self._server = self._stack.enter_context(Server(self._opa))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def judge(self, mutant: Mutant) -> Verdict:
        """Whether the kill set tells the mutant from the policy."""
        if isinstance(mutant, rego.Mutant):
            return self._judge_rego(mutant)
        if isinstance(mutant, cedar.CedarMutant):
            return self._judge_cedar(mutant)
        return self._judge_data(mutant)

    def _judge_rego(self, mutant: rego.Mutant) -> Verdict:
        try:
            self._server.policy(mutant.text)
        except RefusedError:
            return Verdict.REFUSED
        return _verdict(any(self._told(s, self._served[s.name]) for s in self.text))

    def _judge_cedar(self, mutant: cedar.CedarMutant) -> Verdict:
        import cedarpy

        schema = next(iter(self._cedar.values()))[f"{CEDAR}schema.cedarschema"].decode()
        if mutant.alone and not cedarpy.validate_policies(mutant.alone, schema).validation_passed:
            return Verdict.REFUSED
        changed = {f"{CEDAR}policies.cedar": mutant.text.encode()}
        asked = [suite for suite in self.text if suite.name.startswith(("hand", "regr"))]
        told = any(_cedar_told(suite, {**self._cedar[suite.name], **changed}) for suite in asked)
        return _verdict(told or self._falls(changed))

    def _falls(self, changed: dict[str, bytes]) -> bool:
        """Whether the policies fall for a wrong proposal: they have to judge each."""
        honest = self._unmoved
        with closing(_tempted({**self._wider, **changed})) as answers:
            return any(a != b for a, b in zip(answers, honest, strict=True))

    def _judge_data(self, mutant: data.DataMutant) -> Verdict:
        name, what = mutant.id.split(" ")[:2]
        suite, words = self.data_suite(name), [*map(str, mutant.path), str(mutant.value)]
        if what == "entities":
            entities = by_name(self._cedar[name])
            changed = json.dumps(listed(data.applied(entities, mutant))).encode()
            files = {**self._cedar[name], f"{CEDAR}entities.json": changed}
            return _verdict(_cedar_told(suite, files, words))
        self._server.policy(POLICY.read_text())
        return _verdict(self._told(suite, data.applied(self._served[name], mutant), words, MOST))

    def _told(
        self, suite: Suite, served: Any, words: Sequence[str] = (), most: int | None = None
    ) -> bool:
        self._server.data(served)
        try:
            return suite.catches(self._ask, words, most)
        except RefusedError:
            return True

    def _ask(self, requests: Sequence[dict[str, Any]]) -> list[Any]:
        answers = self._server.decide(requests)
        return [{k: v for k, v in a.items() if (k, v) != ("revision", REVISION)} for a in answers]

    def mutants(self, most: int | None) -> list[Mutant]:
        """Every mutant of the texts, and of each field of the data at most so many."""
        texts = next(iter(self._cedar.values()))
        found: list[Mutant] = [*rego.mutants(self._opa, POLICY)]
        found += cedar.mutants(texts[f"{CEDAR}policies.cedar"].decode())
        for name in MODELS:
            found += data.mutants(f"{name} data", self._served[name], most)
            found += data.mutants(f"{name} entities", by_name(self._cedar[name]), most)
        return found


def _verdict(caught: bool) -> Verdict:
    return Verdict.CAUGHT if caught else Verdict.SURVIVED


def _cedar_files(model: AccessModel) -> dict[str, bytes]:
    return dict(emit(model, {"cedar"})[0])


def _cedar_told(suite: Suite, files: dict[str, bytes], words: Sequence[str] = ()) -> bool:
    try:
        engine = engines()["cedar"].start(suite.model, files, Settings())
        return suite.catches(_asking(engine), words, MOST if words else None)
    except EngineError:
        return True


def _tempted(files: dict[str, bytes]) -> Generator[Any]:
    """What Cedar answers to each request of which each liar proposes what is not so; None
    where it fails."""
    engine = CedarEngine(*(files[f"{CEDAR}{name}"] for name in CEDAR_FILES))
    for propose in LIARS:
        with pytest.MonkeyPatch.context() as patch:
            propose(patch, engine)
            for request in TEMPTING.values():
                try:
                    yield told(*engine.decide([request]))
                except EngineError:
                    yield None


def _asking(engine: Engine) -> Any:
    return lambda requests: [told(decision) for decision in engine.decide(requests)]


def by_name(files: dict[str, bytes]) -> dict[str, Any]:
    """Cedar's entities by type and name."""
    found: dict[str, dict[str, Any]] = {}
    for entity in json.loads(files[f"{CEDAR}entities.json"]):
        uid = entity["uid"]
        fields = {name: value for name, value in entity.items() if name != "uid"}
        found.setdefault(uid["type"], {})[uid["id"]] = fields
    return found


def listed(entities: dict[str, Any]) -> list[Any]:
    """Cedar's entities as its file has them."""
    return [
        {"uid": {"type": kind, "id": name}, **fields}
        for kind, named in entities.items()
        for name, fields in named.items()
    ]
