"""The incident-response procedure of a configuration: who acts, how access ends, what is kept."""

from __future__ import annotations

from collections.abc import Iterator

from qgov.language.scalars import format_duration
from qgov.model.access_model import AccessModel
from qgov.render.tables import Table, tables

__all__ = ["Step", "steps"]

Step = tuple[str, tuple[str, ...]]
"""What to do, and how, in sentences of plain text."""


def steps(model: AccessModel) -> Iterator[Step]:
    """The procedure, in the order in which it is followed."""
    plan = model.organization.spec.incident_response
    if plan is None:
        yield (
            "Call somebody",
            ("The organization declares no incidentResponse: nobody is named to act (QG651).",),
        )
    else:
        yield (
            "Call somebody",
            (
                f"{plan.owner} acts. Reach it at {plan.contact}; its runbook is {plan.runbook}.",
                f"A credential is revoked within {format_duration(plan.revoke_within)}.",
            ),
        )
    yield (
        "Contain",
        (
            (
                "A person: take them out of their directory groups, and end their sessions at the "
                "identity provider; a token lives no longer than the floors allow "
                "(tables/authentication.csv)."
            ),
            (
                "A workload: disable its client, or revert its federation subject, in the identity "
                "provider; its next token is refused."
            ),
            "An elevation: revert its document; the next bundle does not know it.",
            (
                "Everything in a tenant: revert its bindings, review, compile and publish the "
                "bundle; `qgov plan` shows that nothing else is lost."
            ),
        ),
    )
    yield "Know who could", tuple(_holders(model))
    yield (
        "Keep the evidence",
        (
            "Verify the logs before anything else: qgov audit verify FILE.",
            *_logs(model),
        ),
    )
    yield (
        "Recover",
        (
            (
                "Restore access by a reviewed change; an exception that is needed at once is an "
                "Elevation, which ends by itself."
            ),
            (
                "Compare the systems with the configuration: what the incident changed outside of "
                "review must be found and reverted."
            ),
        ),
    )


def _holders(model: AccessModel) -> Iterator[str]:
    access = _table(model, "access")
    by = {name: index for index, name in enumerate(access.columns)}
    for permission in ("policy:write", "result:export", "audit:export"):
        held = sorted(
            {row[by["principal"]] for row in access.rows if row[by["permission"]] == permission}
        )
        yield f"{permission}: {', '.join(held) or 'nobody'}."


def _logs(model: AccessModel) -> Iterator[str]:
    for name, sink in model.organization.audit_sinks.items():
        where = sink.value.store or sink.value.endpoint or "nowhere that is said"
        immutable = "write-once" if sink.value.immutable else "not write-once"
        yield f"{name}: {', '.join(sink.value.streams)} events go to {where}, {immutable}."


def _table(model: AccessModel, name: str) -> Table:
    return next(table for table in tables(model) if table.name == name)
