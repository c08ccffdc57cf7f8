"""Requests that nobody normalized: sound ones with values that do not belong, and the bundle
asked about them as a caller of OPA would ask."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from copy import deepcopy
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, Final

from qgov.decision.answer import as_decision
from qgov.decision.bundle import read_bundle
from qgov.decision.decision import Decision
from qgov.decision.engine import EngineError
from qgov.decision.engines.rego import RegoEngine
from qgov.decision.engines.rego.compiled import carried
from qgov.decision.engines.rego.sandbox import Policy
from qgov.decision.reference import decide
from qgov.decision.request_parts import RequestJson
from qgov.model.access_model import AccessModel
from qgov.records import replace
from tests.decision.jobs import ALLOWED_JOBS, DENIED_JOBS
from tests.decision.test_reasons import ALLOWED, DENIED

__all__ = [
    "INSTANTS",
    "Raw",
    "ask_compiled",
    "ask_opa",
    "ask_rego",
    "compared",
    "mutated",
    "near",
    "replaced",
]

SOUND: Final = [*ALLOWED.values(), *(request for request, _ in ALLOWED_JOBS.values())]
UNSOUND: Final = [request for request, _ in (*DENIED.values(), *DENIED_JOBS.values())]
STRANGE: Final[list[Any]] = [
    *(None, True, False, [], {}, "", " ", 0, 1, -1, 0.5, 2.0, 1e15, 1e300, -0.0, 10**16, 10**400),
    *(
        ["leads"],
        {"x": "leads"},
        [[]],
        [None],
        {"": ""},
        "x" * 1000,
        "x" * 1001,
        "a\nb",
        "a\u200bb",
    ),
    *("*", "leads", "auditors", "developers", "user", "workload", "oidc", "true", "null", "1000"),
    *("mei@northwind.example", "MEI@northwind.example", "me\u0131@northwind.example", "\u212a"),
    *("ine\u017f@northwind.example", "INES@NORTHWIND.EXAMPLE", "j\u00f6rg", "JO\u0308RG"),
    *("tom@northwind.example", "TOM@northwind.example", "Aurora/Nightly", "aurora/nightly"),
    *("aurora", "sandbox", "production", "aurora/production", "AURORA", "QC-1\x00", "\\xf6", '"'),
]
"""Values of every type, some of which belong somewhere else."""
INSTANTS: Final = [
    *("2026-11-23T10:00:00.123456789Z", "2026-11-23t10:00:00z", "2026-11-23T10:00:00,5Z"),
    *("2026-11-23T9:55:00Z", "2026-11-23T10:00:00.1234567890Z", "2026-11-23 10:00:00Z"),
    *(
        "2026-11-23T10:00:00",
        "2026-11-23T10:00:60Z",
        "2026-11-23T24:00:00Z",
        "2026-02-30T00:00:00Z",
    ),
    *("1969-12-31T23:59:59.9Z", "1970-01-01T00:00:00+01:00", "2262-01-01T00:00:00Z"),
    *("2261-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59-23:59", "2026-11-23T10:00:00Z\n"),
    *("2026-11-23T10:00:00-00:00", "2026-11-23T11:00:00.000+01:00", "2026-11-23T10:00:00+1:00"),
]


def near(text: str, others: str) -> Iterator[str]:
    """The text with any of its characters left out, doubled or replaced by one of the others."""
    for at, character in enumerate(text):
        for other in ("", 2 * character, *others):
            yield text[:at] + other + text[at + 1 :]


TIMES: Final = ("time", "issued_at", "not_before", "expires", "approved_at")
Place = tuple[Any, Any]
"""A container and the key of a value in it."""


def mutated(seed: int, count: int) -> Iterator[dict[str, Any]]:
    """So many requests with one to three values replaced, the same for the same seed."""
    random = Random(seed)  # noqa: S311 - a sample, no secret
    for _ in range(count):
        request = deepcopy(random.choice(random.choice((SOUND, SOUND, SOUND, UNSOUND))))
        for _ in range(random.choice((1, 1, 2, 3))):
            if places := list(_places(request)):
                _mutate(random, *random.choice(places))
        yield request


def replaced(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The request with any one of its values left out, or replaced by any strange one."""
    for number, (_, key) in enumerate(_places(request)):
        for value in (..., *STRANGE, *INSTANTS[:3], "\ud800", {"\ud800": 1}, {1: 2}, (), ("a",)):
            changed = deepcopy(request)
            container, _ = next(islice(_places(changed), number, None))
            if value is ...:
                del container[key]
            else:
                container[key] = deepcopy(value)
            yield changed


