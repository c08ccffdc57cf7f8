"""A difference of what was reviewed and what was found is told in the words of access."""

from __future__ import annotations

import sys

import pytest

from qgov.drift.compare import compare
from qgov.drift.drift import Drift, Kind
from qgov.drift.facts import EVERYONE, Facts, Held, Plain, Setting
from qgov.drift.observer import Effect, Observation
from qgov.drift.wanted import elevated, held
from qgov.model.access_model import AccessModel
from qgov.model.principal import group, user
from qgov.plan.risk import Risk
from qgov.records import replace
from tests.drift.conftest import NOW

MEI = user("mei@northwind.example")


def effect(_s: Setting, _w: Plain, _f: Plain) -> Effect:
    return Effect(Risk.HIGH, "without a second factor", permission="job:submit")


def told(model: AccessModel, found: Facts, wanted: Facts | None = None, **how: bool) -> list[Drift]:
    base = wanted or Facts(held=held(model.bindings))
    return compare(model, Observation("x", "x", base, found, effect), NOW, **how)


def test_what_is_as_reviewed_differs_in_nothing(model: AccessModel) -> None:
    found = Facts(held=tuple(h._replace(through=("a way",)) for h in held(model.bindings)))
    assert told(model, found) == []


def test_a_role_that_nobody_reviewed_is_told_with_each_permission_and_its_chain(
    model: AccessModel,
) -> None:
    extra = Held(
        group("contractors"), "quantum-developer", "aurora/production", ("a composite of `x`",)
    )
    drift = told(model, Facts(held=(*held(model.bindings), extra)))
    permissions = model.roles["quantum-developer"].permissions
    assert {d.permission for d in drift} == set(permissions)
    assert {d.kind for d in drift} == {Kind.UNMANAGED}
    submit = next(d for d in drift if d.permission == "job:submit")
    assert submit.principal == "group:contractors"
    assert submit.scope == "aurora/production"
    assert submit.risk is Risk.HIGH
    assert submit.how == ("a composite of `x`",)
    assert "`contractors` may `job:submit` on aurora/production" in submit.message
    assert "outside of review, through a composite of `x`" in submit.message


def test_a_binding_that_is_not_there_is_missing_at_its_line(model: AccessModel) -> None:
    lost = next(b for b in model.bindings if b.principal == "group:aurora-researchers")
    found = tuple(h for h in held(model.bindings) if h.what != held([lost])[0].what)
    drift = told(model, Facts(held=found))
    assert drift
    assert {d.kind for d in drift} == {Kind.MISSING}
    assert {(d.origin.path, d.origin.line) for d in drift} == {(lost.origin.path, lost.origin.line)}
    assert all(d.observed is None for d in drift)


def test_a_role_that_adds_no_access_is_told_still(model: AccessModel) -> None:
    """Whoever may do everything in an environment gets the same again in a project of it."""
    extra = Held(
        group("aurora-developers"), "quantum-developer", "aurora/sandbox/chemistry", ("x",)
    )
    (drift,) = told(model, Facts(held=(*held(model.bindings), extra)))
    assert (drift.kind, drift.permission, drift.risk) == (Kind.UNMANAGED, None, Risk.LOW)


def test_a_role_of_another_meaning_changes_those_who_hold_it(model: AccessModel) -> None:
    mine = {**model.roles["researcher"].permissions, "job:cancel": False}
    assert model.roles["researcher"].permissions["job:cancel"] is True, "narrowed to one's own"
    drift = told(model, Facts(held=held(model.bindings), roles={"researcher": mine}))
    assert {(d.kind, d.permission) for d in drift} == {(Kind.CHANGED, "job:cancel")}


def test_everyone_is_a_principal(model: AccessModel) -> None:
    extra = Held(EVERYONE, "researcher", "aurora/sandbox/chemistry", ("the default roles",))
    drift = told(model, Facts(held=(*held(model.bindings), extra)))
    assert any(d.message.startswith("everyone may `job:submit`") for d in drift)


@pytest.mark.parametrize("people", [False, True])
def test_an_elevation_past_its_window_is_outlived_and_its_person_named_on_demand(
    model: AccessModel, people: bool
) -> None:
    document = next(e for e in model.elevations if folded_is(e.subject, MEI))
    there = Held(MEI, document.role, document.scope, ("the group `jit`",))
    later = document.expires
    now = (h for h in elevated(model, "workforce", later) if h.principal == MEI)
    base = Facts(elevated=tuple(now))
    seen = Observation("x", "x", base, Facts(elevated=(there,)), effect)
    drift = compare(model, seen, later, people=people)
    assert {d.kind for d in drift} == {Kind.OUTLIVED}
    assert f"`{document.name}` is past its window" in drift[0].message
    assert all(("mei@" in d.message) is people and ("mei@" in d.principal) is people for d in drift)


