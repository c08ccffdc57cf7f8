"""The runtime policy for Cedar.

Policies and schema are static and hand-written (`policy/`); only the entities are generated.
"""

from __future__ import annotations

from qgov.targets.cedar.files import SECTIONS, emit, read_back
from qgov.targets.cedar.parts import PARTS
from qgov.targets.sections import NO_PERMISSION
from qgov.targets.target import Target

__all__ = ["TARGET"]

TARGET = Target(
    "cedar",
    emit,
    read_back=read_back,
    parts=PARTS,
    sections=SECTIONS,
    permissions=NO_PERMISSION,
)
