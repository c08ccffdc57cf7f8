"""What an observer is. Each is one file (or folder) of `observers/` that ends in `OBSERVER`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct
from msgspec import field as struct_field

from qgov.drift.drift import Drift
from qgov.drift.facts import Facts, Person, Plain, Setting
from qgov.drift.undo import NO_STEPS, Fact, Undo
from qgov.errors import QgovError
from qgov.model.access_model import AccessModel
from qgov.plan.risk import Risk
from qgov.targets.hcl import Block

__all__ = ["Asked", "Effect", "Existing", "Need", "Observation", "Observer", "UnreadableError"]


class UnreadableError(QgovError):
    """A source that could not be read whole: nothing is known of it, least of all that it is in
    order."""

    heading = "DRIFT UNKNOWN: a source could not be read"


class Need(NamedTuple):
    """Something that an observer reads, the right that it takes, and what it is read for."""

    read: str
    right: str
    purpose: str


class Effect(NamedTuple):
    """What a setting means for access, in words that follow "may": who, what, where, how bad."""

    risk: Risk
    words: str
    principal: str = "everyone"
    permission: str | None = None
    scope: str = "*"


class Existing(NamedTuple):
    """Something that a compiled resource stands for and that is there already: the resource's
    address, and the id that its Terraform provider imports it by. `others` are what it holds
    beside what is compiled, in the words of the resource's argument."""

    address: str
    id: str
    others: tuple[str, ...] = ()


class Observation(Struct, frozen=True):
    """A system as it was found beside what it should be. `effect` says what a difference of one
    setting means: (setting, wanted, found); a field that is not there is None on that side.
    `stale` is a difference of the system as a whole; `undo` gives the steps back from a fact,
    `leave` those that take somebody out of a group (by its path); `existing` what is there already
    of the resources of a compiled module; `words` are for people and compared with nothing."""

    name: str
    type: str
    wanted: Facts
    found: Facts
    effect: Callable[[Setting, Plain, Plain], Effect]
    stale: tuple[Drift, ...] = ()
    undo: Callable[[Fact], Undo] = lambda _: NO_STEPS
    leave: Callable[[str, Person], Undo] = lambda _group, _person: NO_STEPS
    existing: Callable[[Sequence[Block]], Iterable[Existing]] = lambda _: ()
    words: Mapping[Setting, str] = struct_field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an observer is given. `what` is the part of `--source` after the colon; `environment`
    has addresses and secrets; `now` judges elevations."""

    model: AccessModel
    what: str | None
    environment: Mapping[str, str] = field(repr=False)
    now: datetime
    timeout_s: float = 20.0
    parallel: int = 16

    def setting(self, name: str) -> str | None:
        """An address or a secret: of the variable, or of the file that `NAME_FILE` names.

        Raises UnreadableError for a file that cannot be read.
        """
        if value := self.environment.get(name):
            return value
        if not (file := self.environment.get(f"{name}_FILE")):
            return None
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UnreadableError(f"{name}_FILE: {file} cannot be read") from error

    def needed(self, name: str) -> str:
        """As `setting`; raises UnreadableError where it is not given."""
        if not (value := self.setting(name)):
            raise UnreadableError(f"set {name}, or {name}_FILE to a file that holds it")
        return value


class Observer(Struct, frozen=True):
    """A kind of system that can be read. `observe` never writes, and raises UnreadableError rather
    than tell a part; `configured` says whether the environment names such a system;
    `knows_members` that it tells who is in groups."""

    name: str
    needs: tuple[Need, ...]
    observe: Callable[[Asked], Iterable[Observation]]
    configured: Callable[[Mapping[str, str]], bool]
    knows_members: bool = False
