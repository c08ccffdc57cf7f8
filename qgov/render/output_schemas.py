"""JSON Schema (draft-07) of the documents that qgov prints and writes.

What is listed here stays: a field is never renamed or removed within a version. More fields
may come, so that nothing is closed but the conditions' parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from qgov.assess.item import Plan, State
from qgov.finding import Severity
from qgov.gateway.chain import STREAMS
from qgov.language.permissions import CATALOGUE, NAMES
from qgov.plan.changes import Change
from qgov.plan.intent import OUTSIDE
from qgov.plan.reviews import Outcome
from qgov.plan.risk import RULES, Risk
from qgov.render.schema import DRAFT

__all__ = ["output_schemas"]

Schema = dict[str, Any]

_TEXT: Final[Schema] = {"type": "string"}
_NUMBER: Final[Schema] = {"type": "integer", "minimum": 0}
_FLAG: Final[Schema] = {"type": "boolean"}
_PLACE: Final[Schema] = {"type": "integer", "minimum": 1}
_INSTANT: Final[Schema] = {"type": "string", "format": "date-time"}
_COMMIT: Final[Schema] = {"type": ["string", "null"], "pattern": "^[0-9a-f]{40,64}$"}
_DIGEST: Final[Schema] = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
_PRINCIPAL: Final[Schema] = {
    "type": "string",
    "pattern": r"^(group:[^/]+|workload:[^/]+/[^/]+|user:.+)$",
    "description": "`group:NAME`, `workload:TENANT/NAME`, or `user:ID` through an elevation.",
}
_SCOPE: Final[Schema] = {
    "type": "string",
    "pattern": r"^(\*|[^/]+(/[^/]+){0,2})$",
    "description": "`*`, `tenant`, `tenant/environment` or `tenant/environment/project`.",
}
_DOCUMENT: Final[Schema] = {
    "type": "string",
    "pattern": "^([A-Za-z]+/.+)?$",
    "description": "`Kind/name`; empty when the text could not be read as a document.",
}


def output_schemas() -> dict[str, Schema]:
    """The value of a document's `schema` field → JSON Schema of the whole document."""
    return {
        name: {
            "$schema": DRAFT,
            "title": name,
            "description": about,
            **_object({"schema": {"const": name}, **required}, optional),
            "definitions": {n: _DEFINITIONS[n] for n in _used((required, optional))},
        }
        for name, (about, required, optional) in sorted(_OUTPUTS.items())
    }


def _object(required: Mapping[str, Any], optional: Mapping[str, Any] | None = None) -> Schema:
    found: Schema = {"type": "object", "properties": {**required, **(optional or {})}}
    return {**found, "required": list(required)} if required else found


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _one_of(*values: str) -> Schema:
    return {"enum": list(values)}


