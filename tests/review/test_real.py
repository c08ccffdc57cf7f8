"""A campaign on a real Keycloak and on a real SCIM service, from the list to who has left."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from qgov.cli import run
from qgov.pipeline import load
from qgov.targets import emit
from tests.drift.changes import Hand
from tests.drift.conftest import ROOT, directory
from tests.drift.realm import import_realm, token_of
from tests.drift.scim_service import Directory
from tests.keycloak.server import Server
from tests.review.conftest import copy_of

__all__ = ["directory"]

pytestmark = pytest.mark.real

REALM = "reviewing"
NOW = "2026-11-28T10:00:00Z"
MEI, TOMAS, ADELE = (f"{name}@northwind.example" for name in ("mei", "tomas", "adele"))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The worked repository with a realm of another name, which these tests may change."""
    return copy_of(ROOT, tmp_path_factory.mktemp("root"), ("realm: quantum", f"realm: {REALM}"))


@pytest.fixture
def hand(keycloak: Server, root: Path) -> Iterator[Hand]:
    files = {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*.yaml")}
    own = load(files).model
    assert own is not None
    import_realm(keycloak, emit(own, ["keycloak"])[0]["idp/workforce/realm.json"])
    yield Hand(keycloak.admin, REALM)
    keycloak.admin.delete(f"/admin/realms/{REALM}").raise_for_status()


def review(root: Path, source: str, *arguments: str) -> int:
    return run(["review", "aurora", "--root", str(root), "--now", NOW, "--source", source,
                "--detailed-exitcode", *arguments])  # fmt: skip


def filled(sheet: Path, revoked: str) -> None:
    text = sheet.read_text(encoding="utf-8")
    text = text.replace("by: # your id", f"by: {ADELE}").replace("at: #", f"at: {NOW} #")
    own = rf'(person: "{re.escape(ADELE)}".*)\n'
    text = re.sub(own, rf"\1\n    by: {TOMAS}\n", text)
    out = rf'(person: "{re.escape(revoked)}".*\n    decision:)\n    reason:'
    text = re.sub(out, r"\1 revoke\n    reason: left the project", text)
    text = re.sub(r"decision:\n    reason:", "decision: keep\n    reason: needed", text)
    text = re.sub(r"(by: tomas.*\n    decision:)\n", r"\1 keep\n", text)
    sheet.write_text(text, encoding="utf-8")


def test_a_campaign_on_a_real_keycloak(
    keycloak: Server,
    hand: Hand,
    root: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, group in (
        (MEI, "aurora-developers"),
        ("zoe.quill", "aurora-developers"),
        (ADELE, "security-reviewers"),
        (TOMAS, "security-reviewers"),
    ):
        id_ = hand.send("POST", "/users", {"username": name, "enabled": True})
        person = id_.headers["location"].rpartition("/")[2]
        hand.send("PUT", f"/users/{person}/groups/{hand.group(group)}")
        if name == "zoe.quill":
            hand.send(
                "POST",
                f"/users/{person}/role-mappings/realm",
                [hand.role("qgov:tenant-lead:aurora")],
            )
    environment = {
        "QGOV_KEYCLOAK_URL": f"http://127.0.0.1:{keycloak.port}",
        "QGOV_KEYCLOAK_TOKEN": token_of(keycloak),
    }
    out, back = tmp_path / "out", tmp_path / "back.sh"
    with patch.dict(os.environ, environment):
        assert review(root, "keycloak:workforce", "--out", str(out)) == 0
        printed = capsys.readouterr()
        assert "zoe.quill" not in printed.out + printed.err
        assert "QG931 1 hold access through no group" in " ".join(printed.out.split())
        assert "tenant-lead on aurora, through the role" in " ".join(printed.out.split())
        sheet = out / "aurora.yaml"
        filled(sheet, "zoe.quill")
        flags = ("--decisions", str(sheet), "--revert", str(back))
        assert review(root, "keycloak:workforce", *flags) == 2
        assert members(hand, "aurora-developers") == {"zoe.quill", MEI}, "nothing is done by itself"
        done = subprocess.run(["bash", back], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert members(hand, "aurora-developers") == {MEI}
        assert review(root, "keycloak:workforce", *flags) == 0
        assert "# nobody leaves" in back.read_text(encoding="utf-8")


def members(hand: Hand, group: str) -> set[str]:
    return {one["username"] for one in hand.get(f"/groups/{hand.group(group)}/members")}


def test_a_campaign_on_a_real_directory(
    directory: Directory, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(120):  # more than a page
        directory.join("aurora-developers", directory.add("Users", userName=f"person-{number}"))
    for name in (ADELE, TOMAS):
        directory.join("security-reviewers", directory.add("Users", userName=name))
    environment = {"QGOV_SCIM_URL": directory.base, "QGOV_SCIM_TOKEN": "sekret"}
    out = tmp_path / "out"
    with patch.dict(os.environ, environment):
        assert review(ROOT, "scim:workforce", "--out", str(out)) == 0
        sheet = out / "aurora.yaml"
        assert sheet.read_text(encoding="utf-8").count("person: ") == 122
        filled(sheet, "person-119")
        capsys.readouterr()
        assert review(ROOT, "scim:workforce", "--decisions", str(sheet)) == 2
        assert "121 kept, 1 to end" in capsys.readouterr().out
        person = directory.client.get("/Users", params={"filter": 'userName eq "person-119"'})
        leave = {
            "op": "remove",
            "path": f'members[value eq "{person.json()["Resources"][0]["id"]}"]',
        }
        patch_ = {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [leave],
        }
        answer = directory.client.patch(
            f"/Groups/{directory.id_of('aurora-developers')}", json=patch_
        )
        assert answer.is_success, answer.text
        assert review(ROOT, "scim:workforce", "--decisions", str(sheet)) == 0
        directory.join("aurora-developers", directory.add("Users", userName="new"))
        assert review(ROOT, "scim:workforce", "--decisions", str(sheet)) == 1
