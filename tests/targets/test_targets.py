"""What holds for every target, and that those that give access agree on it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from qgov.model.access_model import AccessModel
from qgov.targets import Access, Target, emit, targets
from tests.strategies import models
from tests.targets.aws import hostile_on_aws, on_aws, renamed_on_aws
from tests.targets.direct import company as at_a_vendor
from tests.targets.direct import on_vendors
from tests.targets.google import federated_at_google, on_google
from tests.targets.ibm import on_ibm, renamed_on_ibm
from tests.targets.worked import ROOT, hostile, organization, renamed, repository, role, worked
from tests.terraform.harness import (
    SCHEMAS,
    Env,
    errors,
    fmt_check,
    init,
    mirror,
    need_terraform,
    validate,
)

every_target = pytest.mark.parametrize("target", targets().values(), ids=list(targets()))
every_reader = pytest.mark.parametrize(
    "target",
    [t for t in targets().values() if t.read_back is not None],
    ids=[name for name, t in targets().items() if t.read_back is not None],
)

DIGEST = """
import hashlib
from qgov.targets import targets
from tests.targets.worked import worked
digest = hashlib.sha256()
for name, target in targets().items():
    for path, content in target.emit(worked()).items():
        digest.update(f"{name} {path} {len(content)} ".encode() + content)
