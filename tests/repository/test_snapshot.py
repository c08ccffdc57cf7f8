"""A commit and the work tree are seen as they are, whatever stands in them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from git import Blob, Repo

from qgov.repository import (
    RepositoryError,
    Snapshot,
    at_ref,
    at_work_tree,
    files,
    head_commit,
    open_repository,
    read_work_tree,
)
from qgov.repository.files import is_configuration
from tests.output.folders import unprivileged
from tests.repository.repo import FILES, commit, git, new, write

CONFIGURATION = {
    path: data
    for path, data in FILES.items()
    if path not in ("README.md", "roles/notes.txt", "tests/x.yaml")
}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository with one commit."""
    return new(tmp_path / "repo", files=FILES)


def committed(root: Path, ref: str = "HEAD") -> Snapshot:
    return at_ref(open_repository(root), root, ref)


def lying(root: Path) -> Snapshot:
    return at_work_tree(open_repository(root), root)


def everything(snapshot: Snapshot) -> dict[str, bytes]:
    return snapshot.read(snapshot.blobs)


# ---------------------------------------------------------------------------------- a commit


def test_a_commit_has_its_time_and_its_files(repo: Path) -> None:
    found = committed(repo)

    assert everything(found) == CONFIGURATION
    assert found.commit == git(repo, "rev-parse", "HEAD")
    assert found.time == datetime(2026, 11, 2, tzinfo=UTC)
    assert found.findings == ()
    assert found.read([]) == {}


def test_every_name_of_a_commit_means_the_commit(repo: Path) -> None:
    expected = committed(repo)
    git(repo, "tag", "-a", "-m", "note", "v1")
    git(repo, "tag", "light")
    git(repo, "tag", "-a", "-m", "a tag of a tag", "v2", "v1")

    for ref in (
        "main",
        "refs/heads/main",
        "v1",
        "v2",
        "light",
        "@",
        "HEAD~0",
        str(expected.commit),
        str(expected.commit)[:10],
        "HEAD^{/change}",
    ):
        found = committed(repo, ref)
        assert (found.commit, found.time, found.blobs) == (
            expected.commit,
            expected.time,
            expected.blobs,
        )


def test_a_tree_is_no_commit_and_has_no_time(repo: Path) -> None:
    found = committed(repo, "HEAD^{tree}")

    assert (found.commit, found.time, everything(found)) == (None, None, CONFIGURATION)


@pytest.mark.parametrize(
    "ref",
    [
        "nope",
        "",
        " ",
        "-x",
        "--upload-pack=touch pwned",
        "--all",
        "--help",
        "--end-of-options",
        "HEAD:roles/a.yaml",
        "HEAD..main",
        "^main",
        "HEAD^5",
        "main --all",
        "main\nmain",
        "@{-1}",
        "HEAD^{/no such message}",
        "HEAD^{/(}",
        "HEAD^{blob}",
        "0" * 40,
        "a" * 10_000,
        ":/x",
        "é",
        "*",
        "refs/heads/*",
        "@{upstream}",
        "$(touch pwned)",
        "HEAD;touch pwned",
        "\udcff",
    ],
)
def test_a_name_of_no_commit_is_an_error_and_nothing_else(repo: Path, ref: str) -> None:
    before = git(repo, "status", "--porcelain", "--ignored")
    with pytest.raises(RepositoryError) as error:
        committed(repo, ref)

    assert str(error.value)
    assert git(repo, "status", "--porcelain", "--ignored") == before


def test_a_mistyped_branch_is_recognised(repo: Path) -> None:
    git(repo, "branch", "feature/ions")

    with pytest.raises(RepositoryError, match="`feature/iosn`; did you mean `feature/ions`"):
        committed(repo, "feature/iosn")


