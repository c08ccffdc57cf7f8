"""All that is wrong with the inputs of a run is told at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Call
from tests.plan.worlds import BASELINE, World, changed

ATLAS, ORGANIZATION = "tenants/atlas.yaml", "qgov.yaml"
READER = "{group: operators, role: reader, on: "
EMPTY: dict[str, str] = {}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.at(tmp_path / "repository", BASELINE)


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_plan_tells_of_every_input(world: World, call: Call, tmp_path: Path) -> None:
    intent = written(
        tmp_path / "intent.yaml",
        "intent:\n  - {gain: job:submit, principals: ['group:nobody'], wrong: 1}\n",
    )
    reviews = written(tmp_path / "reviews.json", '{"message": "Not Found"}')
    members = written(tmp_path / "members.json", "[]")
    status, out, err = call(
        *("plan", "--root", world.root, "--intent", intent, "--reviews", reviews),
        *("--members", members, "--override", "no-rail", "--horizon", "soon", "--now", "today"),
        *("--author-group", "admins"),
    )

    assert (status, out) == (1, "")
    for said in (
        "--override: `no-rail` is not one of",
        "--author: name the author as well",
        "approved_by",
        "members.json cannot be used",
        "--author-login",
        "--horizon: write a duration",
        "--now: write an instant",
    ):
        assert said in err, said


def test_an_intent_is_told_its_fields_and_its_names(
    world: World, call: Call, tmp_path: Path
) -> None:
    intent = written(
        tmp_path / "intent.yaml",
        "intent:\n"
        "  - {gain: job:submit, principals: ['group:nobody'], wrong: 1}\n"
        "  - {gain: job:submit, principals: ['group:admins'], scopes: [atlas/nowhere]}\n",
    )
    reviews = written(tmp_path / "reviews.json", '{"message": "Not Found"}')
    members = written(tmp_path / "members.json", "{}")
    status, out, err = call(
        *("plan", "--root", world.root, "--intent", intent, "--reviews", reviews),
        *("--members", members, "--author", "mei@acme.example"),
    )

    assert (status, out) == (1, "")
    assert [line.split(" ")[-1] for line in err.splitlines() if " QG" in line] == [
        "QG202",
        "QG123",
        "QG204",
    ]
    assert "unknown field `wrong`" in err
    assert "there is no group `nobody`" in err
    assert "there is no environment `nowhere`" in err
    assert "approved_by" in err


def test_both_sides_and_the_intent_are_told(world: World, call: Call, tmp_path: Path) -> None:
    world.write(changed(BASELINE, {ATLAS: {"isolation: shared": "isolation: shard"}}))
    intent = written(tmp_path / "intent.yaml", "intent:\n  - {gain: nothing, principals: ['*']}\n")
    status, out, err = call("plan", "--root", world.root, "--intent", intent)

    assert (status, out) == (1, "")
    assert "PLAN FAILED: head" in err
    assert "`shard`, expected" in err
    assert "cannot be followed" in err
    assert "`nothing` is not a permission" in err


FAULTS = {
    "a field beside names in one document": (
        {
            ATLAS: {
                f"{READER}": "{group: operators, role: raeder, wrong: 1, on: ",
                "queue: governed": "queue: gouverned",
            }
        },
        {"QG123", "QG201", "QG208"},
    ),
    "a value beside names in one document": (
        {ATLAS: {"keep: 30d": "keep: soon", f"{READER}": "{group: operators, role: raeder, on: "}},
        {"QG127", "QG201"},
    ),
    "one of a few values beside names in one document": (
        {
            ATLAS: {
                "isolation: shared": "isolation: shard",
                "tier: test": "tier: tests",
                f"{READER}": "{group: operators, role: raeder, on: ",
            }
        },
        {"QG126", "QG201"},
    ),
    "a field of the organization beside names of others": (
        {
            ORGANIZATION: {"priority: 500": "priority: 500, colour: red"},
            ATLAS: {"queue: governed": "queue: gouverned"},
        },
        {"QG123", "QG208"},
    ),
    "a collection by another name silences what it would define": (
        {ORGANIZATION: {"  queues:": "  queus:"}, ATLAS: {f"{READER}": "{group: x, role: y, on: "}},
        {"QG123", "QG201"},
    ),
    "a person's id brings no second error": (
        {ATLAS: {f"{READER}": "{user: mei chen, role: reader, on: "}},
        {"QG126"},
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_bad_field_stands_beside_bad_names(name: str, tmp_path: Path, call: Call) -> None:
    edits, codes = FAULTS[name]
    for path, text in changed(BASELINE, edits).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    status, out, _ = call("validate", "--root", tmp_path, "--format", "json")

    assert status == 1
    assert {finding["code"] for finding in json.loads(out)["findings"]} == codes


ASKED = {
    "explain": (
        ["--subject", "group:nobody,operators,noone", "--action", "job:sumbit"],
        ["--resource", "atlas/nowhere@garnet2", "--context", "[]"],
        ["`nobody`", "`noone`", "`job:sumbit`", "`atlas/nowhere`", "`garnet2`", "a JSON object"],
    ),
    "who-can": (
        ["job:sumbit", "--on", "atlas/nowhere"],
        ["--backend", "garnet2", "--now", "today"],
        ["`job:sumbit`", "`atlas/nowhere`", "`garnet2`", "--now: write an instant"],
    ),
    "compile": (
        ["--target", "opaque", "--target", "terrafrom", "--out", "out"],
        ["--signing-key", "none.pem", "--now", "today"],
        ["`opaque`", "`terrafrom`", "none.pem: No such file", "--now: write an instant"],
    ),
    "conform": (
        ["--engine", "regal", "--shard", "9"],
        ["--merge", "one.json", "--merge", "two.json"],
        ["`regal`", "--shard: write which", "one.json: No such file", "two.json: No such file"],
    ),
    "verify": (
        ["none.zip"],
        ["--key", "none.pem"],
        ["none.zip", "none.pem: No such file"],
    ),
    "assess": (["--now", "today"], ["--at", "x"][:0], ["--now: write an instant"]),
}


@pytest.mark.parametrize("command", ASKED)
def test_every_command_tells_of_every_input(command: str, world: World, call: Call) -> None:
    first, second, told = ASKED[command]
    status, out, err = call(command, *first, *second, "--root", world.root)

    assert (status, out) == (1, "")
    assert [said for said in told if said not in err] == []


def test_onboarding_tells_of_name_answers_and_clock(
    world: World, call: Call, tmp_path: Path
) -> None:
    answers = written(tmp_path / "answers.yaml", "a: [\n")
    status, out, err = call(
        *("onboard", "tenant", "Not A Name", "--answers", answers),
        *("--root", world.root, "--now", "today"),
    )

    assert (status, out) == (1, "")
    for said in ("NAME:", "answers.yaml:", "--now: write an instant"):
        assert said in err, said
