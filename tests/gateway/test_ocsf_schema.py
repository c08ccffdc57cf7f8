"""Every event is what the published schema of OCSF 1.8.0 says."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from qgov.gateway.audit_events import (
    JobFacts,
    ProjectLabels,
    Stage,
    Threshold,
    approval_used,
    authentication_failed,
    bundle_activated,
    job_event,
    step_event,
    threshold_reached,
)
from qgov.gateway.ocsf import OCSF_VERSION, Actor, Event
from qgov.records import replace
from tests.gateway.facts import FACTS, LABELS, MEI, NIGHTLY

WHEN = 1_795_428_000_000
DENIED = replace(FACTS, allow=False, reasons=("mfa-missing", "residency"), actor=NIGHTLY)
LEAST = JobFacts("j", Actor("mei"), ProjectLabels("aurora"), "iqm-garnet", allow=False, revision="")
SPENT = Threshold("chemistry", "spent_micros", 900, 1000, 90, hard=False, currency="EUR")
SHOTS = Threshold("chemistry", "shots/day", 1000, 1000, 100, hard=True)

EVENTS: dict[str, Callable[[], Event]] = {
    "denied": lambda: job_event(Stage.DENIED, DENIED, uid="e", time_ms=WHEN),
    "least": lambda: job_event(Stage.DENIED, LEAST, uid="e", time_ms=WHEN),
    "started": lambda: job_event(Stage.STARTED, FACTS, uid="e", time_ms=WHEN, start_ms=WHEN),
    "succeeded": lambda: job_event(
        Stage.SUCCEEDED,
        FACTS,
        uid="e",
        time_ms=WHEN + 9,
        start_ms=WHEN,
        end_ms=WHEN + 9,
        actual_cost_micros=0,
        actual_qpu_ms=1900,
    ),
    "failed": lambda: job_event(
        Stage.FAILED, FACTS, uid="e", time_ms=WHEN, start_ms=WHEN, end_ms=WHEN, error="TimeoutError"
    ),
    "refused": lambda: job_event(
        Stage.REFUSED, replace(FACTS, provider=""), uid="e", time_ms=WHEN, error="ValueError"
    ),
    "recovered": lambda: job_event(Stage.RECOVERED, FACTS, uid="e", time_ms=WHEN),
    "results read": lambda: job_event(
        Stage.SUCCEEDED, replace(FACTS, operation="result:read"), uid="e", time_ms=WHEN
    ),
    "cancelled": lambda: job_event(
        Stage.SUCCEEDED, replace(FACTS, operation="job:cancel"), uid="e", time_ms=WHEN
    ),
    "deletion denied": lambda: job_event(
        Stage.DENIED, replace(DENIED, operation="result:delete"), uid="e", time_ms=WHEN
    ),
    "step started": lambda: step_event(
        Stage.STARTED,
        "preprocess",
        actor=MEI,
        labels=LABELS,
        trace_id="t",
        uid="e",
        time_ms=WHEN,
        start_ms=WHEN,
    ),
    "step ended": lambda: step_event(
        Stage.FAILED,
        "preprocess",
        actor=NIGHTLY,
        labels=LABELS,
        trace_id="t",
        uid="e",
        time_ms=WHEN,
        start_ms=WHEN,
        end_ms=WHEN + 5,
        error="MemoryError",
    ),
    "bundle": lambda: bundle_activated(
        "r1", "r2", uid="e", time_ms=WHEN, actor=MEI, comment="https://git.example/pull/7"
    ),
    "first bundle": lambda: bundle_activated("", "r1", uid="e", time_ms=WHEN),
    "authentication": lambda: authentication_failed(
        MEI, ["token-stale"], uid="e", time_ms=WHEN, labels=LABELS
    ),
    "nobody": lambda: authentication_failed(Actor(""), [], uid="e", time_ms=WHEN),
    "money": lambda: threshold_reached(SPENT, uid="e", time_ms=WHEN, actor=MEI, job_id="j"),
    "quota": lambda: threshold_reached(SHOTS, uid="e", time_ms=WHEN),
    "approval": lambda: approval_used(
        "A-1",
        "ines",
        budget="chemistry",
        job_id="j",
        cost_micros=5,
        currency="EUR",
        actor=MEI,
        uid="e",
        time_ms=WHEN,
    ),
}


@cache
def published() -> Any:
    return get_ocsf_schema(version=OCSF_VERSION)


@cache
def schemas() -> OcsfJsonSchemaEmbedded:
    return OcsfJsonSchemaEmbedded(published())


@cache
def validator(class_uid: int, profiles: tuple[str, ...]) -> Draft202012Validator:
    name = schemas().lookup_class_name_from_uid(class_uid=class_uid)
    return Draft202012Validator(
        schemas().get_class_schema(class_name=name, profiles=list(profiles))
    )


def problems(event: Event) -> list[str]:
    found = validator(event["class_uid"], tuple(event["metadata"].get("profiles", ())))
    return [f"{error.json_path}: {error.message}" for error in found.iter_errors(event)]


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_is_valid(name: str) -> None:
    event = EVENTS[name]()

    assert problems(json.loads(json.dumps(event))) == []
    assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
    assert event["time"] >= WHEN


def test_the_schema_refuses_what_it_does_not_know() -> None:
    changes: tuple[dict[str, Any], ...] = (
        {"resources": [{"region": "eu", "shots": 5}]},
        {"type_uid": 600377},
        {"time": "now"},
        {"circuit": "x"},
        {"src_endpoint": {}},
    )
    for change in changes:
        assert problems(EVENTS["started"]() | change), change


@pytest.mark.parametrize("name", EVENTS)
def test_the_ids_and_their_names_are_the_standard_s(name: str) -> None:
    event = EVENTS[name]()
    attributes = published()["classes"][
        schemas().lookup_class_name_from_uid(class_uid=event["class_uid"])
    ]["attributes"]
    for field in ("activity", "severity", "status", "action", "disposition"):
        number = event.get(f"{field}_id")
        if number is None or number == 99:
            continue
        caption = attributes[f"{field}_id"]["enum"][str(number)]["caption"]
        assert event["activity_name" if field == "activity" else field] == caption


def test_a_started_job_says_who_what_where_and_on_which_decision() -> None:
    event = EVENTS["started"]()

    assert (event["action"], event["status"]) == ("Allowed", "Started")
    assert event["actor"]["user"]["uid"] == "mei@northwind.example"
    assert [group["name"] for group in event["actor"]["user"]["groups"]] == list(MEI.groups)
    assert event["actor"]["session"]["is_mfa"] is True
    assert event["actor"]["idp"]["issuer"] == MEI.issuer
    assert event["actor"]["authorizations"][0]["policy"]["version"] == "r1"
    assert event["resources"] == [
        {"uid": "iqm-garnet", "type": "quantum-backend", "region": "eu-north"}
    ]
    assert event["trace"]["uid"] == event["metadata"]["correlation_uid"] == "trace-1"
    assert event["unmapped"]["job"]["circuits_sha256"] == "ab" * 32
    assert (
        event["unmapped"]
        | {
            "tenant": "aurora",
            "environment": "production",
            "project": "chemistry",
            "credential": "oidc",
            "queue": "standard",
            "step": "sample",
            "warnings": ["budget-near"],
        }
        == event["unmapped"]
    )


def test_a_denial_lists_every_reason() -> None:
    event = EVENTS["denied"]()

    assert (event["action_id"], event["disposition_id"], event["status_id"]) == (2, 26, 2)
    assert event["unmapped"]["reasons"] == ["mfa-missing", "residency"]
    assert (event["status_code"], event["status_detail"]) == (
        "mfa-missing",
        "mfa-missing, residency",
    )
    assert event["actor"]["user"]["type_id"] == 4


def test_an_outcome_has_times_and_costs_and_a_zero_is_told() -> None:
    event = EVENTS["succeeded"]()

    assert (event["duration"], event["unmapped"]["job"]["actual_cost_micros"]) == (9, 0)
    assert event["trace"]["span"] == {
        "uid": "e",
        "operation": "sample",
        "start_time": WHEN,
        "end_time": WHEN + 9,
    }


def test_a_bundle_s_revisions_stand_before_and_after() -> None:
    event = EVENTS["bundle"]()

    assert (event["entity"]["version"], event["entity_result"]["version"]) == ("r1", "r2")
    assert "version" not in EVENTS["first bundle"]()["entity"]


def test_no_field_takes_raw_inputs() -> None:
    types = JobFacts.__annotations__
    texts = {name for name, kind in types.items() if kind == "str"}

    assert set(types.values()) <= {
        "str",
        "bool",
        "int",
        "int | None",
        "tuple[str, ...]",
        "Actor",
        "ProjectLabels",
    }
    assert texts.isdisjoint({"circuit", "parameters", "result", "message", "error"})
    for wrong in ({"circuits_sha256": "X(0)"}, {"currency": "euros"}):
        with pytest.raises(ValueError, match=r"is not"):
            replace(FACTS, **wrong)
    with pytest.raises(ValueError, match="not the name"):
        job_event(Stage.FAILED, FACTS, uid="e", time_ms=WHEN, error="no qubit in cirq.X(q0)")


texts = st.text(st.characters(exclude_categories=()), max_size=1200)
kinds = st.sampled_from(["user", "workload", ""])
actors = st.builds(
    Actor,
    texts,
    kinds,
    st.tuples(texts, texts),
    texts,
    st.sampled_from([None, True, False]),
    st.none(),
    texts,
    st.none(),
    texts,
    texts,
)


@given(actors, st.builds(ProjectLabels, texts, texts, texts), texts, st.sampled_from(Stage))
@example(FACTS.actor, ProjectLabels("aurora", "\n", "\\n"), "\\", Stage.DENIED)
def test_what_a_request_carries_is_told_whatever_it_is(
    actor: Actor, labels: ProjectLabels, text: str, stage: Stage
) -> None:
    facts: Any = replace(FACTS, actor=actor, labels=labels, backend=text or "b", trace_id=text)
    event = job_event(stage, facts, uid="e", time_ms=WHEN)

    assert problems(event) == []
    written = json.dumps(event, ensure_ascii=False)
    assert "\\n" not in written.replace("\\\\", "")  # a line break; a text may hold a backslash
