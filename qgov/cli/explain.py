"""`qgov explain`: why a request is allowed or denied, with the lines that decide it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from qgov.cli.common import Format, Root, at_commit, choose, together
from qgov.cli.loading import choose_scope, model_at
from qgov.cli.streams import write
from qgov.decision.access_tests import request_of
from qgov.decision.explanation import explanation
from qgov.decision.made_up import ACCESS_TEST
from qgov.errors import ExitStatus
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
    at: Annotated[str | None, at_commit("When.")] = None,
    root: Root = Path(),
    format_: Format = "text",
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 3 when the request is denied.")
    ] = False,
) -> int:
    """Show why a request is allowed or denied."""
    with together() as each:
        with each():
            choose(action, tuple(CATALOGUE), "--action")
        with each():
            given = _json(context, "--context")
        with each():
            model = model_at(root, at)
            case = {"name": "explain", "expect": "allow", "action": action}
            case |= _asked(model, subject, resource)
    said = {"subject": _json(subject, "--subject"), "resource": _json(resource, "--resource")}
    found = explanation(model, _request(model, case, said, given))
    write(as_json(found) if format_ == "json" else as_text(model, found))
    return ExitStatus.GATE if exit_code and not found.decision.allow else ExitStatus.WELL


def _asked(model: AccessModel, subject: str, resource: str) -> dict[str, Any]:
    """Who asks for what, in the words of an access test."""
    with together() as each:
        with each():
            _json(subject, "--subject")
            who = _subject(model, subject)
        with each():
            _json(resource, "--resource")
            where = _resource(model, resource)
    return {"subject": who, "resource": where}


def _request(
    model: AccessModel,
    case: dict[str, Any],
    said: Mapping[str, dict[str, Any]],
    given: dict[str, Any],
) -> dict[str, Any]:
    """The whole request; what is left out is as good as the model requires. `said` is what the
    subject and the resource say as JSON, and `given` the circumstances."""
    request = ACCESS_TEST.json(request_of(model, _case(case)))
    for part, own in said.items():
        if own:
            inner = own if part == "subject" else {"properties": own.get("properties", own)}
            request[part] = {**request[part], **inner}
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
        return {"groups": _groups(model, rest.split(","))}
    if kind == "workload":
        choose(rest, tuple(model.workloads), "--subject")
        return {"workload": rest}
    if kind == "user":
        person, _, said = rest.partition("=")
        return {"user": person, "groups": _groups(model, said.split(",") if said else [])}
    raise typer.BadParameter(
        "write group:NAME, user:ID, workload:TENANT/NAME or a JSON object", param_hint="--subject"
    )


def _groups(model: AccessModel, names: list[str]) -> list[str]:
    with together() as each:
        for name in names:
            with each():
                choose(name, tuple(model.groups), "--subject")
    return names


def _resource(model: AccessModel, text: str) -> dict[str, Any]:
    if text.lstrip().startswith("{"):
        return {"scope": "*"}
    scope, _, backend = text.partition("@")
    with together() as each:
        with each():
            choose_scope(model, scope, "--resource")
        with each():
            if backend:
                choose(backend, tuple(model.organization.backends), "--resource")
    return {"scope": scope, "backend": backend} if backend else {"scope": scope}


def _json(text: str | None, option: str) -> dict[str, Any]:
    """The object that an option says, where it is one."""
    if text is None or (option != "--context" and not text.lstrip().startswith("{")):
        return {}
    try:
        value = json.loads(text)
    except ValueError as error:
        raise typer.BadParameter(f"not JSON: {error}", param_hint=option) from error
    if not isinstance(value, dict):
        raise typer.BadParameter("write a JSON object", param_hint=option)
    return value
