"""A real OPA that serves another bundle, other data or another policy than was reviewed."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from qgov.drift.drift import Kind, Report
from qgov.drift.observe import chosen, observe
from qgov.drift.observer import UnreadableError
from qgov.model.access_model import AccessModel
from qgov.plan.risk import Risk
from qgov.targets import emit
from tests.drift.conftest import NOW
from tests.drift.loopback import Reply, as_json, serving


def read(model: AccessModel, base: str) -> Report:
    environment = {"QGOV_OPA_URL": base}
    return observe(model, chosen(["opa"], environment), environment, NOW)


@pytest.fixture(scope="module")
def bundle(model: AccessModel) -> tuple[dict[str, Any], str]:
    files, _ = emit(model, ["opa"])
    return json.loads(files["policy/opa/data.json"]), files["policy/opa/qgov/authz.rego"].decode()


@pytest.fixture(scope="module")
def opa() -> Iterator[Callable[[dict[str, Any], str], str]]:
    """Gives one server data and the policy, and its address."""
    program = shutil.which("opa", path=f"{Path(sys.prefix, 'bin')}") or shutil.which("opa")
    if program is None:
        pytest.skip("missing: opa (.ci/install-opa)")
    with socket.create_server(("127.0.0.1", 0)) as free:
        base = f"http://127.0.0.1:{free.getsockname()[1]}"
    command = [program, "run", "--server", "--addr", base.removeprefix("http://")]
    server = subprocess.Popen(
        [*command, "--skip-version-check"], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )

    def serve(data: dict[str, Any], policy: str) -> str:
        client.delete("/v1/data/qgov")
        for part in ("model", "revision"):
            answer = client.put(f"/v1/data/qgov/{part}", json=data["qgov"][part])
            answer.raise_for_status()
        client.put("/v1/policies/qgov/authz.rego", content=policy).raise_for_status()
        return base

    with httpx.Client(base_url=base, timeout=30, trust_env=False) as client:
        for _ in range(200):
            try:
                if client.get("/health").is_success:
                    break
            except httpx.TransportError:
                time.sleep(0.05)
        yield serve
    server.kill()
    server.wait()


def changed(data: dict[str, Any], change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(data))
    change(copy["qgov"]["model"])
    return copy


def tenant(model: dict[str, Any], name: str) -> dict[str, Any]:
    return next(shard[name] for shard in model["tenants"].values() if name in shard)


def grant(model: dict[str, Any]) -> None:
    grants = tenant(model, "aurora")["grants"]
    grants["group:aurora-contractors"]["at"]["aurora/production"] = [{"role": "researcher"}]


def revoke(model: dict[str, Any]) -> None:
    del tenant(model, "aurora")["grants"]["group:aurora-researchers"]["at"]["aurora/test/chemistry"]


def widen(model: dict[str, Any]) -> None:
    model["roles"]["researcher"]["permissions"]["result:export"] = False


def standing(model: dict[str, Any]) -> None:
    held = tenant(model, "aurora")["grants"]["group:aurora-developers"]["at"]["aurora/production"]
    held[0].pop("eligible")


def no_mfa(model: dict[str, Any]) -> None:
    del tenant(model, "aurora")["environments"]["production"]["floor"]["mfa"]


def approvers(model: dict[str, Any]) -> None:
    held = tenant(model, "aurora")["grants"]["group:aurora-developers"]["at"]["aurora/production"]
    held[0]["eligible"]["approvers"] = "aurora-developers"


def elevated(model: dict[str, Any]) -> None:
    tenant(model, "aurora")["elevations"]["eve@northwind.example"] = []


CASES: dict[str, tuple[Callable[[dict[str, Any]], object], Kind, str]] = {
    "grant": (
        grant,
        Kind.UNMANAGED,
        "`aurora-contractors` may `job:submit` on aurora/production",
    ),
    "revoke": (revoke, Kind.MISSING, "`aurora-researchers` may not `job:submit` on aurora/test"),
    "widen": (widen, Kind.UNMANAGED, "`aurora-researchers` may `result:export`"),
    "standing": (
        standing,
        Kind.CHANGED,
        "`aurora-developers` may `job:submit` on aurora/production",
    ),
    "no mfa": (no_mfa, Kind.CHANGED, "environments/production/floor/mfa"),
    "approvers": (approvers, Kind.CHANGED, "may use the role on other terms"),
    "elevation": (elevated, Kind.CHANGED, "aurora/elevations"),
}


@pytest.mark.real
def test_what_was_reviewed_is_in_sync(
    model: AccessModel, bundle: tuple[dict[str, Any], str], opa: Callable[..., str]
) -> None:
    report = read(model, opa(*bundle))
    assert report.drift == ()
    assert report.sources[0].facts > 500


@pytest.mark.real
@pytest.mark.parametrize("case", CASES)
def test_data_that_nobody_reviewed_are_told(
    model: AccessModel, bundle: tuple[dict[str, Any], str], opa: Callable[..., str], case: str
) -> None:
    """Though the revision is the one that was compiled."""
    change, kind, words = CASES[case]
    drift = read(model, opa(changed(bundle[0], change), bundle[1])).drift
    assert [d for d in drift if d.kind is kind and words in d.message], drift
    assert "eve@" not in str(drift)


@pytest.mark.real
def test_another_revision_or_policy_is_told(
    model: AccessModel, bundle: tuple[dict[str, Any], str], opa: Callable[..., str]
) -> None:
    data, policy = bundle
    older = {"qgov": {**data["qgov"], "revision": "sha256:0"}}
    (stale,) = read(model, opa(older, policy)).drift
    assert (stale.kind, stale.observed) == (Kind.STALE_BUNDLE, "sha256:0")
    (other,) = read(model, opa(data, f"{policy}\n# by hand\n")).drift
    assert (other.kind, other.risk, other.permission) == (Kind.CHANGED, Risk.CRITICAL, "job:submit")


DATA: dict[str, Any] = {"result": {"actions": {}}}


@pytest.mark.parametrize(
    ("path", "reply", "reason"),
    [
        ("/v1/data/qgov/revision", as_json({}), "undefined, so no bundle of qgov is loaded"),
        ("/v1/data/qgov/revision", as_json({"result": 7}), "of a version that is not known"),
        ("/v1/data/qgov/model", as_json(DATA), "of a version that is not known"),
        ("/v1/policies", as_json({"result": [{"id": 1}]}), "of a version that is not known"),
        ("/v1/policies", Reply(status=403), "forbidden"),
    ],
)
def test_what_is_no_bundle_is_unreadable(
    model: AccessModel,
    bundle: tuple[dict[str, Any], str],
    path: str,
    reply: Reply,
    reason: str,
) -> None:
    own = bundle[0]["qgov"]
    good = {
        "/v1/data/qgov/revision": as_json({"result": own["revision"]}),
        "/v1/data/qgov/model": as_json({"result": own["model"]}),
        "/v1/policies": as_json({"result": [{"id": "b/qgov/authz.rego", "raw": bundle[1]}]}),
    }
    with serving(lambda p, _q: good[p]) as base:
        assert read(model, base).drift == ()
    with (
        serving(lambda p, _q: reply if p == path else good[p]) as base,
        pytest.raises(UnreadableError, match=reason),
    ):
        read(model, base)


def test_a_bundle_that_is_swapped_while_it_is_read_is_unreadable(
    model: AccessModel, bundle: tuple[dict[str, Any], str]
) -> None:
    own, asked = bundle[0]["qgov"], [0]

    def answers(path: str, _query: str) -> Reply:
        if path == "/v1/data/qgov/revision":
            asked[0] += 1
            return as_json({"result": f"sha256:{asked[0]}"})
        return as_json({"result": own["model"] if "data" in path else []})

    with serving(answers) as base, pytest.raises(UnreadableError, match="another bundle"):
        read(model, base)