def folded_is(subject: str, person: str) -> bool:
    return f"user:{subject}".casefold() == person


def test_an_elevation_in_its_window_is_as_reviewed_and_missing_where_it_is_not_there(
    model: AccessModel,
) -> None:
    wanted = tuple(elevated(model, "workforce", NOW))
    assert MEI in {h.principal for h in wanted}
    base = Facts(elevated=wanted)
    shouted = tuple(h._replace(principal=user(h.principal[5:].upper())) for h in wanted)
    assert told(model, Facts(elevated=shouted), base) == []
    assert {d.kind for d in told(model, Facts(), base)} == {Kind.MISSING}


def test_an_elevation_that_nobody_asked_for_is_unmanaged(model: AccessModel) -> None:
    there = Held(user("eve"), "quantum-developer", "aurora/production", ("the group `jit`",))
    drift = told(model, Facts(elevated=(there,)), Facts())
    assert {d.kind for d in drift} == {Kind.UNMANAGED}
    assert "without an elevation, through the group `jit`" in drift[0].message


def test_settings_are_told_once_a_thing_or_field_by_field(model: AccessModel) -> None:
    wanted = Facts(
        settings={Setting("client", "qgov", ""): True, Setting("client", "qgov", "a"): 1}
    )
    assert told(model, wanted, wanted) == []
    (gone,) = told(model, Facts(), wanted)
    assert (gone.kind, gone.observed) == (Kind.MISSING, None)
    (new,) = told(model, wanted, Facts())
    assert (new.kind, new.desired) == (Kind.UNMANAGED, None)
    changed = replace(wanted, settings={**wanted.settings, Setting("client", "qgov", "a"): 2})
    (one,) = told(model, changed, wanted)
    assert (one.kind, one.desired, one.observed) == (Kind.CHANGED, 1, 2)
    assert (
        "everyone may `job:submit` on * without a second factor, outside of review" in one.message
    )


def test_a_former_name_is_a_rename_that_has_not_arrived(model: AccessModel) -> None:
    spec = model.organization.spec
    declared = spec.groups["aurora-developers"].model_copy(update={"previously": ("aurora-devs",)})
    groups = {**spec.groups, "aurora-developers": declared}
    organization = replace(model.organization, spec=spec.model_copy(update={"groups": groups}))
    later = replace(model, organization=organization)

    def old(each: Held) -> Held:
        mine = each.principal == "group:aurora-developers"
        return each._replace(principal=group("aurora-devs")) if mine else each

    wanted = held(model.bindings)
    there = Facts(
        held=tuple(map(old, wanted)), settings={Setting("group", "aurora-devs", ""): True}
    )
    base = Facts(held=wanted, settings={Setting("group", "aurora-developers", ""): True})
    (one,) = told(later, there, base)
    assert (one.kind, one.risk, one.desired, one.observed) == (
        Kind.CHANGED,
        Risk.LOW,
        "aurora-developers",
        "aurora-devs",
    )
    assert {d.kind for d in told(model, there, base)} == {Kind.MISSING, Kind.UNMANAGED}
    assert told(later, base, base) == []


def test_comparing_takes_as_many_steps_as_there_are_differences(model: AccessModel) -> None:
    """Counted, and not timed: twice as much is at most twice the calls, and a little."""

    def calls(many: int) -> int:
        groups = [f"stranger-{number}" for number in range(many)]
        found = Facts(
            held=tuple(Held(group(g), "researcher", "aurora/production") for g in groups),
            elevated=tuple(Held(user(g), "researcher", "aurora/production") for g in groups[::10]),
            settings={Setting("group", g, ""): True for g in groups},
        )
        seen = Observation("keycloak:workforce", "keycloak", Facts(), found, effect)
        count = 0

        def called(_frame: object, event: str, _argument: object) -> None:
            nonlocal count
            count += event == "call"

        sys.setprofile(called)
        try:
            assert len(compare(model, seen, NOW)) >= 2 * many
        finally:
            sys.setprofile(None)
        return count

    few = calls(50), calls(100), calls(200)
    assert few[2] - few[1] < 2.1 * (few[1] - few[0])
