"""The OPA bundle: the same bytes always, read back to the bindings, accepted by OPA itself."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from qgov.decision.answer import as_decision
from qgov.decision.reference import decide
from qgov.decision.request import Request
from qgov.model.access_model import AccessModel
from qgov.targets.opa import TARGET
from qgov.targets.opa.bundle import canonical
from qgov.targets.target import Files
from tests.decision.harness import DEVELOPER, FILES, MODEL, asking
from tests.decision.test_reasons import ALLOWED, DENIED
from tests.strategies import linked, models, repositories, requests

SLOW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def content_of(files: Files) -> dict[str, bytes]:
    assert files["policy/opa/bundle.tar.gz"][3:8] == bytes(5)  # gzip: no name, no time
    with tarfile.open(fileobj=io.BytesIO(files["policy/opa/bundle.tar.gz"])) as archive:
        found = {}
        for entry in archive:
            stream = archive.extractfile(entry)
            assert stream is not None
            assert (entry.mtime, entry.mode, entry.uid, entry.uname) == (0, 0o644, 0, "")
            found[entry.name] = stream.read()
        return found


def test_the_bundle_holds_what_lies_beside_it() -> None:
    files = TARGET.emit(MODEL)
    assert set(files) == {
        "policy/opa/bundle.tar.gz",
        "policy/opa/.manifest",
        "policy/opa/data.json",
        "policy/opa/qgov/authz.rego",
    }
    assert content_of(files) == {
        path.removeprefix("policy/opa/"): content
        for path, content in files.items()
        if not path.endswith(".gz")
    }


def test_the_revision_is_a_digest_of_data_and_policy() -> None:
    files = TARGET.emit(MODEL)
    manifest = json.loads(files["policy/opa/.manifest"])
    data = json.loads(files["policy/opa/data.json"])["qgov"]
    assert manifest == {"revision": data["revision"], "roots": ["qgov"], "rego_version": 1}
    content = canonical(data["model"]) + files["policy/opa/qgov/authz.rego"]
    assert manifest["revision"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert canonical({"qgov": data}) == files["policy/opa/data.json"]


@pytest.mark.no_cover
@settings(SLOW, max_examples=20)
@given(repositories())
def test_the_same_repository_gives_the_same_bytes(files: dict[str, bytes]) -> None:
    backwards = dict(reversed(files.items()))
    assert TARGET.emit(linked(files)) == TARGET.emit(linked(backwards))


def test_a_moved_line_is_no_change() -> None:
    moved = {path: b"\n\n" + content for path, content in FILES.items()}
    assert TARGET.emit(linked(moved)) == TARGET.emit(MODEL)


def test_a_single_account_is_granted_nothing() -> None:
    tenant = FILES["tenants/aurora.yaml"].replace(
        b'"group": "developers"', b'"user": "mei@northwind.example"'
    )
    model = linked({**FILES, "tenants/aurora.yaml": tenant})
    assert b"mei@northwind.example" not in TARGET.emit(model)["policy/opa/data.json"]
    assert decide(model, asking(DEVELOPER)).reasons == ("no-grant",)


@pytest.mark.no_cover
@settings(SLOW, max_examples=50)
@given(models())
def test_only_harmless_text_reaches_the_data(model: AccessModel) -> None:
    """rego-cpp takes an escape in data literally, and prints texts without escaping them."""
    data = json.loads(TARGET.emit(model)["policy/opa/data.json"])
    assert all(re.fullmatch(r"[A-Za-z0-9*@.:/_~!&()+,;=%-]*", text) for text in texts(data))


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(text for child in value.values() for text in texts(child))]
    if isinstance(value, list):
        return [text for child in value for text in texts(child)]
    return [value] if isinstance(value, str) else []


def test_more_stars_than_the_policy_matches_are_refused() -> None:
    def findings(pattern: bytes) -> list[tuple[str, str]]:
        tenant = FILES["tenants/aurora.yaml"].replace(b"repo:northwind/*:ref:*/main", pattern)
        model = linked({**FILES, "tenants/aurora.yaml": tenant})
        return [(f.code, f.document) for f in TARGET.unsupported(model)]

    assert findings(b"a*b*c*d*e") == []
    assert findings(b"a**b**c**d**e") == []
    assert findings(b"a*b*c*d*e*f") == [("QG974", "Tenant/aurora")]


def test_a_decision_walks_nothing_but_the_subjects_own(pytestconfig: pytest.Config) -> None:
    """`some … in model…` is followed by the keys that it is found by, or walks everything."""
    policy = (pytestconfig.rootpath / "qgov/targets/opa/policy/qgov/authz.rego").read_text()
    assert re.findall(r"some \w+ in (model\S*)", policy) == []
    both = re.findall(r"some (\w+) in \[(model\.\w+), [^]]*\]\n\s*(.*)", policy)
    assert both == [
        ("granted", "model.grants", "some principal in principals"),
        ("reviewed", "model.elevations", "some elevation in reviewed[subject_id]"),
        ("held", "model.budgets", "terms := held[name]"),
    ]
    assert "held_by := granted[principal]" in policy
    assert not re.search(r"some (tenant|project|environment)\b", policy)


# ------------------------------------------------------------------------- OPA itself


@pytest.fixture(scope="module")
def opa() -> str:
    found = (
        os.environ.get("QGOV_OPA")
        or shutil.which("opa")
        or shutil.which("opa", path=str(Path(__file__).parents[2] / ".venv" / "bin"))
    )
    if not found:
        pytest.skip("opa is not installed (.ci/install-opa)")
    return found


def run(opa: str, *arguments: str) -> str:
    done = subprocess.run([opa, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.real
def test_opa_finds_nothing_to_say_of_the_policy(opa: str, tmp_path: Path) -> None:
    for path, content in TARGET.emit(MODEL).items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    folder = tmp_path / "policy" / "opa"
    run(opa, "check", "--strict", str(folder / "qgov"))
    run(opa, "check", "--strict", "--bundle", str(folder / "bundle.tar.gz"))
    assert run(opa, "fmt", "--diff", str(folder / "qgov")) == ""
    inspected = json.loads(
        run(opa, "inspect", "--annotations", "--format", "json", str(folder / "bundle.tar.gz"))
    )
    notes = [note["annotations"] for note in inspected["annotations"]]
    assert sorted(n["title"] for n in notes if n.get("entrypoint")) == ["Allow", "Decision"]


@pytest.mark.no_cover
@pytest.mark.real
def test_opa_decides_as_the_reference_does(opa: str, tmp_path: Path) -> None:
    """Some 200 requests, raw and normalized, each as a caller of the REST API would send it."""
    asked = [(MODEL, r) for r in (*ALLOWED.values(), *(r for r, _ in DENIED.values()))]
    drawn: list[tuple[AccessModel, dict[str, Any]]] = []

    @seed(1)
    @settings(SLOW, max_examples=12, database=None, phases=[Phase.generate])
    @given(st.data())
    def draw(data: st.DataObject) -> None:
        model = data.draw(models())
        drawn.extend((model, data.draw(requests(model))) for _ in range(10))

    draw()
    by_model: dict[int, list[tuple[AccessModel, dict[str, Any]]]] = {}
    for model, request in (*asked, *drawn):
        by_model.setdefault(id(model), []).append((model, request))
    for group in by_model.values():
        model = group[0][0]
        wanted = [decide(model, request) for _, request in group]
        answers = ask(
            opa, tmp_path, model, [Request.from_json(request).to_json() for _, request in group]
        )
        for (_, request), want, answer in zip(group, wanted, answers, strict=True):
            got = as_decision(answer)
            assert (got.allow, got.reasons, got.warnings, got.obligations) == (
                want.allow,
                want.reasons,
                want.warnings,
                want.obligations,
            ), json.dumps(request)
    assert len(asked) + len(drawn) >= 200


@pytest.mark.real
def test_opa_reads_requests_that_nobody_normalized(opa: str, tmp_path: Path) -> None:
    answers = ask(opa, tmp_path, MODEL, list(ALLOWED.values()))
    assert all(answer["allow"] for answer in answers)
    denied = ask(opa, tmp_path, MODEL, [request for request, _ in DENIED.values()])
    assert not any(answer["allow"] for answer in denied)


def ask(opa: str, folder: Path, model: AccessModel, inputs: list[Any]) -> list[Any]:
    """One evaluation that asks the entry point for every input."""
    bundle, batch = folder / "bundle.tar.gz", folder / "inputs.json"
    bundle.write_bytes(TARGET.emit(model)["policy/opa/bundle.tar.gz"])
    batch.write_text(json.dumps(inputs))
    query = "[d | some i in input; d := data.qgov.authz.decision with input as i]"
    printed = run(
        opa, "eval", "--bundle", str(bundle), "--input", str(batch), "--format", "raw", query
    )
    answers: list[Any] = json.loads(printed)
    return answers
