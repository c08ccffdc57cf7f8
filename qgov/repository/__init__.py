"""Where configuration is read from: a work tree or a git object, never both at once.

Nothing is checked out and nothing is written. Links, odd names and oversized trees are
refused, because a pull request from a fork is hostile. Of a file that git calls unchanged,
git's blob counts: where a filter or an end-of-line setting makes the work tree differ from
it, a plan sees the blob, and `qgov validate` sees the file.
"""

from qgov.repository.files import FOLDERS, RepositoryError, read_work_tree
from qgov.repository.git import Repository, open_repository
from qgov.repository.objects import merged_by
from qgov.repository.snapshot import (
    EMPTY,
    Snapshot,
    at_ref,
    at_work_tree,
    default_base,
    head_commit,
)

__all__ = [
    "EMPTY",
    "FOLDERS",
    "Repository",
    "RepositoryError",
    "Snapshot",
    "at_ref",
    "at_work_tree",
    "default_base",
    "head_commit",
    "merged_by",
    "open_repository",
    "read_work_tree",
]
