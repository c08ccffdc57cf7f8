"""`qgov plan` on git repositories: refs, the work tree, exit codes, the same bytes anywhere."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.process import ROOT, spawn_once
from tests.plan.worlds import BASELINE, NOW, World, changed

ATLAS = "tenants/atlas.yaml"
PROJECT = {ATLAS: {"[chemistry, optimisation]": "[chemistry, optimisation, other]"}}
NO_ATLAS = {ATLAS: None, "budgets/atlas.yaml": None}


@pytest.fixture
def world(tmp_path: Path) -> World:
    """The baseline as the only commit of `main`."""
    return World.at(tmp_path / "repository", BASELINE)


def test_an_unchanged_work_tree_is_no_change(world: World) -> None:
    status, out, err = world.plan("--detailed-exitcode")

    assert (status, err) == (0, "")
    assert out.startswith("EQUIVALENT: no access changes\n")
    assert "0 skipped; 2 tenants not loaded" in out


def test_uncommitted_untracked_and_deleted_files_count(world: World) -> None:
    world.write(
        changed(
            BASELINE,
            {
                **PROJECT,
                "roles/new.yaml": BASELINE["roles/reader.yaml"].replace("reader", "new"),
                "budgets/borealis.yaml": None,
            },
        )
    )
    found = world.plan_json()

    assert {(d["document"], d["change"]) for d in found["documents"]} == {
        ("Tenant/atlas", "changed"),
        ("Role/new", "added"),
        ("Budget/borealis", "removed"),
    }
    assert found["head"] == {"ref": "work tree", "commit": None}
    assert found["base"]["commit"] == world.git("rev-parse", "HEAD").strip()


def test_what_git_ignores_counts_because_it_lies_there(world: World) -> None:
    (world.root / ".gitignore").write_text("roles/secret.yaml\n")
    (world.root / "roles" / "secret.yaml").write_text("not: [yaml")

    assert "roles/secret.yaml:2:1" in world.plan("--detailed-exitcode")[2]


def test_files_beside_the_configuration_are_not_read(world: World) -> None:
    (world.root / "notes.yaml").write_text("not: [yaml")
    (world.root / "roles" / "README.md").write_text("# roles")

    assert world.plan("--detailed-exitcode")[0] == 0


def test_a_plan_leaves_the_work_tree_as_it_is(world: World) -> None:
    world.write(changed(BASELINE, PROJECT))
    before = world.git("status", "--porcelain", "--ignored")
    for format_ in ("text", "markdown", "json"):
        assert world.plan("--format", format_)[0] == 0

    assert world.git("status", "--porcelain", "--ignored") == before
    assert (world.root / ".git" / "qgov" / "index.json").is_file()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.unlink(),
        lambda path: path.write_text("{"),
        lambda path: path.write_text('{"format": "qgov/index/v1", "blobs": {}}'),
        lambda path: (path.unlink(), path.mkdir()),
    ],
    ids=["deleted", "corrupt", "of another version", "in the way"],
)
def test_the_cache_is_never_believed(world: World, spoil: object) -> None:
    world.write(changed(BASELINE, PROJECT))
    expected = world.plan("--format", "json")
    assert callable(spoil)
    spoil(world.root / ".git" / "qgov" / "index.json")

    assert world.plan("--format", "json")[:2] == expected[:2]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(path.read_bytes().replace(b"12h", b"13h")),
        lambda path: path.write_bytes(path.read_bytes()[:-100]),
        lambda path: (path.unlink(), path.mkdir()),
    ],
    ids=["deleted", "changed", "cut off", "in the way"],
)
def test_what_was_read_before_is_never_believed(world: World, spoil: object) -> None:
    """Of a change that reaches every tenant, which reads all of it again from what is kept."""
    world.write(changed(BASELINE, {"qgov.yaml": {"maxTokenAge: 12h": "maxTokenAge: 10h"}}))
    expected = world.plan("--format", "json")
    again = world.plan("--format", "json")
    assert callable(spoil)
    spoil(world.root / ".git" / "qgov" / "values.json")

    assert expected[0] == 0
    assert again == expected
    assert world.plan("--format", "json") == expected


def test_two_commits_are_compared_whatever_lies_in_the_work_tree(world: World) -> None:
    first = world.git("rev-parse", "HEAD").strip()
    second = world.commit(changed(BASELINE, PROJECT))
    world.write({"qgov.yaml": "not: [yaml"})
    world.git("tag", "v1", first)
    found = world.plan_json("--base", "v1", "--head", second)

    assert found["base"] == {"ref": "v1", "commit": first}
    assert found["head"] == {"ref": second, "commit": second}
    assert found["summary"]["granted"] > 0


def test_the_digest_is_of_the_content_not_of_the_names(world: World) -> None:
    first = world.git("rev-parse", "HEAD").strip()
    second = world.commit(changed(BASELINE, PROJECT))
    world.git("branch", "topic", second)
    by_branch = world.plan_json("--base", first, "--head", "topic")
    by_commit = world.plan_json("--base", first, "--head", second)
    none = world.plan_json("--base", first, "--head", first)

    assert by_branch["digest"] == by_commit["digest"]
    assert none["digest"] != by_commit["digest"]
    assert by_commit["digest"].startswith("sha256:")


def test_the_base_is_where_the_branch_began(world: World) -> None:
    began = world.git("rev-parse", "HEAD").strip()
    world.git("checkout", "--quiet", "-b", "topic")
    world.commit(changed(BASELINE, PROJECT))
    world.git("checkout", "--quiet", "main")
    world.commit(changed(BASELINE, {"roles/reader.yaml": {"log:read]": "log:read, result:read]"}}))
    world.git("checkout", "--quiet", "topic")
    found = world.plan_json()

    assert found["base"]["commit"] == began
    assert {s for a in found["access"] for s in a["scopes"]} == {"atlas/sandbox/other"}


def test_the_first_plan_is_against_nothing(tmp_path: Path) -> None:
    world = World.at(tmp_path)
    world.write(BASELINE)
    fresh = world.plan_json()
    world.commit(BASELINE)
    again = world.plan_json("--base", "empty")

    assert fresh["base"] == {"ref": "empty", "commit": None}
    assert fresh["access"] == again["access"]
    assert {a["change"] for a in fresh["access"]} == {"granted"}


def test_an_empty_repository_has_an_empty_plan(tmp_path: Path) -> None:
    world = World.at(tmp_path)

    assert world.plan_json()["access"] == []
    status, out, err = world.plan()
    assert (status, out.startswith("EQUIVALENT")) == (0, True)
    assert err == (
        f"no file below {tmp_path} is one of a configuration, on either side: see --root\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--base", "nowhere"), "there is no commit `nowhere`"),
        (("--base", "mian"), "did you mean `main`"),
        (("--head", "nowhere"), "there is no commit `nowhere`"),
        (("--base=--upload-pack=touch x",), "there is no commit"),
        (("--base=-x",), "there is no commit"),
        (("--head", "HEAD:qgov.yaml"), "there is no commit `HEAD:qgov.yaml`"),
        (("--format", "html5"), "is not one of"),
        (("--override", "everything"), "is not one of"),
        (("--fail-on", "some"), "is not one of"),
        (("--horizon", "soon"), "write a duration like 30d"),
        (("--now", "today"), "write an instant"),
    ],
)
def test_a_wrong_use_is_an_error_and_no_plan(
    world: World, arguments: tuple[str, ...], said: str
) -> None:
    status, out, err = world.plan(*arguments)

    assert (status, out) == (1, "")
    assert said in err
    assert "Traceback" not in err


def test_outside_of_git_there_is_no_plan(tmp_path: Path) -> None:
    tmp_path.joinpath("qgov.yaml").write_text(BASELINE["qgov.yaml"])
    status, out, err = World(tmp_path).plan()

    assert (status, out) == (1, "")
    assert "is not in a git repository" in err


def test_a_history_that_is_too_short_is_an_error(world: World, tmp_path: Path) -> None:
    world.git("checkout", "--quiet", "-b", "topic")
    world.commit(changed(BASELINE, PROJECT))
    world.git("checkout", "--quiet", "main")
    world.commit(changed(BASELINE, {"roles/reader.yaml": {"log:read": "result:read"}}))
    world.git(
        "clone",
        "--quiet",
        "--depth=1",
        "--no-single-branch",
        f"file://{world.root}",
        str(tmp_path / "shallow"),
    )
    shallow = World(tmp_path / "shallow")
    shallow.git("checkout", "--quiet", "topic")
    status, out, err = shallow.plan()

    assert (status, out) == (1, "")
    assert "fetch the whole history" in err
    # Which of the two has what the other lacks is not known: main's change would look undone.
    status, out, err = shallow.plan("--base", "origin/main")
    assert (status, out) == (1, "")
    assert "no common commit of origin/main and HEAD; fetch the whole history" in err


LATER = {"roles/reader.yaml": {"log:read]": "log:read, result:read]"}}


def merged(world: World) -> tuple[str, str]:
    """A merge of `topic` checked out as CI does, and what it was made on; `main` moved on."""
    world.git("checkout", "--quiet", "-b", "topic")
    world.commit(changed(BASELINE, PROJECT))
    world.git("checkout", "--quiet", "--detach", "main")
    world.git("merge", "--quiet", "--no-ff", "-m", "merge", "topic")
    merge = world.git("rev-parse", "HEAD").strip()
    world.git("checkout", "--quiet", "main")
    world.commit(changed(BASELINE, LATER))
    world.git("checkout", "--quiet", merge)
    return merge, world.git("rev-parse", f"{merge}^1").strip()


@pytest.mark.parametrize("head", ["HEAD", "topic", None])
def test_what_the_base_got_since_then_is_not_undone(world: World, head: str | None) -> None:
    _, made_on = merged(world)
    sides = ("--base", "main", *(("--head", head) if head else ()))
    found = world.plan_json(*sides)
    _, text, err = world.plan(*sides)

    assert found["base"] == {
        "ref": f"the merge base of main and {head or 'HEAD'}",
        "commit": made_on,
    }
    assert found["digest"] == world.plan_json("--base", made_on, *sides[2:])["digest"]
    assert "the merge base of main and" in text
    assert f"--base main has commits that {head or 'HEAD'} was not made on" in err
    assert made_on[:12] in err


def test_of_several_merge_bases_it_is_what_the_merge_was_made_on(world: World) -> None:
    world.git("checkout", "--quiet", "-b", "topic")
    world.commit(changed(BASELINE, PROJECT))
    world.git("checkout", "--quiet", "main")
    world.git("commit", "--quiet", "--allow-empty", "-m", "meanwhile")
    made_on = world.git("rev-parse", "HEAD").strip()
    for branch in ("ci", "main"):  # a merge that CI checks out, and the real one later
        world.git("checkout", "--quiet", *(["-b", "ci"] if branch == "ci" else [branch]))
        world.git("merge", "--quiet", "--no-ff", "-m", branch, "topic")

    assert len(world.git("merge-base", "--all", "main", "ci").split()) == 2
    assert world.plan_json("--base", "main", "--head", "ci")["base"]["commit"] == made_on


def test_what_is_in_the_base_already_changes_nothing(world: World) -> None:
    first = world.git("rev-parse", "HEAD").strip()
    second = world.commit(changed(BASELINE, PROJECT))
    found = world.plan_json("--base", second, "--head", first)

    assert found["base"]["commit"] == first
    assert found["access"] == []
    assert "has commits that" in world.plan("--base", second, "--head", first)[2]


def test_a_base_that_the_head_was_made_on_is_taken_as_it_is(world: World) -> None:
    world.commit(changed(BASELINE, PROJECT))

    assert world.plan("--base", "HEAD~1")[2] == ""
    assert world.plan_json("--base", "HEAD~1")["base"]["ref"] == "HEAD~1"


def test_the_configuration_may_lie_in_a_folder(tmp_path: Path) -> None:
    below = {f"config/quantum/{path}": text for path, text in BASELINE.items()}
    world = World.at(tmp_path, below | {"qgov.yaml": "something else"})
    edited = changed(BASELINE, PROJECT)
    world.write(
        {f"config/quantum/{path}": text for path, text in edited.items()}
        | {"qgov.yaml": "something else again"}
    )
    status, out, err = world.plan("--format", "json", root="config/quantum")

    assert (status, err) == (0, "")
    assert [d["path"] for d in json.loads(out)["documents"]] == [ATLAS]


def test_a_head_that_cannot_be_read_has_no_plan(world: World) -> None:
    world.write(changed(BASELINE, {ATLAS: {"residency: [eu]": "residency: eu"}}))
    status, out, err = world.plan()

    assert (status, out) == (1, "")
    assert err.startswith("PLAN FAILED: head (work tree) cannot be understood\n")
    assert "tenants/atlas.yaml:8:14" in err


def test_what_is_wrong_with_a_base_that_is_passed_over_is_said(world: World) -> None:
    world.commit(
        changed(
            BASELINE,
            {ATLAS: {"group: atlas-leads, role: reader": "group: atlas-leads, role: raeder"}},
        )
    )
    world.write(BASELINE)
    status, out, err = world.plan()

    assert (status, out.split("\n")[0]) == (0, "EQUIVALENT: no access changes")
    assert "cannot be understood: tenants/atlas.yaml:" in err
    assert "did you mean `reader`" in err


def test_links_and_odd_names_are_refused(world: World) -> None:
    (world.root / "roles" / "link.yaml").symlink_to("/etc/passwd")
    status, out, err = world.plan()
    assert (status, out) == (1, "")
    assert "QG140" in err

    (world.root / "roles" / "link.yaml").unlink()
    (world.root / "roles" / "a;b.yaml").write_text("x")
    status, out, err = world.plan()
    assert (status, out) == (1, "")
    assert "QG141" in err


def test_an_error_of_a_rule_is_shown_with_the_plan_and_fails_it(world: World) -> None:
    world.write(changed(BASELINE, {"roles/developer.yaml": {"- job:read\n": "- result:export\n"}}))
    status, out, _ = world.plan("--detailed-exitcode")

    assert status == 1
    assert "QG406" in out
    assert "CRITICAL" in out


def test_an_error_that_was_there_before_does_not_fail_a_plan(world: World) -> None:
    broken = changed(BASELINE, {"roles/developer.yaml": {"- job:read\n": "- result:export\n"}})
    world.commit(broken)
    world.write(changed(broken, {ATLAS: {"15m": "10m"}}))

    assert world.plan("--detailed-exitcode")[0] == 2
    world.write(BASELINE)
    assert {f["code"] for f in world.plan_json()["findings"]["fixed"]} >= {"QG406"}


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ((), 0),
        (("--detailed-exitcode",), 2),
        (("--fail-on", "low"), 3),
        (("--fail-on", "medium"), 0),
        (("--fail-on", "medium", "--detailed-exitcode"), 2),
        (("--fail-on", "low", "--detailed-exitcode"), 3),
    ],
)
def test_the_exit_status_says_what_happened(
    world: World, arguments: tuple[str, ...], status: int
) -> None:
    world.write(changed(BASELINE, PROJECT))

    assert world.plan(*arguments)[0] == status


def test_a_rail_stops_a_change_unless_it_is_overridden(world: World) -> None:
    world.write(changed(BASELINE, NO_ATLAS))
    status, out, _ = world.plan("--fail-on", "critical")
    assert status == 1
    assert "RAIL mass-removal: removes 41 of 41 accesses of `atlas`" in " ".join(out.split())

    assert world.plan("--override", "lock-out")[0] == 1
    status, out, _ = world.plan("--override", "mass-removal")
    assert status == 0
    assert "(overridden)" in out
    assert world.plan_json("--override", "mass-removal")["rails"][0]["overridden"] is True


def test_only_text_changed_is_exit_zero(world: World) -> None:
    world.write(changed(BASELINE, {ATLAS: f"# moved\n{BASELINE[ATLAS]}"}))
    status, out, _ = world.plan("--detailed-exitcode")

    assert status == 0
    assert "text changed, meaning did not: 1 document" in out


ELEVATION = """\
apiVersion: qgov/v1
kind: Elevation
metadata: {name: up}
spec: {subject: mei@acme.example, role: developer, on: atlas/production, reason: r, ticket: Q-1, requestedBy: mei@acme.example, approvedBy: ines@acme.example, notBefore: 2026-11-24T08:00:00Z, expires: 2026-11-24T12:00:00Z}
"""


def test_the_horizon_tells_what_ends_by_itself_anywhere(world: World) -> None:
    world.commit(BASELINE | {"tenants/up.yaml": ELEVATION})
    arguments = ("--base", "HEAD", "--head", "HEAD", "--horizon", "30d")
    found = world.plan_json(*arguments)

    assert [(e["when"], e["what"], e["document"]) for e in found["horizon"]] == [
        (
            "2026-11-24T08:00:00Z",
            "mei@acme.example gains developer on atlas/production",
            "Elevation/up",
        ),
        (
            "2026-11-24T12:00:00Z",
            "mei@acme.example loses developer on atlas/production",
            "Elevation/up",
        ),
    ]
    assert "BY ITSELF" in world.plan(*arguments)[1]
    assert "horizon" not in world.plan_json("--base", "HEAD", "--head", "HEAD")
    short = world.plan("--base", "HEAD", "--head", "HEAD", "--horizon", "1h")[1]
    assert "nothing in this time" in short


def test_the_commit_s_time_judges_both_sides_of_two_commits(world: World) -> None:
    # The review was done 100 days before the commit, whatever the clock says now.
    review = (
        "apiVersion: qgov/v1\nkind: AccessReview\nmetadata: {name: all}\n"
        'spec: {scope: "*", reviewers: auditors, every: 90d, completed: 2026-08-15, '
        "completedBy: ines@acme.example}\n"
    )
    world.commit(BASELINE | {"tenants/review.yaml": review})
    found = world.plan_json("--base", "HEAD~1", "--head", "HEAD")
    codes = {f["code"] for f in found["findings"]["new"]}
    later = world.plan_json("--base", "HEAD~1", "--head", "HEAD", "--now", "2026-08-16T00:00:00Z")

    assert codes - {f["code"] for f in later["findings"]["new"]}


def dated(world: World, instant: str, files: Mapping[str, str]) -> None:
    """Commit these files by another clock."""
    world.commit(files)
    amended = ("commit", "--quiet", "--amend", "--no-edit", "--allow-empty")
    subprocess.run(
        ["git", "-c", "user.name=Mei", "-c", "user.email=mei@acme.example", *amended],
        cwd=world.root,
        env={**os.environ, "GIT_COMMITTER_DATE": instant},
        check=True,
    )


@pytest.mark.parametrize("base", ["HEAD~1", "empty"])
def test_a_commit_of_the_future_chooses_no_clock(world: World, base: str) -> None:
    dated(world, "2093-01-01T00:00:00Z", changed(BASELINE, PROJECT))
    sides = ("--base", base, "--head", "HEAD")
    status, out, err = world.plan(*sides)

    assert (status, out) == (1, "")
    assert "HEAD is dated 2093-01-01T00:00:00Z, more than a day after" in err
    assert world.plan(*sides, "--now", NOW.isoformat())[0] == 0
    assert world.plan("--base", base)[0] == 0  # the work tree has no date


@pytest.mark.parametrize(("hours", "status"), [(24, 0), (25, 1)])
def test_a_day_ahead_of_what_was_merged_is_no_future(world: World, hours: int, status: int) -> None:
    dated(world, "2093-01-01T00:00:00Z", BASELINE)
    ahead = datetime(2093, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
    dated(world, ahead.isoformat(), changed(BASELINE, PROJECT))

    assert world.plan("--base", "HEAD~1", "--head", "HEAD")[0] == status


def test_a_day_ahead_of_the_clock_is_no_future(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(datetime(2093, 1, 1, tzinfo=UTC).timestamp())))
    for hours, status in ((24, 0), (25, 1)):
        ahead = datetime(2093, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
        dated(world, ahead.isoformat(), changed(BASELINE, PROJECT))
        assert world.plan("--base", "HEAD~1", "--head", "HEAD")[0] == status
        world.git("reset", "--quiet", "--hard", "HEAD~1")


def test_a_base_that_cannot_be_read_is_passed_over_for_the_last_that_can(world: World) -> None:
    readable = world.git("rev-parse", "HEAD").strip()
    broken = BASELINE | {"roles/reader.yaml": "not: [yaml"}
    world.commit(broken)
    world.commit(changed(broken, {ATLAS: {"15m": "10m"}}))
    unreadable = world.git("rev-parse", "HEAD").strip()
    world.git("checkout", "--quiet", "-b", "repair")
    world.commit(changed(BASELINE, PROJECT))
    status, out, err = world.plan("--base", "main", "--head", "HEAD")
    found = world.plan_json("--base", "main", "--head", "HEAD")

    assert status == 0
    assert f"the base, main ({unreadable[:12]}), cannot be understood: roles/reader.yaml:" in err
    assert f"compared with the last commit before it that can be: {readable[:12]}" in err
    assert "the last readable commit before main" in out
    assert found["base"]["commit"] == readable
    assert found["digest"] == world.plan_json("--base", readable, "--head", "HEAD")["digest"]


def test_where_no_commit_can_be_read_the_side_and_the_way_out_are_named(tmp_path: Path) -> None:
    world = World.at(tmp_path, BASELINE | {"roles/reader.yaml": "not: [yaml"})
    world.write(BASELINE)
    status, out, err = world.plan("--base", "HEAD")

    assert (status, out) == (1, "")
    assert err.startswith(
        "PLAN FAILED: base (HEAD) cannot be understood; give a commit that can be with --base"
    )
    assert "roles/reader.yaml:" in err
    assert world.plan("--base", "empty")[0] == 0


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two commits that differ in most of what a plan shows."""
    world = World.at(tmp_path_factory.mktemp("pair"), BASELINE)
    world.commit(
        changed(
            BASELINE,
            {
                "roles/developer.yaml": {
                    "- job:read\n": "- input:write\n",
                    "job:cancel:own": "job:cancel",
                },
                "qgov.yaml": {"countries: [DE, FI, FR]": "countries: [DE, FI, NL]"},
                "budgets/atlas.yaml": {"1000.00": "2000.00"},
                "budgets/borealis.yaml": None,
            },
        )
    )
    return world


@pytest.mark.no_cover
def test_two_commits_give_the_same_bytes_everywhere(pair: World, tmp_path: Path) -> None:
    surroundings = (
        {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "4711", "TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8", "COLUMNS": "40"},
    )
    found = []
    for where, more in zip((tmp_path, pair.root), surroundings, strict=True):
        root = os.path.relpath(pair.root, where)
        asked = ("plan", "--root", root, "--base", "HEAD~1", "--head", "HEAD", "--format")
        found.append(
            spawn_once(
                [(*asked, format_) for format_ in ("text", "markdown", "json")],
                cwd=where,
                env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **more},
            )
        )

    assert found[0] == found[1]
    assert all(out and not err for _, out, err in found[0])


def test_a_witness_waits_for_the_engines(pair: World) -> None:
    found = pair.plan_json("--base", "HEAD~1", "--head", "HEAD")

    assert found["access"]
    assert {entry["witness"] for entry in found["access"]} == {None}
