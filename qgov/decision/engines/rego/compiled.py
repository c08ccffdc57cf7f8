"""The OPA bundle, answered by its own policy compiled by OPA to WebAssembly.

The policy's text is the same for every organization, so it was compiled once
(`.ci/compile-policy`) and is carried here under the digest of that text. A bundle with any other
text is not found, and rego-cpp answers from it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.resources import files
from typing import Final

from qgov.decision.answer import as_decision
from qgov.decision.bundle import Bundle
from qgov.decision.decision import Decision
from qgov.decision.engine import Closing, EngineError, in_turn
from qgov.decision.engines.rego.sandbox import Policy
from qgov.decision.request import Request
from qgov.decision.request_parts import RequestJson

__all__ = ["CompiledRegoEngine", "carried"]

POLICY: Final = "qgov/authz.rego"


def carried(bundle: Bundle) -> bytes | None:
    """The WebAssembly of the bundle's policy; None where that is not ours."""
    if set(bundle.modules) != {POLICY}:
        return None
    digest = hashlib.sha256(bundle.modules[POLICY].encode()).hexdigest()
    file = files(__package__).joinpath("carried", f"{digest}.wasm")
    return file.read_bytes() if file.is_file() else None


class CompiledRegoEngine(Closing):
    """A bundle's data in its compiled policy, in this process.

    `deadline_s` bounds one answer, in seconds. After an error the next call starts afresh.
    """

    name = "rego"

    def __init__(self, bundle: Bundle, code: bytes, *, deadline_s: float = 5.0) -> None:
        self._bundle = bundle
        self._code = code
        self._deadline_s = deadline_s
        self._policy: Policy | None = None

    @property
    def revision(self) -> str:
        """The revision that the bundle's manifest claims."""
        return self._bundle.revision

    def decide(self, requests: Sequence[RequestJson]) -> list[Decision]:
        """One decision for each request, in order. Raises EngineError."""
        try:
            policy = self._policy = self._policy or Policy(self._code, self._bundle.data)

            def answer(request: RequestJson) -> Decision:
                asked = Request.from_json(request).to_json()
                return as_decision(policy.ask(asked, self._deadline_s))

            return in_turn(answer, requests)
        except EngineError:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the policy; it starts afresh when it is asked again."""
        self._policy = None
