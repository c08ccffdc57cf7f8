"""What exists, imported: from a SCIM service and from Terraform of three providers, and whatever is
not the whole of it leaves nothing behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from qgov.cli import run
from qgov.drift.imports import importing
from qgov.drift.imports.administrators import administered
from qgov.drift.imports.documents import documents
from qgov.drift.imports.said import Bound, Directory, Said, Wishes, Workload
from qgov.drift.imports.yaml_text import document
from qgov.drift.observer import Asked
from qgov.language.reader import read as read_yaml
from qgov.model.access_model import AccessModel
from qgov.model.principal import group, workload
from qgov.pipeline import load
from qgov.repository import read_work_tree
from qgov.targets.hcl import parse
from tests.drift.conftest import NOW
from tests.drift.loopback import Reply, as_json, serving
from tests.drift.scim_service import Directory as Service
from tests.drift.test_scim import CONFIG, page
from tests.drift.test_terraform import planned, state

AT = "2025-11-23T10:00:00Z"
LEAVE = ("--requested-by", "ann@x.example", "--approved-by", "bo@x.example", "--ticket", "T-1")
HOSTILE = "x'\"${touch}`id`\n# done\x07 %{if}"

Call = Callable[..., str]


@pytest.fixture
def qgov(capsys: pytest.CaptureFixture[str]) -> Call:
    def call(*words: str, status: int = 0) -> str:
        capsys.readouterr()
        found = run([*words, "--now", AT])
        out, err = capsys.readouterr()
        assert found == status, (out, err)
        assert "Traceback" not in err
        return out if status == 0 else err

    return call


def imported(qgov: Call, source: str, out: Path, *words: str) -> dict[str, Any]:
    said = qgov("import", "--source", source, "--out", str(out), *words, "--format", "json")
    qgov("validate", "--root", str(out))
    found: dict[str, Any] = json.loads(said)
    assert found["schema"] == "qgov/import/v1"
    there = {str(p.relative_to(out)) for p in out.rglob("*") if p.is_file()}
    assert there == {*found["files"]}
    assert {"imported.md", "qgov.yaml", ".ci/run", ".github/workflows/drift.yml"} <= there
    return found


def notes(found: dict[str, Any], kind: str) -> str:
    return "\n".join(n["what"] + ": " + n["why"] for n in found["notes"] if n["kind"] == kind)


# ------------------------------------------------------------------------------------------ SCIM


@pytest.mark.real
def test_a_real_scim_service_round_trips(
    directory: Service, qgov: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QGOV_SCIM_URL", directory.base)
    monkeypatch.setenv("QGOV_SCIM_TOKEN", "sekret")
    for name in ("ada", "bob", "eve", "fay"):
        directory.join("aurora-leads", directory.add("Users", userName=name))
    directory.join("sre", directory.add("Users", userName="gus", active=False))
    directory.add("Groups", displayName="Research Group")
    found = imported(qgov, "scim:workforce", tmp_path / "new")
    said = (tmp_path / "new" / "qgov.yaml").read_text()
    assert "    aurora-leads: {identityProvider: workforce, members: 3}\n" in said
    assert "    sre: {identityProvider: workforce, members: 0}\n" in said
    assert found["counts"]["groups"] > 20
    assert "the group `Research Group`" in notes(found, "unsaid")
    assert [row["principal"] for row in found["drift"]] == ["group:Research Group"]

    directory.remove("Groups", directory.id_of("Research Group"))
    assert imported(qgov, "scim:workforce", tmp_path / "again")["drift"] == []
    words = ("drift", "--root", str(tmp_path / "again"), "--source", "scim", "--detailed-exitcode")
    assert qgov(*words).startswith("IN SYNC")

    directory.add("Groups", displayName="newcomers")
    qgov(
        "drift",
        "--root",
        str(tmp_path / "again"),
        "--source",
        "scim",
        "--adopt",
        str(tmp_path / "adopted"),
    )
    adopted = tmp_path / "adopted" / "qgov.yaml"
    (tmp_path / "again" / "qgov.yaml").write_bytes(adopted.read_bytes())
    assert "    newcomers: {identityProvider: workforce}\n" in adopted.read_text()
    assert qgov(*words).startswith("IN SYNC")


BAD: dict[str, tuple[Reply, str]] = {
    "truncated": (Reply(b'{"schemas": ['), "cut off or broken"),
    "HTML": (Reply(b"<html>", kind="text/html"), "in place of JSON"),
    "403": (Reply(status=403), "forbidden"),
    "a million announced": (page(1_000_000), "1000000 announced, 0 sent"),
    "another thing": (as_json([]), "no list of SCIM 2.0"),
    "a hang": (Reply(wait_s=3), "not answered within"),
    "lost": (Reply(lost=True), "unreadable|disconnected|read"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_not_the_whole_source_writes_nothing(
    qgov: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    answer, reason = BAD[kind]
    monkeypatch.setattr("qgov.drift.imports.directory.Asked", partial(Asked, timeout_s=0.5))
    monkeypatch.setenv("QGOV_SCIM_TOKEN", "sekret")
    out = tmp_path / "out"
    with serving(lambda path, _: as_json(CONFIG) if path.endswith("Config") else answer) as base:
        monkeypatch.setenv("QGOV_SCIM_URL", base)
        err = qgov("import", "--source", "scim", "--out", str(out), status=1)
    assert "NOT IMPORTED" in err
    assert any(word in err for word in reason.split("|"))
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    "answer", [Reply(b"{"), Reply(b"<html>", kind="text/html"), Reply(wait_s=3)]
)
def test_a_keycloak_that_answers_badly_writes_nothing(
    qgov: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Reply
) -> None:
    monkeypatch.setattr("qgov.drift.imports.directory.Asked", partial(Asked, timeout_s=0.5))
    monkeypatch.setenv("QGOV_KEYCLOAK_TOKEN", "sekret")
    with serving(lambda *_: answer) as base:
        monkeypatch.setenv("QGOV_KEYCLOAK_URL", base)
        for more in ((), ("--issuer", "https://id.example.org/realms/r")):
            err = qgov(
                "import", "--source", "keycloak:r", "--out", str(tmp_path / "out"), *more, status=1
            )
            assert "NOT IMPORTED" in err
            assert "sekret" not in err
    assert [*tmp_path.iterdir()] == []


# -------------------------------------------------------------------- Terraform of three providers


def of(*resources: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """A state with these resources: (address, values)."""
    return {
        "format_version": "1.0",
        "terraform_version": "1.11.4",
        "values": {
            "root_module": {
                "resources": [
                    {"address": a, "mode": "managed", "type": a.partition(".")[0], "values": v}
                    for a, v in resources
                ]
            }
        },
    }


def written(folder: Path, content: Any) -> str:
    path = folder / "show.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return f"terraform:{path}"


def test_a_state_of_the_compiled_keycloak_round_trips(
    model: AccessModel, qgov: Call, tmp_path: Path
) -> None:
    """Everything, down to titles: the resources would not change by a byte."""
    source = written(tmp_path, state(model, "workforce"))
    out = tmp_path / "out"
    words = ("--provider", "workforce", "--name", "northwind", *LEAVE)
    found = imported(qgov, source, out, *words)
    assert (found["drift"], found["compared"]) == ([], True)
    assert found["counts"]["imports"] == 0
    assert found["counts"]["workloads"] == 7
    assert "the rule QG601 is waived for Tenant/helix until 2026-02-21" in notes(found, "assumed")
    assert qgov("drift", "--root", str(out), "--source", source).startswith("IN SYNC")
    again = load(read_work_tree(out)[0]).model
    assert again is not None
    own = {b for b in bound(model) if "meridian" not in b[2]}
    assert bound(again) == own
    assert {n: r.permissions for n, r in again.roles.items()} == {
        n: model.roles[n].permissions for n in again.roles
    }


def bound(model: AccessModel) -> set[tuple[str, str, str, object]]:
    return {(b.principal, b.role, b.scope, b.eligible) for b in model.bindings}


def test_what_a_rule_refuses_is_left_out_and_said(
    model: AccessModel, qgov: Call, tmp_path: Path
) -> None:
    source = written(tmp_path, state(model, "workforce"))
    found = imported(qgov, source, tmp_path / "out", "--provider", "workforce")
    assert found["counts"]["workloads"] == 6
    assert "the workload `helix/helix-ibm-runner`: the rule QG601 refuses it" in notes(
        found, "unsaid"
    )
    taken = notes(found, "changes")
    assert "`keycloak_openid_client.workload_helix__helix-ibm-runner`" in taken
    assert "an apply with this state takes it away" in taken
    assert {row["kind"] for row in found["drift"]} == {"unmanaged"}


FOREIGN = {
    "keycloak": of(
        (
            "keycloak_realm.r",
            {"id": "legacy", "realm": "legacy", "sso_session_max_lifespan": "8h0m0s"},
        ),
        ("keycloak_group.a", {"id": "1", "realm_id": "legacy", "name": "staff"}),
        ("keycloak_group.b", {"id": "2", "realm_id": "legacy", "name": "nested", "parent_id": "1"}),
        ("keycloak_group_memberships.a", {"group_id": "1", "members": ["ada", "bob"]}),
        ("keycloak_role.x", {"id": "9", "realm_id": "legacy", "name": "platform-admin"}),
        ("keycloak_group_roles.a", {"group_id": "1", "role_ids": ["9"]}),
    ),
    "okta": of(
        ("okta_group.a", {"id": "1", "name": "staff"}),
        ("okta_group.b", {"id": "2", "name": HOSTILE}),
        ("okta_group_memberships.a", {"group_id": "1", "users": ["ada", "bob"]}),
        ("aws_iam_role.x", {"name": "x"}),
    ),
    "entra": of(
        ("azuread_group.a", {"id": "1", "display_name": "staff", "members": ["ada"]}),
        ("azuread_group.b", {"id": "2", "display_name": "Finance Team"}),
        ("azuread_group_member.x", {"group_object_id": "1", "member_object_id": "bob"}),
        ("azurerm_role_assignment.x", {"principal_id": "p"}),
        ("google_project_iam_member.x", {"member": "user:eve"}),
    ),
}


@pytest.mark.parametrize("product", FOREIGN)
def test_a_state_of_any_directory_is_imported(qgov: Call, tmp_path: Path, product: str) -> None:
    out = tmp_path / "out"
    found = imported(qgov, written(tmp_path, FOREIGN[product]), out, "--name", "acme")
    qgov_yaml = (out / "qgov.yaml").read_text()
    name = "legacy" if product == "keycloak" else product
    assert f"    staff: {{identityProvider: {name}, members: 2}}\n" in qgov_yaml
    assert f"type: {product}" in qgov_yaml
    assert found["counts"]["bindings"] == 1, "a role that is called like one of ours is none"
    unsaid = notes(found, "unsaid")
    wants = {
        "keycloak": "the group `staff/nested`",
        "okta": f"the group `{HOSTILE}`",
        "entra": "the group `Finance Team`",
    }
    assert wants[product] in unsaid
    if product == "keycloak":
        blocks = parse((out / "terraform/identity/legacy/imports.tf").read_bytes())
        ids = {str(block.attributes["to"]): block.attributes["id"] for block in blocks}
        assert ids == {
            "keycloak_realm.realm": "legacy",
            "keycloak_group.group_staff": "legacy/1",
        }
        assert "sessionLifetime: 8h" in qgov_yaml
        assert "terraform state rm" in str(found["notes"])
    else:
        assert "they say who may by the cloud's own rights" in unsaid
        assert found["compared"] is False


def test_a_plan_tells_what_there_is(qgov: Call, tmp_path: Path) -> None:
    change = planned("okta_group.a", {"id": "1", "name": "staff"}, {"id": "1", "name": "crew"})
    plan = {"format_version": "1.2", "terraform_version": "1.11.4", "resource_changes": [change]}
    imported(qgov, written(tmp_path, plan), tmp_path / "out")
    assert "    staff: {" in (tmp_path / "out" / "qgov.yaml").read_text()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"format_version": "1.0", "val', "cut off or broken"),
        ("<html>", "cut off or broken"),
        ("[]", "neither a plan nor a state"),
        (of(), "no groups of Keycloak, Okta or Entra ID"),
        (of(("okta_group.a", {"id": "1"})), "of a version of its provider that is not known"),
        (
            of(
                ("okta_group.a", {"id": "1", "name": "a"}),
                ("azuread_group.b", {"id": "2", "display_name": "b"}),
            ),
            "say which directory by --type: it has okta, entra",
        ),
    ],
)
def test_a_file_that_is_no_state_writes_nothing(
    qgov: Call, tmp_path: Path, content: Any, reason: str
) -> None:
    source = written(tmp_path, content)
    err = qgov("import", "--source", source, "--out", str(tmp_path / "out"), status=1)
    assert "NOT IMPORTED" in err
    assert reason in err
    assert not (tmp_path / "out").exists()


def ours(name: str, *permissions: str, id_: str) -> tuple[str, dict[str, Any]]:
    """A realm role of ours in a state."""
    _, _, scope = name.split(":", 2)
    said = {"permissions": "##".join(permissions), "scope": scope}
    values = {"id": id_, "realm_id": "r", "name": name, "attributes": said}
    return f"keycloak_role.r{id_}", values


REALM = ("keycloak_realm.r", {"id": "r", "realm": "r"})
STAFF = ("keycloak_group.a", {"id": "1", "realm_id": "r", "name": "staff"})
POWER = "qgov:platform-admin:*"


def test_an_administrator_all_the_time_is_left_out_and_another_is_assumed(
    qgov: Call, tmp_path: Path
) -> None:
    role = ours(POWER, "policy:write", id_="7")
    given = ("keycloak_group_roles.a", {"group_id": "1", "role_ids": ["7"]})
    source = written(tmp_path, of(REALM, STAFF, role, given))
    found = imported(qgov, source, tmp_path / "out")
    told = notes(found, "unsaid")
    assert "the role `platform-admin` of `group:staff` on `*`: the rule QG406 refuses it" in told
    assert "the group `platform-admins` administers the platform" in notes(found, "assumed")
    model = load(read_work_tree(tmp_path / "out")[0]).model
    assert model is not None
    assert [(b.principal, b.role, b.scope) for b in model.bindings] == [
        ("group:platform-admins", "platform-admin", "*")
    ]
    assert model.roles["platform-admin"].permissions == {"policy:write": False}


@pytest.mark.parametrize(
    ("roles", "told"),
    [
        (
            [ours("qgov:x:a", "job:read", id_="1"), ours("qgov:x:b", "job:submit", id_="2")],
            "the role `x`: it means other permissions at each of `qgov:x:a`, `qgov:x:b`",
        ),
        ([ours("qgov:x:a", "job:fly", id_="1")], "the role `qgov:x:a`: its name, scope or"),
        ([ours("qgov:X Y:a", "job:read", id_="1")], "the role `qgov:X Y:a`: its name, scope or"),
        ([ours("qgov:x:a/b/c/d", "job:read", id_="1")], "the role `qgov:x:a/b/c/d`: its name"),
        ([ours("qgov:x:${a}", "job:read", id_="1")], "the role `qgov:x:${a}`: its name, scope or"),
    ],
)
def test_a_role_that_the_language_cannot_say_is_listed(
    qgov: Call, tmp_path: Path, roles: list[Any], told: str
) -> None:
    ids = [role["id"] for _, role in roles]
    given = ("keycloak_group_roles.a", {"group_id": "1", "role_ids": ids})
    found = imported(qgov, written(tmp_path, of(REALM, STAFF, *roles, given)), tmp_path / "out")
    assert told in notes(found, "unsaid")
    assert found["counts"]["bindings"] == 1


def test_a_strange_role_that_is_called_like_one_of_ours_is_none(qgov: Call, tmp_path: Path) -> None:
    role = ours("qgov:x:*", "job:read", id_="7")
    other = ("keycloak_role.other", {"id": "8", "realm_id": "r", "name": "x"})
    given = ("keycloak_group_roles.a", {"group_id": "1", "role_ids": ["8"]})
    imported(qgov, written(tmp_path, of(REALM, STAFF, role, other, given)), tmp_path / "out")
    text = (tmp_path / "out" / "qgov.yaml").read_text()
    assert text.count("group: ") == 1
    assert "group: platform-admins" in text


JIT = "qgov:x:* approvers={} max_duration_s=3600 ticket=optional"


def just_in_time(approvers: str) -> tuple[str, dict[str, Any]]:
    said = {"qgov_principal": "group:staff", "qgov_eligible": JIT.format(approvers)}
    values = {"id": "5", "realm_id": "r", "name": "jit:staff:x:*", "attributes": said}
    return "keycloak_group.j", values


def test_who_has_a_role_both_ways_and_who_cannot_be_bound_to_it(qgov: Call, tmp_path: Path) -> None:
    role = ours("qgov:x:*", "job:read", id_="7")
    leads = ("keycloak_group.b", {"id": "2", "realm_id": "r", "name": "leads"})
    ada = ("keycloak_user.ada", {"id": "3", "username": "zaphod"})
    held = [
        ("keycloak_group_roles.a", {"group_id": "1", "role_ids": ["7"]}),
        ("keycloak_user_roles.a", {"user_id": "3", "role_ids": ["7"]}),
    ]
    resources = (REALM, STAFF, leads, role, ada, *held, just_in_time("leads"))
    found = imported(qgov, written(tmp_path, of(*resources)), tmp_path / "out")
    model = load(read_work_tree(tmp_path / "out")[0]).model
    assert model is not None
    assert sorted(
        b.eligible.max_duration_s if b.eligible else 0 for b in model.bindings if b.role == "x"
    ) == [0, 3600]
    assert "a binding names a group or a workload" in notes(found, "unsaid")
    assert "zaphod" not in json.dumps(found)

    resources = (REALM, STAFF, role, just_in_time("others"))
    found = imported(qgov, written(tmp_path, of(*resources)), tmp_path / "two")
    assert "`others`, who approve it, are no group of this directory" in notes(found, "unsaid")


def test_where_keys_are_goes_to_terraform_and_into_the_list(
    model: AccessModel, qgov: Call, tmp_path: Path
) -> None:
    text = json.dumps(state(model, "workforce")).replace("var.jwks_urls!", "https://x.example/jwks")
    found = imported(qgov, written(tmp_path, text), tmp_path / "out", "--provider", "workforce")
    (path,) = (tmp_path / "out/terraform/identity/workforce").iterdir()
    assert path.name == "imported.auto.tfvars.json"
    issuer = "https://token.actions.githubusercontent.com"
    assert json.loads(path.read_text()) == {"jwks_urls": {issuer: "https://x.example/jwks"}}
    remedies = [note["remedy"] for note in found["notes"] if "the keys of" in note["what"]]
    assert [r.partition(" to it")[0] for r in remedies] == [
        "set QGOV_JWKS_URL_TOKEN_ACTIONS_GITHUBUSERCONTENT_COM_061A1FCA"
    ]


def test_what_cannot_be_left_out_is_refused_whole(qgov: Call, tmp_path: Path) -> None:
    words = ("--admins", "staff", "--approvers", "staff")
    source = written(tmp_path, FOREIGN["okta"])
    err = qgov("import", "--source", source, "--out", str(tmp_path / "out"), *words, status=1)
    assert "NOT IMPORTED" in err
    assert "QG408" in err
    assert not (tmp_path / "out").exists()


def test_a_title_that_looks_like_a_secret_is_not_written(qgov: Call, tmp_path: Path) -> None:
    bait = "AKIA" + "IOSFODNN7EXAMPLQ"
    group = ("keycloak_group.a", {**STAFF[1], "description": bait})
    imported(qgov, written(tmp_path, of(REALM, group)), tmp_path / "out")
    assert bait not in (tmp_path / "out" / "qgov.yaml").read_text()


def test_groups_in_a_circle_end(qgov: Call, tmp_path: Path) -> None:
    realm = ("keycloak_realm.r", {"id": "r", "realm": "r"})
    circle = [
        (
            f"keycloak_group.g{i}",
            {"id": str(i), "realm_id": "r", "name": "g", "parent_id": str(1 - i)},
        )
        for i in range(2)
    ]
    found = imported(qgov, written(tmp_path, of(realm, *circle)), tmp_path / "out")
    assert "the group `g/g`" in notes(found, "unsaid")


# -------------------------------------------------------------------------------- how it is written


def test_a_folder_that_is_not_empty_is_refused_before_anything_is_read(
    qgov: Call, tmp_path: Path
) -> None:
    (tmp_path / "mine").write_text("mine")
    err = qgov("import", "--source", "scim", "--out", str(tmp_path), status=1)
    assert "is not empty (it has mine)" in err
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--source", "opa"), "give keycloak[:REALM], scim[:NAME] or terraform:FILE"),
        (("--source", "nothing"), "`nothing` is not one of"),
        (("--source", "keycloak"), "say which realm"),
        (
            ("--source", "keycloak:A b", "--issuer", "https://x.example/realms/A%20b"),
            "the language cannot name the realm `A b`",
        ),
        (("--source", "scim:No Name"), "is no name of an identity provider"),
        (("--source", "scim", "--issuer", "http://x"), "is no https address"),
        (("--source", "scim", "--name", "No Name"), "--name"),
        (("--source", "scim", "--admins", "No Name"), "--admins"),
        (("--source", "scim", "--ticket", "T-1"), "give all three"),
    ],
)
def test_a_use_that_cannot_be_meant_is_an_error(
    qgov: Call, tmp_path: Path, words: tuple[str, ...], reason: str
) -> None:
    err = qgov("import", "--out", str(tmp_path / "out"), *words, status=1)
    assert reason in " ".join(err.split())
    assert [*tmp_path.iterdir()] == []


def test_hostile_names_are_text_in_everything_that_is_written(qgov: Call, tmp_path: Path) -> None:
    names = [HOSTILE, "null", "0o7", "1", "yes", "a" * 64, "${a}", "Ü", ""]
    resources = [(f"okta_group.g{i}", {"id": str(i), "name": n}) for i, n in enumerate(names)]
    out = tmp_path / "out"
    found = imported(qgov, written(tmp_path, of(*resources)), out)
    model = load(read_work_tree(out)[0]).model
    assert model is not None
    assert {*model.groups} == {"null", "0o7", "1", "yes", "platform-admins", "security-reviewers"}
    for path in out.rglob("*"):
        assert not path.is_file() or "\x07" not in path.read_text()
    assert len([n for n in found["notes"] if "its name is none" in n["why"]]) == 5
    text = qgov(
        "import", "--source", written(tmp_path, of(*resources)), "--out", str(tmp_path / "two")
    )
    assert "\x07" not in text
    assert "x'\"${touch}`id`\\n# done\\x07 %{if}" in text


def test_the_yaml_is_what_was_meant() -> None:
    spec = {
        "list": [
            {"on": "*", "long": "x " * 50, "deep": {"a": ["b", HOSTILE.replace("\x07", "")]}},
            {"on": "y"},
        ],
        "empty": {},
        "none": [],
        "number": 3,
        "yes": True,
        "texts": {
            "8h": "8h",
            "null": "null",
            "1:30": "1:30",
            "0x1F": "0x1F",
            "audit:read": "audit:read",
        },
    }
    text = document("Role", "0o7", spec, "a\nb", {"title": "no"})  # type: ignore[arg-type]
    found, findings = read_yaml("x.yaml", text)
    assert not findings
    assert found[0][0] == {
        "apiVersion": "qgov/v1",
        "kind": "Role",
        "metadata": {"name": "0o7", "title": "no"},
        "spec": spec,
    }


def test_what_is_refused_in_a_workload_is_the_binding_and_not_the_workload() -> None:
    """Its bindings stand below it; a job in a second project is what a rule refuses."""
    known = Workload("https://issuer.example", "qgov", "repo:a/b:environment:production", 600)
    said = Said(
        Directory("idp", "okta", "https://idp.example/oauth2/default"),
        groups={"leads": 3},
        roles={"pipeline": ("job:submit",)},
        bindings=(
            Bound(group("leads"), "pipeline", "a/sandbox"),
            Bound(workload("a/ci"), "pipeline", "a/sandbox/x"),
            Bound(workload("a/ci"), "pipeline", "a/sandbox/y"),
        ),
        workloads={"a/ci": known},
        token_age_s=300,
    )
    files, _ = documents(administered(said, None, None), "acme")
    assert "requires: {maxTokenAge: 5m}" in files["tenants/a/tenant.yaml"].decode()
    less, _, _, model = importing._valid(administered(said, None, None), Wishes("acme"), NOW)
    assert {*less.workloads} == {*model.workloads}
    assert len(less.bindings) < len(said.bindings) + 1
    assert "QG602" in less.notes[-1].why
