"""A bearer token becomes an identity, or is refused with a reason (docs/identity.md).

`identity` and `reasons` are values and need nothing else; `verifier`, which checks signatures,
needs the extra `identity`.
"""
