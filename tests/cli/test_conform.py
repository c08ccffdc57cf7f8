"""qgov conform: one command from documents to a verdict, in parts and put together."""

from __future__ import annotations

import importlib.util
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from qgov.decision.engine import EngineError
from qgov.decision.engines import engines
from qgov.targets import emit
from tests.cli.conftest import Call, Result
from tests.cli.process import ROOT
from tests.conformance.evaluator import need_evaluator
from tests.conformance.harness import data_of, repacked, tenant
from tests.decision.harness import FILES, MODEL


@pytest.fixture
def small(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def document(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.out)
    return found


@pytest.mark.no_cover
def test_the_worked_repository_conforms(call: Call) -> None:
    result = call("conform", "--root", ROOT, "--engine", "reference", "--format", "json")
    found = document(result)

    assert result.status == 0, [c["id"] for c in found["cases"] if c["result"] == "failed"]
    assert found["schema"] == "qgov/conformance/v1"
    assert found["summary"]["passed"] >= 1000
    ran = {(c["role"], c["backend"]) for c in found["cases"] if c["histogram"]}
    refused = {
        (c["role"], c["backend"])
        for c in found["cases"]
        if c["submitted"] and not c["decision"]["allow"]
    }
    roles, backends = found["matrix"]["roles"], found["matrix"]["backends"]
    assert refused == {(role, backend) for role in roles for backend in backends}
    assert {backend for _, backend in ran} == set(backends)
    assert {role for role, _ in ran} == {"pipeline", "quantum-developer", "researcher", "trainee"}
    assert "reference: " in result.err


@pytest.mark.no_cover
@pytest.mark.parametrize("name", sorted(engines()))
def test_every_engine_conforms(call: Call, name: str) -> None:
    result = call(
        "conform", "--root", ROOT, "--engine", name, "--shard", "2/16", "--format", "json"
    )
    if "is not installed" in result.err:
        pytest.skip(f"{name} is not installed")
    found = document(result)

    assert (result.status, found["summary"]["failed"]) == (0, 0)
    assert len(found["cases"]) > 200
    assert found["summary"]["submitted"] > 5


def test_all_engines_are_asked_the_same(call: Call, small: Path) -> None:
    result = call(
        "conform", "--root", small, "--engine", "all", "--shard", "1/4", "--format", "json"
    )
    found = document(result)
    tally = Counter(case["engine"] for case in found["cases"])

    assert result.status == 0
    assert found["engine"] == "all"
    assert {"reference", "rego"} <= set(tally)
    assert len(set(tally.values())) == 1


def test_parts_add_up(call: Call, small: Path, tmp_path: Path) -> None:
    ask = ("conform", "--root", small, "--engine", "reference", "--format", "json")
    whole, files = call(*ask), []
    for index in (1, 2):
        path = tmp_path / f"part-{index}.json"
        path.write_text(call(*ask, "--shard", f"{index}/2").out)
        files += ["--merge", path]
    merged = call("conform", *files, "--format", "json")
    text = call("conform", *files)
    missing = call("conform", *files[:2])

    assert (merged.status, merged.out) == (0, whole.out)
    assert text.out.startswith("PASSED: ")
    assert missing.status == 1
    assert "of 2 shards 2 is missing" in missing.err


def test_the_same_documents_give_the_same_bytes(call: Call, small: Path) -> None:
    for form in ("json", "junit"):
        ask = ("conform", "--root", small, "--engine", "reference", "--format", form)
        assert call(*ask).out == call(*ask).out


def tampered(tmp_path: Path) -> Path:
    data = data_of(True)
    tenant(data, "aurora")["grants"]["group:auditors"] = {
        "at": {"aurora/sandbox": [{"role": "developer"}]}
    }
    path = tmp_path / "bundle.tar.gz"
    path.write_bytes(repacked(data, small=True))
    return path


def test_a_bundle_with_one_more_grant_fails(call: Call, small: Path, tmp_path: Path) -> None:
    path = tampered(tmp_path)
    result = call("conform", "--root", small, "--bundle", path)

    assert result.status == 1
    assert result.out.startswith("FAILED: ")
    told = " ".join(result.out.split())
    assert "developer on aurora/sandbox/chemistry" in told
    assert "grant:group:auditors/developer@aurora/sandbox/job:submit/aurora/sandbox" in told
    assert "tenants/" not in told or "THE BUNDLE SAYS SOMETHING OTHER" in told


def test_a_folder_that_was_compiled_is_judged(call: Call, small: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for name, content in emit(MODEL, ("opa", "cedar"))[0].items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    result = call("conform", "--root", small, "--bundle", out, "--engine", "all", "--shard", "1/8")

    assert (result.status, result.out.partition(":")[0]) == (0, "PASSED")
    assert "reference is left out: it answers from the documents" in result.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--engine", "prolog"), "`prolog` is not one of"),
        (("--format", "html"), "`html` is not one of"),
        (("--shard", "3/2"), "write which of how many, like 2/4"),
        (("--shard", "0/2"), "write which of how many, like 2/4"),
        (("--shard", "x"), "write which of how many, like 2/4"),
        (("--bundle", "none.tar.gz"), "none.tar.gz: No such file"),
        (("--bundle", "repository"), "has no policy/opa/bundle.tar.gz"),
        (("--bundle", "text"), "the bundle cannot be read"),
        (("--merge", "none.json"), "none.json: No such file"),
        (("--merge", "text"), "text is not JSON"),
        (("--merge", "list"), "report 1 is no qgov/conformance/v1"),
        (("--engine", "opa", "--opa-url", "http://127.0.0.1:9/"), "OPA"),
    ],
)
def test_a_mistake_is_one_sentence(
    call: Call,
    small: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    (tmp_path / "text").write_text("text")
    (tmp_path / "list").write_text("[]")
    monkeypatch.chdir(tmp_path)
    result = call("conform", "--root", small, *arguments)

    assert (result.status, result.out) == (1, "")
    assert message in result.err
    assert "internal error" not in result.err


def test_the_reference_judges_no_bundle(call: Call, small: Path, tmp_path: Path) -> None:
    given = ("conform", "--root", small, "--bundle", tampered(tmp_path))
    one = call(*given, "--engine", "reference")
    cedar = call(*given, "--engine", "cedar")

    assert (one.status, cedar.status) == (1, 1)
    assert "it answers from the documents, not from a bundle" in one.err
    assert "give the folder that `qgov compile --out` wrote" in cedar.err


def test_what_is_not_installed_is_left_out_and_told(
    call: Call, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *more: None if name in ("regopy", "cedarpy") else found(name, *more),
    )

    def nowhere(name: str) -> str:
        raise EngineError(f"`{name}` is not installed")

    monkeypatch.setattr("qgov.decision.engines.opa.server.program_at", nowhere)
    result = call("conform", "--root", small, "--engine", "all")
    alone = call("conform", "--root", small, "--engine", "rego")

    assert result.status == 0
    for name in ("rego", "cedar", "opa"):
        assert f"{name} is left out: " in result.err
    assert alone.status == 1
    assert "regopy is not installed; install qgov[engines]" in alone.err


def test_without_cirq_nothing_is_judged(
    call: Call, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *more: None if name == "cirq_google" else found(name, *more),
    )
    result = call("conform", "--root", small)

    assert (result.status, result.out) == (1, "")
    assert "install qgov[conform]" in result.err


def test_documents_that_are_not_understood_are_not_judged(call: Call, small: Path) -> None:
    (small / "qgov.yaml").write_text("kind: Organization\n")
    result = call("conform", "--root", small)

    assert (result.status, result.out) == (1, "")
    assert "qgov.yaml" in result.err


def test_a_binding_of_a_single_account_gives_nothing(call: Call) -> None:
    fixture = ROOT / "tests" / "fixtures" / "shared-login"
    result = call("conform", "--root", fixture, "--engine", "all", "--format", "json")
    found = document(result)
    assert result.status == 0, [c["id"] for c in found["cases"] if c["result"] == "failed"]
    assert {c["decision"]["allow"] for c in found["cases"]} == {False}


def test_what_a_cloud_enforces_needs_its_evaluator(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QGOV_IAM_SIMULATE", str(tmp_path))
    result = call("conform", "--root", ROOT, "--native", "aws")
    assert result.status == 1
    assert result.out == ""
    assert "run .ci/install-iam-simulate" in result.err
    assert call("conform", "--root", ROOT, "--native", "other").status == 1
    assert call("conform", "--root", ROOT, "--native", "aws", "--format", "junit").status == 1


@pytest.mark.real
@pytest.mark.no_cover
def test_what_aws_enforces_is_what_the_worked_repository_says(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QGOV_IAM_SIMULATE", str(need_evaluator()))
    result = call("conform", "--root", ROOT, "--native", "aws", "--format", "json")
    found = document(result)
    assert result.status == 0, [q for q in found["questions"] if q["result"] == "failed"]
    assert found["schema"] == "qgov/native/v1"
    assert found["summary"]["passed"] == len(found["questions"]) >= 300
    assert found["summary"]["allowed"] >= 50
