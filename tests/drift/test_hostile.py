"""Each command that reads a server, before a server that answers badly: a sentence, status 1,
nothing written, within a deadline."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from unittest.mock import patch

import pytest

from qgov.cli import run
from qgov.drift import observe, remote
from qgov.drift.observer import Asked
from tests.drift.conftest import ROOT
from tests.drift.loopback import Reply, as_json, serving
from tests.drift.test_remote import self_signed
from tests.review.directory import CONFIG, LIST

NOW = "2026-11-23T10:00:00Z"
COMMANDS = {
    "drift": ("drift", "--adopt", "DIR", "--revert", "FILE"),
    "elevate": ("elevate", "--apply"),
    "review": ("review", "aurora", "--out", "DIR"),
}
SOURCES = ("keycloak", "scim")
CASES = [(c, s) for c in COMMANDS for s in SOURCES if (c, s) != ("elevate", "scim")]


def told(base: str, name: str, source: str, folder: Path) -> tuple[int, list[str]]:
    """The status of the command, and what it left behind."""
    environment = {
        f"QGOV_{source.upper()}_URL": base,
        "QGOV_KEYCLOAK_CLIENT_ID": "reader",
        "QGOV_KEYCLOAK_CLIENT_SECRET": "hunter2",
        "QGOV_SCIM_TOKEN": "hunter2",
    }
    words = {"DIR": str(folder / "out"), "FILE": str(folder / "file")}
    command = [words.get(word, word) for word in COMMANDS[name]]
    flags = ["--root", str(ROOT), "--now", NOW, "--source", f"{source}:workforce"]
    with patch.dict(os.environ, environment):
        status = run([*command, *flags])
    return status, [file.name for file in folder.iterdir()]


def say(reply: Reply) -> Callable[[str, str], Reply]:
    return lambda _path, _query: reply


def after_sign_in(reply: Reply) -> Callable[[str, str], Reply]:
    """A server that gives a token, or is SCIM, and then answers so."""

    def answer(path: str, _query: str) -> Reply:
        if path.endswith("/token"):
            return as_json({"access_token": "hunter2"})
        return as_json(CONFIG) if path.endswith("Config") else reply

    return answer


def a_million(path: str, query: str) -> Reply:
    """Everything is in order, and of the groups that are announced none is sent."""
    if path.endswith("/groups/count"):
        return as_json({"count": 10**6})
    if path.endswith("/Groups"):
        return as_json({"schemas": [LIST], "totalResults": 10**6, "Resources": []})
    if path.endswith("/clients"):
        return as_json(
            [{"id": "c", "clientId": "c", "access": {"view": True}, "fullScopeAllowed": True}]
        )
    realm = {"realm": "quantum", "accessTokenLifespan": 60}
    last = path.endswith("/quantum")
    return after_sign_in(as_json(realm if last else []))(path, query)


ELSEWHERE = {"Location": "https://evil.example/"}
BAD = {
    "truncated": (Reply(b'{"access_token": "x'), "its JSON is cut off or broken"),
    "HTML": (Reply(b"<html>", kind="text/html"), "`text/html` in place of JSON"),
    "redirect": (Reply(status=307, headers=ELSEWHERE), "redirects to evil.example; not followed"),
    "fewer bytes": (Reply(b"{}", length=10**6), "peer closed connection"),
    "lost": (Reply(lost=True), "Server disconnected"),
    "wrong realm": (Reply(b'{"error":"Realm not found."}', status=404), "not found"),
    "hangs": (Reply(wait_s=4), "not answered within 1 s"),
    "a list": (Reply(b"[1]"), ""),
    "null": (Reply(b"null"), ""),
    "a number of great length": (Reply(b"9" * 10_000), "cut off or broken"),
}


@pytest.mark.parametrize(("name", "source"), CASES)
@pytest.mark.parametrize("kind", [*BAD, "a million groups"])
@pytest.mark.parametrize("late", [False, True], ids=["at once", "after the sign-in"])
def test_a_bad_answer_is_an_error_and_nothing_is_written(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    source: str,
    kind: str,
    late: bool,
) -> None:
    answers: Callable[[str, str], Reply] = a_million
    reason = "1000000 announced, 0 sent"
    if kind in BAD:
        reply, reason = BAD[kind]
        answers = after_sign_in(reply) if late else say(reply)
    if kind == "hangs":
        monkeypatch.setattr(observe, "Asked", partial(Asked, timeout_s=1))
        monkeypatch.setattr("qgov.cli.elevate.Asked", partial(Asked, timeout_s=1))
    with serving(answers) as base:
        status, left = told(base, name, source, tmp_path)
    printed = capsys.readouterr()
    assert (status, printed.out, left) == (1, "", [])
    assert reason in printed.err
    assert "UNKNOWN" in printed.err
    assert "internal error" not in printed.err
    assert "hunter2" not in printed.err


@pytest.mark.parametrize(("name", "source"), CASES)
def test_a_certificate_of_its_own_and_nobody_at_all(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, source: str
) -> None:
    (tmp_path / "out").mkdir()
    with serving(say(Reply()), self_signed(tmp_path / "own.pem")) as base:
        assert told(base, name, source, tmp_path / "out") == (1, [])
    assert "CERTIFICATE_VERIFY_FAILED" in capsys.readouterr().err
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert told(f"http://127.0.0.1:{port}", name, source, tmp_path / "out") == (1, [])
    printed = capsys.readouterr()
    assert "Connection refused" in printed.err
    assert printed.out == ""


def test_a_list_without_an_end_has_one(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More clients on every page, for ever; and a server that is slow for ever."""

    def answers(path: str, query: str) -> Reply:
        if not path.endswith("/clients"):
            return a_million(path, query)
        first = int(query.partition("first=")[2].partition("&")[0])
        return as_json([{"id": str(first + n), "clientId": "c"} for n in range(500)])

    monkeypatch.setattr(remote, "MOST_PAGES", 5)
    with serving(answers) as base:
        assert told(base, "drift", "keycloak", tmp_path) == (1, [])
        assert "/clients: does not end" in capsys.readouterr().err
        monkeypatch.setattr(remote, "WHOLE_S", 0.0)
        assert told(base, "drift", "keycloak", tmp_path) == (1, [])
        assert "not all of it was read" in capsys.readouterr().err
