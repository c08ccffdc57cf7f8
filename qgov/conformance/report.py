"""Results as the document `qgov/conformance/v1`, and shards of it put together.

The document is a function of the repository, the bundle and the engine: no clock, and in
the order of the cases' ids, so that shards add up to the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from qgov.conformance.case import Result
from qgov.conformance.content import Difference, Grant
from qgov.contracts import conformance as contract
from qgov.contracts.telling import tell
from qgov.errors import QgovError
from qgov.model.principal import group
from qgov.model.scope import contains

__all__ = ["SCHEMA", "MergeError", "failed", "merged", "report"]

SCHEMA: Final = "qgov/conformance/v1"
WHOLE: Final[contract.Shard] = {"index": 1, "of": 1}


class MergeError(QgovError):
    """Reports that do not belong together; the message says why."""


def report(
    engine: str,
    revision: str,
    results: Iterable[Result],
    *,
    roles: Sequence[str],
    backends: Sequence[str],
    differences: Sequence[Difference] = (),
    added: Sequence[Grant] = (),
    shard: tuple[int, int] = (1, 1),
) -> contract.Conformance:
    """The document. `engine` is `all` for several, which the cases name; `roles` and
    `backends` are those of the matrix; `added` the bundle's grants beyond the documents."""
    cases = [_case(result, added) for result in results]
    return _document(
        engine=engine,
        revision=revision,
        shard={"index": shard[0], "of": shard[1]},
        cases=cases,
        bundle={"differences": [tell(contract.Difference, each) for each in differences]},
        matrix={"roles": list(roles), "backends": list(backends)},
    )


def _document(
    *,
    engine: str,
    revision: str,
    shard: contract.Shard,
    cases: list[contract.Case],
    bundle: contract.Bundle,
    matrix: contract.Matrix,
) -> contract.Conformance:
    cases = sorted(cases, key=lambda case: (case["engine"], case["id"]))
    passed = sum(case["result"] == "passed" for case in cases)
    submitted = [case for case in cases if case["submitted"]]
    return {
        "schema": "qgov/conformance/v1",
        "engine": engine,
        "revision": revision,
        "shard": shard,
        "summary": {
            "passed": passed,
            "failed": len(cases) - passed,
            "submitted": len(submitted),
            "refused": sum(not case["decision"]["allow"] for case in submitted),
        },
        "bundle": bundle,
        "matrix": matrix,
        "cases": cases,
    }


def failed(document: Mapping[str, Any]) -> bool:
    """Whether a run did not pass: a case failed, the bundle says something other than the
    documents, or nothing was asked at all."""
    return bool(
        document["summary"]["failed"] or document["bundle"]["differences"] or not document["cases"]
    )


def _case(result: Result, added: Sequence[Grant]) -> contract.Case:
    told = tell(contract.Case, result)
    told["role"] = told["role"] or _roles(result, added)
    return told


def _roles(result: Result, added: Sequence[Grant]) -> str:
    """Through which of the added grants a case that failed was allowed."""
    case = result.case
    if result.passed:
        return ""
    permission = case.request["action"]["name"]
    asked = {case.principal, *map(group, case.one_by_one)}
    found = {
        grant.role
        for grant in added
        if grant.principal in asked
        and permission in grant.permissions
        and contains(grant.scope, case.scope)
    }
    return ", ".join(sorted(found))


def merged(documents: Sequence[Any]) -> contract.Conformance:
    """The shards of one run as one document. Raises MergeError."""
    first = documents[0]
    for number, document in enumerate(documents, 1):
        _readable(document, number)
        for name in ("engine", "revision"):
            if document[name] != first[name]:
                raise MergeError(
                    f"report {number} is of the {name} {document[name]!r}, report 1 of "
                    f"{first[name]!r}: merge the shards of one run"
                )
    of = {document["shard"]["of"] for document in documents}
    if len(of) > 1:
        raise MergeError(f"the reports are of runs of {_listed(of)} shards: merge those of one run")
    every = set(range(1, first["shard"]["of"] + 1))
    given = [document["shard"]["index"] for document in documents]
    if missing := every - set(given):
        raise MergeError(f"of {max(every)} shards {_listed(missing)} is missing")
    if twice := {index for index in given if given.count(index) > 1}:
        raise MergeError(f"shard {_listed(twice)} is given more than once")
    if unknown := set(given) - every:
        raise MergeError(f"there is no shard {_listed(unknown)} of {max(every)}")
    for name in ("bundle", "matrix"):
        if any(document[name] != first[name] for document in documents):
            raise MergeError(f"the reports differ in their {name}: merge the shards of one run")
    return _document(
        engine=first["engine"],
        revision=first["revision"],
        shard=WHOLE,
        cases=[case for document in documents for case in document["cases"]],
        bundle=first["bundle"],
        matrix=first["matrix"],
    )


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(numbers)))


_SHAPE: Final[dict[str, type]] = {
    "engine": str,
    "revision": str,
    "shard": dict,
    "summary": dict,
    "bundle": dict,
    "matrix": dict,
    "cases": list,
}
_CASE: Final = ("id", "engine", "name", "role", "scope", "result", "problems", "submitted")


def _readable(document: Any, number: int) -> None:
    sound = (
        isinstance(document, dict)
        and document.get("schema") == SCHEMA
        and all(isinstance(document.get(name), kind) for name, kind in _SHAPE.items())
        and all(type(document["shard"].get(name)) is int for name in WHOLE)
        and document["shard"]["of"] >= 1
        and isinstance(document["bundle"].get("differences"), list)
        and all(isinstance(document["matrix"].get(n), list) for n in ("roles", "backends"))
        and all(_whole(case) for case in document["cases"])
    )
    if not sound:
        raise MergeError(
            f"report {number} is no {SCHEMA}: write it with `qgov conform --format json`"
        )


def _whole(case: Any) -> bool:
    return (
        isinstance(case, dict)
        and all(name in case for name in (*_CASE, "backend", "origin", "principal", "source"))
        and isinstance(case.get("decision"), dict)
        and "allow" in case["decision"]
        and isinstance(case["problems"], list)
    )
