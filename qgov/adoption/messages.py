"""What `qgov init` and `qgov onboard` say when they are done."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping

from qgov.render.counting import count
from qgov.render.escaping import plain
from qgov.render.text import columns, page

__all__ = ["initialized", "onboarded", "shown"]


def initialized(folder: str, organization: str, tenant: str, files: int) -> str:
    """A new repository, and what to do with it."""
    steps = [
        (f"cd {shlex.quote(folder)}", ""),
        (".ci/run", "what CI runs; it passes as it is"),
        ("git init -b main && git add . && git commit", ""),
        ("cat README.md", "what to put in its place"),
    ]
    made = f"{count(files, 'file')}, organization {organization}, first tenant {tenant}"
    return page([f"{plain(folder)}: {made}", "", "next", *columns(steps)])


def onboarded(tenant: str, paths: Iterable[str]) -> str:
    """A new tenant, and what to do with it."""
    return page(
        [
            *(f"wrote {path}" for path in paths),
            "",
            "next",
            *columns(
                [
                    ("qgov plan", "what the reviewer will see"),
                    (f"git add . && git commit -m 'Onboard {tenant}'", ""),
                ]
            ),
        ]
    )


def shown(files: Mapping[str, bytes]) -> str:
    """The files of a dry run, each under its path."""
    lines: list[str] = []
    for path, content in files.items():
        lines += [f"--- {path}", *map(plain, content.decode().splitlines()), ""]
    return page([*lines, "nothing was written"])
