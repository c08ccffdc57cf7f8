"""`qgov drift` on the command line: what it prints, and what it ends with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from qgov.cli import run
from qgov.contracts.schema import output_schemas
from qgov.drift.observers import observers
from qgov.model.access_model import AccessModel
from qgov.targets import emit
from tests.drift.conftest import ROOT
from tests.drift.loopback import Reply, as_json, serving

NOW = "2026-11-23T10:00:00Z"
HOSTILE = "eve\x1b[31m|`<script>::error::"


def answers(model: AccessModel, extra: str | None = None, revision: str | None = None) -> object:
    """An OPA that serves what was compiled, and perhaps a grant more."""
    files, _ = emit(model, ["opa"])
    own = json.loads(files["policy/opa/data.json"])["qgov"]
    if extra is not None:
        aurora = next(
            shard["aurora"] for shard in own["model"]["tenants"].values() if "aurora" in shard
        )
        aurora["grants"][f"group:{extra}"] = {
            "at": {"aurora/production": [{"role": "researcher"}]},
            "issuer": "x",
        }
    raw = files["policy/opa/qgov/authz.rego"].decode()
    replies = {
        "/v1/data/qgov/revision": as_json({"result": revision or own["revision"]}),
        "/v1/data/qgov/model": as_json({"result": own["model"]}),
        "/v1/policies": as_json({"result": [{"id": "b/qgov/authz.rego", "raw": raw}]}),
    }
    return lambda path, _query: replies.get(path, Reply(status=404))


def drift(*arguments: str) -> int:
    return run(["drift", "--root", str(ROOT), "--now", NOW, *arguments])


def test_no_drift_is_said_with_what_was_read(
    model: AccessModel, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(answers(model)) as base:  # type: ignore[arg-type]
        assert drift("--source", f"opa:{base}", "--detailed-exitcode") == 0
    assert capsys.readouterr().out.startswith("IN SYNC: opa (")


@pytest.mark.parametrize(
    ("flags", "status"),
    [
        ((), 0),
        (("--detailed-exitcode",), 2),
        (("--fail-on", "high"), 3),
        (("--fail-on", "critical"), 0),
    ],
)
def test_drift_has_its_exit_status(
    model: AccessModel,
    capsys: pytest.CaptureFixture[str],
    flags: tuple[str, ...],
    status: int,
) -> None:
    with serving(answers(model, "strangers")) as base:  # type: ignore[arg-type]
        assert drift("--source", f"opa:{base}", *flags) == status
    out = capsys.readouterr().out
    assert "DRIFT: " in out
    assert "`strangers` may `job:submit` on aurora/production" in " ".join(out.split())


def test_an_unreadable_source_is_an_error_and_prints_nothing(
    model: AccessModel, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with serving(answers(model, "strangers")) as base:  # type: ignore[arg-type]
        sources = ("--source", f"opa:{base}", "--source", f"terraform:{tmp_path}/none")
        assert drift(*sources, "--detailed-exitcode", "--fail-on", "low") == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "DRIFT UNKNOWN" in printed.err
    assert "terraform is unreadable" in printed.err
    assert "Traceback" not in printed.err


def test_the_document_keeps_its_contract(
    model: AccessModel, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(answers(model, HOSTILE, "sha256:0")) as base:  # type: ignore[arg-type]
        assert drift("--source", f"opa:{base}", "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    Draft7Validator(output_schemas()["qgov/drift/v1"]).validate(found)
    assert found["schema"] == "qgov/drift/v1"
    assert found["sources"][0] | {"facts": 0} == {
        "name": "opa",
        "type": "opa",
        "read_at": NOW,
        "facts": 0,
    }
    assert found["summary"]["stale-bundle"] == 1
    assert found["summary"]["risk"] == "high"
    each = next(d for d in found["drift"] if d["permission"] == "job:submit")
    assert (each["kind"], each["principal"], each["scope"]) == (
        "unmanaged",
        f"group:{HOSTILE}",
        "aurora/production",
    )
    assert each["desired"] is None
    assert each["observed"] == ["researcher on aurora/production"]


@pytest.mark.parametrize("view", ["text", "markdown", "html", "sarif"])
def test_every_view_tells_it_and_obeys_nothing(
    model: AccessModel, capsys: pytest.CaptureFixture[str], view: str
) -> None:
    with serving(answers(model, HOSTILE)) as base:  # type: ignore[arg-type]
        assert drift("--source", f"opa:{base}", "--format", view) == 0
    out = capsys.readouterr().out
    assert "job:submit" in out
    assert "aurora/production" in out
    assert "\x1b" not in out
    if view == "html":
        assert "<script" not in out
    if view == "markdown":
        assert "<script" not in out.replace("``", "").split("`")[0]
    if view == "sarif":
        results = json.loads(out)["runs"][0]["results"]
        assert "QG992" in {result["ruleId"] for result in results}
        assert all(result["locations"] for result in results)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--source", "nothing"), "`nothing` is not one of aws, keycloak, opa, scim, terraform"),
        (("--source", "opa"), "opa is unreadable: set QGOV_OPA_URL"),
        (("--source", "scim:nowhere"), "set QGOV_SCIM_TOKEN|say whose groups"),
        (("--source", "keycloak:nowhere"), "no identity provider `nowhere`"),
        (("--source", "opa:http://elsewhere.example"), "use https"),
        ((), "no source to read"),
    ],
)
def test_what_cannot_be_read_is_said(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    reason: str,
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    assert drift(*arguments) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert any(part in " ".join(printed.err.split()) for part in reason.split("|"))


def test_the_page_has_what_each_source_reads_and_needs() -> None:
    page = (ROOT / "docs/drift.md").read_text(encoding="utf-8")
    for name, observer in observers().items():
        assert observer.needs
        for need in observer.needs:
            assert f"| `{name}` | {need.read} | {need.right} | {need.purpose} |" in page
