"""Where a change began is found, or it is an error: a wrong base hides what changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from qgov.repository import RepositoryError, default_base, open_repository
from tests.repository.repo import FILES, commit, git, new, write


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository with two commits on `main`."""
    folder = new(tmp_path / "repo", files=FILES)
    commit(folder, "second")
    return folder


def base(root: Path, head: str | None = None) -> str | None:
    return default_base(open_repository(root), head)


def of(root: Path, ref: str) -> str:
    return git(root, "rev-parse", ref)


def test_before_the_first_commit_there_is_no_base(tmp_path: Path) -> None:
    assert base(new(tmp_path)) is None


def test_on_the_default_branch_only_what_is_not_committed_is_a_change(repo: Path) -> None:
    assert base(repo) == of(repo, "main")


def test_on_a_branch_it_is_where_the_branch_began(repo: Path) -> None:
    began = of(repo, "main")
    git(repo, "checkout", "-q", "-b", "feature")
    commit(repo, "on the branch")
    git(repo, "checkout", "-q", "main")
    commit(repo, "meanwhile")

    assert base(repo, "feature") == began
    git(repo, "checkout", "-q", "feature")
    assert base(repo) == began
    git(repo, "checkout", "-q", "--detach")
    assert base(repo) == began


def test_what_origin_has_goes_before_what_is_only_here(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(repo), "clone")
    clone = tmp_path / "clone"
    commit(clone, "not pushed yet")

    assert base(clone) == of(repo, "main")


def test_origin_says_which_branch_is_its_default(repo: Path, tmp_path: Path) -> None:
    git(repo, "checkout", "-q", "-b", "trunk", "main~1")
    commit(repo, "on trunk")
    git(tmp_path, "clone", "-q", str(repo), "clone")
    clone = tmp_path / "clone"
    git(clone, "checkout", "-q", "-b", "feature")
    commit(clone, "on the branch")

    assert base(clone) == of(repo, "trunk")


def test_master_is_a_default_branch_too(repo: Path) -> None:
    git(repo, "branch", "-m", "main", "master")
    git(repo, "checkout", "-q", "-b", "feature")
    commit(repo)

    assert base(repo) == of(repo, "master")


def test_the_only_branch_is_the_default_branch(repo: Path) -> None:
    git(repo, "branch", "-m", "main", "trunk")

    assert base(repo) == of(repo, "trunk")
    assert base(repo, "HEAD~1") == of(repo, "HEAD~1")


@pytest.mark.parametrize("tag", ["main", "origin/main", "master", "origin/HEAD"])
def test_a_tag_that_is_called_like_the_default_branch_is_not_it(
    repo: Path, tmp_path: Path, tag: str
) -> None:
    began = of(repo, "main")
    git(tmp_path, "clone", "-q", str(repo), "clone")
    clone = tmp_path / "clone"
    git(clone, "checkout", "-q", "-b", "feature")
    git(clone, "update-ref", f"refs/tags/{tag}", commit(clone, "to be hidden"))
    if tag != "origin/HEAD":
        git(clone, "remote", "set-head", "origin", "--delete")

    assert base(clone) == began


def test_without_a_default_branch_it_is_an_error_and_not_an_empty_change(
    repo: Path, tmp_path: Path
) -> None:
    git(repo, "branch", "-m", "main", "trunk")
    git(repo, "branch", "other")
    with pytest.raises(RepositoryError, match=r"default branch is not known .* give --base"):
        base(repo)

    # What actions/checkout leaves of a pull request.
    new(tmp_path / "ci")
    git(
        tmp_path / "ci",
        "fetch",
        "-q",
        "--depth=1",
        repo.as_uri(),
        "trunk:refs/remotes/pull/5/merge",
    )
    git(tmp_path / "ci", "checkout", "-q", "refs/remotes/pull/5/merge")
    with pytest.raises(RepositoryError, match=r"default branch is not known .* give --base"):
        base(tmp_path / "ci")


def test_history_that_is_too_shallow_is_an_error(repo: Path, tmp_path: Path) -> None:
    git(repo, "checkout", "-q", "-b", "feature", "main~1")
    commit(repo, "on the branch")
    git(repo, "checkout", "-q", "main")
    git(tmp_path, "clone", "-q", "--depth=1", "--no-single-branch", repo.as_uri(), "clone")

    with pytest.raises(
        RepositoryError,
        match=(
            r"no common commit of origin/HEAD and origin/feature; fetch the whole history "
            r"\(fetch-depth: 0\), or give --base"
        ),
    ):
        base(tmp_path / "clone", "origin/feature")
    assert base(tmp_path / "clone") == of(repo, "main")
    with pytest.raises(RepositoryError, match=r"no commit `main~1`; this clone is shallow: fetch"):
        base(tmp_path / "clone", "main~1")


def test_histories_without_a_common_commit_are_an_error(repo: Path) -> None:
    git(repo, "checkout", "-q", "--orphan", "other")
    commit(repo, "a beginning")

    with pytest.raises(RepositoryError, match="no common commit of main and HEAD"):
        base(repo)


@pytest.mark.parametrize("head", ["nope", "-x", "HEAD^{tree}", "HEAD:qgov.yaml", ""])
def test_what_is_no_commit_has_no_base(repo: Path, head: str) -> None:
    with pytest.raises(RepositoryError):
        base(repo, head)


def test_uncommitted_work_moves_nothing(repo: Path) -> None:
    write(repo, {"roles/a.yaml": b"changed\n"})

    assert base(repo) == of(repo, "main")
