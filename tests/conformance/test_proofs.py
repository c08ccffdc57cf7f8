"""`--prove`: the circuit of a witness ran on one side and not on the other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from qgov.conformance import proofs
from qgov.conformance.submit import Stand
from qgov.contracts.schema import output_schemas
from qgov.decision.engine import EngineError
from tests.plan.worlds import BASELINE, World, changed

pytestmark = pytest.mark.real

ATLAS = "tenants/atlas.yaml"
BINDING = (
    "    - {group: atlas-developers, role: developer, on: sandbox}\n",
    "    - {group: atlas-guests, role: developer, on: sandbox/chemistry}\n",
)
GAINED = changed(BASELINE, {ATLAS: {BINDING[0]: BINDING[0] + BINDING[1]}})


def proven(tmp_path: Path, before: Mapping[str, str] | None, after: Mapping[str, str]) -> Any:
    world = World.at(tmp_path / "repository", before)
    world.write(after)
    base = ("--base", "empty") if before is None else ()
    found = world.plan_json("--prove", *base)
    errors = Draft7Validator(output_schemas()["qgov/plan/v1"]).iter_errors(found)
    assert [error.message for error in errors] == []
    return found["access"]


def jobs(access: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [change for change in access if change["permission"] == "job:submit"]


def test_a_granted_job_ran_at_the_head_alone(tmp_path: Path) -> None:
    access = proven(tmp_path, BASELINE, GAINED)
    (change,) = jobs(access)
    base, head = (change["witness"]["submitted"][side] for side in ("base", "head"))

    assert (base["decision"]["allow"], base["histogram"]) == (False, None)
    assert base["engine_jobs"] == {"before": 0, "after": 0}
    assert base["decision"]["reasons"] == ["no-grant"]
    assert head["decision"]["allow"]
    assert head["engine_jobs"] == {"before": 0, "after": 1}
    assert sum(head["histogram"].values()) == 200
    assert set(head["histogram"]) == {"00", "11"}
    assert base["circuit_sha256"] == head["circuit_sha256"]
    assert all("submitted" not in c["witness"] for c in access if c is not change)


def test_a_revoked_job_ran_at_the_base_alone(tmp_path: Path) -> None:
    (change,) = jobs(proven(tmp_path, GAINED, BASELINE))
    base, head = (change["witness"]["submitted"][side] for side in ("base", "head"))

    assert (base["decision"]["allow"], head["decision"]["allow"]) == (True, False)
    assert (base["engine_jobs"]["after"], head["engine_jobs"]["after"]) == (1, 0)


def test_a_bound_on_shots_is_shown_with_so_many(tmp_path: Path) -> None:
    floor = {"qgov.yaml": {"    job: {shots: 50000}": "    job: {shots: 300}"}}
    tight, loose = (
        changed(BASELINE, floor),
        changed(BASELINE, {"qgov.yaml": {"    job: {shots: 50000}": "    job: {shots: 1000}"}}),
    )
    for change in jobs(proven(tmp_path, tight, loose)):
        shown = change["witness"]["submitted"]
        assert shown["base"]["decision"]["reasons"] == ["job-too-large"]
        assert 300 < sum(shown["head"]["histogram"].values()) <= 1000


def test_the_empty_repository_has_no_gateway(tmp_path: Path) -> None:
    found = jobs(proven(tmp_path, None, BASELINE))

    assert found
    shown = [c["witness"]["submitted"] for c in found if "submitted" in c["witness"]]
    assert shown
    assert {each["base"] for each in map(dict, shown)} == {None}
    assert all(each["head"]["engine_jobs"]["after"] == 1 for each in shown)


def test_what_the_gateway_decides_otherwise_is_said_and_shows_nothing(tmp_path: Path) -> None:
    """A witness about money spent before: the gateway's ledger is fresh."""
    more = changed(BASELINE, {"budgets/atlas.yaml": {"limit: 1000.00 EUR": "limit: 2000.00 EUR"}})
    found = [c for c in jobs(proven(tmp_path, BASELINE, more)) if c["witness"]]

    for change in found:
        assert "submitted" not in change["witness"]
        assert change["witness"]["unsubmitted"].startswith("as the gateway measures the job, it is")


def test_people_are_told(tmp_path: Path) -> None:
    world = World.at(tmp_path / "repository", BASELINE)
    world.write(GAINED)
    status, out, err = world.plan("--prove")

    assert status == 0
    assert "its circuit ran now, and not before" in " ".join(out.split())
    assert "circuits: 1 of 1\n" in err


def test_a_device_that_runs_what_was_denied_is_no_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qgov.conformance.devices import Device

    class Leaking(Device):
        def jobs(self) -> int:
            self.asked = getattr(self, "asked", -1) + 1
            return self.asked

    monkeypatch.setattr(
        "qgov.conformance.submit.Stand",
        lambda model, engine, bundle: Stand(model, engine, bundle, device=Leaking),
    )
    (change,) = jobs(proven(tmp_path, BASELINE, GAINED))

    assert "submitted" not in change["witness"]
    assert "did not receive what it should" in change["witness"]["unsubmitted"]


def test_without_cirq_or_an_engine_nothing_is_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World.at(tmp_path / "repository", BASELINE)
    world.write(GAINED)

    def failing(*_: object) -> None:
        raise EngineError("it does not start")

    with monkeypatch.context() as patch:
        patch.setattr(proofs, "_stand", failing)
        status, out, err = world.plan("--prove")
    assert (status, out) == (1, "")
    assert "nothing could be proven\nerror: it does not start" in err

    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    status, out, err = world.plan("--prove", "--format", "json")
    assert (status, out) == (1, "")
    assert "Cirq is not installed" in err
    assert json.loads(world.plan("--format", "json")[1])["access"]
