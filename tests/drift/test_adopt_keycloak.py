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
from qgov.pipeline import load
from qgov.repository import read_work_tree
from qgov.targets import emit
from tests.drift.changes import CHANGES, Hand
from tests.drift.conftest import ROOT
from tests.drift.realm import import_realm, token_of
from tests.keycloak.server import Server

pytestmark = pytest.mark.real

REALM = "adopting"
SCOPE = "aurora/sandbox/chemistry"
ROLE = f"qgov:researcher:{SCOPE}"
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
def compiled(repository: Path) -> bytes:
    """The realm of the repository."""
    model = load(read_work_tree(repository)[0]).model
    assert model is not None
    return emit(model, ["keycloak"])[0]["idp/workforce/realm.json"]


class Realm:
    """The realm that the tests share: each leaves it in sync. One that failed may not have."""

    def __init__(self, server: Server, content: bytes) -> None:
        self.server = server
        self._content = content
        self._failed: int | None = None

    def ready(self, failed: int) -> None:
        """See that it is as it was compiled, which takes seconds to import."""
        if failed != self._failed:
            self.remove()
            import_realm(self.server, self._content)
            self._failed = failed

    def remove(self) -> None:
        if self._failed is not None:
            self.server.admin.delete(f"/admin/realms/{REALM}").raise_for_status()


@pytest.fixture(scope="module")
def realm(keycloak: Server, compiled: bytes) -> Iterator[Realm]:
    shared = Realm(keycloak, compiled)
    yield shared
    shared.remove()


@pytest.fixture
def server(realm: Realm, request: pytest.FixtureRequest) -> Server:
    realm.ready(request.session.testsfailed)
    return realm.server


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
        assert found == status, (out, err)
        return out if words[0] == "plan" else out + err

    return call


def drift(qgov: Printed, *words: str, **more: Any) -> str:
    return qgov("drift", "--source", "keycloak:workforce", *words, **more)


def in_sync(qgov: Printed, **more: Any) -> None:
    assert drift(qgov, "--detailed-exitcode", **more).startswith("IN SYNC")


Plan = tuple[set[tuple[str, str, str]], set[str]]


def planned(qgov: Printed) -> Plan:
    """(change, principal, scope) of the plan's accesses, and what its other rows are about."""
    plan = json.loads(qgov("plan", "--format", "json", "--base", "HEAD"))
    return (
        {(row["change"], row["principal"], row["scope"]) for row in plan["access"]},
        {row["field"] for row in plan["concerns"]},
    )


def a_role_is_added(hand: Hand) -> None:
    role = hand.role(ROLE)
    hand.send("POST", f"/groups/{hand.group('aurora-contractors')}/role-mappings/realm", [role])


def a_role_is_taken(hand: Hand) -> None:
    role = hand.role(ROLE)
    hand.send("DELETE", f"/groups/{hand.group('aurora-researchers')}/role-mappings/realm", [role])


def a_role_moves(hand: Hand) -> None:
    a_role_is_added(hand)
    a_role_is_taken(hand)


def a_new_group_has_a_role(hand: Hand) -> None:
    hand.send("POST", "/groups", {"name": "strangers"})
    hand.send("POST", f"/groups/{hand.group('strangers')}/role-mappings/realm", [hand.role(ROLE)])


def a_session_lives_longer(hand: Hand) -> None:
    """By everything that follows from the length of a session."""
    hand.send("PUT", "", {"ssoSessionMaxLifespan": 36_000, "offlineSessionMaxLifespan": 36_000})
    path = "/authentication/flows/qgov-browser/executions"
    for one in hand.get(path):
        if one.get("providerId") == "conditional-level-of-authentication":
            config = hand.get(f"/authentication/config/{one['authenticationConfig']}")
            if config["config"]["loa-max-age"] == "28800":
                config["config"]["loa-max-age"] = "36000"
                hand.send("PUT", f"/authentication/config/{config['id']}", config)


