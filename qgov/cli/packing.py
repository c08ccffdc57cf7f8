"""`--evidence`: the pack of a plan, and the same pack made again from what a pack says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qgov.cli.common import say
from qgov.cli.planning import Asked, Planned

if TYPE_CHECKING:
    from datetime import datetime

    from qgov.contracts.evidence import Options
    from qgov.finding import Finding
    from qgov.model.access_model import AccessModel
    from qgov.plan.plan import Plan
    from qgov.repository import Snapshot

__all__ = [
    "EvidencePath",
    "Pack",
    "committed",
    "evidence_key",
    "options_of",
    "packed",
    "write_pack",
]

EvidencePath = Annotated[
    Path | None,
    typer.Option(
        "--evidence",
        metavar="PATH",
        help="Write the evidence pack: a folder, or a zip when the name ends in .zip. Signed "
        "with the Ed25519 key (PEM) in QGOV_EVIDENCE_KEY. Implies --prove.",
    ),
]

Pack = dict[str, bytes]
"""The files of a pack, its manifest apart."""


def evidence_key() -> bytes | None:
    """The key to sign with, from the environment. Raises typer.BadParameter."""
    from qgov.evidence.statement import StatementError, key_id

    text = os.environ.get("QGOV_EVIDENCE_KEY", "")
    if not text:
        return None
    pem = text.encode(errors="surrogateescape")
    try:
        say(f"signing with the key {key_id(pem)}")
    except StatementError as error:
        raise typer.BadParameter(str(error), param_hint="QGOV_EVIDENCE_KEY") from error
    return pem


def committed(asked: Asked) -> Asked:
    """The same, with a head that is a commit: a pack is about two commits. Raises
    RepositoryError where the work tree differs from it."""
    from qgov.repository import RepositoryError, head_commit, read_work_tree

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


def options_of(asked: Asked) -> Options:
    """What a plan was asked besides the commits, as a pack keeps it."""
    return {
        "horizon": asked.horizon,
        "override": sorted(asked.overrides),
        "now": asked.now,
        "author": asked.author.id if asked.author else None,
        "author_groups": list(asked.author.groups) if asked.author else [],
        "intent": _intent_name(asked.intent.path) if asked.intent else None,
    }


def _intent_name(path: str) -> str:
    return "intent.yaml" if path.endswith((".yaml", ".yml")) else "intent.md"


def packed(
    asked: Asked, found: Planned, intent: bytes | None, key: bytes | None
) -> tuple[Pack, str] | None:
    """The files of the pack and the head's commit; None, with the reason on standard error,
    where something could not be made."""
    from qgov.cli.conform import has_library, progress
    from qgov.decision.engine import EngineError
    from qgov.evidence.pack import STATEMENT
    from qgov.evidence.proof import proof_of
    from qgov.evidence.statement import enveloped, statement
    from qgov.render.pack import Evidence, contents, predicate
    from qgov.render.text import plain

    for library, extra in (
        ("cirq_google", "conform"),
        ("cedarpy", "engines"),
        ("securesystemslib", "evidence"),
    ):
        if not has_library(library):
            say(f"error: {library} is not installed; install qgov[{extra}]")
            return None
    plan = _anywhere(found.plan)
    before, _ = _whole(plan.base, found.time)
    after, findings = _whole(plan.head, found.time)
    assert after is not None
    assert plan.head.commit is not None
    try:
        proof = proof_of(after, progress)
    except EngineError as error:
        say(f"error: the bundle could not be proven: {plain(str(error))}")
        return None
    kept = None
    if asked.intent is not None and intent is not None:
        kept = (_intent_name(asked.intent.path), intent)
    evidence = Evidence(plan, before, after, findings, proof, found.time, options_of(asked), kept)
    files = contents(evidence)
    files[STATEMENT] = enveloped(statement(files, predicate(evidence)), key)
    return files, plan.head.commit


def _anywhere(plan: Plan) -> Plan:
    """The plan without what differs from clone to clone: what the sides are called there, and
    where the intent lies."""
    intent = plan.intent
    return replace(
        plan,
        base=_named(plan.base),
        head=_named(plan.head),
        intent=None if intent is None else replace(intent, path=_intent_name(intent.path)),
    )


def _named(side: Snapshot) -> Snapshot:
    return replace(side, ref=side.commit or side.ref)


def _whole(side: Snapshot, time: datetime) -> tuple[AccessModel | None, tuple[Finding, ...]]:
    """Everything that a commit says, its access tests included, and what the rules find."""
    from qgov.pipeline import validate_files

    if not side.blobs:
        return None, ()
    checked = validate_files(side.read(side.blobs), time)
    return checked.model, checked.findings


def write_pack(path: Path, pack: Mapping[str, bytes], commit: str) -> str:
    """Put the pack in its place, all of it or nothing, and return the digest of its contents
    (`sha256:…`, as its manifest says). Raises RepositoryError, OSError."""
    from qgov.evidence import pack as evidence_pack
    from qgov.output.manifest import manifest_of

    evidence_pack.write_pack(path, pack, commit)
    say(f"wrote the evidence of {commit[:12]} to {path}: {len(pack) + 1} files")
    return str(manifest_of(pack, commit)["content_digest"])
