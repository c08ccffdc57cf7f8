"""The runtime policy bundle for Open Policy Agent.

The Rego is static and hand-written (`policy/qgov/authz.rego`); only its data is generated.
"""

from __future__ import annotations

from qgov.targets.opa.bundle import emit, outline, read_back, unsupported
from qgov.targets.opa.parts import PARTS
from qgov.targets.target import Target

__all__ = ["TARGET"]

TARGET = Target("opa", emit, unsupported, read_back, outline, parts=PARTS)
