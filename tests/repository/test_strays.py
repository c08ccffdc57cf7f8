"""What is not read, though somebody may believe that it is, is a finding."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from qgov.finding import Severity, has_errors
from qgov.repository import at_hand, at_ref, at_work_tree, open_repository, strays
from tests.repository.repo import FILES, commit, git, new, write

DOCUMENT = b"# a comment\napiVersion: qgov/v1\nkind: Budget\n"
UNREAD = (
    "Tenants/x.yaml",
    "a/b/c/deep.yml",
    "budget/cap.yaml",
    "budgets/cap.YML",
    "qgov.yml",
    "tenants/x/tenant.YAML",
    "tests/Access/x.yaml",
    "tests/access/y.YAML",
)
PASSED_OVER = (
    "docs/example.yaml",
    "tests/fixture.yaml",
    ".github/x.yaml",
    "web/node_modules/x/y.yaml",
    "budget/cap.yaml.bak",
)


@pytest.fixture(params=["", "below/the top"])
def root(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A configuration at the top of a repository, or below."""
    top = new(tmp_path / "repo")
    write(top / request.param, FILES)
    write(top, {"outside.yaml" if request.param else "README": DOCUMENT})
    commit(top)
    return Path(top / request.param)


def found_everywhere(root: Path) -> list[list[tuple[str, str]]]:
    """(code, path) in the work tree by both ways to read it, and in the commit of it."""
    opened = open_repository(root)
    found = [at_hand(root)[1], at_work_tree(opened, root).findings]
    commit(root)
    found.append(at_ref(opened, root, "HEAD").findings)
    return [[(f.code, f.origin.path) for f in findings] for findings in found]


def test_a_document_that_is_not_read_is_a_finding(root: Path) -> None:
    write(root, dict.fromkeys((*UNREAD, *PASSED_OVER), DOCUMENT))

    assert found_everywhere(root) == [[("QG144", path) for path in UNREAD]] * 3
    assert {f.severity for f in at_hand(root)[1]} == {Severity.WARNING}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"\xef\xbb\xbfapiVersion: qgov/v1\n", True),
        (b"---\rapiVersion: 'qgov/v1'\r", True),
        (b'{"apiVersion": "qgov/v1"}', True),
        (b"apiVersion: v1\ndata:\n  apiVersion: qgov/v1\n", False),
        (b"# apiVersion: qgov/v1\n", False),
        (b"apiVersion: qgov/v11\n", False),
        (b"\n" * 5000 + DOCUMENT, False),
        (b"", False),
    ],
)
def test_what_looks_like_a_document(root: Path, text: bytes, expected: bool) -> None:
    write(root, {"other/x.yaml": text})

    assert found_everywhere(root) == [[("QG144", "other/x.yaml")] if expected else []] * 3


def test_names_and_kinds_of_files_mislead_nobody(root: Path, tmp_path: Path) -> None:
    (tmp_path / "else.yaml").write_bytes(DOCUMENT)
    (root / "link.yaml").symlink_to(tmp_path / "else.yaml")
    os.mkfifo(root / "pipe.yaml")
    write(root, {"bud\nget/x.yaml": DOCUMENT})

    assert found_everywhere(root) == [[("QG144", "bud\\nget/x.yaml")]] * 3


def test_what_git_ignores_is_in_nobody_s_repository(root: Path) -> None:
    write(root, {".gitignore": b"/out/\n", "out/x.yaml": DOCUMENT})

    assert found_everywhere(root) == [[]] * 3


def test_another_configuration_is_no_part_of_this_one(root: Path) -> None:
    other = dict.fromkeys(("x/y/qgov.yaml", "x/y/tenants/a.yaml", "x/y/z/a.yaml"), DOCUMENT)
    write(root, {**other, "x/a.yaml": DOCUMENT})
    assert found_everywhere(root) == [[("QG144", "x/a.yaml")]] * 3


def test_a_configuration_below_is_told_where_there_is_none_at_the_root(tmp_path: Path) -> None:
    write(tmp_path, dict.fromkeys(("x/qgov.yaml", "x/tenants/a.yaml"), DOCUMENT))
    found = [f.origin.path for f in at_hand(tmp_path)[1]]
    assert found == ["x/qgov.yaml", "x/tenants/a.yaml"]


def test_a_folder_without_git_is_looked_at_as_well(tmp_path: Path) -> None:
    write(tmp_path, FILES | dict.fromkeys((*UNREAD, *PASSED_OVER), DOCUMENT))

    assert [f.origin.path for f in at_hand(tmp_path)[1]] == list(UNREAD)


def test_it_is_said_when_there_are_too_many_to_look_at(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strays, "_MOST_FILES", 3)
    write(root, dict.fromkeys(UNREAD, DOCUMENT))

    for found in found_everywhere(root):
        assert sorted(found) == [
            ("QG144", "Tenants/x.yaml"),
            ("QG144", "a/b/c/deep.yml"),
            ("QG144", "budget/cap.yaml"),
            ("QG145", "qgov.yaml"),
        ]


def test_a_large_file_of_a_commit_is_not_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strays, "_MOST_BYTES", len(DOCUMENT))
    write(root, {"a.yaml": DOCUMENT, "b.yaml": DOCUMENT + b"#"})

    assert found_everywhere(root)[2] == [("QG144", "a.yaml")]


# ------------------------------------------------------------------------------------------ sparse


def top_of(root: Path) -> Path:
    return Path(git(root, "rev-parse", "--show-toplevel"))


def test_configuration_that_is_not_checked_out_is_an_error(root: Path) -> None:
    write(root, {"budgets/y.yaml": b"y\n", "docs/z.yaml": b"z\n"})
    commit(root)
    git(top_of(root), "sparse-checkout", "set", "--no-cone", "/*", "!budgets/", "!docs/")
    files, findings = at_hand(root)

    assert files == {}
    assert [(f.code, f.origin.path) for f in findings] == [("QG143", "budgets/x.yaml")]
    assert "`budgets/x.yaml` is in the repository and not checked out, nor are 1 other" in (
        findings[0].message
    )
    git(top_of(root), "sparse-checkout", "disable")
    assert at_hand(root)[1] == []


def test_what_else_is_not_checked_out_is_not_missed(root: Path) -> None:
    write(root, {"docs/z.yaml": b"z\n", "roles/z.txt": b"z\n"})
    commit(root)
    git(top_of(root), "sparse-checkout", "set", "--no-cone", "/*", "!docs/", "!z.txt")

    assert at_hand(root)[1] == []


def test_a_file_that_was_removed_or_is_there_all_the_same_is_no_sparse_one(root: Path) -> None:
    (root / "budgets/x.yaml").unlink()
    git(root, "update-index", "--skip-worktree", "roles/a.yaml")
    files, findings = at_hand(root)

    assert not has_errors(findings)
    assert "roles/a.yaml" in files
    assert "budgets/x.yaml" not in files
