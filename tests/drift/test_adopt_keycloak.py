"""What is changed by hand on a real Keycloak, adopted into the YAML and taken back by the script."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qgov.cli import run
from qgov.repository import read_work_tree
from qgov.targets import emit
from tests.drift.changes import CHANGES, Hand
from tests.drift.conftest import ROOT
from tests.drift.realm import import_realm, token_of
from tests.keycloak.server import Server
from tests.drift.test_keycloak import load

pytestmark = pytest.mark.real

REALM = "adopting"
NOW = "2025-11-23T10:00:00Z"
"""When nobody is elevated."""
HOSTILE = "x'\"$(touch pwned)`id`\n# done\n"


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The worked repository with a realm of another name, committed."""
    root = tmp_path_factory.mktemp("adopting")
    files, _ = read_work_tree(ROOT)
    for path, data in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(
            data.replace(b"realm: quantum", b"realm: adopting").replace(
                b"realms/quantum", b"realms/adopting"
            )
        )
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "base"]):
        git(root, *words)
    return root


def git(root: Path, *words: str) -> str:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", *who, *words], cwd=root, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture(scope="module")
def server(keycloak: Server, repository: Path) -> Iterator[Server]:
    model = load(read_work_tree(repository)[0]).model
    assert model is not None
    files, _ = emit(model, ["keycloak"])
    import_realm(keycloak, files["idp/workforce/realm.json"])
    yield keycloak
    keycloak.admin.delete(f"/admin/realms/{REALM}").raise_for_status()


@pytest.fixture
def hand(server: Server, repository: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hand]:
    monkeypatch.setenv("QGOV_KEYCLOAK_URL", f"http://127.0.0.1:{server.port}")
    monkeypatch.setenv("QGOV_KEYCLOAK_TOKEN", token_of(server))
    one = Hand(server.admin, REALM)
    with one.undo:
        yield one
    git(repository, "checkout", "-q", ".")


Printed = Callable[..., str]


@pytest.fixture
def qgov(capsys: pytest.CaptureFixture[str], repository: Path) -> Printed:
    def call(*words: str, root: Path = repository, status: int = 0) -> str:
        capsys.readouterr()
        found = run([words[0], "--root", str(root), "--now", NOW, *words[1:]])
        out, err = capsys.readouterr()
        print(err)
        assert found == status, (out, err)
        return out if words[0] == "plan" else out + err

    return call


def drift(qgov: Printed, *words: str, **more: Any) -> str:
    return qgov("drift", "--source", "keycloak:workforce", *words, **more)


def in_sync(qgov: Printed, **more: Any) -> None:
    assert drift(qgov, "--detailed-exitcode", **more).startswith("IN SYNC")


def gains(qgov: Printed) -> tuple[set[tuple[str, str, str, str]], int]:
    """(change, principal, scope, permission) of the plan's rows, and how many concerns it has."""
    plan = json.loads(qgov("plan", "--format", "json", "--base", "HEAD"))
    return plan, 0


def a_session_lives_longer(hand: Hand) -> None:
    hand.edit("", ssoSessionMaxLifespan=36_000, offlineSessionMaxLifespan=36_000)


def test_debug(hand: Hand, qgov: Printed, repository: Path, tmp_path: Path) -> None:
    in_sync(qgov)
    role = hand.role("qgov:researcher:aurora/sandbox/chemistry")
    hand.give(f"/groups/{hand.group('aurora-contractors')}/role-mappings/realm", [role])
    CHANGES["a role is taken from a group"].make(hand)
    role = hand.role("qgov:researcher:aurora/test/chemistry")
    a_session_lives_longer(hand)
    CHANGES["a person joins a just in time group"].make(hand)
    CHANGES["a role becomes a composite"].make(hand)
    hand.add("/groups", {"name": HOSTILE})
    hand.add("/groups", {"name": "strangers"})
    print(drift(qgov, "--adopt", str(tmp_path / "a"), "--revert", str(tmp_path / "r.sh")))
    for f in sorted((tmp_path / "a").rglob("*")):
        print(f)
    print((tmp_path / "a/adopt.patch").read_text())
    print((tmp_path / "r.sh").read_text())
    assert 0
