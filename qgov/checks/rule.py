"""What a rule is. A concern is a file of this folder that ends in `RULES`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from qgov.checks.controls import controls_of
from qgov.finding import Finding, Origin, Severity
from qgov.model.access_model import AccessModel

__all__ = ["Found", "Rule"]


class Found(NamedTuple):
    """One place that breaks a rule: where, what is wrong in one sentence, `Kind/name`."""

    origin: Origin
    message: str
    document: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule about the configuration.

    `find` yields each place that breaks it; the clock is its second argument (aware UTC).
    `topics` are rows of the control map (`qgov.checks.controls`). `bad` and `good` are
    YAML documents laid over the baseline configuration (RFC 7396 merge by kind and name):
    the one trips the rule, the other does not. `guide` is the section it comes from.
    """

    code: str
    name: str
    severity: Severity
    summary: str
    why: str
    remedy: str
    topics: tuple[str, ...]
    guide: str
    find: Callable[[AccessModel, datetime], Iterable[Found]]
    bad: str
    good: str

    @property
    def controls(self) -> tuple[str, ...]:
        """The control ids that the rule serves, such as `soc2:CC6.1`."""
        return controls_of(self.topics)

    def findings(self, model: AccessModel, now: datetime) -> list[Finding]:
        """The rule's findings on a model at a time."""
        places = list(self.find(model, now))
        controls = self.controls if places else ()
        return [
            Finding(
                self.code,
                found.message,
                found.origin,
                self.remedy,
                self.severity,
                controls,
                found.document,
            )
            for found in places
        ]
