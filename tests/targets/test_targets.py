"""What holds for every target, and that those that give access agree on it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel, Binding
from qgov.records import replace
from qgov.targets import Access, Target, emit, outlined, targets
from qgov.targets.hcl import Equal, parse, quote
from qgov.targets.sections import Section, View
from tests.strategies import models
from tests.targets.aws import hostile_on_aws, on_aws, renamed_on_aws
from tests.targets.azure import hostile_on_azure, on_azure, renamed_on_azure
from tests.targets.direct import company as at_a_vendor
from tests.targets.direct import on_vendors
from tests.targets.directories import (
    PRODUCTS,
    can_say,
    company,
    is_known,
    models_of_every_product,
)
from tests.targets.google import federated_at_google, on_google
from tests.targets.ibm import on_ibm, renamed_on_ibm
from tests.targets.worked import (
    ROOT,
    example,
    hostile,
    organization,
    renamed,
    repository,
    role,
    worked,
)
from tests.terraform.harness import (
    SCHEMAS,
    Env,
    errors,
    fmt_check,
    init,
    mirror,
    need_terraform,
    terraform,
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
    """The accesses of the bindings themselves, as far as a target can say them."""
    if name == "braket":
        return on_aws(model)
    if name == "azure":
        return on_azure(model)
    if name == "ibm":
        return on_ibm(model)
    if name == "google":
        return on_google(model)
    if name == "direct":
        return on_vendors(model)
    return frozenset(
        Access(binding.principal, permission, binding.scope, binding.eligible is not None, own)
        for binding in model.bindings
        if name not in PRODUCTS or can_say(model, name, binding)
        if name != "idp" or is_known(model, binding)
        for permission, own in model.roles[binding.role].permissions.items()
    )


def told(target: Target) -> AccessModel:
    """The worked repository; for a directory or vendor that it does not have, a company that has
    it."""
    if target.name == "direct":
        return at_a_vendor()
    return company() if target.name in {"entra", "generic", "okta"} else worked()


@every_target
def test_the_same_model_gives_the_same_bytes(target: Target) -> None:
    assert target.emit(worked()) == target.emit(worked.__wrapped__())


@pytest.mark.parametrize(
    "target", [t for t in targets().values() if t.outline or t.sections], ids=lambda t: t.name
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
    for first, second in ((one, other), (one, worked()), (worked(), worked.__wrapped__())):
        values, others = _outline(target, first), _outline(target, second)
        files, others_files = target.emit(first), target.emit(second)
        paths = {*files, *others_files}
        assert {*values, *others} == paths
        for path in paths:
            same = files.get(path) == others_files.get(path)
            assert (values.get(path) == others.get(path)) == same


@settings(
    max_examples=60,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(model=st.one_of(models(), st.just(worked())), data=st.data())
def test_outlines_say_which_files_a_permission_of_a_role_changes(
    model: AccessModel, data: st.DataObject
) -> None:
    """Though no section is made that does not look at it."""
    name = data.draw(st.sampled_from(sorted(model.roles)))
    permission = data.draw(st.sampled_from(sorted(CATALOGUE)))
    held = dict(model.roles[name].permissions)
    if held.pop(permission, None) is None:
        held = dict(sorted({**held, permission: False}.items()))
    role = replace(model.roles[name], permissions=held)
    other = replace(model, roles={**model.roles, name: role})

    (one, _), (two, _) = outlined(model, other)
    files, others = emit(model)[0], emit(other)[0]

    if files and others:
        differing = {path for path in {*one, *two} if one.get(path) != two.get(path)}
        assert differing == {p for p in {*files, *others} if files.get(p) != others.get(p)}


def _outline(target: Target, model: AccessModel) -> dict[str, Any]:
    """By path what each section makes of as much of the model as it sees."""
    found: dict[str, dict[int, Any]] = defaultdict(dict)
    for number, section in enumerate(target.sections or (Section(target.outline or target.emit),)):
        for path, value in section.of(View(model)(section.permissions)).items():
            found[path][number] = value
    return dict(found)


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
    files = target.emit(told(target))
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


@pytest.mark.no_cover
@given(model=models_of_every_product())
@settings(
    max_examples=40,
    deadline=None,
    phases=set(Phase) - {Phase.shrink},
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_every_directory_agrees_with_the_mapping_and_the_bundle(model: AccessModel) -> None:
    """One table over all products: what each says is what the bindings say of it."""
    found = {n: t.read_back(t.emit(model)) for n, t in targets().items() if t.read_back}
    for name, read in found.items():
        assert read == granted(model, name), name
    for name in PRODUCTS:
        known = frozenset(a for a in found.get(name, ()) if a in found["idp"] or a in found["opa"])
        assert known == found.get(name, frozenset())


@every_reader
def test_the_worked_repository_is_read_back_whole(target: Target) -> None:
    assert target.read_back is not None
    model = told(target)
    found = target.read_back(target.emit(model))
    least = {"direct": 0, "google": 0, "ibm": 15}
    assert len(found) > least.get(target.name, 50 if model is worked() else 2)
    assert found == granted(model, target.name)


@every_reader
def test_a_company_with_every_directory_is_read_back_whole(target: Target) -> None:
    assert target.read_back is not None
    for model in (company(), company(evil=True), company(renamed=True), example()):
        assert target.read_back(target.emit(model)) == granted(model, target.name)


def _tells(name: str, model: AccessModel, binding: Binding) -> bool:
    """Whether a target shows that a binding is gone."""
    if name == "direct":
        return binding.role == "researcher"
    if name == "google":
        return binding.scope.startswith("meridian/production")
    return binding.role == "auditor" if model is worked() else can_say(model, name, binding)


@every_reader
def test_a_dropped_binding_is_missed_when_read_back(target: Target) -> None:
    from dataclasses import replace

    assert target.read_back is not None
    model = told(target)
    dropped = next(b for b in model.bindings if _tells(target.name, model, b))
    fewer = replace(model, bindings=tuple(b for b in model.bindings if b is not dropped))
    lost = granted(model, target.name) - granted(fewer, target.name)
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
        name: SCHEMAS / f"{name}.json"
        for name in (
            *("aws", "awscc", "azapi", "azuread", "azurerm", "google"),
            *("ibm", "keycloak", "okta"),
        )
    }
    env = mirror(tmp_path_factory.mktemp("providers"), schemas)
    folder = tmp_path_factory.mktemp("out")
    bare = repository(organization())
    for name, model in (
        ("company", company()),
        ("company-hostile", company(evil=True)),
        ("company-renamed", company(renamed=True)),
        ("worked", worked()),
        ("example", example()),
        ("hostile", hostile()),
        ("renamed", renamed()),
        ("bare", bare),
        ("hostile-aws", hostile_on_aws()),
        ("renamed-aws", renamed_on_aws()),
        ("hostile-azure", hostile_on_azure()),
        ("renamed-azure", renamed_on_azure()),
        ("renamed-ibm", renamed_on_ibm()),
        ("google", federated_at_google()),
    ):
        clouds = ("azure", "braket", "google", "ibm")
        for path, content in emit(model, [*clouds, *PRODUCTS])[0].items():
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


PLANTED = {
    "entra-groups.tf": ("security_enabled", "securityEnabled", "Unsupported argument"),
    "entra-sign-in.tf": ("applications {", "application {", "Unsupported block"),
    "entra-claims.tf": ("group_membership_claims = [", "groups = [", "Unsupported argument"),
    "entra-just-in-time.tf": ("assignment_type ", "type ", "Missing required argument"),
    "okta-groups.tf": ("  name ", "  display_name ", "Missing required argument"),
    "okta-sign-in.tf": ("groups_included", "groups", "Unsupported argument"),
    "okta-claims.tf": ("redirect_uris = [", "redirect_uri = [", "Unsupported argument"),
    "entra-requests.tf": ("primary_approver {", "approver {", "Unsupported block"),
    "entra-workloads.tf": (".client_id", ".app_id", "Unsupported attribute"),
}


@pytest.mark.real
@pytest.mark.parametrize("file", PLANTED)
def test_terraform_refuses_a_mistake_in_each_file_of_a_directory(
    modules: Modules, tmp_path: Path, file: str
) -> None:
    folder, env = modules
    right, wrong, complaint = PLANTED[file]
    root = tmp_path / "root"
    shutil.copytree(folder / "company/terraform/identity" / file.partition("-")[0], root)
    text = (root / file).read_text()
    assert right in text
    (root / file).write_text(text.replace(right, wrong, 1))
    init(root, env)
    found = errors(validate(root, env))
    assert any(complaint in each for each in found), found


MOCKED = """\
mock_provider "PROVIDER" {}

