"""The specification as an engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from qgov.decision.engine import EngineKind, Settings
from qgov.decision.reference import decide
from qgov.decision.request import Decision, Request
from qgov.model.access_model import AccessModel

__all__ = ["ENGINE", "ReferenceEngine"]


class ReferenceEngine:
    """The reference as an engine."""

    name = "reference"

    def __init__(self, model: AccessModel, revision: str = "") -> None:
        self._model = model
        self._revision = revision

    def decide(self, requests: Sequence[Request]) -> list[Decision]:
        """Never raises."""
        return [decide(self._model, request, self._revision) for request in requests]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None


def _start(model: AccessModel, _: Mapping[str, bytes], __: Settings) -> ReferenceEngine:
    return ReferenceEngine(model)


ENGINE = EngineKind("reference", _start)
