"""The plan as `qgov/plan/v1`: the contract of which every other form is a view."""

from __future__ import annotations

import json
from typing import Any

from qgov.language.scalars import format_instant
from qgov.plan.changes import Options
from qgov.plan.intent import OUTSIDE
from qgov.plan.plan import AccessChange, Intended, Plan, digest
from qgov.render.findings import as_json_value as finding_value

__all__ = ["as_json", "as_value"]


def as_json(plan: Plan) -> str:
    """The document as text."""
    return json.dumps(as_value(plan), indent=2, ensure_ascii=False) + "\n"


def as_value(plan: Plan) -> dict[str, Any]:
    """The document as JSON values. `digest` covers everything but the names of the refs."""
    before, after = plan.exposure
    content: dict[str, Any] = {
        "verdict": plan.verdict,
        "access": [_access(change) for change in plan.access],
        "exposure": {"before": before.as_json(), "after": after.as_json()},
        "documents": [
            {"document": d.document, "path": d.path, "change": d.change, "diff": list(d.diff)}
            for d in plan.documents
        ],
        "artifacts": [{"path": a.path, "change": a.change} for a in plan.artifacts],
        "findings": {
            "new": [finding_value(f) for f in plan.new_findings],
            "fixed": [finding_value(f) for f in plan.fixed_findings],
        },
        "approvals": [{"by": a.by, "because": a.because} for a in plan.approvals],
        "guardrails": {
            "checked": plan.compared.accesses,
            "judged": [
                {
                    "kind": g.kind,
                    "name": g.name,
                    "holds": g.holds,
                    "removed": g.removed,
                    "broken_by": g.broken_by or None,
                }
                for g in plan.guardrails
            ],
        },
        "rails": [
            {"rail": r.rail, "message": r.message, "overridden": r.rail in plan.overridden}
            for r in plan.rails
        ],
        "renames": [{"from": old, "to": new} for old, new in plan.renames],
        "compared": {
            "accesses": plan.compared.accesses,
            "tenants": plan.compared.tenants,
            "unchanged_tenants": plan.compared.unchanged_tenants,
            "skipped": plan.compared.skipped,
        },
        "summary": {**plan.counts, "risk": str(plan.risk) if plan.risk else None},
    }
    if plan.horizon is not None:
        content["horizon"] = [
            {"when": format_instant(e.when), "what": e.what, "document": e.document}
            for e in plan.horizon
        ]
    if plan.intent is not None:
        content["intent"] = _intent(plan.intent)
    if plan.author is not None:
        content["author"] = {
            "id": plan.author.author.id,
            "groups": list(plan.author.author.groups),
            "gains": [_which(change) for change in plan.author.gains],
        }
    return {
        "schema": "qgov/plan/v1",
        "base": {"ref": plan.base.ref, "commit": plan.base.commit},
        "head": {"ref": plan.head.ref, "commit": plan.head.commit},
        "digest": digest(content),
        **content,
    }


def _intent(found: Intended) -> dict[str, Any]:
    """The three parts. Where the intent was kept is no part of the plan: the lines are."""
    outside = ((change, True) for change in found.gained), ((c, False) for c in found.lost)
    return {
        "achieved": [_which(change) for change in found.achieved],
        "not_achieved": [
            {
                "intent": wanted.verb,
                "principal": wanted.principal,
                "permission": wanted.permission,
                "scope": wanted.scope,
                "backend": wanted.backend,
                "line": wanted.origin.line,
                "why": unmet.why,
            }
            for unmet in found.not_achieved
            for wanted in (unmet.wanted,)
        ],
        "outside": [
            {**_which(change), "code": OUTSIDE if is_error else None}
            for part in outside
            for change, is_error in part
        ],
    }


def _which(change: AccessChange) -> dict[str, Any]:
    """Which access: what else there is to say of it stands in `access`."""
    row = change.row
    return {
        "principal": row.principal,
        "permission": row.permission,
        "scope": row.scope,
        "backends": list(row.backends),
        "change": str(row.change),
        "risk": str(change.rule.risk),
        "scopes": sorted({item.cell.scope for item in row.cells}),
    }


def _access(change: AccessChange) -> dict[str, Any]:
    row = change.row
    entry: dict[str, Any] = {
        "principal": row.principal,
        "permission": row.permission,
        "scope": row.scope,
        "backends": list(row.backends),
        "change": str(row.change),
        "before": _conditions(row.before),
        "after": _conditions(row.after),
        "risk": str(change.rule.risk),
        "rule": change.rule.id,
        "causes": [{"path": c.path, "line": c.line, "side": c.side} for c in change.causes],
        "via": sorted({p.binding.role for i in row.cells for p in (i.head or i.base)}),
        "scopes": sorted({item.cell.scope for item in row.cells}),
        "witness": None if change.witness is None else change.witness.as_json(),
    }
    if change.witness_lost is not None:
        entry["witness_lost"] = change.witness_lost.as_json()
    if change.unwitnessed:
        entry["unwitnessed"] = change.unwitnessed
    for side, options in (("before", row.before), ("after", row.after)):
        if len(options) > 1:
            entry[f"{side}_alternatives"] = [c.as_json() for c in options[1:]]
    return entry


def _conditions(options: Options) -> dict[str, Any] | None:
    return options[0].as_json() if options else None