run "plan" {
  command = plan
}
"""


OVERRIDDEN = """
override_resource {
  target = okta_auth_server.qgov
}
"""

NAMES = {"azuread_groups": "display_names", "okta_group": "name"}


def there(root: Path, called: str | None = None) -> str:
    """The groups of a directory that exist: called as the module has it, or otherwise."""
    found = (block for path in root.glob("*.tf") for block in parse(path.read_bytes()))
    text = ""
    for block in (each for each in found if each.type == "data"):
        says = [b.attributes["condition"] for inner in block.blocks for b in inner.blocks]
        name = says[0].right if says and isinstance(says[0], Equal) else "x"
        value = quote(name if called is None else called)
        field = NAMES[block.labels[0]]
        value = f"[{value}]" if field.endswith("s") else value
        target = ".".join(("data", *block.labels))
        text += f"override_data {{\n  target = {target}\n  values = {{ {field} = {value} }}\n}}\n"
    assert text
    return text


@pytest.mark.real
@pytest.mark.parametrize("name", ["entra", "okta"])
@pytest.mark.parametrize("world", ["company", "company-hostile", "company-renamed"])
def test_a_mock_plan_of_a_directory_succeeds(
    modules: Modules, tmp_path: Path, name: str, world: str
) -> None:
    folder, env = modules
    root = tmp_path / "root"
    shutil.copytree(folder / world / "terraform/identity" / name, root)
    provider = {"entra": "azuread", "okta": "okta"}[name]
    text = MOCKED.replace("PROVIDER", provider) + there(root)
    if b"import {" in b"".join(file.read_bytes() for file in root.glob("*.tf")):
        text += OVERRIDDEN  # nothing is imported from a mock
    (root / "mocked.tftest.hcl").write_text(text)
    init(root, env)
    done = terraform(root, env, "test", "-no-color")
    assert "1 passed, 0 failed" in done.stdout, done.stdout + done.stderr


@pytest.mark.real
@pytest.mark.parametrize("name", ["entra", "okta"])
def test_a_plan_fails_where_an_id_is_that_of_another_group(
    modules: Modules, tmp_path: Path, name: str
) -> None:
    folder, env = modules
    root = tmp_path / "root"
    shutil.copytree(folder / "company-hostile" / "terraform/identity" / name, root)
    provider = {"entra": "azuread", "okta": "okta"}[name]
    text = MOCKED.replace("PROVIDER", provider) + there(root, "Payroll Administrators")
    (root / "mocked.tftest.hcl").write_text(text)
    init(root, env)
    done = terraform(root, env, "test", "-no-color")
    assert "0 passed, 1 failed" in done.stdout, done.stdout + done.stderr
    assert "Resource postcondition failed" in done.stderr
    assert "is another one." in done.stderr


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
