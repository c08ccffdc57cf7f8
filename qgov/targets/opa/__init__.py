"""The runtime policy bundle for Open Policy Agent.

The Rego is static and hand-written (`policy/qgov/authz.rego`); only its data is generated.
"""

from __future__ import annotations

from qgov.targets.opa.bundle import SECTIONS, emit, read_back, unsupported
from qgov.targets.opa.parts import PARTS
from qgov.targets.sections import NO_PERMISSION
from qgov.targets.target import Target

__all__ = ["TARGET"]

TARGET = Target(
    "opa",
    emit,
    unsupported,
    read_back,
    parts=PARTS,
    sections=SECTIONS,
    permissions=NO_PERMISSION,
)
