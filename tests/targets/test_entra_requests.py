"""Entra's access packages: how people ask to be in a group, and what is asked of them."""

from __future__ import annotations

from typing import Any

import pytest

from qgov.targets import emit, targets
from qgov.targets.entra import TARGET
from qgov.targets.hcl import Block, Ref
from tests.targets.directories import PRODUCTS
from tests.targets.test_entra import FOLDER, ID, blocks, bound, inner, resources
from tests.targets.worked import EVIL


def asked(groups: dict[str, Any], **terms: Any) -> dict[str, Any]:
    """`staff` is asked for: leads approve, for half a year."""
    requests = {"approvers": "leads", "maxDuration": "180d", **terms}
    known = {"crew": {}, "leads": {"directoryId": ID}}
    return {**known, "staff": {"requests": requests, **groups.pop("staff", {})}, **groups}


def policy(**terms: Any) -> Block:
    """The policy of the only package, by which `staff` is asked for."""
    model = bound(groups=asked({}, **terms))
    assert TARGET.unsupported(model) == []
    (found,) = resources(model, "requests", "access_package_assignment_policy").values()
    return found


def test_a_group_that_people_ask_for_has_a_package_in_the_one_catalog() -> None:
    model = bound(groups=asked({"staff": {"title": EVIL, "directoryName": "Staff ${x} %{y}"}}))
    (catalog,) = resources(model, "requests", "access_package_catalog").values()
    assert catalog.attributes["externally_visible"] is False
    package = resources(model, "requests", "access_package")["group_staff"].attributes
    assert package == {
        "catalog_id": Ref("azuread_access_package_catalog.qgov.id"),
        "display_name": "Staff ${x} %{y}",
        "description": EVIL,
    }
    kind = "access_package_resource_catalog_association"
    known = resources(model, "requests", kind)["group_staff"].attributes
    assert known["resource_origin_id"] == Ref("azuread_group.group_staff.object_id")
    kind = "access_package_resource_package_association"
    given = resources(model, "requests", kind)["group_staff"].attributes
    assert given["access_type"] == "Member"
    assert set(TARGET.emit(model)) - set(TARGET.emit(bound(groups={"staff": {}}))) == {
        f"{FOLDER}/entra-requests.tf"
    }


def test_approvers_agree_to_a_request_before_anybody_is_in() -> None:
    found = policy(requestors="crew")
    assert found.attributes["duration_in_days"] == 180
    assert inner(found, "requestor_settings")["scope_type"] == "SpecificDirectorySubjects"
    assert inner(found, "requestor_settings", "requestor") == {
        "object_id": Ref("azuread_group.group_crew.object_id"),
        "subject_type": "groupMembers",
    }
    assert inner(found, "approval_settings") == {
        "approval_required": True,
        "approval_required_for_extension": True,
        "requestor_justification_required": True,
    }
    assert inner(found, "approval_settings", "approval_stage", "primary_approver") == {
        "object_id": ID,
        "subject_type": "groupMembers",
    }
    assert "assignment_review_settings" not in {each.type for each in found.blocks}


def test_without_requestors_everybody_but_guests_may_ask() -> None:
    assert inner(policy(), "requestor_settings") == {
        "requests_accepted": True,
        "scope_type": "AllExistingDirectoryMemberUsers",
    }


@pytest.mark.parametrize(
    ("every", "word", "days"),
    [
        ("7d", "weekly", 6),
        ("29d", "weekly", 6),
        ("30d", "monthly", 14),
        ("90d", "quarterly", 14),
        ("364d", "halfyearly", 14),
        ("2y", "annual", 14),
    ],
)
def test_whom_the_reviewers_do_not_keep_goes(every: str, word: str, days: int) -> None:
    found = policy(reviewEvery=every)
    review = inner(found, "assignment_review_settings")
    assert (review["review_frequency"], review["duration_in_days"]) == (word, days)
    assert review["access_review_timeout_behavior"] == "removeAccess"
    assert inner(found, "assignment_review_settings", "reviewer")["object_id"] == ID


def test_a_renamed_group_keeps_its_package() -> None:
    model = bound(groups=asked({"staff": {"previously": "crowd"}}))
    moves = {str(b.attributes["from"]) for b in blocks(model, "requests") if b.type == "moved"}
    made = {".".join(b.labels) for b in blocks(model, "requests") if b.type == "resource"}
    assert moves == {
        each.replace("group_staff", "group_crowd") for each in made if "group_staff" in each
    }
    assert len(moves) == 4


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"maxDuration": "23h"}, "maxDuration"),
        ({"maxDuration": "3661d"}, "maxDuration"),
        ({"reviewEvery": "6d"}, "reviewEvery"),
    ],
)
def test_what_entra_does_not_count_is_refused(terms: dict[str, str], field: str) -> None:
    (finding,) = TARGET.unsupported(bound(groups=asked({}, **terms)))
    assert (finding.code, finding.severity) == ("QG965", "error")
    assert field in finding.remedy


def test_the_most_that_entra_counts_is_taken() -> None:
    assert policy(maxDuration="3660d").attributes["duration_in_days"] == 3660
    assert policy(maxDuration="47h").attributes["duration_in_days"] == 1


@pytest.mark.parametrize("product", ["generic", "keycloak", "okta"])
def test_no_other_directory_takes_requests(product: str) -> None:
    model = bound(provider=PRODUCTS[product], groups=asked({"leads": {}}))
    found = [f for f in targets()[product].unsupported(model) if f.code == "QG965"]
    assert [f.severity for f in found] == ["error"]
    assert "requests" in found[0].remedy
    assert emit(model)[0] == {}


def test_what_is_asked_for_is_read_back_as_before() -> None:
    binding = {"group": "staff", "role": "researcher", "on": "sandbox"}
    before, after = bound(binding, groups={"staff": {}}), bound(binding, groups=asked({}))
    assert TARGET.read_back is not None
    read = TARGET.read_back(TARGET.emit(after))
    assert read == TARGET.read_back(TARGET.emit(before))
    assert read


def test_nothing_is_written_of_what_is_refused() -> None:
    where = {"attribute": "department", "equals": "Quantum"}
    for model in (
        bound(groups=asked({}, maxDuration="23h")),
        bound(groups=asked({"staff": {"membersWhere": where}})),
    ):
        assert blocks(model, "requests") == ()