def test_links_and_other_repositories_in_a_commit_are_refused(repo: Path) -> None:
    (repo / "roles/link.yaml").symlink_to("a.yaml")
    (repo / "tenants/away").symlink_to("/etc")
    git(repo, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},tenants/sub")
    git(repo, "add", "roles", "tenants/away")
    git(repo, "commit", "-q", "-m", "odd")

    assert [
        (f.code, f.origin.path, f.message.split("` ")[1]) for f in committed(repo).findings
    ] == [
        ("QG140", "roles/link.yaml", "is a link"),
        ("QG140", "tenants/away", "is a link"),
        ("QG140", "tenants/sub", "is a repository of its own"),
    ]


def odd_tree(repo: Path, *entries: tuple[str, bytes]) -> str:
    """A commit whose root holds trees of these (path, name) entries, checked by nobody."""
    blob = git(repo, "rev-parse", "HEAD:roles/a.yaml")

    def tree(lines: bytes) -> str:
        made = subprocess.run(
            ["git", "hash-object", "-t", "tree", "-w", "--stdin", "--literally"],
            cwd=repo,
            input=lines,
            check=True,
            capture_output=True,
        )
        return made.stdout.decode().strip()

    folders = b"".join(
        b"40000 "
        + folder.encode()
        + b"\0"
        + bytes.fromhex(tree(b"100644 " + name + b"\0" + bytes.fromhex(blob)))
        for folder, name in entries
    )
    return git(repo, "commit-tree", "-m", "odd", tree(folders))


@pytest.mark.parametrize(
    "name",
    [
        b"..",
        b"../x.yaml",
        b"a\nb.yaml",
        b"\xff.yaml",
        b"a\x1b[2J.yaml",
        "\u202e.yaml".encode(),
        b"a/../../../x.yaml",
        b"./x.yaml",
        b'"q".yaml',
    ],
    ids=ascii,
)
def test_a_misleading_name_in_a_commit_is_refused(repo: Path, name: bytes) -> None:
    found = committed(repo, odd_tree(repo, ("roles", name), ("tenants", b"fine.yaml")))
    shown = [finding.origin.path for finding in found.findings]

    if name == b"..":
        assert shown == [], "not the name of a configuration file"
        assert set(found.blobs) == {"tenants/fine.yaml"}
    else:
        assert {finding.code for finding in found.findings} == {"QG141"}
        assert all(path.isprintable() for path in shown)


def test_names_that_git_quotes_are_read_as_they_are(repo: Path) -> None:
    write(repo, {"roles/é 量子.yaml": b"1"})
    git(repo, "config", "core.quotePath", "true")
    (repo / "roles/a.yaml").unlink()
    expected = {**CONFIGURATION, "roles/é 量子.yaml": b"1"}
    del expected["roles/a.yaml"]

    assert everything(lying(repo)) == expected
    commit(repo)
    assert everything(committed(repo)) == expected
    assert everything(lying(repo)) == expected


def lose(repo: Path, name: str) -> str:
    lost = git(repo, "rev-parse", name)
    (repo / ".git/objects" / lost[:2] / lost[2:]).unlink()
    return lost


def test_a_missing_file_is_an_error_and_not_empty(repo: Path) -> None:
    blob = lose(repo, "HEAD:roles/a.yaml")

    with pytest.raises(RepositoryError, match=f"{blob} of roles/a.yaml is missing"):
        everything(committed(repo))


@pytest.mark.parametrize("name", ["HEAD^{tree}", "HEAD:roles", "HEAD"])
def test_a_missing_tree_or_commit_is_an_error_and_not_empty(repo: Path, name: str) -> None:
    lose(repo, name)

    for look in (committed, lying, lambda root: head_commit(root, {})):
        with pytest.raises(RepositoryError):
            look(repo)