KINDS: dict[str, tuple[Callable[[Hand], None], Plan]] = {
    "a role more": (
        a_role_is_added,
        ({("granted", "group:aurora-contractors", SCOPE)}, set()),
    ),
    "a role moves": (
        a_role_moves,
        (
            {
                ("granted", "group:aurora-contractors", SCOPE),
                ("revoked", "group:aurora-researchers", SCOPE),
            },
            set(),
        ),
    ),
    "a new group": (
        a_new_group_has_a_role,
        ({("granted", "group:strangers", SCOPE)}, {"spec.groups.strangers"}),
    ),
    "a longer session": (
        a_session_lives_longer,
        (set(), {"spec.identityProviders.workforce.sessionLifetime"}),
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_adopted_is_planned_and_in_sync_and_the_script_takes_it_back(
    hand: Hand, qgov: Printed, repository: Path, tmp_path: Path, kind: str
) -> None:
    make, plan = KINDS[kind]
    in_sync(qgov)
    make(hand)
    out, script = tmp_path / "out", tmp_path / "back.sh"
    said = drift(qgov, "--adopt", str(out), "--revert", str(script))
    assert "not adopted" not in said
    git(repository, "apply", str(out / "adopt.patch"))
    changed = git(repository, "diff", "--name-only").split()
    assert changed
    for path in changed:
        assert (out / path).read_bytes() == (repository / path).read_bytes()
    assert {p.name for p in out.rglob("*") if p.is_file()} == {Path(c).name for c in changed} | {
        "adopt.patch"
    }
    assert planned(qgov) == plan
    in_sync(qgov)
    git(repository, "checkout", "-q", ".")
    ran(script, tmp_path)
    in_sync(qgov)


def test_of_a_role_that_is_taken_the_role_itself_is_left(
    hand: Hand, qgov: Printed, repository: Path, tmp_path: Path
) -> None:
    a_role_is_taken(hand)
    out, script = tmp_path / "out", tmp_path / "back.sh"
    said = drift(qgov, "--adopt", str(out), "--revert", str(script))
    (left,) = (line for line in said.splitlines() if line.startswith("not adopted"))
    assert f"through the role `{ROLE}`, which nobody reviewed" in left
    assert left.endswith("it follows from the adopted configuration, which has not been applied")
    git(repository, "apply", str(out / "adopt.patch"))
    assert git(repository, "diff", "--numstat") == "0\t1\ttenants/aurora/tenant.yaml\n"
    assert planned(qgov) == ({("revoked", "group:aurora-researchers", SCOPE)}, set())
    report = json.loads(drift(qgov, "--format", "json"))
    assert [each["permission"] for each in report["drift"]] == [None]
    git(repository, "checkout", "-q", ".")
    ran(script, tmp_path)
    in_sync(qgov)


def ran(script: Path, folder: Path) -> None:
    """The script, run by somebody who has reviewed it."""
    assert "hunter2" not in script.read_text()
    assert os.environ["QGOV_KEYCLOAK_TOKEN"] not in script.read_text()
    done = subprocess.run(
        ["bash", str(script)], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (done.stdout, done.stderr, script.read_text())


def test_a_person_in_a_just_in_time_group_is_not_adopted_and_taken_out(
    hand: Hand, qgov: Printed, tmp_path: Path
) -> None:
    CHANGES["a person joins a just in time group"].make(hand)
    out, script = tmp_path / "out", tmp_path / "back.sh"
    said = drift(qgov, "--adopt", str(out), "--revert", str(script))
    assert "nothing to adopt: no file was written" in said
    assert "an elevation is asked for and approved, and never adopted" in said
    assert not out.exists()
    assert "eve" not in script.read_text().split()
    ran(script, tmp_path)
    in_sync(qgov)


def test_an_adoption_that_breaks_a_rule_writes_nothing(
    hand: Hand, qgov: Printed, tmp_path: Path
) -> None:
    CHANGES["a role is added to a group"].make(hand)  # contractors, in production
    said = drift(qgov, "--adopt", str(tmp_path / "out"), status=1)
    assert "NOT ADOPTED" in said
    assert "contractors-never-in-production" in said
    assert not (tmp_path / "out").exists()


def test_a_composite_is_not_adopted_and_what_it_gives_neither(
    hand: Hand, qgov: Printed, tmp_path: Path
) -> None:
    CHANGES["a role becomes a composite"].make(hand)
    script = tmp_path / "back.sh"
    said = drift(qgov, "--adopt", str(tmp_path / "out"), "--revert", str(script))
    assert "nothing to adopt" in said
    assert f"this goes through a composite of `{ROLE}`" in said
    assert f"the language has no field that says this of the role `{ROLE}`" in said
    ran(script, tmp_path)
    in_sync(qgov)


TAKEN_BACK = (
    "a role is given to a person",
    "another role is given to a workload",
    "an administrator s right is added to a group",
    "everyone is given a role",
    "a new client",
    "a new broker",
    "an execution lets in without a password",
    "the one time code is switched off",
)


def test_other_changes_are_taken_back_by_the_script(
    hand: Hand, qgov: Printed, tmp_path: Path
) -> None:
    """All at once; what the changes' own undoing would find gone is not undone twice."""
    for name in TAKEN_BACK:
        CHANGES[name].make(hand)
    hand.undo.pop_all()
    script = tmp_path / "back.sh"
    drift(qgov, "--revert", str(script))
    ran(script, tmp_path)
    in_sync(qgov)


def test_hostile_names_are_text_everywhere(
    hand: Hand, qgov: Printed, repository: Path, tmp_path: Path
) -> None:
    hand.send("POST", "/roles", {"name": HOSTILE})
    held = hand.get("/roles", search="touch")
    own = hand.role(ROLE)
    hand.send("POST", f"/roles-by-id/{own['id']}/composites", held)
    hand.send("POST", "/groups", {"name": HOSTILE})
    group = next(g["id"] for g in hand.get("/groups") if g["name"] == HOSTILE)
    hand.send("POST", f"/groups/{group}/role-mappings/realm", [own])
    hand.send("POST", "/groups", {"name": "null"})
    out, script = tmp_path / "out", tmp_path / "back.sh"
    said = drift(qgov, "--adopt", str(out), "--revert", str(script))
    patch = (out / "adopt.patch").read_text()
    shown = HOSTILE.replace("\n", "\\n")
    for text in (said, patch, script.read_text()):
        assert shown in text
    assert f"`{shown}` is no name of a group in the language" in patch
    assert '+    "null": {identityProvider: workforce}\n' in patch
    git(repository, "apply", str(out / "adopt.patch"))
    assert git(repository, "diff", "--numstat") == "1\t0\tqgov.yaml\n"
    git(repository, "checkout", "-q", ".")
    ran(script, tmp_path)
    in_sync(qgov)
    assert {each.name for each in tmp_path.iterdir()} == {"out", "back.sh"}
