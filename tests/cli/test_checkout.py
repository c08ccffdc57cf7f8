"""What a checkout lacks or hides is said by every command that reads it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Call
from tests.repository.repo import commit, git, new, write

ASKED = (
    *("explain", "--subject", "group:pilot-developers", "--action", "job:submit"),
    *("--resource", "pilot/sandbox/first-steps"),
)


@pytest.fixture
def acme(call: Call, tmp_path: Path) -> Path:
    """A new repository, committed."""
    assert call("init", tmp_path / "acme").status == 0
    commit(new(tmp_path / "acme"))
    return tmp_path / "acme"


def test_nothing_is_made_of_a_sparse_work_tree(call: Call, acme: Path, tmp_path: Path) -> None:
    git(acme, "sparse-checkout", "set", "--no-cone", "/*", "!/budgets/")
    asked = (("validate",), ("compile", "--out", tmp_path / "out"), ASKED, ("who-can", "job:read"))

    for arguments in asked:
        result = call(*arguments, "--root", acme)
        assert result.status == 1
        assert "`budgets/organization.yaml` is in the repository and not" in (
            result.out + result.err
        )
    assert not (tmp_path / "out").exists()


def test_a_document_that_is_not_read_is_said(call: Call, acme: Path, tmp_path: Path) -> None:
    write(acme, {"budget/cap.yaml": (acme / "budgets/pilot.yaml").read_bytes()})
    validated = call("validate", "--root", acme, "--format", "json")
    compiled = call("compile", "--root", acme, "--out", tmp_path / "out")
    planned = json.loads(call("plan", "--root", acme, "--format", "json").out)

    told = [(f["code"], f["path"]) for f in json.loads(validated.out)["findings"]]
    assert ("QG144", "budget/cap.yaml") in told
    assert (validated.status, compiled.status) == (0, 0)
    assert "`budget/cap.yaml` looks like a document of qgov and is not read" in compiled.err
    assert [f["code"] for f in planned["findings"]["new"]] == ["QG144"]


def paths_in(form: str, text: str) -> list[str]:
    if form == "github":
        return re.findall(r"^::\w+ file=([^,]*),", text, re.MULTILINE)
    if form == "gitlab":
        return [entry["location"]["path"] for entry in json.loads(text)]
    if form == "sarif":
        places = [
            r["locations"][0]["physicalLocation"] for r in json.loads(text)["runs"][0]["results"]
        ]
        return [place["artifactLocation"]["uri"] for place in places]
    if form == "json":
        return [finding["path"] for finding in json.loads(text)["findings"]]
    return re.findall(r"^(\S+?):\d+:\d+: ", text, re.MULTILINE)


@pytest.mark.parametrize("form", ["github", "gitlab", "sarif", "json", "text"])
def test_a_platform_is_told_the_path_from_the_top(call: Call, tmp_path: Path, form: str) -> None:
    root = new(tmp_path / "mono") / "platform" / "quantum"
    assert call("init", root).status == 0
    write(root, {"tenants/pilot/wrong.yaml": b"kind: Tenant\n"})
    found = paths_in(form, call("validate", "--root", root, "--format", form).out)
    below = "platform/quantum/" if form in ("github", "gitlab", "sarif") else ""

    assert f"{below}tenants/pilot/wrong.yaml" in found
    assert all(path.startswith(below) and not path.startswith("/") for path in found)