def test_more_than_a_configuration_may_have_is_not_read(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    total = sum(map(len, CONFIGURATION.values()))
    monkeypatch.setattr(files, "MAX_TOTAL_BYTES", total - 1)
    with pytest.raises(RepositoryError, match=f"more than {total - 1} bytes"):
        everything(committed(repo))
    (repo / "roles/a.yaml").write_bytes(b"x" * total)
    with pytest.raises(RepositoryError, match=f"more than {total - 1} bytes"):
        lying(repo)
    monkeypatch.setattr(files, "MAX_TOTAL_BYTES", total)

    assert everything(committed(repo)) == CONFIGURATION


@pytest.mark.parametrize(
    "settings",
    [
        {"log.showSignature": "true"},
        {"core.quotePath": "false"},
        {"status.relativePaths": "false"},
        {"status.short": "true", "status.branch": "true"},
        {"status.showUntrackedFiles": "no"},
        {"status.renames": "copies"},
        {"color.ui": "always"},
        {"core.pager": "false"},
        {"log.date": "relative"},
        {"diff.ignoreSubmodules": "all"},
        {"core.ignoreCase": "true"},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_no_setting_changes_what_is_seen(repo: Path, settings: dict[str, str]) -> None:
    for name, value in settings.items():
        git(repo, "config", name, value)
    (repo / "roles/a.yaml").rename(repo / "roles/c.yaml")
    git(repo, "add", "-A")
    write(repo, {"roles/d.yaml": b"d\n"})

    assert committed(repo).time == datetime(2026, 11, 2, tzinfo=UTC)
    assert set(lying(repo).blobs) == {*CONFIGURATION, "roles/c.yaml", "roles/d.yaml"} - {
        "roles/a.yaml"
    }


def test_a_commit_without_a_sound_time_is_an_error(repo: Path) -> None:
    tree = git(repo, "rev-parse", "HEAD^{tree}")
    for written in ("A <a> 99999999999999999 +0000", "A <a>", "A <a> x +0000"):
        made = (
            subprocess.run(
                ["git", "hash-object", "-t", "commit", "-w", "--stdin", "--literally"],
                cwd=repo,
                check=True,
                capture_output=True,
                input=f"tree {tree}\nauthor A <a> 1 +0000\ncommitter {written}\n\nx\n".encode(),
            )
            .stdout.decode()
            .strip()
        )
        with pytest.raises(RepositoryError, match=f"the commit {made} has no time"):
            committed(repo, made)


def test_a_replacement_of_an_object_is_not_believed(repo: Path) -> None:
    original = git(repo, "rev-parse", "HEAD")
    write(repo, {"roles/a.yaml": b"replaced\n"})
    git(repo, "replace", original, commit(repo))

    assert everything(committed(repo, original)) == CONFIGURATION


# -------------------------------------------------------------------------------- the work tree


def nothing(_: Path) -> None:
    pass


def staged(repo: Path) -> None:
    write(repo, {"roles/new.yaml": b"new\n"})
    git(repo, "add", "-A")


def removed(repo: Path) -> None:
    git(repo, "rm", "-q", "roles/a.yaml")


def unlink_a(repo: Path) -> None:
    (repo / "roles/a.yaml").unlink()


def only_in_the_index(repo: Path) -> None:
    write(repo, {"roles/a.yaml": b"staged\n"})
    git(repo, "add", "-A")
    write(repo, {"roles/a.yaml": b"after\n"})


def staged_and_taken_back(repo: Path) -> None:
    write(repo, {"roles/a.yaml": b"staged\n"})
    git(repo, "add", "-A")
    write(repo, {"roles/a.yaml": FILES["roles/a.yaml"]})


def removed_from_the_index(repo: Path) -> None:
    git(repo, "rm", "-q", "--cached", "roles/a.yaml")


def ignored(repo: Path) -> None:
    (repo / ".gitignore").write_text("*\n")
    write(repo, {"roles/ignored.yaml": b"i\n", "tenants/ignored/deep/x.yaml": b"i\n"})


def intended(repo: Path) -> None:
    write(repo, {"roles/new.yaml": b"n\n"})
    git(repo, "add", "--intent-to-add", "roles/new.yaml")


def conflicting(repo: Path) -> None:
    git(repo, "checkout", "-q", "-b", "other")
    write(repo, {"roles/a.yaml": b"theirs\n"})
    commit(repo)
    git(repo, "checkout", "-q", "main")
    write(repo, {"roles/a.yaml": b"mine\n"})
    commit(repo)
    with pytest.raises(subprocess.CalledProcessError):
        git(repo, "merge", "other")


def executable(repo: Path) -> None:
    (repo / "roles/a.yaml").chmod(0o755)


def a_folder_instead(repo: Path) -> None:
    (repo / "roles/a.yaml").unlink()
    write(repo, {"roles/a.yaml/b.yaml": b"b\n"})


@pytest.mark.parametrize(
    "change",
    [
        nothing,
        lambda repo: write(repo, {"roles/a.yaml": b"changed\n"}),
        lambda repo: write(repo, {"roles/new.yaml": b"new\n", "tenants/z/deep/er.yaml": b"z\n"}),
        staged,
        lambda repo: (repo / "roles/a.yaml").rename(repo / "roles/moved.yaml"),
        lambda repo: git(repo, "mv", "roles/a.yaml", "tenants/moved.yaml"),
        lambda repo: git(repo, "mv", "roles", "elsewhere"),
        unlink_a,
        only_in_the_index,
        staged_and_taken_back,
        removed_from_the_index,
        ignored,
        intended,
        conflicting,
        executable,
        a_folder_instead,
        removed,
        lambda repo: write(repo, {"README.md": b"other\n", "roles/notes.txt": b"other\n"}),
        lambda repo: write(repo, {"roles/a.yaml": b""}),
    ],
    ids=[
        "clean",
        "unstaged",
        "untracked",
        "staged",
        "moved",
        "renamed",
        "folder-renamed",
        "deleted",
        "staged-and-changed",
        "staged-and-taken-back",
        "untracked-now",
        "ignored",
        "intent-to-add",
        "conflict",
        "executable",
        "folder",
        "deleted-staged",
        "others",
        "emptied",
    ],
)
@pytest.mark.parametrize("below", ["", "sub/d[i]r *é", ":(exclude)x"])
def test_the_work_tree_is_what_lies_there(
    tmp_path: Path, change: Callable[[Path], object], below: str
) -> None:
    top = new(tmp_path / "repo")
    root = top / below
    write(root, FILES)
    write(top, {"outside.yaml": b"o\n", "roles/outside.yaml": b"o\n"} if below else {})
    commit(root)
    change(root)
    expected, refused = read_work_tree(root)
    found = lying(root)

    assert refused == []
    assert found.findings == ()
    assert everything(found) == expected
    for path, blob in found.blobs.items():
        assert blob == git(root, "hash-object", "--no-filters", path)
    assert (found.commit, found.time) == (None, None)


def test_before_the_first_commit_the_work_tree_is_all_there_is(tmp_path: Path) -> None:
    repo = new(tmp_path)
    write(repo, FILES)

    assert everything(lying(repo)) == CONFIGURATION


@pytest.mark.parametrize("path", ["qgov.yaml", "roles/a.yaml", "roles", "tenants/x", "roles/new"])
@pytest.mark.parametrize("tracked", [True, False])
def test_a_link_in_the_work_tree_is_refused_and_not_followed(
    repo: Path, tmp_path: Path, path: str, tracked: bool
) -> None:
    (tmp_path / "elsewhere").mkdir()
    if (repo / path).exists():
        (repo / path).rename(tmp_path / "elsewhere" / "it")
    (repo / path).symlink_to(tmp_path / "elsewhere" / "it")
    if tracked:
        commit(repo)
    found = lying(repo)

    assert [(f.code, f.origin.path) for f in found.findings] == [("QG140", path)]
    assert not [name for name in found.blobs if name == path or name.startswith(f"{path}/")]


def test_a_link_that_was_mended_is_no_longer_refused(repo: Path) -> None:
    unlink_a(repo)
    (repo / "roles/a.yaml").symlink_to("b.yml")
    commit(repo)
    unlink_a(repo)
    assert lying(repo).findings == ()
    write(repo, {"roles/a.yaml": b"a\n"})

    assert everything(lying(repo)) == CONFIGURATION
    assert lying(repo).findings == ()


def test_a_misleading_name_that_was_removed_is_no_longer_refused(repo: Path) -> None:
    (repo / "roles/a\nb.yaml").touch()
    assert [f.code for f in lying(repo).findings] == ["QG141"]
    commit(repo)
    assert [f.code for f in lying(repo).findings] == ["QG141"]
    (repo / "roles/a\nb.yaml").unlink()

    assert lying(repo).findings == ()


@pytest.mark.parametrize("staged", [True, False])
def test_a_repository_inside_is_refused(repo: Path, staged: bool) -> None:
    new(repo / "tenants/inner", files={"x.yaml": b"1"})
    if staged:
        git(repo, "add", "tenants/inner")

    assert [f.message for f in lying(repo).findings] == [
        "`tenants/inner` is a repository of its own"
    ]
    assert [f.message for f in read_work_tree(repo)[1]] == [
        "`tenants/inner` is a repository of its own"
    ]


def test_a_pipe_in_the_place_of_a_file_is_refused_and_not_waited_for(repo: Path) -> None:
    unlink_a(repo)
    os.mkfifo(repo / "roles/a.yaml")

    assert [f.message for f in lying(repo).findings] == ["`roles/a.yaml` is not a regular file"]


def test_a_changed_file_that_cannot_be_read_is_an_error() -> None:
    with unprivileged() as folder:
        repo = new(folder / "repo", files=FILES)
        write(repo, {"roles/a.yaml": b"changed\n"})
        git(repo, "add", "-A")
        (repo / "roles/a.yaml").chmod(0)

        with pytest.raises(RepositoryError, match=r"roles/a.yaml"):
            lying(repo)


def test_line_ends_that_git_converts_are_no_change(repo: Path) -> None:
    (repo / ".gitattributes").write_text("*.yaml text eol=crlf\n")
    commit(repo)
    write(repo, {"roles/a.yaml": b"a\r\n"})
    git(repo, "add", "-A")

    # A plan sees the blob, validation sees the file; to the language both say the same.
    assert everything(lying(repo)) == CONFIGURATION
    assert read_work_tree(repo)[0]["roles/a.yaml"] == b"a\r\n"
    assert head_commit(repo, read_work_tree(repo)[0]) is None
    write(repo, {"roles/a.yaml": b"b\r\n"})
    assert everything(lying(repo))["roles/a.yaml"] == b"b\r\n"


def test_looking_runs_nothing_of_the_repository_and_writes_nothing(
    repo: Path, tmp_path: Path
) -> None:
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\necho $0 $@ >> {tmp_path / 'ran'}\n")
    script.chmod(0o755)
    for hook in ("post-index-change", "fsmonitor-watchman", "post-checkout", "pre-auto-gc"):
        (repo / ".git/hooks" / hook).symlink_to(script)
    for name in (
        "core.fsmonitor",
        "core.pager",
        "diff.external",
        "gpg.program",
        "core.editor",
        "core.sshCommand",
        "credential.helper",
    ):
        git(repo, "config", name, str(script))
    git(repo, "config", "log.showSignature", "true")
    # The time of the file says that it may have changed: git would like to note that it has not.
    os.utime(repo / "roles/a.yaml", (1, 1))
    before = {path: path.read_bytes() for path in repo.rglob("*") if path.is_file()}
    lying(repo)
    everything(committed(repo))
    head_commit(repo, CONFIGURATION)

    assert not (tmp_path / "ran").exists()
    assert {path: path.read_bytes() for path in repo.rglob("*") if path.is_file()} == before


# ---------------------------------------------------------------------------- kinds of repository


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_ids_are_of_the_repository_s_own_kind(tmp_path: Path, algorithm: str) -> None:
    repo = new(tmp_path, f"--object-format={algorithm}", files=FILES)
    write(repo, {"roles/a.yaml": b"changed\n"})
    before = lying(repo).blobs
    commit(repo)

    assert lying(repo).blobs == committed(repo).blobs == before
    assert head_commit(repo, read_work_tree(repo)[0]) == git(repo, "rev-parse", "HEAD")


def test_a_bare_repository_has_commits_and_no_work_tree(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(repo), "bare")

    assert everything(committed(tmp_path / "bare", "main")) == CONFIGURATION
    with pytest.raises(RepositoryError, match="a bare repository has no work tree; give --head"):
        lying(tmp_path / "bare")


def test_a_linked_work_tree_has_its_own_state(repo: Path, tmp_path: Path) -> None:
    git(repo, "worktree", "add", "-q", "-b", "feature", str(tmp_path / "linked"))
    write(tmp_path / "linked", {"roles/a.yaml": b"changed\n"})

    assert everything(lying(repo)) == CONFIGURATION
    assert everything(lying(tmp_path / "linked")) == {**CONFIGURATION, "roles/a.yaml": b"changed\n"}
    assert open_repository(tmp_path / "linked").common_dir == repo / ".git"
    assert everything(committed(tmp_path / "linked", "feature")) == CONFIGURATION


def test_a_submodule_is_a_repository_of_its_own(repo: Path, tmp_path: Path) -> None:
    new(tmp_path / "outer", files={"README": b""})
    git(
        tmp_path / "outer",
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "add",
        "-q",
        str(repo),
        "governance",
    )
    root = tmp_path / "outer" / "governance"
    write(root, {"roles/a.yaml": b"changed\n"})

    assert everything(lying(root))["roles/a.yaml"] == b"changed\n"
    assert everything(committed(root)) == CONFIGURATION


def test_a_sparse_work_tree_is_not_taken_for_the_commit(repo: Path) -> None:
    git(repo, "sparse-checkout", "set", "--no-cone", "/*", "!/tenants/")

    assert "tenants/x/tenant.yaml" not in read_work_tree(repo)[0]
    assert everything(lying(repo)) == CONFIGURATION
    assert head_commit(repo, read_work_tree(repo)[0]) is None


def test_a_folder_outside_of_a_repository_is_an_error(tmp_path: Path) -> None:
    for root, message in (
        (tmp_path, "is not in a git repository; run git init, or give another"),
        (tmp_path / "missing", "there is no folder .*; give another --root"),
    ):
        with pytest.raises(RepositoryError, match=message):
            open_repository(root)


def test_a_broken_repository_is_an_error(repo: Path) -> None:
    (repo / ".git/HEAD").write_text("nonsense\n")
    with pytest.raises(RepositoryError):
        lying(repo)
    (repo / ".git/HEAD").write_text("ref: refs/heads/main\n")
    (repo / ".git/config").write_text("[core\nnonsense")
    with pytest.raises(RepositoryError):
        lying(repo)
    with pytest.raises(RepositoryError):
        head_commit(repo, {})


def test_files_are_read_below_the_root_wherever_git_would_have_them(
    repo: Path, tmp_path: Path
) -> None:
    (tmp_path / "else").mkdir()
    git(repo, "config", "core.worktree", str(tmp_path / "else"))

    assert everything(lying(repo)) == CONFIGURATION


def test_a_repository_of_somebody_else_is_an_error_that_says_so() -> None:
    with unprivileged() as folder:
        repo = new(folder / "repo", files=FILES)
        environment = {"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            for look in (lying, committed, lambda root: head_commit(root, {})):
                with pytest.raises(RepositoryError, match="detected dubious ownership"):
                    look(repo)


def test_variables_in_the_path_of_a_repository_are_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    new(tmp_path / "$HOME", files=FILES)
    new(tmp_path / "~", files=FILES)

    for name in ("$HOME", "~"):
        assert everything(lying(Path(name))) == CONFIGURATION


# ------------------------------------------------------------------------------- the manifest's


def test_the_commit_of_a_work_tree_is_named_only_when_it_is_exactly_that(repo: Path) -> None:
    head = git(repo, "rev-parse", "HEAD")

    assert head_commit(repo, CONFIGURATION) == head
    (repo / "README.md").write_text("other")
    (repo / "roles/notes.txt").write_text("other")
    assert head_commit(repo, read_work_tree(repo)[0]) == head
    assert head_commit(repo, {**CONFIGURATION, "roles/a.yaml": b"x"}) is None
    assert head_commit(repo, {**CONFIGURATION, "roles/z.yaml": b"x"}) is None
    assert head_commit(repo, {"qgov.yaml": FILES["qgov.yaml"]}) is None
    git(repo, "update-index", "--assume-unchanged", "roles/a.yaml")
    write(repo, {"roles/a.yaml": b"hidden change\n"})
    assert head_commit(repo, read_work_tree(repo)[0]) is None


def test_no_repository_and_no_commit_are_no_commit(tmp_path: Path) -> None:
    assert head_commit(tmp_path, {}) is None
    assert head_commit(new(tmp_path / "repo"), {}) is None


def test_a_root_that_is_a_link_out_of_its_repository_is_an_error(
    repo: Path, tmp_path: Path
) -> None:
    opened = open_repository(repo)

    with pytest.raises(RepositoryError, match="is outside of the work tree of its repository"):
        at_ref(opened, tmp_path, "HEAD")


def test_a_head_whose_commit_is_missing_is_not_a_repository_without_commits(repo: Path) -> None:
    (repo / ".git/refs/heads/main").write_text(f"{'1' * 40}\n")

    for look in (lying, lambda root: head_commit(root, {})):
        with pytest.raises(RepositoryError, match="HEAD"):
            look(repo)


# ------------------------------------------------------------------------------ a second opinion


@pytest.mark.parametrize("name", ["GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_PREFIX"])
@pytest.mark.parametrize("below", ["", "sub"])
def test_the_folder_says_which_repository_is_read_and_not_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, below: str
) -> None:
    other = new(tmp_path / "other", files={"qgov.yaml": b"of another\n"})
    top = new(tmp_path / "repo")
    write(top / below, FILES)
    commit(top)
    monkeypatch.setenv(name, str(other / ("" if name == "GIT_WORK_TREE" else ".git")))

    assert everything(lying(top / below)) == CONFIGURATION
    assert everything(committed(top / below)) == CONFIGURATION


def test_a_library_reads_the_same_commit(repo: Path) -> None:
    """GitPython knows trees, times and changes by code that is not ours."""
    write(repo, {"roles/ü.yaml": b"u\n", "tenants/y/z/deep.yaml": b"d\n"})
    head = commit(repo)
    write(repo, {"roles/a.yaml": b"changed\n", "roles/new.yaml": b"new\n"})
    (repo / "roles/b.yml").unlink()
    with Repo(repo) as library:
        seen = library.commit(head)
        entries = [e for e in seen.tree.traverse() if isinstance(e, Blob)]
        blobs = {str(e.path): e for e in entries if is_configuration(str(e.path))}
        differing = {str(path) for d in seen.diff(None) for path in (d.a_path, d.b_path) if path}
        differing |= set(library.untracked_files)

        found, now = committed(repo, head), lying(repo)
        assert found.blobs == {path: blob.hexsha for path, blob in blobs.items()}
        assert everything(found) == {p: blob.data_stream.read() for p, blob in blobs.items()}
        assert found.time == seen.committed_datetime
    assert differing == {p for p, _ in found.blobs.items() ^ now.blobs.items()}


@pytest.mark.parametrize(
    ("object_of", "message"),
    [
        ("HEAD", "git cat-file failed: loose object {} .* is corrupt"),
        ("HEAD:roles/a.yaml", "the object {} of roles/a.yaml is missing"),
    ],
)
def test_an_object_that_is_broken_is_an_error(repo: Path, object_of: str, message: str) -> None:
    broken = git(repo, "rev-parse", object_of)
    file = repo / ".git/objects" / broken[:2] / broken[2:]
    file.chmod(0o644)
    file.write_bytes(b"nonsense")

    with pytest.raises(RepositoryError, match=message.format(broken)):
        everything(committed(repo))


def test_without_git_there_is_no_history(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")

    assert head_commit(repo, CONFIGURATION) is None
    with pytest.raises(RepositoryError, match="the program `git` is needed and was not found"):
        lying(repo)


@pytest.mark.parametrize("name", ["main\n", "main\0", "\n", "", "^main", "-x", "main..main"])
def test_what_names_no_object_is_no_object(repo: Path, name: str) -> None:
    with pytest.raises(RepositoryError, match="there is no commit"):
        committed(repo, name)
