"""The specification as an engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qgov.decision.decision import Decision
from qgov.decision.engine import Closing, EngineKind, Settings
from qgov.decision.reference import decide
from qgov.decision.request_parts import RequestJson
from qgov.model.access_model import AccessModel

__all__ = ["ENGINE", "ReferenceEngine"]


class ReferenceEngine(Closing):
    """The reference as an engine."""

    name = "reference"

    def __init__(self, model: AccessModel, revision: str = "") -> None:
        self._model = model
        self._revision = revision

    def decide(self, requests: Sequence[RequestJson]) -> list[Decision]:
        """Never raises."""
        return [decide(self._model, request, self._revision) for request in requests]


def _start(model: AccessModel, _: Mapping[str, bytes], __: Settings) -> ReferenceEngine:
    return ReferenceEngine(model)


ENGINE = EngineKind("reference", _start)