def _numbers(*names: str) -> dict[str, Schema]:
    return dict.fromkeys(names, _NUMBER)


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _map(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


def _used(node: Any) -> list[str]:
    """The definitions that a schema refers to, and those that they refer to."""
    found: set[str] = set()
    pending = [node]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            name = str(part.get("$ref", "")).removeprefix("#/definitions/")
            if name and name not in found:
                found.add(name)
                pending.append(_DEFINITIONS[name])
            pending += part.values()
        elif isinstance(part, list | tuple):
            pending += part
    return sorted(found)


_DEFINITIONS: Final[dict[str, Schema]] = {
    "conditions": {
        "description": "What must hold; absent means not required.",
        **_object(
            {},
            {
                "mfa": {"const": True},
                "managed_device": {"const": True},
                "max_token_age_s": _NUMBER,
                "countries": _list({"type": "string", "pattern": "^[A-Z]{2}$"}),
                "own_only": {"const": True},
                "job": {
                    "additionalProperties": False,
                    **_object(
                        {}, _numbers("shots", "circuits", "qubits", "qpu_seconds", "cost_micros")
                    ),
                },
                "budgets": _list(_TEXT),
                "eligible": _object(
                    {"approvers": _TEXT, "max_duration_s": _NUMBER, "ticket": _FLAG}
                ),
                "elevation": _object(
                    {"expires": _INSTANT, "approved_by": {"type": ["string", "null"]}},
                    {"not_before": _INSTANT},
                ),
                "approval": _object(
                    {
                        "above_micros": _NUMBER,
                        "approvers": _TEXT,
                        "valid_for_s": _NUMBER,
                        "budget": _TEXT,
                    }
                ),
            },
        ),
        "additionalProperties": False,
    },
    "finding": _object(
        {
            "code": {"type": "string", "pattern": "^QG[0-9]{3}$"},
            "severity": _one_of(*Severity),
            "message": _TEXT,
            "path": _TEXT,
            "line": _PLACE,
            "column": _PLACE,
            "remedy": _TEXT,
            "controls": _list(_TEXT),
            "document": _DOCUMENT,
        }
    ),
    "measure": {
        "description": "How much of one thing there is; a total of 0 is nothing to judge by.",
        **_object(
            {
                "what": _TEXT,
                **_numbers("held", "total"),
                "evidence": _list(
                    _object(
                        {
                            "holds": _FLAG,
                            "says": _TEXT,
                            "path": {"type": ["string", "null"]},
                            "line": {"type": ["integer", "null"], "minimum": 1},
                        }
                    )
                ),
            }
        ),
    },
    "side": _object(
        {"ref": _TEXT, "commit": {"type": ["string", "null"], "pattern": "^[0-9a-f]{40,64}$"}}
    ),
    "exposure": _object(
        {"amount_micros": _NUMBER, "currency": {"type": "string", "pattern": "^[A-Z]{3}$"}},
        {"unbounded": _list(_SCOPE)},
    ),
    "access": _object(
        {
            "principal": _PRINCIPAL,
            "permission": _one_of(*CATALOGUE),
            "scope": _SCOPE,
            "backends": _list(_TEXT),
            "change": _one_of(*Change),
            "before": _or_null(_ref("conditions")),
            "after": _or_null(_ref("conditions")),
            "risk": _one_of(*map(str, Risk)),
            "rule": _one_of(*(rule.id for rule in RULES)),
            "causes": {
                "minItems": 1,
                **_list(
                    _object({"path": _TEXT, "line": _PLACE}, {"side": _one_of("head", "base")})
                ),
            },
            "witness": _or_null(_ref("witness")),
        },
        {
            "witness_lost": _ref("witness"),
            "unwitnessed": {**_TEXT, "description": "Why no request shows the change."},
            "before_alternatives": _list(_ref("conditions")),
            "after_alternatives": _list(_ref("conditions")),
            "via": _list(_TEXT),
            "scopes": _list(_SCOPE),
        },
    ),
    "witness": {
        "description": "A request that the compiled policies of both sides decide differently.",
        **_object(
            {"request": {"type": "object"}, "base": _ref("decision"), "head": _ref("decision")},
            {
                "says": {**_list(_TEXT), "description": "What is special about the request."},
                "request_at_base": {
                    "type": "object",
                    "description": "How the base was asked, by the names before a rename.",
                },
                "submitted": {
                    "description": "What the gateways of both sides made of its circuit.",
                    **_object(
                        {"base": _or_null(_ref("submitted")), "head": _or_null(_ref("submitted"))}
                    ),
                },
                "unsubmitted": {**_TEXT, "description": "Why no circuit shows the same."},
                "of": {
                    "description": "Whose witness it is, where the same changes for many.",
                    **_object({"principal": _PRINCIPAL, "scope": _SCOPE}),
                },
            },
        ),
    },
    "submitted": _object(
        {
            "decision": _ref("decision"),
            "circuit_sha256": _or_null(_TEXT),
            "histogram": _or_null(_map(_NUMBER)),
            "engine_jobs": _object(_numbers("before", "after")),
        }
    ),
    "which": {
        "description": "Which access; what else there is to say of it stands in `access`.",
        **_object(
            {
                "principal": _PRINCIPAL,
                "permission": _one_of(*CATALOGUE),
                "scope": _SCOPE,
                "backends": _list(_TEXT),
                "change": _one_of(*Change),
                "risk": _one_of(*map(str, Risk)),
                "scopes": _list(_SCOPE),
            },
            {"code": {"enum": [OUTSIDE, None], "description": "Null: no error."}},
        ),
    },
    "decision": _object(
        {
            "allow": _FLAG,
            "reasons": _list(_TEXT),
            "warnings": _list(_TEXT),
            "obligations": {"type": "object"},
            "revision": _TEXT,
        }
    ),
    "review": {
        "description": "An approval; the platform may say neither its commit nor its time.",
        **_object(
            {
                "by": _TEXT,
                "commit": _COMMIT,
                "at": {"type": ["string", "null"]},
            }
        ),
    },
    "difference": _object(
        {"path": _TEXT, "change": _one_of("added", "removed", "changed"), "before": {}, "after": {}}
    ),
    "binding": _object(
        {
            "role": _TEXT,
            "scope": _SCOPE,
            "permissions": _list(_one_of(*sorted(NAMES))),
            "eligible": _or_null(
                _object({"approvers": _TEXT, "max_duration_s": _NUMBER, "ticket": _FLAG})
            ),
        }
    ),
}

_VERDICT: Final = _one_of("more permissive", "less permissive", "incomparable", "equivalent")

_Output = tuple[str, dict[str, Schema], dict[str, Schema]]
_OUTPUTS: Final[dict[str, _Output]] = {
    "qgov/findings/v1": (
        "What `qgov validate` finds.",
        {
            "findings": _list(_ref("finding")),
            "summary": _object({str(severity): _NUMBER for severity in Severity}),
        },
        {},
    ),
    "qgov/plan/v1": (
        "What a change does to effective access.",
        {
            "base": _ref("side"),
            "head": _ref("side"),
            "access": _list(_ref("access")),
            "exposure": _object({"before": _ref("exposure"), "after": _ref("exposure")}),
            "documents": _list(
                _object(
                    {
                        "document": _DOCUMENT,
                        "path": _TEXT,
                        "change": _one_of(
                            "added", "removed", "renamed", "changed", "moved", "reformatted"
                        ),
                        "diff": _list(_ref("difference")),
                    }
                )
            ),
            "artifacts": _list(
                _object({"path": _TEXT, "change": _one_of("added", "removed", "changed")})
            ),
            "findings": _object({"new": _list(_ref("finding")), "fixed": _list(_ref("finding"))}),
            "approvals": _list(_object({"by": _TEXT, "because": _TEXT})),
            "summary": _object(
                {
                    **{str(change): _NUMBER for change in Change},
                    "risk": {"enum": [*map(str, Risk), None]},
                }
            ),
        },
        {
            "digest": _DIGEST,
            "verdict": _VERDICT,
            "guardrails": _object(
                {
                    "checked": _NUMBER,
                    "judged": _list(
                        _object(
                            {
                                "kind": _one_of("always", "never"),
                                "name": _TEXT,
                                "holds": {"type": ["boolean", "null"]},
                                "removed": _FLAG,
                                "broken_by": {"type": ["string", "null"]},
                            }
                        )
                    ),
                }
            ),
            "rails": _list(
                _object(
                    {
                        "rail": _one_of("mass-removal", "lock-out"),
                        "message": _TEXT,
                        "overridden": _FLAG,
                    }
                )
            ),
            "renames": _list(_object({"from": _DOCUMENT, "to": _DOCUMENT})),
            "compared": _object(_numbers("accesses", "tenants", "unchanged_tenants", "skipped")),
            "horizon": _list(_object({"when": _INSTANT, "what": _TEXT, "document": _TEXT})),
            "intent": _object(
                {
                    "achieved": _list(_ref("which")),
                    "not_achieved": _list(
                        _object(
                            {
                                "intent": _one_of("gain", "lose"),
                                "principal": _TEXT,
                                "permission": _TEXT,
                                "scope": _TEXT,
                                "backend": _TEXT,
                                "line": _PLACE,
                                "why": _TEXT,
                            }
                        )
                    ),
                    "outside": _list(_ref("which")),
                }
            ),
            "author": _object({"id": _TEXT, "groups": _list(_TEXT), "gains": _list(_ref("which"))}),
        },
    ),
    "qgov/conformance/v1": (
        "What `qgov conform` asked of a bundle, and what became of it.",
        {
            "engine": _TEXT,
            "revision": _TEXT,
            "cases": _list(
                _object(
                    {
                        "id": {
                            "type": "string",
                            "pattern": "^(access-test|binding|cell|elevation|grant|nobody-else"
                            "|submission):",
                        },
                        "source": _one_of("derived", "access-test"),
                        "name": _TEXT,
                        "request": {"type": "object"},
                        "expect": _one_of("allow", "deny"),
                        "expect_reasons": _list(_TEXT),
                        "decision": _ref("decision"),
                        "result": _one_of("passed", "failed"),
                        "submitted": {**_FLAG, "description": "Whether it went to the gateway."},
                        "circuit_sha256": {
                            "type": ["string", "null"],
                            "pattern": "^[0-9a-f]{64}$",
                        },
                        "histogram": _or_null(_map(_NUMBER)),
                        "engine_jobs": _or_null(_object(_numbers("before", "after"))),
                        "audit": _list(_TEXT),
                    },
                    {
                        "engine": _TEXT,
                        "role": _TEXT,
                        "principal": _TEXT,
                        "scope": _SCOPE,
                        "backend": _TEXT,
                        "origin": {"type": "string", "pattern": "^(.+:[0-9]+)?$"},
                        "problems": _list(_TEXT),
                    },
                )
            ),
            "summary": _object(_numbers("passed", "failed", "submitted", "refused")),
        },
        {
            "shard": _object({"index": _PLACE, "of": _PLACE}),
            "bundle": _object(
                {"differences": _list(_object({"place": _TEXT, "documents": {}, "bundle": {}}))}
            ),
            "matrix": _object({"roles": _list(_TEXT), "backends": _list(_TEXT)}),
        },
    ),
    "qgov/manifest/v1": (
        "The artifacts of a folder that `qgov compile` wrote.",
        {
            "commit": _COMMIT,
            "content_digest": _DIGEST,
            "qgov_version": _TEXT,
            "artifacts": _list(
                _object(
                    {
                        "path": {"type": "string", "pattern": "^[^/]"},
                        "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
                        "size": _NUMBER,
                    }
                )
            ),
        },
        {},
    ),
    "qgov/group-mappings/v1": (
        "What a claim's values, and workloads, mean at sign-in.",
        {
            "provider": _TEXT,
            "type": _TEXT,
            "protocol": _TEXT,
            "issuer": _TEXT,
            "audience": _TEXT,
            "groupsClaim": _TEXT,
            "groups": _map(_list(_ref("binding"))),
            "workloads": _map(
                _object(
                    {
                        "issuer": {"type": ["string", "null"]},
                        "audience": {"type": ["string", "null"]},
                        "subject": {"type": ["string", "null"]},
                        "maxTokenAge": {"type": ["integer", "null"], "minimum": 0},
                        "bindings": _list(_ref("binding")),
                    }
                )
            ),
        },
        {},
    ),
    "qgov/who-can/v1": (
        "Everybody who holds a permission.",
        {
            "permission": _one_of(*CATALOGUE),
            "held": _list(
                _object(
                    {
                        "principal": _PRINCIPAL,
                        "scopes": _list(_SCOPE),
                        "backends": _list(_TEXT),
                        "conditions": _ref("conditions"),
                        "role": _TEXT,
                        "path": _TEXT,
                        "line": _PLACE,
                    }
                )
            ),
        },
        {},
    ),
    "qgov/decision-record/v1": (
        "Who approved which plan, and what the gates said.",
        {
            "decision": _one_of("approved", "refused"),
            "plan": _object(
                {
                    "digest": _DIGEST,
                    "verdict": _TEXT,
                    "risk": {"enum": [*map(str, Risk), None]},
                }
            ),
            "evidence": {**_or_null(_DIGEST), "description": "Of the evidence pack."},
            "base": _ref("side"),
            "head": _ref("side"),
            "reviewed": {"type": "string", "pattern": "^[0-9a-f]{40,64}$"},
            "platform": _one_of("github", "gitlab"),
            "author": _TEXT,
            "approvals": _list(
                _object(
                    {
                        "by": _TEXT,
                        "because": _list(_TEXT),
                        "outcome": _one_of(*Outcome),
                        "reviews": _list(_ref("review")),
                        "refused_by": _list(_TEXT),
                    }
                )
            ),
            "passed_over": _list({"allOf": [_ref("review"), _object({"why": _TEXT})]}),
            "gates": _list(_object({"gate": _TEXT, "state": _one_of("passed", "failed", "off")})),
            "overridden": _list(_one_of("mass-removal", "lock-out")),
        },
        {},
    ),
    "qgov/assessment/v1": (
        "The scorecard of the 30-day and 90-day plans.",
        {
            "plans": _list(
                _object(
                    {
                        "plan": _one_of(*Plan),
                        "title": _TEXT,
                        "summary": _object(_numbers(*State)),
                    }
                )
            ),
            "items": _list(
                _object(
                    {
                        "id": _TEXT,
                        "title": _TEXT,
                        "plan": _one_of(*Plan),
                        "guide": _TEXT,
                        "state": _one_of(*State),
                        "measures": _list(_ref("measure")),
                        "next_steps": _list(_TEXT),
                        "not_seen": {**_TEXT, "description": "What no repository can show."},
                    }
                )
            ),
            "summary": _object(_numbers(*State)),
        },
        {},
    ),
    "qgov/evidence/v1": (
        "What an evidence pack holds, and what it was made from.",
        {
            "base": _COMMIT,
            "head": _COMMIT,
            "plan": {**_DIGEST, "description": "The plan's digest."},
            "verdict": _VERDICT,
            "risk": {"enum": [*map(str, Risk), None]},
            "qgov_version": _TEXT,
            "engine": {**_TEXT, "description": "What answered in the conformance run."},
            "options": _object(
                {
                    "horizon": {"type": ["string", "null"]},
                    "override": _list(_TEXT),
                    "now": {"type": ["string", "null"]},
                    "author": {"type": ["string", "null"]},
                    "author_groups": _list(_TEXT),
                    "intent": {"enum": ["intent.yaml", "intent.md", None]},
                }
            ),
            "files": _list(_object({"path": _TEXT, "about": _TEXT})),
        },
        {},
    ),
    "qgov/pack-verification/v1": (
        "What `qgov verify` finds.",
        {
            "path": _TEXT,
            "sound": _FLAG,
            "base": _COMMIT,
            "head": _COMMIT,
            "files": _NUMBER,
            "signed_by": _list(_TEXT),
            "key_checked": {**_FLAG, "description": "Whether a key was given to check."},
            "rebuilt": {**_FLAG, "description": "Whether it was made again and compared."},
            "problems": _list(_object({"path": _TEXT, "message": _TEXT})),
        },
        {},
    ),
    "qgov/audit-verification/v1": (
        "What `qgov audit verify` finds.",
        {
            "path": _TEXT,
            "sound": _FLAG,
            "stream": {"enum": [*STREAMS, ""], "description": "Empty: no entry says it."},
            **_numbers("entries", "bytes"),
            "head": {"type": "string", "pattern": "^([0-9a-f]{64})?$"},
            "problems": _list(
                _object(
                    {
                        "line": {**_NUMBER, "description": "From 1; 0 is the log as a whole."},
                        "message": _TEXT,
                    }
                )
            ),
            "omitted": {**_NUMBER, "description": "Problems that are not listed."},
        },
        {},
    ),
}
"""Name → (what it is, what every document has, what some have)."""
