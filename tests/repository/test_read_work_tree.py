"""Of a folder, configuration files are read; links and misleading names are refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from qgov.finding import Finding
from qgov.repository import RepositoryError, files, read_work_tree
from tests.output.folders import unprivileged
from tests.repository.repo import FILES, write

CONFIGURATION = {
    path: data
    for path, data in FILES.items()
    if path not in ("README.md", "roles/notes.txt", "tests/x.yaml")
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with configuration and other files."""
    write(tmp_path / "root", FILES)
    return tmp_path / "root"


def refused(root: Path) -> list[Finding]:
    found, findings = read_work_tree(root)
    assert found == {}
    assert findings
    for finding in findings:
        assert finding.message.isprintable()
        assert str(finding.origin).isprintable()
        assert finding.remedy
    return findings


def test_configuration_is_read_in_order_and_nothing_else(root: Path) -> None:
    found, findings = read_work_tree(root)

    assert findings == []
    assert found == CONFIGURATION
    assert list(found) == sorted(found)


def test_an_empty_folder_has_no_configuration(tmp_path: Path) -> None:
    assert read_work_tree(tmp_path) == ({}, [])


def test_what_is_no_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in ("file", "missing", "file/below"):
        with pytest.raises(RepositoryError, match="there is no folder"):
            read_work_tree(tmp_path / name)


def test_a_root_that_is_a_link_is_the_folder_it_leads_to(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)

    assert read_work_tree(tmp_path / "link") == (CONFIGURATION, [])


@pytest.mark.parametrize(
    "path",
    [
        "qgov.yaml",
        "roles/a.yaml",
        "roles/notes.txt",
        "tenants/x",
        "tenants",
        "tests",
        "tests/access",
        "tests/access/x.yaml",
        "roles/new",
    ],
)
@pytest.mark.parametrize("target", ["elsewhere", "nowhere", "/etc/passwd", "."])
def test_a_link_is_refused_wherever_it_stands(
    root: Path, tmp_path: Path, path: str, target: str
) -> None:
    if (root / path).exists():
        (root / path).rename(tmp_path / "elsewhere")
    (root / path).symlink_to(tmp_path / target if target == "elsewhere" else target)

    assert [(f.code, f.origin.path) for f in refused(root)] == [("QG140", path)]


@pytest.mark.parametrize("path", ["qgov.yaml", "roles/a.yaml"])
def test_a_pipe_is_refused_and_not_waited_for(root: Path, path: str) -> None:
    (root / path).unlink()
    os.mkfifo(root / path)

    assert [(f.code, f.message) for f in refused(root)] == [
        ("QG140", f"`{path}` is not a regular file")
    ]


def test_a_folder_in_the_place_of_a_file_is_refused(root: Path) -> None:
    (root / "qgov.yaml").unlink()
    (root / "qgov.yaml").mkdir()
    (root / "roles" / "folder.yaml").mkdir()

    assert [f.origin.path for f in refused(root)] == ["qgov.yaml"]


def test_a_repository_inside_is_not_part_of_this_one(root: Path) -> None:
    (root / "tenants" / "x" / ".git").write_text("gitdir: /elsewhere\n")

    assert [(f.origin.path, f.message) for f in refused(root)] == [
        ("tenants/x", "`tenants/x` is a repository of its own")
    ]


@pytest.mark.parametrize(
    "name",
    [
        b"a\nb.yaml",
        b"a\x1b[31m.yaml",
        b"\xff\xfe.yaml",
        "a\u202eb.yaml".encode(),
        b"a`b.yaml",
        "a\u200bb.yaml".encode(),
        b"a:b.yaml",
        b"a\\b.yaml",
        b"*.yaml",
        b"a\tb.yaml",
        b"a|b.yaml",
        b"<b>.yaml",
        b"${x}.yaml",
        b"\x7f.yaml",
    ],
    ids=ascii,
)
def test_a_misleading_name_is_refused_and_shown_harmlessly(root: Path, name: bytes) -> None:
    odd = os.fsencode(root / "roles") + b"/" + name
    for place in (odd, os.fsencode(root / "tenants") + b"/" + name + b"/x.yaml"):
        os.makedirs(os.path.dirname(place), exist_ok=True)  # noqa: PTH103, PTH120
        Path(os.fsdecode(place)).touch()

    assert {f.code for f in refused(root)} == {"QG141"}
    assert len(refused(root)) == 2


def test_a_link_with_a_misleading_name_is_shown_harmlessly(root: Path) -> None:
    Path(os.fsdecode(os.fsencode(root / "roles") + b"/\xff\n::error.yaml")).symlink_to("a.yaml")

    assert [(f.code, f.origin.path) for f in refused(root)] == [
        ("QG141", r"roles/\udcff\n::error.yaml")
    ]


@pytest.mark.parametrize(
    "name",
    [
        "é.yaml",
        "量子.yml",
        "a b.yaml",
        "-x.yaml",
        "--help.yaml",
        "a+b=c,d@e.yaml",
        ".hidden.yaml",
        "..yaml",
        "...yaml",
        "x" * 250 + ".yaml",
    ],
)
def test_an_unusual_name_is_allowed(root: Path, name: str) -> None:
    write(root, {f"roles/{name}": b"1"})

    assert read_work_tree(root) == ({**CONFIGURATION, f"roles/{name}": b"1"}, [])


def test_more_than_a_configuration_may_have_is_refused_before_it_is_read(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    total = sum(map(len, CONFIGURATION.values()))
    monkeypatch.setattr(files, "MAX_TOTAL_BYTES", total)
    assert read_work_tree(root)[1] == []
    with (root / "roles" / "huge.yaml").open("wb") as sparse:
        sparse.truncate(1 << 40)

    assert [(f.code, f.message) for f in refused(root)] == [
        ("QG142", f"the configuration has more than {total} bytes")
    ]


@pytest.mark.parametrize("path", ["qgov.yaml", "roles/a.yaml", "tenants", "tenants/x"])
def test_what_cannot_be_read_is_an_error_and_not_empty(path: str) -> None:
    with unprivileged() as folder:
        write(folder, FILES)
        (folder / path).chmod(0)

        with pytest.raises(RepositoryError, match=f"cannot read .*{path}.*: Permission denied"):
            read_work_tree(folder)
        (folder / path).chmod(0o755)


def test_a_file_where_a_folder_belongs_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "roles").write_text("")

    with pytest.raises(RepositoryError, match=r"cannot read .*roles: Not a directory"):
        read_work_tree(tmp_path)


def test_a_file_that_becomes_a_link_while_we_look_is_not_followed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def swap(path: Path, flags: int) -> int:
        if path.name == "a.yaml" and not path.is_symlink():
            path.unlink()
            path.symlink_to("/etc/passwd")
        return real(path, flags)

    monkeypatch.setattr(os, "open", swap)

    with pytest.raises(RepositoryError, match=r"cannot read .*a.yaml: Too many levels"):
        read_work_tree(root)