def _places(value: Any) -> Iterator[Place]:
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _mutate(random: Random, container: Any, key: Any) -> None:
    """The value becomes another one, its own in another form, or something nearby."""
    value = container[key]
    likely: list[Any] = [random.choice(STRANGE) for _ in range(3)]
    if key in TIMES:
        likely += random.sample(INSTANTS, 3)
    if isinstance(value, str):
        likely += [
            value.upper(),
            value.lower(),
            value.title(),
            [value],
            {value: value},
            value + " ",
        ]
    if isinstance(value, int) and not isinstance(value, bool) and value < 10**300:
        likely += [float(value), value + 0.5, str(value), -value, [value], float(value) + 1]
    if isinstance(value, list):
        likely += [
            {str(n): each for n, each in enumerate(value)},
            value[:1],
            [*value, None],
            [value],
        ]
    if isinstance(value, dict):
        likely += [
            [value],
            {**value, "ticket": ""},
            {**value, "subject": None},
            list(value.values()),
        ]
    if isinstance(value, bool):
        likely += [str(value).lower(), int(value)]
    container[key] = deepcopy(random.choice(likely))


class Raw(RegoEngine):
    """rego-cpp asked as it stands, without `Request.from_json`. regopy takes an integer of more
    than 64 bits modulo 2^64 and ends a text at a NUL, which no policy can see: such a request
    is not asked."""

    def _decide(self, request: RequestJson) -> Decision:
        if re.search(r"[0-9]{19}|\\u0000", json.dumps(request)):
            raise EngineError("regopy would read another request")
        self._write(request)
        return self._answer(self._read(5.0))


def ask_rego(bundle: bytes, inputs: list[dict[str, Any]]) -> list[Decision | None]:
    """rego-cpp's answers; None where there is none."""
    answers: list[Decision | None] = []
    with Raw(bundle) as engine:
        for request in inputs:
            try:
                answers += engine.decide([request])
            except EngineError:
                answers.append(None)
    return answers


def ask_compiled(bundle: bytes, inputs: list[dict[str, Any]]) -> list[Decision | None]:
    """Answers of the policy in WebAssembly; None where there is none."""
    read = read_bundle(bundle)
    code = carried(read)
    assert code is not None
    policy = Policy(code, read.data)
    answers: list[Decision | None] = []
    for request in inputs:
        try:
            answers.append(as_decision(policy.ask(request, 5.0)))
        except EngineError:
            answers.append(None)
    return answers


def compared(
    model: AccessModel, requests: list[dict[str, Any]], answers: Sequence[Decision | None]
) -> tuple[Counter[str], list[dict[str, Any]]]:
    """How the raw answers stand to the reference's, and the requests that are allowed against
    it. No decision is a denial to whoever enforces it."""
    counts: Counter[str] = Counter()
    lax: list[dict[str, Any]] = []
    for request, answer in zip(requests, answers, strict=True):
        wanted = decide(model, request)
        if answer is None:
            counts["not answered"] += 1
        elif replace(answer, revision="") == wanted:
            counts["as the reference: allowed" if wanted.allow else "as the reference: denied"] += 1
        elif not answer.allow:
            counts["denied, the reference allows" if wanted.allow else "denied otherwise"] += 1
        else:
            counts["allowed otherwise"] += 1
            lax.append(request)
    return counts, lax


def ask_opa(
    opa: str, folder: Path, bundle: bytes, inputs: list[dict[str, Any]]
) -> list[Decision | None]:
    """OPA's answers, in one evaluation; None where there is none."""
    bundle_path, inputs_path = folder / "bundle.tar.gz", folder / "inputs.json"
    bundle_path.write_bytes(bundle)
    inputs_path.write_text(json.dumps(inputs))
    query = "{i: d | some i, r in input; d := data.qgov.authz.decision with input as r}"
    done = subprocess.run(
        [
            opa,
            "eval",
            "--format",
            "raw",
            "--bundle",
            str(bundle_path),
            "--input",
            str(inputs_path),
            query,
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    answers: dict[str, Any] = json.loads(done.stdout)
    found = map(answers.get, map(str, range(len(inputs))))
    return [None if answer is None else as_decision(answer) for answer in found]
