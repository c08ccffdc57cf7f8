"""Any other directory, such as a university's Shibboleth: what its administrator sets by hand.

`idp/<provider>/setup.md` is a list to check off, a section for each part, in the order of every
directory: groups, sign-in conditions, claims, workloads, just-in-time. Nothing of it can be made
from here, and nothing is read back but the group mappings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from qgov.model.access_model import AccessModel
from qgov.targets.directory import Module, modules
from qgov.targets.generic.parts import PARTS
from qgov.targets.generic.steps import claims, groups, just_in_time, sign_in, workloads
from qgov.targets.generic.unsupported import unsupported
from qgov.targets.target import Target

__all__ = ["TARGET"]

_SECTIONS: Final[Mapping[str, Callable[[Module], Iterator[str]]]] = {
    "Groups": groups,
    "Sign-in": sign_in,
    "Claims": claims,
    "Workloads": workloads,
    "Just-in-time": just_in_time,
}
_HEAD: Final = """\
# What to set in the directory

Written by qgov from the reviewed configuration: the next compilation overwrites edits. Whoever
administers the directory sets each line and checks it off; nothing here is set by a program.
"""


def _emit(model: AccessModel) -> dict[str, bytes]:
    return {
        f"idp/{module.name}/setup.md": "\n".join([_HEAD, *_sections(module)]).encode()
        for module in modules(model, "generic")
    }


def _sections(module: Module) -> Iterator[str]:
    for title, steps in _SECTIONS.items():
        lines = "".join(f"- [ ] {step}\n" for step in steps(module))
        yield f"## {title}\n\n{lines or 'Nothing.' + chr(10)}"


TARGET = Target("generic", _emit, unsupported, parts=PARTS)
