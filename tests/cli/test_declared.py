"""`qgov plan --intent` and `--author`, as they are typed."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from qgov.contracts.schema import output_schemas
from qgov.repository import FOLDERS
from tests.plan.worlds import BASELINE, World, changed

ROOT = Path(__file__).parents[2]
ATLAS = "tenants/atlas.yaml"
PROJECT = {ATLAS: {"[chemistry, optimisation]": "[chemistry, optimisation, other]"}}
MEANT = "intent:\n  - {gain: '*', principals: ['*'], scopes: [atlas/sandbox/other]}\n"
LESS = "intent:\n  - {gain: 'job:*', principals: ['*'], scopes: [atlas/sandbox/other]}\n"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """The baseline, and a project more in the work tree."""
    world = World.at(tmp_path / "repository", BASELINE)
    world.write(changed(BASELINE, PROJECT))
    return world


def written(world: World, text: str, name: str = "intent.yaml") -> str:
    path = world.root.parent / name
    path.write_bytes(text.encode())
    return str(path)


def valid(found: dict[str, Any]) -> dict[str, Any]:
    Draft7Validator(output_schemas()["qgov/plan/v1"]).validate(found)
    return found


def test_an_intent_that_is_met_lets_the_change_pass(world: World) -> None:
    path = written(world, MEANT)

    assert world.plan("--intent", path)[0] == 0
    assert world.plan("--intent", path, "--detailed-exitcode")[0] == 2
    found = valid(world.plan_json("--intent", path))["intent"]
    assert found["outside"] == found["not_achieved"] == []
    assert {which["permission"] for which in found["achieved"]} >= {"job:submit", "log:read"}


@pytest.mark.parametrize("format_", ["text", "markdown", "json"])
def test_a_gain_outside_is_an_error_in_every_format(world: World, format_: str) -> None:
    status, out, err = world.plan("--intent", written(world, LESS), "--format", format_)

    assert (status, err) == (1, "")
    assert "QG150" in out
    if format_ == "json":
        outside = valid(json.loads(out))["intent"]["outside"]
        assert {which["code"] for which in outside} == {"QG150"}
        assert not [which for which in outside if which["permission"].startswith("job:")]
    else:
        assert out.index("QG150") < out.lower().index("\ngains" if format_ == "text" else "# gains")


def test_a_gain_outside_is_worse_than_a_gate(world: World) -> None:
    path = written(world, LESS)

    assert world.plan("--intent", path, "--fail-on", "low", "--detailed-exitcode")[0] == 1
    assert world.plan("--intent", written(world, MEANT), "--fail-on", "low")[0] == 3


def test_a_loss_outside_is_no_error(world: World) -> None:
    world.commit(changed(BASELINE, PROJECT))
    world.write(BASELINE)
    path = written(world, "intent: []\n")
    status, out, _ = world.plan("--base", "HEAD", "--intent", path)
    found = valid(world.plan_json("--base", "HEAD", "--intent", path))

    assert status == 0
    assert "\n  outside, as losses\n" in out
    assert {which["code"] for which in found["intent"]["outside"]} == {None}


def test_the_text_of_a_pull_request_declares_it(world: World) -> None:
    text = f"Hello @acme/security \u200b\r\n\r\n```qgov-intent\r\n{LESS}```\r\n"
    path = written(world, text, "pull-request.md")

    assert "error QG150" in world.plan("--intent", path)[1]
    assert world.plan("--intent", written(world, text, "text"))[0] == 1


def test_a_text_without_a_block_declares_nothing(world: World) -> None:
    path = written(world, "More projects.\n", "pull-request.md")
    plain = world.plan()

    status, out, err = world.plan("--intent", path)
    assert (status, out) == plain[:2]
    assert err == f"no intent: {path} has no block of qgov-intent\n"


def test_what_cannot_be_read_is_said_with_its_line(world: World) -> None:
    path = written(world, "intent:\n  - {gian: job:submit, principals: ['*']}\n")
    status, out, err = world.plan("--intent", path)

    assert (status, out) == (1, "")
    assert err.startswith(f"PLAN FAILED: the intent ({path}) cannot be followed\n{path}:2:")
    assert "did you mean `gain`?" in err


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("gain: job:submit, principals: ['group:atlas-developer']", "`atlas-developers`"),
        ("gain: job:submit, principals: ['*'], scopes: [borealis/prodction]", "`production`"),
        ("gain: job:submit, principals: ['*'], scopes: [boraelis]", "`borealis`"),
        ("lose: job:submit, principals: ['group:borealis-lead']", "`borealis-leads`"),
    ],
)
def test_what_does_not_exist_is_an_error(world: World, statement: str, told: str) -> None:
    status, out, err = world.plan("--intent", written(world, f"intent:\n  - {{{statement}}}\n"))

    assert (status, out) == (1, "")
    assert "QG20" in err
    assert f"did you mean {told}?" in err


def test_a_tenant_that_the_change_does_not_touch_exists(world: World) -> None:
    statements = (
        MEANT
        + "  - {lose: job:submit, principals: ['group:borealis-developers'], scopes: [borealis]}\n"
    )
    found = valid(world.plan_json("--intent", written(world, statements)))

    (unmet,) = found["intent"]["not_achieved"]
    assert unmet["line"] == 3
    assert unmet["why"].startswith("still held: `group:borealis-developers` may `job:submit`")
    assert found["compared"]["unchanged_tenants"] == 0


def test_what_is_lost_everywhere_is_looked_for_everywhere(world: World) -> None:
    operators = '    - {group: operators, role: reader, on: "*"}\n'
    world.write(changed(BASELINE, {ATLAS: {operators: ""}}))
    statement = "intent:\n  - {lose: log:read, principals: ['group:operators']}\n"
    found = valid(world.plan_json("--intent", written(world, statement)))

    (unmet,) = found["intent"]["not_achieved"]
    assert unmet["why"].startswith("in part: still held: `group:operators` may `log:read`")
    assert "`borealis/" in unmet["why"]


def test_an_intent_of_the_loaded_part_loads_no_more(world: World) -> None:
    found = world.plan_json("--intent", written(world, MEANT))

    assert found["compared"]["unchanged_tenants"] == 1


def test_where_the_intent_lies_is_no_part_of_the_plan(world: World) -> None:
    first = world.plan("--format", "json", "--intent", written(world, LESS, "a.yaml"))
    second = world.plan("--format", "json", "--intent", written(world, LESS, "b.yaml"))

    assert first == second


def test_the_author_is_named_with_what_they_gain(world: World) -> None:
    arguments = ("--author", "mei@acme.example", "--author-group", "atlas-developers")
    status, out, _ = world.plan(*arguments, "--author-group", "group:staff")
    found = valid(world.plan_json(*arguments, "--author-group", "staff"))

    assert status == 0
    assert "WHAT THE AUTHOR GAINS\n  mei@acme.example (atlas-developers, staff)\n" in out
    assert found["author"]["id"] == "mei@acme.example"
    assert found["author"]["groups"] == ["atlas-developers", "staff"]
    assert {which["principal"] for which in found["author"]["gains"]} == {"group:atlas-developers"}
    assert "somebody other than mei@acme.example" in json.dumps(found["approvals"])
    assert "author" not in world.plan_json()


def test_nobody_is_taken_for_the_author_of_the_commit(world: World) -> None:
    world.git("add", "--all")
    world.git("commit", "--quiet", "--message=change")

    assert "AUTHOR" not in world.plan("--base", "HEAD~1", "--head", "HEAD")[1]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--author", ""), "name the author by directory id"),
        (("--author-group", "staff"), "name the author as well"),
        (("--intent", "none.yaml"), "none.yaml: No such file"),
        (("--intent", "."), "Is a directory"),
        (("--intent", "a\nerror: b\x1b[2J"), "No such file"),
    ],
)
def test_a_mistake_is_one_line(world: World, arguments: tuple[str, ...], told: str) -> None:
    status, out, err = world.plan(*arguments)

    assert (status, out) == (1, "")
    assert told in err
    assert err.startswith("error: ")
    assert err.rstrip("\n").isprintable()


HOSTILE = "mei@acme.example\n::error::x \x1b[2J<img src=x onerror=alert(1)> @acme/security ``"


def test_an_author_of_any_name_stays_text(world: World) -> None:
    out = ""
    for format_ in ("text", "markdown"):
        _, out, _ = world.plan("--author", HOSTILE, "--author-group", HOSTILE, "--format", format_)
        assert not re.search(r"\x1b|^::error", out, re.MULTILINE)
    outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", out)
    assert "<img" not in outside
    assert "@acme" not in outside
    valid(world.plan_json("--author", HOSTILE))


def test_the_page_s_example_is_what_happens(tmp_path: Path) -> None:
    """docs/intent.md, word for word, on the worked repository."""
    page = (ROOT / "docs" / "intent.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"^````markdown\n(.*?)^````$", page, re.MULTILINE | re.DOTALL)
    shown = re.findall(r"^```console\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)[0]
    world = World.at(tmp_path / "worked")
    for name in ("qgov.yaml", *FOLDERS):
        source, target = ROOT / name, world.root / name
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    world.git("add", "--all")
    world.git("commit", "--quiet", "--message=worked")
    world.git("apply", str(ROOT / "docs/examples/researchers-in-production.patch"))
    (world.root / "pull-request.md").write_text(text, encoding="utf-8")
    kept = Path.cwd()
    os.chdir(world.root)
    try:
        status, out, err = world.plan("--base", "HEAD", "--intent", "pull-request.md")
    finally:
        os.chdir(kept)

    assert (status, err) == (1, "")
    for part in shown.split("…\n")[:-1]:
        told = re.sub(r"^\$ .*\n", "", part, flags=re.MULTILINE)
        assert told in out
