"""`qgov explain`: why a request is allowed or denied, with the lines that decide it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from qgov.cli.common import Format, Root, choose
from qgov.cli.loading import model_at
from qgov.cli.streams import write
from qgov.decision.access_tests import request_of
from qgov.decision.explanation import explanation
from qgov.decision.made_up import ACCESS_TEST
from qgov.language.kinds.access_test import Case
from qgov.language.permissions import CATALOGUE
from qgov.model.access_model import AccessModel
from qgov.render.explain import as_json, as_text

__all__ = ["command"]


def command(
    subject: Annotated[
        str,
        typer.Option(
            metavar="SUBJECT",
            help="group:NAME[,NAME…], user:ID[=GROUP,…], workload:TENANT/NAME, or an "
            "AuthZEN subject as JSON.",
        ),
    ],
    action: Annotated[str, typer.Option(metavar="PERMISSION", help="Such as job:submit.")],
    resource: Annotated[
        str,
        typer.Option(
            metavar="RESOURCE", help="SCOPE[@BACKEND], or AuthZEN resource properties as JSON."
        ),
    ],
    context: Annotated[
        str | None,
        typer.Option(
            metavar="JSON",
            help="Circumstances that differ from what is required.",
            show_default="all that is required",
        ),
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="REF", show_default="the work tree", help="When.")
    ] = None,
    root: Root = Path(),
    format_: Format = "text",
) -> int:
    """Show why a request is allowed or denied."""
    model = model_at(root, at)
    found = explanation(model, _request(model, subject, action, resource, context))
    write(as_json(found) if format_ == "json" else as_text(model, found))
    return 0


def _request(
    model: AccessModel, subject: str, action: str, resource: str, context: str | None
) -> dict[str, Any]:
    """The whole request; what is left out is as good as the model requires."""
    choose(action, tuple(CATALOGUE), "--action")
    case = {
        "name": "explain",
        "subject": _subject(model, subject),
        "action": action,
        "resource": _resource(model, resource),
        "expect": "allow",
    }
    request = ACCESS_TEST.json(request_of(model, _case(case)))
    for part, text, option in (
        ("subject", subject, "--subject"),
        ("resource", resource, "--resource"),
    ):
        if text.lstrip().startswith("{"):
            given = _json(text, option)
            given = given if part == "subject" else {"properties": given.get("properties", given)}
            request[part] = {**request[part], **given}
    if context is not None:
        given = _json(context, "--context")
        for part in ("job", "usage"):  # what is left out of these stays as it is
            if isinstance(given.get(part), dict):
                given[part] = {**request["context"][part], **given[part]}
        request["context"] = {**request["context"], **given}
    return request


def _case(case: dict[str, Any]) -> Any:
    try:
        return Case.model_validate(case)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        part = first["loc"][0] if first["loc"] else ""
        raise typer.BadParameter(
            f"{first['msg'][:1].lower()}{first['msg'][1:]}",
            param_hint=f"--{part}" if part else "request",
        ) from error


def _subject(model: AccessModel, text: str) -> dict[str, Any]:
    kind, _, rest = text.partition(":")
    if text.lstrip().startswith("{"):
        return {"groups": []}
    if kind == "group":
        names = rest.split(",")
        for name in names:
            choose(name, tuple(model.groups), "--subject")
        return {"groups": names}
    if kind == "workload":
        choose(rest, tuple(model.workloads), "--subject")
        return {"workload": rest}
    if kind == "user":
        person, _, groups = rest.partition("=")
        return {"user": person, "groups": groups.split(",") if groups else []}
    raise typer.BadParameter(
        "write group:NAME, user:ID, workload:TENANT/NAME or a JSON object", param_hint="--subject"
    )


def _resource(model: AccessModel, text: str) -> dict[str, Any]:
    if text.lstrip().startswith("{"):
        return {"scope": "*"}
    scope, _, backend = text.partition("@")
    if backend:
        choose(backend, tuple(model.organization.backends), "--resource")
        return {"scope": scope, "backend": backend}
    return {"scope": scope}


def _json(text: str, option: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise typer.BadParameter(f"not JSON: {error}", param_hint=option) from error
    if not isinstance(value, dict):
        raise typer.BadParameter("write a JSON object", param_hint=option)
    return value
