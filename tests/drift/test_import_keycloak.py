"""Realms of a real Keycloak, imported: the compiled one comes back as it was, and a strange one keeps
its people, and whatever they have, through the first apply."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qgov.cli import run
from qgov.pipeline import load
from qgov.repository import read_work_tree
from qgov.targets import emit
from qgov.targets.hcl import Block, Ref, parse
from tests.drift.changes import Hand
from tests.drift.conftest import ROOT
from tests.drift.realm import import_realm, reader, token_of
from tests.keycloak.server import Server
from tests.terraform.harness import SCHEMAS, errors, init, mirror, need_terraform, validate

pytestmark = pytest.mark.real

NOW = "2025-11-23T10:00:00Z"
LEAVE = ("--requested-by", "ann@x.example", "--approved-by", "bo@x.example", "--ticket", "T-1")
VARIABLE = "QGOV_JWKS_URL_TOKEN_ACTIONS_GITHUBUSERCONTENT_COM_061A1FCA"
HOSTILE = "x'\"${touch}`id`\n# done"

Call = Callable[..., str]

FOREIGN: dict[str, Any] = {
    "realm": "legacy",
    "enabled": True,
    "ssoSessionMaxLifespan": 28_800,
    "smtpServer": {"host": "mail.example", "from": "a@b.example"},
    "passwordPolicy": "length(12)",
    "roles": {
        "realm": [
            {"name": "quantum-user"},
            {"name": "quantum-admin", "composite": True, "composites": {"realm": ["quantum-user"]}},
            {"name": "quantum-admins:x"},
        ]
    },
    "groups": [
        {"name": "scientists", "realmRoles": ["quantum-user"]},
        {
            "name": "quantum-admins",
            "realmRoles": ["quantum-admin"],
            "clientRoles": {"realm-management": ["manage-users"]},
        },
        {"name": "Research Group", "subGroups": [{"name": "chem"}]},
        {"name": HOSTILE},
        {"name": "null"},
    ],
    "clients": [
        {"clientId": "portal", "redirectUris": ["https://portal.example/*"], "publicClient": True},
        {"clientId": "batch", "serviceAccountsEnabled": True, "standardFlowEnabled": False},
        {"clientId": "qgov", "publicClient": True},
    ],
    "users": [
        {"username": "ada", "enabled": True, "groups": ["/scientists"]},
        {"username": "bob", "enabled": True, "groups": ["/scientists", "/quantum-admins"]},
        {"username": "eve", "enabled": True, "groups": ["/quantum-admins"]},
        {"username": "sam", "enabled": True, "groups": ["/Research Group/chem"]},
        {"username": "gone", "enabled": False, "groups": ["/quantum-admins"]},
    ],
}


@pytest.fixture(scope="module")
def compiled() -> bytes:
    """The worked repository's realm, under a name that these tests may change."""
    files, _ = read_work_tree(ROOT)
    text = files["qgov.yaml"].decode().replace("realm: quantum", "realm: importing")
    model = load({**files, "qgov.yaml": text.encode()}).model
    assert model is not None
    return emit(model, ["keycloak"])[0]["idp/workforce/realm.json"]


@pytest.fixture(scope="module")
def server(keycloak: Server, compiled: bytes) -> Iterator[Server]:
    import_realm(keycloak, compiled)
    import_realm(keycloak, json.dumps(FOREIGN).replace("${", "$\\u007b").encode())
    yield keycloak
    for realm in ("importing", "legacy"):
        keycloak.admin.delete(f"/admin/realms/{realm}").raise_for_status()


