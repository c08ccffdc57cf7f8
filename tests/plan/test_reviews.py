"""What counts as an approval, and what a decision record says of it."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given as cases
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from qgov.cli.reviewing import given_of, judged_of, tell
from qgov.contracts.schema import output_schemas
from qgov.errors import QgovError
from qgov.finding import Finding, Origin
from qgov.plan.approvers import Approver
from qgov.plan.gates import exit_status
from qgov.plan.plan import Plan
from qgov.plan.review_files import MAX_BYTES, ReviewsError, read_members, read_reviews
from qgov.plan.reviews import Approvals, Given, Outcome, judge
from qgov.plan.risk import Risk
from qgov.records import replace
from qgov.render.decision_record import as_record, as_text
from qgov.render.plan_json import as_value
from qgov.repository import RepositoryError, at_ref, open_repository
from tests.plan.worlds import BASELINE, World, changed, plan_of

HEAD, OLD = "a" * 40, "b" * 40
MEMBERS = {
    "security": ["Ines", "tomas"],
    "admins": ["ines", "ada"],
    "operators": ["ines", "ada"],
    "atlas-leads": ["ines", "mei"],
}
NEEDED = (Approver("security", "the change is of high risk"), Approver("admins", "owner"))


def review(id_: int, login: str | None, state: str = "APPROVED", commit: str = HEAD) -> Any:
    """A review as GitHub gives it, with more fields than anybody reads."""
    return {
        "id": id_,
        "user": None if login is None else {"login": login, "id": 1, "type": "User"},
        "body": "::error::x \x1b[31m @team",
        "state": state,
        "commit_id": commit,
        "submitted_at": f"2026-11-23T10:00:{id_ % 60:02}Z",
    }


def judged(*reviews: Any, author: str = "mei", needed: tuple[Approver, ...] = NEEDED) -> Approvals:
    given = Given(
        read_reviews(json.dumps(reviews).encode()),
        read_members(json.dumps(MEMBERS).encode()),
        author,
    )
    return judge(needed, given, HEAD)


def outcomes(found: Approvals) -> dict[str, str]:
    return {each.by: str(each.outcome) for each in found.required}


# ------------------------------------------------------------------------------ what counts


def test_an_approval_is_given_by_a_member_of_the_group() -> None:
    found = judged(review(1, "tomas"), review(2, "ada"))

    assert outcomes(found) == {"security": "given", "admins": "given"}
    assert [r.by for r in found.required[0].reviews] == ["tomas"]
    assert found.passed


def test_without_reviews_everything_is_missing_and_nothing_needed_is_given() -> None:
    assert outcomes(judged()) == {"security": "missing", "admins": "missing"}
    assert not judged().passed
    assert judged(needed=()).passed


def test_a_member_of_two_groups_answers_for_both_and_of_one_for_one() -> None:
    assert judged(review(1, "INES")).passed, "platforms do not tell Ines from ines"
    assert outcomes(judged(review(1, "ada"))) == {"security": "missing", "admins": "given"}


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        ("COMMENTED", Outcome.GIVEN),
        ("PENDING", Outcome.GIVEN),
        ("DISMISSED", Outcome.MISSING),
        ("CHANGES_REQUESTED", Outcome.REFUSED),
    ],
)
def test_the_last_review_that_says_something_counts(later: str, expected: Outcome) -> None:
    reviews = [review(1, "tomas"), review(2, "Tomas", later)]

    for order in (reviews, reviews[::-1]):
        assert judged(*order).required[0].outcome is expected


def test_an_approval_after_a_request_for_changes_takes_it_back() -> None:
    found = judged(review(1, "tomas", "CHANGES_REQUESTED", OLD), review(2, "tomas"))

    assert found.required[0].outcome is Outcome.GIVEN


def test_a_request_for_changes_stands_against_another_s_approval_and_over_a_push() -> None:
    found = judged(review(1, "tomas", "CHANGES_REQUESTED", OLD), review(2, "ines"))

    assert outcomes(found) == {"security": "refused", "admins": "given"}
    assert found.required[0].refused_by == ("tomas",)
    assert not found.passed


def test_a_stranger_s_request_for_changes_stops_nothing() -> None:
    assert judged(review(1, "mallory", "CHANGES_REQUESTED"), review(2, "ines")).passed


@pytest.mark.parametrize(
    ("given", "author", "why"),
    [
        (review(1, "ines", commit=OLD), "mei", "of another commit"),
        (review(1, "Ines"), "iNES", "by the author"),
        (review(1, "mallory"), "mei", "in none of the groups"),
        ({**review(1, "ines"), "commit_id": None}, "mei", "of another commit"),
    ],
)
def test_an_approval_that_does_not_count_is_named_with_the_reason(
    given: Any, author: str, why: str
) -> None:
    found = judged(given, author=author)

    assert outcomes(found) == {"security": "missing", "admins": "missing"}
    ((_, reason),) = found.passed_over
    assert why in reason
    assert reason in " ".join(as_text(found).split())


def test_an_approval_by_anybody_is_one_of_somebody_known_and_not_the_author() -> None:
    anybody = (Approver("*", "somebody other than mei"),)

    assert judged(review(1, "ada"), needed=anybody).passed
    assert not judged(review(1, "mei"), needed=anybody).passed
    assert not judged(review(1, "mallory"), needed=anybody).passed


def test_an_account_that_is_gone_approves_nothing() -> None:
    assert outcomes(judged(review(1, None))) == {"security": "missing", "admins": "missing"}


def test_pages_are_one_list() -> None:
    pages = [[review(1, "tomas")], [review(2, "tomas", "DISMISSED")], []]

    assert judged(*pages).required[0].outcome is Outcome.MISSING


def test_the_reasons_of_a_group_stand_together() -> None:
    needed = (Approver("admins", "a"), Approver("security", "s"), Approver("admins", "b"))

    assert [(r.by, r.because) for r in judged(needed=needed).required] == [
        ("admins", ("a", "b")),
        ("security", ("s",)),
    ]


# ----------------------------------------------------------------------------------- GitLab

GITLAB = {
    "id": 5,
    "iid": 7,
    "approved": True,
    "approved_by": [{"user": {"id": 1, "username": "tomas", "name": "<b>"}}],
}


def test_gitlab_s_approvals_count_and_say_what_they_rest_on() -> None:
    given = Given(
        read_reviews(json.dumps(GITLAB).encode()),
        read_members(json.dumps(MEMBERS).encode()),
        "mei",
    )
    found = judge(NEEDED, given, HEAD)

    assert outcomes(found) == {"security": "given", "admins": "missing"}
    assert found.required[0].reviews[0].commit is None
    assert "remove approvals when commits are added" in " ".join(as_text(found).split())
    own = Given(given.reviews, given.members, "Tomas")
    assert outcomes(judge(NEEDED, own, HEAD))["security"] == "missing"


# ------------------------------------------------------------------------------ other shapes


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b"", "neither"),
        (b"null", "neither"),
        (b'"x"', "neither"),
        (b"\xff", "neither"),
        (b"{}", "approved_by"),
        (b'{"message": "401 Unauthorized"}', "approved_by"),
        (b'{"approved_by": [{"user": {"username": 7}}]}', "approved_by[0].user.username"),
        (b'[{"id": 1}]', "[0].user"),
        (b'[{"id": "1", "user": null, "state": "APPROVED"}]', "[0].id"),
        (b'[{"id": 1, "user": null, "state": 7}]', "[0].state"),
        (
            b'[{"id": 1, "user": {"login": "x"}, "state": "APPROVED", "commit_id": "HEAD"}]',
            "[0].com",
        ),
        (b'[{"id": 1, "user": {"login": "x"}, "state": "BLESSED"}]', "not known"),
        (b"[[]", "JSON"),
        (b"[" * 100_000, "JSON"),
        (b"[" + b" " * MAX_BYTES + b"]", "more than"),
        (b'[{"id": NaN}]', "[0].id"),
    ],
)
def test_another_shape_is_an_error_that_says_where(data: bytes, where: str) -> None:
    with pytest.raises(ReviewsError) as caught:
        read_reviews(data)

    assert where in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "data", [b"[]", b"{", b'{"a": "x"}', b'{"a": [7]}', b'{"": []}', b'{"a": [""]}']
)
def test_members_are_groups_of_logins(data: bytes) -> None:
    with pytest.raises(ReviewsError):
        read_members(data)


def test_a_group_may_be_written_as_a_principal() -> None:
    assert read_members(b'{"group:a": ["X"]}') == {"a": frozenset({"x"})}


@cases(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for reader in (read_reviews, read_members):
        with suppress(ReviewsError):
            assert reader(data) is not None


# --------------------------------------------------------------------------------- the record


PROJECT = {"tenants/atlas.yaml": {"[chemistry, optimisation]": "[chemistry, optimisation, other]"}}


def planned() -> Plan:
    """A plan of low risk, which operators and atlas-leads must approve."""
    return plan_of(BASELINE, changed(BASELINE, PROJECT))


def recorded(found: Approvals, fail_on: Risk | None = None) -> dict[str, Any]:
    text = as_record(planned(), found, fail_on)
    record: dict[str, Any] = json.loads(text)
    Draft7Validator(output_schemas()["qgov/decision-record/v1"]).validate(record)
    assert text == as_record(planned(), found, fail_on)
    return record


def test_a_record_says_who_approved_which_plan() -> None:
    found = recorded(judged(review(1, "ines"), needed=planned().approvals))

    assert found["plan"]["digest"] == as_value(planned())["digest"]
    assert found["reviewed"] == HEAD
    assert found["decision"] == "approved"
    assert {a["by"]: [r["by"] for r in a["reviews"]] for a in found["approvals"]} == {
        "atlas-leads": ["ines"],
        "operators": ["ines"],
    }
    assert found["approvals"][0]["reviews"][0] == {
        "by": "ines",
        "commit": HEAD,
        "at": "2026-11-23T10:00:01Z",
    }


def test_a_record_of_a_refusal_names_the_gate() -> None:
    def failed(record: dict[str, Any]) -> set[str]:
        assert record["decision"] == "refused"
        return {g["gate"] for g in record["gates"] if g["state"] == "failed"}

    assert failed(recorded(judged())) == {"approvals"}
    approved = judged(review(1, "ines"))
    assert failed(recorded(approved, Risk.LOW)) == {"risk"}
    assert {g["gate"] for g in recorded(approved)["gates"] if g["state"] == "off"} == {
        "risk",
        "intent",
    }


def test_what_is_said_of_reviews_obeys_nothing() -> None:
    evil = "x\x1b[31m::error::y\n"
    given = Given(
        read_reviews(json.dumps([review(1, evil)]).encode()),
        read_members(json.dumps({"security": [evil]}).encode()),
        "mei",
    )
    found = judge(NEEDED[:1], given, HEAD)

    assert found.passed
    assert "\x1b" not in as_text(found)
    assert not [line for line in as_text(found).splitlines() if line.lstrip().startswith("::")]


# ------------------------------------------------------------------------ the command's part


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World.at(tmp_path / "repository", BASELINE)
    world.commit(changed(BASELINE, PROJECT))
    return world


def committed(world: World, ref: str = "HEAD") -> Plan:
    return replace(planned(), head=at_ref(open_repository(world.root), world.root, ref))


def given(world: World, *logins: str, commit: str) -> Given:
    folder = world.root.parent
    (folder / "members.json").write_text(json.dumps(MEMBERS))
    (folder / "reviews.json").write_text(
        json.dumps([review(n, login, commit=commit) for n, login in enumerate(logins)])
    )
    found = given_of(folder / "reviews.json", folder / "members.json", " mei ")
    assert found is not None
    return found


def test_a_missing_approval_is_a_gate_and_an_error_stays_one(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = committed(world)
    broken = replace(plan, new_findings=(Finding("QG999", "wrong", Origin("qgov.yaml")),))
    head = world.git("rev-parse", "HEAD").strip()
    record = world.root.parent / "record.json"
    for logins, made, most, detailed, expected in (
        ((), plan, None, False, 3),
        (("ada",), plan, None, True, 3),
        (("ada",), broken, None, True, 1),
        (("ada",), broken, Risk.LOW, True, 1),
        (("ines",), broken, Risk.LOW, True, 1),
        (("ines",), plan, None, False, 0),
        (("ines",), plan, None, True, 2),
        (("ines",), plan, Risk.LOW, True, 3),
        (("ines",), plan, Risk.HIGH, True, 2),
    ):
        found = judged_of(made, given(world, *logins, commit=head), world.root, None)
        assert found is not None
        assert exit_status(made, found, most, detailed=detailed) == expected
        tell(made, found, most, record, None)
        assert "APPROVALS" in capsys.readouterr().err
        refused = json.loads(record.read_text())["decision"] == "refused"
        assert refused == (expected in {1, 3})
    assert json.loads(record.read_text())["reviewed"] == head
    assert sorted(p.name for p in record.parent.iterdir()) == [
        "members.json",
        "record.json",
        "repository",
        "reviews.json",
    ]


def test_without_reviews_nothing_is_judged(world: World) -> None:
    assert given_of(None, None, None) is None
    assert judged_of(committed(world), None, world.root, None) is None
    assert exit_status(committed(world), None, None, detailed=True) == 2


def test_a_merge_is_approved_by_what_it_merges_and_by_nothing_else(world: World) -> None:
    base = world.git("rev-parse", "HEAD~1").strip()
    reviewed = world.git("rev-parse", "HEAD").strip()
    world.git("checkout", "--quiet", "--detach", base)
    world.git("merge", "--quiet", "--no-ff", "--no-edit", reviewed)
    merge = committed(world)
    said = given(world, "ines", commit=reviewed)

    for ref, passed in ((reviewed, True), (None, False), (base, False)):
        found = judged_of(merge, said, world.root, ref)
        assert found is not None
        assert found.passed is passed
    world.git("commit", "--quiet", "--allow-empty", "--message=more")
    for unrelated in (base, "nothing", "--all"):
        with pytest.raises(RepositoryError, match="nor merged by it"):
            judged_of(committed(world), said, world.root, unrelated)


def test_a_work_tree_was_reviewed_by_nobody(world: World) -> None:
    with pytest.raises(RepositoryError, match="give --head"):
        judged_of(planned(), given(world, "ines", commit=HEAD), world.root, None)


@pytest.mark.parametrize(
    ("reviews", "members", "author", "record", "names"),
    [
        ("r", None, "mei", None, "--members"),
        ("r", "m", None, None, "--author-login"),
        ("r", "m", " ", None, "--author-login"),
        (None, "m", None, None, "reviews"),
        (None, None, None, "f", "reviews"),
    ],
)
def test_options_that_need_others_say_so(
    reviews: str | None, members: str | None, author: str | None, record: str | None, names: str
) -> None:
    paths = [None if name is None else Path(name) for name in (reviews, members, record)]
    with pytest.raises((typer.BadParameter, QgovError), match=names):
        given_of(paths[0], paths[1], author, paths[2])


def test_a_file_of_another_shape_is_named(tmp_path: Path) -> None:
    reviews, members = tmp_path / "reviews.json", tmp_path / "members.json"
    reviews.write_text('{"message": "Not Found"}')
    members.write_text("{}")

    with pytest.raises(ReviewsError, match="approved_by") as caught:
        given_of(reviews, members, "mei")
    assert caught.value.heading == f"PLAN FAILED: {reviews} cannot be used"
    with pytest.raises(FileNotFoundError):
        given_of(tmp_path / "none.json", members, "mei")


def test_a_record_that_cannot_be_written_leaves_nothing_behind(world: World) -> None:
    head = world.git("rev-parse", "HEAD").strip()
    plan = committed(world)
    found = judged_of(plan, given(world, "ines", commit=head), world.root, None)
    assert found is not None
    taken = world.root.parent / "taken"
    (taken / "inside").mkdir(parents=True)

    for record in (taken, world.root.parent / "no" / "record.json"):
        with pytest.raises(RepositoryError, match=f"cannot write {record}"):
            tell(plan, found, None, record, None)
    assert not [p for p in world.root.parent.iterdir() if p.name.startswith(".")]
