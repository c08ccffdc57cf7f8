"""Small git repositories for the tests, made by git itself."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

__all__ = ["ENVIRONMENT", "FILES", "commit", "git", "new", "write"]

ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_DATE": "2026-11-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2026-11-02T00:00:00Z",
}
"""The environment without what chooses a repository, and with a fixed author and time."""

FILES = {
    "qgov.yaml": b"organization\n",
    "roles/a.yaml": b"a\n",
    "roles/b.yml": b"b\n",
    "tenants/x/tenant.yaml": b"x\n",
    "budgets/x.yaml": b"budget\n",
    "tests/access/x.yaml": b"t\n",
    "README.md": b"no configuration\n",
    "roles/notes.txt": b"none\n",
    "tests/x.yaml": b"none\n",
}


def git(folder: Path, *arguments: str, **environment: str) -> str:
    """Run git and return what it prints."""
    run = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        env=ENVIRONMENT | environment,
    )
    return os.fsdecode(run.stdout).strip()


def write(root: Path, files: Mapping[str, bytes]) -> None:
    """Write files below `root`."""
    for path, data in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)


def commit(folder: Path, message: str = "change", **environment: str) -> str:
    """Commit everything below `folder`; returns the commit."""
    git(folder, "add", "-A", ".")
    git(folder, "commit", "-q", "--allow-empty", "-m", message, **environment)
    return git(folder, "rev-parse", "HEAD")


def new(folder: Path, *options: str, files: Mapping[str, bytes] | None = None) -> Path:
    """A repository whose branch is `main`, with one commit of `files` unless there are none."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main", *options)
    if files is not None:
        write(folder, files)
        commit(folder)
    return folder