@pytest.fixture
def qgov(
    server: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Call:
    monkeypatch.setenv("QGOV_KEYCLOAK_URL", f"http://127.0.0.1:{server.port}")
    monkeypatch.setenv("QGOV_KEYCLOAK_TOKEN", token_of(server))

    def call(*words: str, status: int = 0) -> str:
        capsys.readouterr()
        found = run([*words, "--now", NOW])
        out, err = capsys.readouterr()
        assert found == status, (out, err)
        return err if status == 1 else out

    return call


def imported(qgov: Call, source: str, out: Path, *words: str) -> dict[str, Any]:
    said = qgov("import", "--source", source, "--out", str(out), *words, "--format", "json")
    qgov("validate", "--root", str(out))
    found: dict[str, Any] = json.loads(said)
    return found


def notes(found: dict[str, Any], kind: str) -> str:
    return "\n".join(n["what"] + ": " + n["why"] for n in found["notes"] if n["kind"] == kind)


# ------------------------------------------------------------------- the realm that was compiled


def test_the_compiled_realm_comes_back_as_it_was(
    server: Server, qgov: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Down to where the keys of an issuer are, which is a variable."""
    out = tmp_path / "out"
    hand = Hand(server.admin, "importing")
    (issuer,) = hand.get("/identity-provider/instances")
    keys = {**issuer["config"], "jwksUrl": "https://keys.example/jwks"}
    hand.send("PUT", f"/identity-provider/instances/{issuer['alias']}", {**issuer, "config": keys})
    words = ("--realm", "importing", "--name", "northwind", *LEAVE)
    found = imported(qgov, "keycloak:workforce", out, *words)
    assert (found["drift"], found["compared"]) == ([], True)
    drift = ("drift", "--root", str(out), "--source", "keycloak:workforce", "--detailed-exitcode")
    assert "`jwksUrl` of the identity provider" in qgov(*drift, status=2)
    monkeypatch.setenv(VARIABLE, "https://keys.example/jwks")
    assert qgov(*drift).startswith("IN SYNC")
    assert VARIABLE in str(found["notes"])

    again, was = (load(read_work_tree(root)[0]).model for root in (out, ROOT))
    assert again is not None
    assert was is not None
    held = [
        {
            (b.principal, b.role, b.scope, b.eligible)
            for b in m.bindings
            if "meridian" not in b.scope
        }
        for m in (again, was)
    ]
    assert held[0] == held[1]
    assert {*again.roles} <= {*was.roles}
    titles = {n: (r.permissions, r.metadata.title) for n, r in again.roles.items()}
    assert titles == {n: (was.roles[n].permissions, was.roles[n].metadata.title) for n in titles}
    assert again.organization.providers["workforce"].value.issuer.endswith("/realms/importing")
    assert not (out / "terraform/identity/workforce/kept_override.tf").exists()


def test_every_import_is_the_thing_that_its_resource_makes(
    server: Server, qgov: Call, tmp_path: Path
) -> None:
    """And everything that could not be made twice is imported."""
    out = tmp_path / "out"
    found = imported(qgov, "keycloak:workforce", out, "--realm", "importing", *LEAVE)
    there = imports(out, "workforce")
    assert len(there) == found["counts"]["imports"] > 100
    blocks = compiled_by(out, tmp_path, "workforce")
    hand = Hand(server.admin, "importing")
    taken_over = {"keycloak_realm_events", "keycloak_realm_user_profile", "terraform_data"}
    taken_over |= {f"keycloak_openid_client_{which}_scopes" for which in ("default", "optional")}
    taken_over |= {"keycloak_authentication_bindings"}
    assert {a for a, b in blocks.items() if b.labels[0] not in taken_over} == {*there}
    for address, id_ in there.items():
        realm, *parts = id_.split("/")
        assert realm == "importing"
        require(hand, blocks[address], parts)


READ_AT = {
    "keycloak_group": ("/groups/{0}", "name", "name"),
    "keycloak_role": ("/roles-by-id/{0}", "name", "name"),
    "keycloak_openid_client": ("/clients/{0}", "clientId", "client_id"),
    "keycloak_oidc_identity_provider": ("/identity-provider/instances/{0}", "alias", "alias"),
    "keycloak_authentication_flow": ("/authentication/flows/{0}", "alias", "alias"),
    "keycloak_authentication_subflow": ("/authentication/flows/{1}", "alias", "alias"),
    "keycloak_authentication_execution": (
        "/authentication/executions/{1}",
        "authenticator",
        "authenticator",
    ),
    "keycloak_authentication_execution_config": (
        "/authentication/config/{1}",
        "alias",
        "alias",
    ),
}
"""Where the provider reads what is imported, and which of its fields is which argument."""


def require(hand: Hand, block: Block, parts: list[str]) -> None:
    """What the provider's import of this id would read is what the resource says."""
    kind, said = block.labels[0], block.attributes
    if kind in READ_AT:
        path, field, argument = READ_AT[kind]
        assert hand.get(path.format(*parts))[field] == said[argument]
    elif kind == "keycloak_group_roles":
        name = str(hand.get(f"/groups/{parts[0]}")["name"])
        assert block.labels[1] == f"group_{name}" or name.startswith("jit:")
    elif kind == "keycloak_default_roles":
        assert hand.get(f"/roles-by-id/{parts[0]}")["name"] == "default-roles-importing"
    elif kind.endswith("_protocol_mapper"):
        path = f"/clients/{parts[1]}/protocol-mappers/models/{parts[2]}"
        assert (parts[0], hand.get(path)["name"]) == ("client", said["name"])
    elif kind == "keycloak_openid_client_service_account_realm_role":
        assert parts[1] in {r["id"] for r in hand.get(f"/users/{parts[0]}/role-mappings/realm")}
    else:
        assert parts == []


def imports(out: Path, provider: str) -> dict[str, str]:
    """Address → id of the import blocks."""
    content = (out / f"terraform/identity/{provider}/imports.tf").read_bytes()
    blocks = parse(content)
    assert {block.type for block in blocks} == {"import"}
    return {str(b.attributes["to"]): str(b.attributes["id"]) for b in blocks}


def compiled_by(root: Path, folder: Path, provider: str) -> dict[str, Block]:
    """The resources that the imported configuration compiles to, which Terraform takes with what
    was imported beside them."""
    out = folder / "artifacts"
    run(["compile", "--root", str(root), "--out", str(out), "--now", NOW])
    module = out / f"terraform/identity/{provider}"
    resources = [b for f in sorted(module.glob("*.tf")) for b in parse(f.read_bytes())]
    shutil.copytree(root / f"terraform/identity/{provider}", module, dirs_exist_ok=True)
    need_terraform()
    (folder / "providers").mkdir()
    env = mirror(folder / "providers", {"keycloak": SCHEMAS / "keycloak.json"})
    init(module, env)
    assert errors(validate(module, env)) == []
    return {".".join(b.labels): b for b in resources if b.type == "resource"}


# ------------------------------------------------------------------ a realm that qgov never saw


def test_a_strange_realm_keeps_its_people_and_what_they_have(
    server: Server, qgov: Call, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    admins = ("--admins", "quantum-admins", "--approvers", "scientists")
    found = imported(qgov, "keycloak:legacy", out, "--name", "acme", *admins)
    text = (out / "qgov.yaml").read_text()
    for line in (
        "    scientists: {identityProvider: legacy, members: 2}\n",
        "    quantum-admins: {identityProvider: legacy, members: 2}\n",
        '    "null": {identityProvider: legacy, members: 0}\n',
        "      sessionLifetime: 8h\n",
        "      audience: qgov-gateway\n",  # their own client `qgov` is left alone
        "      mfa: available\n",
    ):
        assert line in text
    unsaid = notes(found, "unsaid")
    for words in (
        "the group `Research Group/chem`",
        "the group `quantum-admins` holds `quantum-admin`, `realm-management/manage-users`",
        "the group `scientists` holds `quantum-user`",
        "everyone holds `offline_access`, `uma_authorization`",
        "the realm has `smtp_server`, `password_policy` of its own",
        "people sign in by the flow `browser`",
        "the client: `batch`, `portal`, `qgov`",
    ):
        assert words in unsaid
    assert f"the group `{HOSTILE}`" in unsaid
    assert "`keycloak_group" not in notes(found, "changes")

    blocks = compiled_by(out, tmp_path, "legacy")
    there = imports(out, "legacy")
    assert {a for a in there if a.startswith("keycloak_group.")} == {
        f"keycloak_group.group_{name}" for name in ("null", "quantum-admins", "scientists")
    }
    assert {"keycloak_realm.realm", "keycloak_default_roles.everyone"} <= {*there}
    assert not [a for a in there if "openid_client" in a]  # none of theirs is taken over
    assert "keycloak_openid_client.qgov" in blocks
    kept = kept_by(out, "legacy")
    for name in ("quantum-admins", "scientists"):
        assert kept[f"keycloak_group_roles.group_{name}"].attributes == {"exhaustive": False}
    assert "keycloak_group_roles.group_null" not in kept
    default = kept["keycloak_default_roles.everyone"].attributes["default_roles"]
    realm_of = Hand(server.admin, "legacy")
    id_ = there["keycloak_default_roles.everyone"].partition("/")[2]
    assert isinstance(default, list)
    names = {r["name"] for r in realm_of.get(f"/roles-by-id/{id_}/composites")}
    assert {str(name).rpartition("/")[2] for name in default} == names
    (lifecycle,) = kept["keycloak_realm.realm"].blocks
    assert lifecycle.attributes["ignore_changes"] == [Ref("smtp_server"), Ref("password_policy")]
    flow = kept["keycloak_authentication_bindings.bindings"].attributes
    assert flow == {"browser_flow": "browser"}


def kept_by(out: Path, provider: str) -> dict[str, Block]:
    content = (out / f"terraform/identity/{provider}/kept_override.tf").read_bytes()
    return {".".join(block.labels): block for block in parse(content)}


def test_what_differs_of_a_strange_realm_is_in_the_list_and_nothing_of_it_is_access(
    qgov: Call, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    admins = ("--admins", "quantum-admins", "--approvers", "scientists")
    found = imported(qgov, "keycloak:legacy", out, "--name", "acme", *admins)
    drift = json.loads(
        qgov("drift", "--root", str(out), "--source", "keycloak:legacy", "--format", "json")
    )["drift"]
    assert drift == found["drift"]
    lost = [d for d in drift if d["kind"] == "missing" and not d["rule"].startswith("setting-")]
    assert {(d["principal"], d["scope"]) for d in lost} == {("group:quantum-admins", "*")}
    assert {d["desired"][0] for d in lost} == {"platform-admin on *"}  # what was asked for alone
    assert [d for d in drift if d["principal"].startswith("group:scientists")] == []
    told = str(found["notes"])
    for row in (d for d in drift if d["rule"] == "setting-role" and d["kind"] == "unmanaged"):
        assert row["how"][0].removeprefix("the role ") in told


def test_a_right_that_is_missing_writes_nothing(
    server: Server, qgov: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = Hand(server.admin, "legacy")
    with hand.undo:
        monkeypatch.delenv("QGOV_KEYCLOAK_TOKEN")
        rights = ("view-realm", "view-clients", "view-identity-providers", "view-events")
        for name, value in reader(server, hand, rights).items():
            monkeypatch.setenv(name, value)
        err = qgov("import", "--source", "keycloak:legacy", "--out", str(tmp_path / "o"), status=1)
    assert "NOT IMPORTED" in err
    assert "view-users" in err
    assert "hunter2" not in err
    assert [*tmp_path.iterdir()] == []


def test_a_realm_that_is_not_there_writes_nothing(qgov: Call, tmp_path: Path) -> None:
    err = qgov("import", "--source", "keycloak:nothing", "--out", str(tmp_path / "o"), status=1)
    assert "not found" in err
    assert [*tmp_path.iterdir()] == []
