"""A new tenant comes from the repository's own templates, whole and valid or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from qgov.adoption.additions import add_files
from qgov.adoption.answers import read_answers
from qgov.adoption.onboarding import TEMPLATES, onboard, read_templates
from qgov.decision.access_tests import run
from qgov.decision.engines.reference import ReferenceEngine
from qgov.finding import has_errors
from qgov.pipeline import load
from qgov.repository import RepositoryError, read_work_tree
from tests.adoption.worlds import NOW, answered, contents
from tests.cli.conftest import Call, Result
from tests.cli.process import ROOT

NEW = {path.format("corvus") for path in TEMPLATES.values()}
HOSTILE = [
    "x, role: platform-admin",
    "x}\n    - {group: evil",
    "corvus-leads # comment",
    "{{ 7 * 7 }}",
    "${file(1)}",
    "*anchor",
    "!!python/object:os.system",
    "<img src=x onerror=alert(1)>",
    "=cmd()",
    "@team",
    "`",
    "",
    " ",
    "\u202eleads",
]

MISFITS: list[tuple[dict[str, str | None], str]] = [
    ({"contact": None}, "answers.yaml:1:1: error QG124"),
    ({"contact": None}, "no answer for `contact`, which templates/tenant.yaml.j2 asks for"),
    ({"projects": None}, "templates/access-test.yaml.j2, templates/tenant.yaml.j2"),
    ({"owner_gruop": "x"}, "`owner_gruop` is not an answer"),
    ({"contact": None, "kontact": "x"}, "did you mean `contact`?"),
    ({"tenant": "other"}, "it is given on the command line"),
    ({"projects": "[]"}, "the answer `projects` is an empty list"),
    ({"projects": "{a: b}"}, "is neither text, nor a whole number"),
    ({"residency": "[[eu]]"}, "is neither text, nor a whole number"),
    ({"contact": "null"}, "is neither text, nor a whole number"),
    ({"cost_center": "1.5"}, "is neither text, nor a whole number"),
    ({"cost_center": "true"}, "is neither text, nor a whole number"),
    ({"title": "x" * 1001}, "has a text of more than 1,000 characters"),
    ({"projects": str(["p"] * 101)}, "has 101 items, more than 100"),
    ({"title": "a\ntitle: b"}, "QG107"),
    ({"monthly_limit": "a lot"}, "budgets/corvus.yaml:8:"),
    ({"inputs_store": "shared-input"}, "did you mean `shared-inputs`?"),
    ({"owner_group": "true"}, "is neither text"),
    ({"owner_group": '"true"'}, "tenants/corvus/tenant.yaml:8:"),
    ({"residency": "[mars]"}, "tenants/corvus/tenant.yaml:23:"),
]


def onboarded(call: Call, repository: Path, answers: Path, *more: str) -> Result:
    """What `qgov onboard tenant corvus` returned and printed."""
    return call("onboard", "tenant", "corvus", "--answers", answers, "--root", repository, *more)


def test_a_new_tenant_is_valid_and_as_its_owners_expect(repository: Path, call: Call) -> None:
    found = onboarded(call, repository, answered(repository, {"projects": "[packing, tours]"}))
    files, _ = read_work_tree(repository)
    loaded = load(files)
    model = loaded.model

    assert found.status == 0
    assert found.out.splitlines()[:4] == [f"wrote {p.format('corvus')}" for p in TEMPLATES.values()]
    assert loaded.findings == ()
    assert model is not None
    assert model.tenants["corvus"].environments["sandbox"].projects == ("packing", "tours")
    results = [r for r in run(model, ReferenceEngine(model)) if r.test.document == "corvus"]
    assert [r.passed for r in results] == [True] * 6
    assert "`corvus/sandbox/tours`" in (repository / "tenants/corvus/welcome.md").read_text()
    assert call("validate", "--root", repository).status == 0


def test_a_dry_run_shows_each_file_and_writes_none(repository: Path, call: Call) -> None:
    before = contents(repository)
    answers = answered(repository)
    found = onboarded(call, repository, answers, "--dry-run")

    assert found.status == 0
    assert contents(repository) == before
    onboarded(call, repository, answers)
    for path in NEW:
        assert f"--- {path}\n{(repository / path).read_text()}" in found.out


def test_a_second_time_is_refused_and_changes_nothing(repository: Path, call: Call) -> None:
    answers = answered(repository)
    onboarded(call, repository, answers)
    before = contents(repository)
    found = onboarded(call, repository, answers)

    assert found.status == 1
    assert "budgets/corvus.yaml is there already" in found.err
    assert contents(repository) == before


@pytest.mark.parametrize("path", sorted(NEW))
def test_no_file_takes_the_place_of_another(repository: Path, call: Call, path: str) -> None:
    (repository / path).parent.mkdir(parents=True, exist_ok=True)
    (repository / path).write_text("# mine\n")
    before = contents(repository)
    found = onboarded(call, repository, answered(repository))

    assert found.status == 1
    assert contents(repository) == before


@pytest.mark.parametrize(("changed", "expected"), MISFITS, ids=range(len(MISFITS)))
def test_what_does_not_fit_is_said_with_its_place_and_nothing_is_written(
    repository: Path, call: Call, changed: dict[str, str | None], expected: str
) -> None:
    before = contents(repository)
    found = onboarded(call, repository, answered(repository, changed))

    assert found.status == 1
    assert found.out == ""
    assert expected in " ".join(found.err.split())
    assert "→" in found.err
    assert contents(repository) == before


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", ["owner_group", "developers_group", "projects", "audit_store"])
def test_an_answer_can_add_nothing_but_itself(
    repository: Path, call: Call, name: str, text: str
) -> None:
    before = contents(repository)
    quoted = yaml.dump(text, default_flow_style=True, width=9999).removesuffix("\n...\n").strip()
    found = onboarded(
        call,
        repository,
        answered(repository, {name: f"[{quoted}]" if name == "projects" else quoted}),
    )

    assert found.status == 1
    assert "answers.yaml:" in found.err
    assert "internal error" not in found.err
    assert contents(repository) == before


@pytest.mark.parametrize("text", HOSTILE[:11])
def test_free_text_stays_one_scalar(repository: Path, text: str) -> None:
    data = answered(repository, {"title": None}).read_bytes() + yaml.dump({"title": text}).encode()
    answers, _ = read_answers("answers.yaml", data)
    files, _ = read_work_tree(repository)
    assert answers is not None
    made = onboard(files, read_templates(repository), "corvus", answers, NOW)
    documents = {path: data for path, data in made.files.items() if path.endswith(".yaml")}
    model = load({**files, **documents}).model

    assert not has_errors(made.findings)
    assert model is not None
    assert model.tenants["corvus"].metadata.title == text
    assert len(model.tenants["corvus"].spec.bindings) == 2


@pytest.mark.parametrize(
    "name", ["../up", "a/b", "Corvus", "", "-x-", "a\nb", "null", "12", "x" * 64, "corvus\x00"]
)
def test_a_tenant_has_a_name_of_the_language(repository: Path, call: Call, name: str) -> None:
    before = contents(repository)
    found = call(
        "onboard", "tenant", f"--answers={answered(repository)}", f"--root={repository}", "--", name
    )

    assert found.status == 1
    assert "is not a name" in found.err
    assert len(found.err.splitlines()) == 1
    assert contents(repository) == before


def test_a_repository_with_an_error_of_its_own_is_mended_first(
    repository: Path, call: Call
) -> None:
    role = repository / "roles/auditor.yaml"
    role.write_text(role.read_text().replace("audit:read", "audit:raed"))
    found = onboarded(call, repository, answered(repository))

    assert found.status == 1
    assert "roles/auditor.yaml:9:" in found.err
    assert "nothing was written" in found.err
    assert not (repository / "tenants/corvus").exists()


@pytest.mark.parametrize("path", ["templates/tenant.yaml.j2", "templates"])
def test_templates_are_not_read_through_links(repository: Path, call: Call, path: str) -> None:
    (repository / path).rename(repository / "elsewhere")
    (repository / path).symlink_to(repository / "elsewhere")
    found = onboarded(call, repository, answered(repository))

    assert found.status == 1
    assert f"{path} is a link" in found.err


def test_a_missing_template_and_a_missing_file_of_answers_are_said(
    repository: Path, call: Call
) -> None:
    answers = answered(repository)
    assert "no-such.yaml: No such file" in onboarded(call, repository, Path("no-such.yaml")).err
    (repository / "templates/welcome.md.j2").unlink()

    assert "there is no templates/welcome.md.j2" in onboarded(call, repository, answers).err


@pytest.mark.parametrize("fails_at", range(4))
def test_when_a_file_cannot_be_written_none_stays(
    repository: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    before = {*repository.rglob("*")}
    link = os.link
    done: list[Path] = []

    def full(source: Path, target: Path) -> None:
        if len(done) == fails_at:
            raise OSError(28, "No space left on device", str(target))
        done.append(target)
        link(source, target)

    monkeypatch.setattr(os, "link", full)
    with pytest.raises(RepositoryError, match="No space left on device"):
        add_files(repository, dict.fromkeys(sorted(NEW), b"x"))

    assert {*repository.rglob("*")} == before
    assert len(done) == fails_at


def test_where_files_cannot_be_linked_they_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(source: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted", str(source), None, str(target))

    monkeypatch.setattr(os, "link", refused)
    add_files(tmp_path, {"a/b": b"b", "run": b"#!"}, ["run"])

    assert contents(tmp_path) == {"a/b": b"b", "run": b"#!"}
    assert os.access(tmp_path / "run", os.X_OK)
    with pytest.raises(RepositoryError, match="run is there already"):
        add_files(tmp_path, {"c": b"c", "run": b"other"})
    assert contents(tmp_path) == {"a/b": b"b", "run": b"#!"}


def test_a_folder_that_is_a_link_leads_nowhere(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (repository / "out").symlink_to(tmp_path / "outside")

    with pytest.raises(RepositoryError, match="is a link"):
        add_files(repository, {"a": b"a", "out/b": b"b"})
    assert not (repository / "a").exists()
    assert list((tmp_path / "outside").iterdir()) == []


def test_the_example_answers_all_that_the_worked_repository_asks() -> None:
    example = ROOT / "docs/examples/onboarding.yaml"
    answers, findings = read_answers("onboarding.yaml", example.read_bytes())
    files, _ = read_work_tree(ROOT)
    stores = b"  stores:\n" + b"".join(
        b"    corvus-%s: {type: s3, jurisdiction: eu, owner: corvus-leads, holds: [%s], tenant: corvus}\n"
        % (part, part)
        for part in (b"inputs", b"results")
    )
    files["qgov.yaml"] = files["qgov.yaml"].replace(b"  stores:\n", stores)
    assert answers is not None
    made = onboard(files, read_templates(ROOT), "corvus", answers, NOW)

    assert findings == []
    assert not has_errors(made.findings)
    assert set(made.files) == NEW