print(digest.hexdigest())
"""


def granted(model: AccessModel, name: str = "") -> frozenset[Access]:
    """The accesses of the bindings themselves, as far as a target can tell them apart."""
    if name == "braket":
        return on_aws(model)
    if name == "ibm":
        return on_ibm(model)
    if name == "google":
        return on_google(model)
    if name == "direct":
        return on_vendors(model)
    providers, keycloak = model.organization.providers, name == "keycloak"

    def provider_of(principal: str) -> str:
        kind, _, name = principal.partition(":")
        if kind == "group":
            return model.groups[name].provider
        return model.tenants[model.workloads[name].tenant].provider

    return frozenset(
        Access(binding.principal, permission, binding.scope, binding.eligible is not None, own)
        for binding in model.bindings
        if not keycloak or providers[provider_of(binding.principal)].value.type == "keycloak"
        for permission, own in model.roles[binding.role].permissions.items()
    )


def told_to(target: Target) -> AccessModel:
    """The worked repository, or one that uses a vendor directly, which it does not."""
    return at_a_vendor() if target.name == "direct" else worked()


@every_target
def test_the_same_model_gives_the_same_bytes(target: Target) -> None:
    assert target.emit(worked()) == target.emit(worked.__wrapped__())


@pytest.mark.parametrize(
    "target", [t for t in targets().values() if t.outline], ids=lambda t: t.name
)
@settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(one=models(), other=models())
def test_an_outline_says_which_files_differ(
    target: Target, one: AccessModel, other: AccessModel
) -> None:
    assert target.outline is not None
    for first, second in ((one, other), (one, worked()), (worked(), worked.__wrapped__())):
        outlines, others = target.outline(first), target.outline(second)
        files, others_files = target.emit(first), target.emit(second)
        paths = {*files, *others_files}
        assert {*outlines, *others} == paths
        for path in paths:
            same = files.get(path) == others_files.get(path)
            assert (outlines.get(path) == others.get(path)) == same


def test_output_does_not_depend_on_the_order_of_hashes() -> None:
    found = {
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            cwd=ROOT,
            check=True,
            capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


@every_target
def test_paths_are_relative_and_texts_end_with_a_line(target: Target) -> None:
    files = target.emit(told_to(target))
    assert files
    for path, content in files.items():
        assert str(PurePosixPath(path)) == path
        assert not path.startswith("/")
        assert ".." not in PurePosixPath(path).parts
        if PurePosixPath(path).suffix != ".gz":
            content.decode()
            assert b"\r" not in content
            assert str(ROOT).encode() not in content
            # The files of a bundle are the bytes that its signature is about.
            assert path.startswith("policy/opa/") or re.search(rb"[^\n]\n\Z", content)


_watched: list[str] | None = None
_FORBIDDEN = ("socket.", "subprocess.", "os.system", "os.exec", "os.remove", "os.mkdir", "shutil.")


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if _watched is None:
        return
    # A target may read the static text that it ships, and nothing else.
    foreign = event == "open" and not str(arguments[0]).startswith(f"{ROOT}/qgov/")
    written = event == "open" and arguments[1] not in ("r", "rb")
    if foreign or written or event.startswith(_FORBIDDEN):
        _watched.append(f"{event} {arguments}")


@every_target
def test_emitting_touches_nothing_outside(target: Target) -> None:
    global _watched  # noqa: PLW0603 - an audit hook cannot be taken away again
    target.emit(worked())  # what is imported or cached is so from now on
    sys.addaudithook(_watch)
    _watched = []
    try:
        target.emit(worked())
        assert _watched == []
    finally:
        _watched = None


@pytest.mark.no_cover
@given(model=models())
@settings(
    max_examples=40,
    deadline=None,
    phases=set(Phase) - {Phase.shrink},
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_what_is_read_back_is_what_the_bindings_say(model: AccessModel) -> None:
    for name, target in targets().items():
        if target.read_back is not None:
            wanted = granted(model, name)
            assert target.read_back(target.emit(model)) == wanted, name


@every_reader
def test_the_worked_repository_is_read_back_whole(target: Target) -> None:
    assert target.read_back is not None
    found = target.read_back(target.emit(told_to(target)))
    assert len(found) > {"direct": 0, "google": 0, "ibm": 15}.get(target.name, 50)
    assert found == granted(told_to(target), target.name)


@every_reader
def test_a_dropped_binding_is_missed_when_read_back(target: Target) -> None:
    from dataclasses import replace

    assert target.read_back is not None
    whole = told_to(target)
    submits = target.name in ("direct", "google")  # of these nothing else is known
    dropped = next(b for b in whole.bindings if b.role == ("researcher" if submits else "auditor"))
    if target.name == "google":
        dropped = next(b for b in whole.bindings if b.scope.startswith("meridian/production"))
    fewer = replace(whole, bindings=tuple(b for b in whole.bindings if b is not dropped))
    lost = granted(whole, target.name) - granted(fewer, target.name)
    assert lost
    assert not lost & target.read_back(target.emit(fewer))


@every_reader
def test_a_person_is_given_nothing_and_other_files_say_nothing(target: Target) -> None:
    assert target.read_back is not None
    model = repository(
        organization(bindings=[{"user": "mei@northwind.example", "role": "lead", "on": "*"}]),
        role("lead", "job:read"),
    )
    files = {**target.emit(model), "README.md": b"x", "terraform/identity/workforce/x.txt": b"x"}
    assert not {a for a in target.read_back(files) if not a.principal.startswith("user:")}


def test_targets_write_different_files() -> None:
    files, findings = emit(worked())
    assert not [f for f in findings if f.severity == "error"]
    assert len(files) == sum(len(target.emit(worked())) for target in targets().values())


@every_target
def test_hostile_texts_are_emitted_by_every_target(target: Target) -> None:
    for content in target.emit(hostile()).values():
        assert hashlib.sha256(content).digest()


Modules = tuple[Path, Env]


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Modules:
    """The Terraform of several repositories, and the environment for it."""
    need_terraform()
    schemas = {
        name: SCHEMAS / f"{name}.json" for name in ("aws", "awscc", "google", "ibm", "keycloak")
    }
    env = mirror(tmp_path_factory.mktemp("providers"), schemas)
    folder = tmp_path_factory.mktemp("out")
    bare = repository(organization())
    for name, model in (
        ("worked", worked()),
        ("hostile", hostile()),
        ("renamed", renamed()),
        ("bare", bare),
        ("hostile-aws", hostile_on_aws()),
        ("renamed-aws", renamed_on_aws()),
        ("renamed-ibm", renamed_on_ibm()),
        ("google", federated_at_google()),
    ):
        for path, content in emit(model, ["braket", "google", "ibm", "keycloak"])[0].items():
            file = folder / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    return folder, env


@pytest.mark.real
def test_terraform_fmt_keeps_the_emitted_files(modules: Modules) -> None:
    folder, _ = modules
    assert list(folder.rglob("*.tf"))
    assert fmt_check(folder) == ""


@pytest.mark.real
def test_terraform_accepts_every_root_module(modules: Modules) -> None:
    folder, env = modules
    roots = sorted({path.parent for path in folder.rglob("*.tf")})
    assert len(roots) >= 9
    for root in roots:
        init(root, env)
        assert validate(root, env) == []


@pytest.mark.real
@pytest.mark.parametrize(
    ("planted", "complaint"),
    [
        ('colour = "red"\n', "Unsupported argument"),
        ("enabled = [1]\n", "Incorrect attribute"),
        ('otp_policy {\n  digits = "six"\n}\n', ""),
    ],
)
def test_terraform_refuses_a_planted_mistake(
    modules: Modules, tmp_path: Path, planted: str, complaint: str
) -> None:
    folder, env = modules
    root = tmp_path / "root"
    shutil.copytree(next(folder.glob("hostile/terraform/identity/*")), root)
    realm = root / "realm.tf"
    text = re.sub(r"  enabled +=.*\n", "", realm.read_text(), count=1)
    realm.write_text(text.replace("  lifecycle {", f"  {planted}  lifecycle {{"))
    init(root, env)
    found = errors(validate(root, env))
    assert found
    assert complaint in found[0]
