"""Questions to `@cloud-copilot/iam-simulate`, an evaluator of IAM policies that knows every action
and type of resource of AWS. It is a program of its own, run by node and not shipped with qgov
(`.ci/install-iam-simulate`)."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from qgov.conformance.native.question import FULL, Answer, Policy, Question, Request
from qgov.errors import QgovError

__all__ = ["FOLDER", "answers", "installed", "version"]

FOLDER: Final = "QGOV_IAM_SIMULATE"
"""The variable of the environment that names the folder in which it is installed."""

_SCRIPT: Final = Path(__file__).with_name("simulate.mjs")
_KNOWN_ISSUER: Final = "accounts.google.com"
_PACKAGE: Final = "node_modules/@cloud-copilot/iam-simulate/package.json"


def installed(folder: str | None) -> Path | None:
    """The folder that holds the evaluator: the one given, else `.iam-simulate` here; None when
    it is not there, or node is not."""
    path = Path(folder or ".iam-simulate")
    return path.resolve() if shutil.which("node") and (path / _PACKAGE).is_file() else None


def version(folder: Path) -> str:
    """The evaluator in a folder, with its version."""
    package = json.loads((folder / _PACKAGE).read_bytes())
    return f"{package['name']}@{package['version']}"


def answers(questions: Sequence[Question], folder: Path) -> list[Answer]:
    """What the evaluator says of each question. Raises QgovError when it fails, or refuses a
    request or a policy."""
    said = iter(_ask([r for q in questions for way in q.ways for r in way], folder))
    found = []
    for question in questions:
        possible = [[next(said) for _ in way] for way in question.ways]
        found.append(Answer(question, any(map(all, possible))))
    return found


def _ask(requests: Sequence[Request], folder: Path) -> list[bool]:
    documents: dict[str, int] = {}

    def number(policy: Policy) -> int:
        text = json.dumps({"Version": "2012-10-17", "Statement": policy})
        return documents.setdefault(text, len(documents))

    asked = [_as_json(_with_known_issuer(each), number) for each in requests]
    given = {"documents": [json.loads(text) for text in documents], "requests": asked}
    done = subprocess.run(  # noqa: S603 - no shell, and a file of our own
        [shutil.which("node") or "node", str(_SCRIPT), str(folder)],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise QgovError(f"iam-simulate failed: {done.stderr.strip()[-500:]}")
    found = json.loads(done.stdout)
    return [_allowed(request, each) for request, each in zip(requests, found, strict=True)]


def _allowed(request: Request, found: dict[str, Any]) -> bool:
    ignored = found.get("ignored")
    if "error" in found or ignored:
        why = found.get("error") or f"it ignores {', '.join(ignored or ())}"
        raise QgovError(f"iam-simulate cannot judge {request.action}: {why}")
    return bool(found["result"] == "Allowed")


def _as_json(request: Request, number: Any) -> dict[str, Any]:
    return {
        "request": {
            "principal": request.principal,
            "action": request.action,
            "resource": {"resource": request.resource, "accountId": request.account},
            "contextVariables": request.context,
        },
        "identity": [number(policy) for policy in request.identity],
        "guard": [number(policy) for policy in (FULL, *request.guard)],
        "trust": None if request.trust is None else number(request.trust),
    }


def _with_known_issuer(request: Request) -> Request:
    """A request whose token is of an issuer that the evaluator knows: AWS lists the keys `sub` and
    `aud` of Google alone, and the evaluator takes no other. The keys are renamed in what is
    asked and in the policy alike; what they are compared with stays."""
    if request.action != "sts:AssumeRoleWithWebIdentity" or request.trust is None:
        return request
    issuer = request.principal.partition(":oidc-provider/")[2]
    context = {_renamed(key, issuer): value for key, value in request.context.items()}
    trust = tuple(
        {
            **statement,
            "Condition": {
                operator: {_renamed(key, issuer): value for key, value in keys.items()}
                for operator, keys in statement.get("Condition", {}).items()
            },
        }
        for statement in request.trust
    )
    return Request(
        request.principal,
        request.action,
        request.resource,
        request.account,
        context,
        request.identity,
        request.guard,
        trust,
    )


def _renamed(key: str, issuer: str) -> str:
    name, _, claim = key.rpartition(":")
    return f"{_KNOWN_ISSUER}:{claim}" if name == issuer and claim in ("aud", "sub") else key
