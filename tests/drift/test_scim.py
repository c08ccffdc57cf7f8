"""A real SCIM 2.0 service with the compiled groups: in sync, and not when somebody changes it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable

import pytest

from qgov.drift.drift import Drift, GroupPeople, Kind, Report
from qgov.drift.observe import chosen, observe
from qgov.drift.observer import UnreadableError
from qgov.model.access_model import AccessModel
from qgov.model.principal import name_of
from qgov.records import replace
from qgov.render.revert import as_script
from qgov.targets import emit
from tests.drift.conftest import NOW
from tests.drift.loopback import Reply, as_json, serving
from tests.drift.scim_service import GROUP, Directory

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
CONFIG = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"]}


def read(model: AccessModel, base: str, *, people: bool = False) -> Report:
    environment = {"QGOV_SCIM_URL": base, "QGOV_SCIM_TOKEN": "sekret"}
    return observe(model, chosen(["scim:workforce"], environment), environment, NOW, people=people)


def told(report: Report, kind: Kind, words: str) -> list[Drift]:
    return [each for each in report.drift if each.kind is kind and words in each.message]


@pytest.mark.real
def test_changes_of_a_real_directory_are_told(model: AccessModel, directory: Directory) -> None:
    assert read(model, directory.base).drift == ()

    strangers = directory.add("Groups", displayName="strangers")
    (new,) = read(model, directory.base).drift
    assert (new.kind, new.principal) == (Kind.UNMANAGED, "group:strangers")
    directory.join("aurora-developers", strangers, "Group")
    nested = read(model, directory.base)
    way = "`strangers` may `job:submit` on aurora/sandbox"
    assert told(nested, Kind.UNMANAGED, way)
    assert told(nested, Kind.UNMANAGED, "being nested in the group `aurora-developers`")
    directory.remove("Groups", strangers)
    directory.add("Groups", displayName="aurora-developers", externalId="again")
    assert told(read(model, directory.base), Kind.UNMANAGED, "aurora-developers (")

    directory.remove("Groups", directory.id_of("helix-developers"))
    gone = read(model, directory.base)
    assert told(gone, Kind.MISSING, "`helix-developers` may not `job:submit`")


@pytest.mark.real
def test_people_are_counted_and_named_on_demand(model: AccessModel, directory: Directory) -> None:
    for number in range(120):  # more than a page
        id_ = directory.add("Users", userName=f"person-{number}", active=number % 10 != 0)
        if number < 5:
            directory.join("aurora-leads", id_)
    directory.join("aurora-leads", directory.add("Users", userName="guest", userType="Guest"))
    directory.join("aurora-leads", directory.add("Users", userName="robot", userType="Service"))
    directory.join("aurora-leads", "nobody-by-this-id")
    counted = people(read(model, directory.base))
    assert counted == GroupPeople("scim:workforce", "aurora-leads", 8, 3, True, 2, None, 1, 1, ())
    assert not counted.too_few
    named = people(read(model, directory.base, people=True)).names
    assert {"guest", "person-1", "robot"} <= set(named)
    alone = next(g for g in read(model, directory.base).people if g.group == "finance-approvers")
    assert (alone.members, alone.approves, alone.too_few) == (0, True, True)


def people(report: Report) -> GroupPeople:
    return next(each for each in report.people if each.group == "aurora-leads")


def page(total: int, *names: str) -> Reply:
    groups = [{"schemas": [GROUP], "id": name, "displayName": name} for name in names]
    return as_json({"schemas": [LIST], "totalResults": total, "Resources": groups})


BAD: dict[str, tuple[Callable[[str, str], Reply], str]] = {
    "a million announced": (lambda _p, _q: page(1_000_000), "1000000 announced, 0 sent"),
    "fewer sent": (
        lambda _p, q: page(3, "a") if "startIndex=1&" in q else page(3),
        "3 announced, 1 sent",
    ),
    "changed meanwhile": (
        lambda _p, q: page(3, "a") if "startIndex=1&" in q else page(2, "b"),
        "changed while it was read",
    ),
    "twice": (lambda _p, _q: page(2, "a", "a"), "came twice"),
    "no list": (lambda _p, _q: as_json([]), "no list of SCIM 2.0"),
    "truncated": (lambda _p, _q: Reply(b'{"schemas": ['), "cut off or broken"),
    "HTML": (lambda _p, _q: Reply(b"<html>", kind="text/html"), "in place of JSON"),
    "403": (lambda _p, _q: Reply(status=403), "forbidden"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_not_the_whole_directory_is_unreadable(model: AccessModel, kind: str) -> None:
    answers, reason = BAD[kind]

    def all_of(path: str, query: str) -> Reply:
        return as_json(CONFIG) if path.endswith("Config") else answers(path, query)

    with serving(all_of) as base, pytest.raises(UnreadableError, match=reason):
        read(model, base)


def test_a_service_of_something_else_is_unreadable(model: AccessModel) -> None:
    with (
        serving(lambda _p, _q: as_json({})) as base,
        pytest.raises(UnreadableError, match=r"is no SCIM 2\.0 service"),
    ):
        read(model, base)


@pytest.mark.real
def test_a_group_is_read_by_what_the_directory_calls_it(
    model: AccessModel, directory: Directory
) -> None:
    groups = dict(model.groups)
    name = "aurora-developers"
    groups[name] = replace(groups[name], called="SG Aurora ${x}")
    named = replace(model, groups=groups)
    report = read(named, directory.base)
    assert told(report, Kind.MISSING, name)
    assert [each for each in report.drift if f"{name} (" in each.message]

    patch = json.loads(emit(named, ["scim"])[0]["idp/workforce/scim/Patches.json"])[name]
    id_ = directory.id_of(name)
    assert directory.client.patch(f"/Groups/{id_}", json=patch).is_success
    assert not [each for each in read(named, directory.base).drift if name in each.message]


@pytest.mark.real
def test_the_script_takes_a_directory_back(model: AccessModel, directory: Directory) -> None:
    strangers = directory.add("Groups", displayName="strangers")
    directory.join("aurora-developers", strangers, "Group")
    directory.remove("Groups", directory.id_of("helix-developers"))
    mei = directory.add("Users", userName="mei@northwind.example")
    directory.join("aurora-developers", mei)
    before = read(model, directory.base)
    assert {"strangers", "helix-developers"} <= {name_of(d.principal) for d in before.drift}

    script = as_script(before)
    assert "not reverted: it may be somebody else's: delete the group in the directory" in script
    done = subprocess.run(
        ["bash"],
        input=script,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "QGOV_SCIM_TOKEN": "sekret", "no_proxy": "*"},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")

    (left,) = read(model, directory.base).drift
    assert (left.kind, name_of(left.principal)) == (Kind.UNMANAGED, "strangers")
    members = directory.client.get(f"/Groups/{directory.id_of('aurora-developers')}").json()
    assert [each["value"] for each in members["members"]] == [mei]
