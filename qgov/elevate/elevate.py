"""Reading realms, planning the steps, and doing them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from msgspec import Struct

from qgov.drift.drift import Source
from qgov.drift.observer import Asked, UnreadableError
from qgov.drift.observers.keycloak.connect import connected, reviewed
from qgov.drift.remote import Remote
from qgov.elevate.planning import Wanted, planned
from qgov.elevate.realm import Directory, members_by_id, read_directory, write
from qgov.elevate.steps import Action, Outcome, Refusal, Report, Step
from qgov.errors import under
from qgov.model.access_model import Binding
from qgov.records import replace
from qgov.targets.keycloak.facts.access import jit_group_name
from qgov.targets.keycloak.facts.realm import realm_name
from qgov.targets.keycloak.module import Module, modules

__all__ = ["carried_out", "plan"]

T = TypeVar("T")


class _Realm(Struct, frozen=True):
    """A realm that is asked for."""

    asked: Asked
    module: Module

    @property
    def source(self) -> str:
        return f"keycloak:{self.module.name}"

    @property
    def name(self) -> str:
        return realm_name(self.module)

    def ask(self, what: Callable[[Remote], T]) -> T:
        """The answer of the realm, signed in anew: a token may live for a minute. Raises
        UnreadableError."""
        with connected(self.asked, self.module.provider, self.name) as server:
            return what(server)


def _realms(asked: Asked) -> Iterator[_Realm]:
    names = reviewed(asked)
    return (_Realm(asked, module) for module in modules(asked.model) if module.name in names)


def plan(asked: Asked, *, people: bool = False) -> Report:
    """The steps in all realms that were asked for. Raises UnreadableError where one cannot be read
    whole: then nothing is known, and nothing may be done."""
    sources: list[Source] = []
    steps: list[Step] = []
    refusals: list[Refusal] = []
    with under("ELEVATIONS UNKNOWN: nothing was changed"):
        for realm in _realms(asked):
            wanted = _wanted(realm, people)
            found = _read(realm, wanted)
            sources.append(Source(realm.source, "keycloak", asked.now, found.count))
            own, refused = planned(wanted, found)
            steps += own
            refusals += refused
    return Report(tuple(sources), tuple(steps), tuple(refusals))


def _wanted(realm: _Realm, people: bool) -> Wanted:
    groups: dict[str, list[Binding]] = defaultdict(list)
    for binding in realm.module.bindings:
        if binding.eligible is not None:
            groups[jit_group_name(binding.principal, binding.role, binding.scope)].append(binding)
    own = {binding.principal for bindings in groups.values() for binding in bindings}
    return Wanted(
        realm.source,
        {group: tuple(bindings) for group, bindings in sorted(groups.items())},
        tuple(
            elevation
            for elevation in realm.asked.model.elevations
            if any(binding.principal in own for binding in elevation.through)
        ),
        realm.asked.now,
        by_id=realm.module.provider.tokens.person == "sub",
        people=people,
    )


def _read(realm: _Realm, wanted: Wanted) -> Directory:
    persons = [each.subject for each in wanted.elevated]
    return realm.ask(
        lambda server: read_directory(
            server, realm.name, wanted.groups, persons, by_id=wanted.by_id
        )
    )


def carried_out(asked: Asked, report: Report) -> Report:
    """The same with what became of each step: every one is tried, and what holds afterwards is
    read again, whatever the server answered."""
    done: dict[Step, Step] = {}
    for realm in _realms(asked):
        own = [step for step in report.changes if step.source == realm.source]
        if own:
            done |= zip(own, _verified(realm, own, _written(realm, own)), strict=True)
    return replace(report, steps=tuple(done.get(s, s) for s in report.steps), applied=True)


def _written(realm: _Realm, steps: list[Step]) -> dict[Step, str]:
    """What went wrong with each step, in words; empty where the server says that it is done."""

    def all_of(server: Remote) -> dict[Step, str]:
        removals, additions = (
            [step for step in steps if step.action is action]
            for action in (Action.REMOVE, Action.ADD)
        )
        one = partial(_one, server, realm.name)
        # What ends goes first.
        said = zip(removals, server.each(one, removals), strict=True)
        return dict([*said, *zip(additions, server.each(one, additions), strict=True)])

    try:
        return realm.ask(all_of)
    except UnreadableError as error:
        return dict.fromkeys(steps, str(error))


def _one(server: Remote, realm: str, step: Step) -> str:
    method = "PUT" if step.action is Action.ADD else "DELETE"
    return write(server, method, realm, step.account_id, step.group_id)


def _verified(realm: _Realm, steps: list[Step], said: dict[Step, str]) -> Iterator[Step]:
    groups = sorted({step.group_id for step in steps})
    try:
        members = realm.ask(lambda server: members_by_id(server, realm.name, groups))
    except (UnreadableError, AttributeError, KeyError, TypeError) as error:
        for step in steps:
            told = f"{said[step]}; and then: {error}" if said[step] else str(error)
            yield replace(step, outcome=Outcome.UNKNOWN, failure=told)
        return
    for step in steps:
        inside = step.account_id in members[step.group_id]
        if inside is (step.action is Action.ADD):
            yield replace(step, outcome=Outcome.DONE)
        else:
            state = "is still a member" if inside else "is no member yet"
            told = said[step] or f"the server says that it is done, and the person {state}"
            yield replace(step, outcome=Outcome.FAILED, failure=told)
