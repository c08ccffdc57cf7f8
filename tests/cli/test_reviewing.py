"""`qgov plan --reviews`: the gate and the record, and the evidence that the record names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.plan.worlds import BASELINE, World, changed

ATLAS = "tenants/atlas.yaml"
BINDING = "    - {group: atlas-leads, role: reader"
MORE = changed(
    BASELINE, {ATLAS: {BINDING: "    - {group: guests, role: reader, on: sandbox}\n" + BINDING}}
)
MEMBERS = {"operators": ["ada"], "atlas-leads": ["ines"]}


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World.at(tmp_path / "repository", BASELINE)
    world.git("checkout", "--quiet", "-b", "change")
    world.commit(MORE)
    (tmp_path / "members.json").write_text(json.dumps(MEMBERS))
    return world


def reviewed(world: World, *logins: str, **more: str) -> tuple[int, str, str, Any]:
    """A plan of the change with approvals by these people: status, output, errors, record."""
    folder = world.root.parent
    commit = world.git("rev-parse", "change").strip()
    given = [
        {"id": n, "user": {"login": login}, "state": "APPROVED", "commit_id": commit}
        | {"submitted_at": f"2026-11-23T10:00:0{n}Z", "body": ""}
        for n, login in enumerate(logins)
    ]
    (folder / "reviews.json").write_text(json.dumps(given))
    record = folder / "record.json"
    status, out, err = world.plan(
        *("--base", "main", "--head", "change", "--author-login", more.get("author", "mei")),
        *("--reviews", str(folder / "reviews.json"), "--members", str(folder / "members.json")),
        *("--record", str(record)),
        *(("--evidence", more["evidence"]) if "evidence" in more else ()),
    )
    return status, out, err, json.loads(record.read_text()) if record.exists() else None


def test_a_missing_approval_closes_the_gate_and_both_open_it(world: World) -> None:
    status, out, err, record = reviewed(world, "ines")
    assert status == 3
    assert out.startswith("MORE PERMISSIVE")
    assert "operators" in err
    assert record["decision"] == "refused"

    status, _, _, record = reviewed(world, "ines", "ada")
    assert status == 0
    assert record["decision"] == "approved"
    assert record["evidence"] is None
    assert {a["by"]: [r["by"] for r in a["reviews"]] for a in record["approvals"]} == {
        "atlas-leads": ["ines"],
        "operators": ["ada"],
    }


def test_nobody_approves_their_own_change(world: World) -> None:
    status, _, _, record = reviewed(world, "ines", "ada", author="ada")

    assert status == 3
    assert record["decision"] == "refused"


@pytest.mark.real
def test_a_record_names_the_evidence_that_was_written_with_it(world: World) -> None:
    pack = world.root.parent / "pack"
    status, _, err, record = reviewed(world, "ines", "ada", evidence=str(pack))

    assert status == 0, err
    manifest = json.loads((pack / "manifest.json").read_text())
    assert record["evidence"] == manifest["content_digest"]
    assert record["plan"]["digest"] == json.loads((pack / "plan.json").read_text())["digest"]


def test_reviews_of_a_work_tree_are_an_error_before_anything_is_written(world: World) -> None:
    folder = world.root.parent
    (folder / "reviews.json").write_text("[]")
    status, out, err = world.plan(
        *("--reviews", str(folder / "reviews.json"), "--members", str(folder / "members.json")),
        *("--author-login", "mei", "--record", str(folder / "record.json")),
    )
    assert (status, out) == (1, "")
    assert "not of a work tree; give --head" in err
    assert not (folder / "record.json").exists()
