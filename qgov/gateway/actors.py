"""Who acts, as the audit log tells it."""

from __future__ import annotations

from qgov.decision.request import Request
from qgov.decision.request_parts import seconds
from qgov.gateway.ocsf import Actor
from qgov.identity.identity import Identity

__all__ = ["actor_of"]


def actor_of(identity: Identity) -> Actor:
    """An identity as events hold it; what it does not say is left out."""
    subject, context = identity.subject, identity.context
    properties, token = subject.get("properties", {}), context.get("token", {})
    issued = Request.from_json({"context": context}).token.issued_at
    return Actor(
        uid=str(subject.get("id", "")),
        kind="workload" if subject.get("type") == "workload" else "user",
        groups=tuple(map(str, properties.get("groups", ()))),
        issuer=str(properties.get("issuer") or ""),
        mfa=context.get("mfa"),
        managed_device=context.get("managed_device"),
        credential=str(token.get("kind") or ""),
        token_issued_ms=1000 * seconds(issued) if issued else None,
        country=str(context.get("country") or ""),
        token_id=identity.token_id,
        session_id=identity.session_id,
    )
