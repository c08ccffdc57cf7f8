"""The evidence pack of a plan: what `qgov plan --evidence` and `qgov verify --rebuild` share.

A pack keeps what the plan was asked, so that the same question can be put again.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

import qgov
from qgov.cli.common import about, progress
from qgov.cli.planning import Asked, Planned, planned
from qgov.cli.streams import say
from qgov.contracts.evidence import Options
from qgov.errors import QgovError
from qgov.evidence.making import intent_name, pack_of
from qgov.evidence.pack import with_manifest, write_pack
from qgov.evidence.statement import key_id
from qgov.evidence.verify import Problem, compared, index_of
from qgov.language.intent import Intent, read_intent
from qgov.lazy import postpone
from qgov.output.manifest import manifest_of
from qgov.plan.author import Author
from qgov.records import replace
from qgov.repository import RepositoryError, head_commit, read_work_tree

__all__ = ["committed", "evidence_key", "pack", "rebuilt"]


def evidence_key() -> bytes | None:
    """The key to sign with, from the environment. Raises typer.BadParameter."""
    text = os.environ.get("QGOV_EVIDENCE_KEY", "")
    if not text:
        return None
    pem = text.encode(errors="surrogateescape")
    with about("QGOV_EVIDENCE_KEY"):
        say(f"signing with the key {key_id(pem)}")
    return pem


def committed(asked: Asked) -> Asked:
    """The same, with a head that is a commit: a pack is about two commits. Raises
    RepositoryError where the work tree differs from it."""
    if asked.head is not None:
        return asked
    files, _ = read_work_tree(asked.root)
    commit = head_commit(asked.root, files)
    if commit is None:
        raise RepositoryError(
            "an evidence pack is about commits, and the work tree has changes: commit them, or "
            "give --head"
        )
    return replace(asked, head=commit)


def pack(path: Path, asked: Asked, found: Planned, intent: bytes | None, key: bytes | None) -> str:
    """Put the pack in its place, all of it or nothing, and return the digest of its contents
    (`sha256:…`, as its manifest says). Raises QgovError, OSError."""
    files, commit = _made(asked, found, intent, key)
    write_pack(path, files, commit)
    say(f"wrote the evidence of {commit[:12]} to {path}: {len(files) + 1} files")
    return str(manifest_of(files, commit)["content_digest"])


def _made(
    asked: Asked, found: Planned, intent: bytes | None, key: bytes | None
) -> tuple[dict[str, bytes], str]:
    postpone("boto3")  # securesystemslib imports it for a signer that nobody asks for
    commit = found.plan.head.commit
    assert commit is not None
    return pack_of(found.plan, found.time, _options_of(asked), intent, key, progress), commit


def rebuilt(root: Path, files: Mapping[str, bytes]) -> list[Problem]:
    """What differs from the pack made again from the clone at `root`. Raises QgovError where
    it cannot be made."""
    said = index_of(files)
    made_by, this = said["qgov_version"], qgov.__version__
    if made_by != this:
        raise QgovError(f"the pack was made by qgov {made_by}, this is {this}: use that one")
    asked = _asked(root, said, files)
    intent = files.get(str(said["options"]["intent"]))
    made = _made(asked, planned(asked), intent, None)
    return compared(files, with_manifest(*made))


def _options_of(asked: Asked) -> Options:
    """What a plan was asked besides the commits, as a pack keeps it."""
    return {
        "horizon": asked.horizon,
        "override": sorted(asked.overrides),
        "now": asked.now,
        "author": asked.author.id if asked.author else None,
        "author_groups": list(asked.author.groups) if asked.author else [],
        "intent": intent_name(asked.intent.path) if asked.intent else None,
    }


def _asked(root: Path, said: Mapping[str, Any], files: Mapping[str, bytes]) -> Asked:
    options = said["options"]
    author, groups = options["author"], tuple(options["author_groups"])
    return Asked(
        root=root,
        base=said["base"] or "empty",
        head=said["head"],
        horizon=options["horizon"],
        overrides=tuple(options["override"]),
        now=options["now"],
        intent=_intent(options["intent"], files),
        author=None if author is None else Author(author, groups),
        witness=True,
        prove=True,
    )


def _intent(name: str | None, files: Mapping[str, bytes]) -> Intent | None:
    if name is None:
        return None
    intent, findings = read_intent(name, files.get(name, b""))
    if intent is None or findings:
        raise typer.BadParameter(f"{name} in the pack is no intent", param_hint="PACK")
    return replace(intent, path=name)
