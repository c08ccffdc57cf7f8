"""Whether a pack is what it says: digests, statement, signature and contents, offline."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from qgov.contracts.artifacts import Manifest
from qgov.contracts.conformance import Conformance
from qgov.contracts.evidence import Evidence, Predicate
from qgov.contracts.plan import Plan, content_of
from qgov.contracts.schema import schema_of
from qgov.evidence.compressed import text_of
from qgov.evidence.pack import STATEMENT
from qgov.evidence.schemas import broken
from qgov.evidence.statement import (
    PREDICATE_TYPE,
    STATEMENT_TYPE,
    StatementError,
    as_written,
    opened,
    signers,
    statement,
    verified,
)
from qgov.output.manifest import MANIFEST, manifest_from, manifest_text
from qgov.plan.plan import digest

__all__ = ["TYPED", "Problem", "compared", "index_of", "verify"]

TYPED: Final = {
    MANIFEST: Manifest,
    "artifacts.json": Manifest,
    "pack.json": Evidence,
    "plan.json": Plan,
    "conformance.json.xz": Conformance,
}
"""Our files that have a contract. Each must be there."""


class Problem(NamedTuple):
    """A file of the pack, and what is wrong with it."""

    path: str
    message: str


def verify(
    files: Mapping[str, bytes], public_pem: bytes | None = None
) -> tuple[list[Problem], list[str]]:
    """What is wrong with a pack, and the ids of the keys that it says it is signed by. With a key
    (Ed25519, SPKI in PEM) it must be signed by that. Raises StatementError for an invalid key."""
    problems = [*_manifest(files), *_schemas(files)]
    signed_by: list[str] = []
    if STATEMENT in files:
        try:
            signed_by = signers(files[STATEMENT])
            problems += _envelope(files, opened(files[STATEMENT]))
        except StatementError as error:
            problems.append(Problem(STATEMENT, str(error)))
        else:
            if public_pem is not None and not verified(files[STATEMENT], public_pem):
                why = "is signed by another key" if signed_by else "is not signed"
                problems.append(Problem(STATEMENT, why))
    # Of each file the first problem: the others follow from it.
    return list({problem.path: problem for problem in reversed(problems)}.values())[::-1], signed_by


def _manifest(files: Mapping[str, bytes]) -> Iterator[Problem]:
    """Each file is as the manifest lists it, none is missing and there are no others."""
    try:
        listed = {str(e["path"]): (e["sha256"], e["size"]) for e in _of(files)["artifacts"]}
    except (ValueError, KeyError, TypeError, RecursionError):
        yield Problem(MANIFEST, "is not a manifest")
        return
    for path, content in files.items():
        if path == MANIFEST:
            continue
        if path not in listed:
            yield Problem(path, "is not in the manifest")
        elif listed[path] != (hashlib.sha256(content).hexdigest(), len(content)):
            yield Problem(path, "is not as the manifest lists it: it was changed")
    for path in sorted(listed.keys() - files.keys()):
        yield Problem(path, "is missing")
    if len(listed) != len(_of(files)["artifacts"]):
        yield Problem(MANIFEST, "lists a file twice")
    again = manifest_from(_of(files)["artifacts"], _of(files).get("commit"))
    again["qgov_version"] = _of(files).get("qgov_version")
    if files[MANIFEST] != manifest_text(again):
        yield Problem(MANIFEST, "is not as qgov writes it: it was changed")


def _of(files: Mapping[str, bytes]) -> Any:
    return json.loads(files[MANIFEST])


def _schemas(files: Mapping[str, bytes]) -> Iterator[Problem]:
    for path in (STATEMENT, *TYPED):
        if path not in files:
            yield Problem(path, "is missing")
    for path, contract in TYPED.items():
        if path not in files:
            continue
        try:
            value = json.loads(text_of(path, files[path]))
        except (ValueError, RecursionError):
            yield Problem(path, "is not JSON")
            continue
        schema = schema_of(contract)
        if what := broken(schema, value):
            yield Problem(path, f"does not follow {schema['title']}: {what}")
        elif path == "plan.json":
            yield from _plan(value)


def _plan(plan: Mapping[str, Any]) -> Iterator[Problem]:
    if plan.get("digest") != digest(content_of(plan)):
        yield Problem("plan.json", "its digest is not of what it says")


def _envelope(files: Mapping[str, bytes], said: Any) -> Iterator[Problem]:
    if not as_written(files[STATEMENT]):
        yield Problem(STATEMENT, "is not as qgov writes it: it was changed")
    yield from _statement(files, said)


def _statement(files: Mapping[str, bytes], said: Any) -> Iterator[Problem]:
    """The statement is about these files and no others, and says of them what they say."""
    try:
        subjects = {str(s["name"]): str(s["digest"]["sha256"]) for s in said["subject"]}
        predicate = dict(said["predicate"])
        types = (said["_type"], said["predicateType"])
    except (KeyError, TypeError, ValueError):
        yield Problem(STATEMENT, "is no in-toto statement")
        return
    if types != (STATEMENT_TYPE, PREDICATE_TYPE):
        yield Problem(STATEMENT, f"is of another kind: {types[1]}")
    about = {path: content for path, content in files.items() if path not in (MANIFEST, STATEMENT)}
    for path, content in about.items():
        if path not in subjects:
            yield Problem(path, "is not what the statement is about")
        elif subjects[path] != hashlib.sha256(content).hexdigest():
            yield Problem(path, "is not as the statement says: it was changed")
    for path in sorted(subjects.keys() - about.keys()):
        yield Problem(path, "is missing, and the statement is about it")
    if predicate.keys() != Predicate.__annotations__.keys():
        yield Problem(STATEMENT, f"does not say what a {PREDICATE_TYPE} says")
        return
    yield from _agreeing(files, predicate)
    written = statement(about, predicate)
    told_of = {(s["name"], s["digest"]["sha256"]) for s in written["subject"]} != {
        *subjects.items()
    }
    if said != written and not told_of:
        yield Problem(STATEMENT, "says something twice, or more than qgov does")


def _agreeing(files: Mapping[str, bytes], predicate: Mapping[str, Any]) -> Iterator[Problem]:
    """Manifest, plan and index speak of the commits that the statement does."""
    told = (
        (MANIFEST, ("commit",), predicate["head"]),
        (MANIFEST, ("qgov_version",), predicate["qgov_version"]),
        ("plan.json", ("base", "commit"), predicate["base"]),
        ("plan.json", ("head", "commit"), predicate["head"]),
        ("plan.json", ("digest",), predicate["plan"]),
        *(("pack.json", (name,), predicate[name]) for name in predicate),
    )
    for path, way, wanted in told:
        try:
            found = json.loads(files[path])
            for name in way:
                found = found[name]
        except (ValueError, KeyError, TypeError, RecursionError):
            yield Problem(path, f"has no {way[0]}, the statement says {wanted!r}")
            continue
        if found != wanted:
            yield Problem(path, f"its {way[0]} is {found!r}, the statement says {wanted!r}")


def index_of(files: Mapping[str, bytes]) -> Mapping[str, Any]:
    """What the pack says of itself; nothing where that cannot be read."""
    try:
        found = json.loads(files.get("pack.json", b"{}"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def compared(files: Mapping[str, bytes], rebuilt: Mapping[str, bytes]) -> list[Problem]:
    """What differs from the same pack made again; signatures apart, which take the key, and how
    a text was compressed."""
    again = {path: _as_in(files, path, content) for path, content in rebuilt.items()}
    problems = [
        Problem(path, "is not what the two commits give")
        for path in sorted(files.keys() & again.keys())
        if files[path] != again[path] and path not in (STATEMENT, MANIFEST)
    ]
    problems += [
        Problem(path, "is not made from the two commits")
        for path in sorted(files.keys() - again.keys())
    ]
    problems += [Problem(path, "is missing") for path in sorted(again.keys() - files.keys())]
    said = opened(rebuilt[STATEMENT])
    if again != rebuilt:
        about = {path: again[path] for path in again if path not in (MANIFEST, STATEMENT)}
        said = statement(about, said["predicate"])
    if opened(files[STATEMENT]) != said:
        problems.append(Problem(STATEMENT, "says something other than the two commits give"))
    return problems


def _as_in(files: Mapping[str, bytes], path: str, content: bytes) -> bytes:
    """The content, compressed as in the files where the text is the same there."""
    try:
        same = path in files and text_of(path, files[path]) == text_of(path, content)
    except ValueError:
        return content
    return files[path] if same else content
