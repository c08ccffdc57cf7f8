"""One pack of one change, made once for the tests that read it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from qgov.evidence.compressed import compressed, text_of
from qgov.evidence.pack import STATEMENT, read_pack, with_manifest, write_pack
from qgov.evidence.statement import enveloped, opened, statement
from qgov.output.manifest import MANIFEST
from tests.evidence.packs import Called, Pair, call, world_of
from tests.plan.worlds import World

PROVEN = "conformance.json.xz"
INTENT = """\
The guests of Atlas read along.

```qgov-intent
intent:
  - principals: [group:atlas-guests]
    gain: [usage:read, log:read]
    scopes: [atlas/sandbox, atlas/sandbox/*]
```
"""


class Made(NamedTuple):
    """A repository, the signed pack of its change, its files, and what the call printed."""

    world: World
    path: Path
    files: dict[str, bytes]
    key: Pair
    called: Called


@pytest.fixture(scope="package")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("evidence")
    world, key, path = world_of(folder / "repository"), Pair.of(1), folder / "pack"
    (folder / "request.md").write_text(INTENT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QGOV_EVIDENCE_KEY", key.private.decode())
        called = call(
            *("plan", "--root", world.root, "--base", "main", "--evidence", path),
            *("--intent", folder / "request.md", "--author", "mei@acme.example"),
            *("--author-group", "atlas-leads", "--horizon", "30d"),
        )
    assert called.status == 0, called.err
    return Made(world, path, read_pack(path), key, called)


@pytest.fixture(scope="package")
def sparse(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The same pack, as honest, with three of its cases: reading them is most of the work."""
    about = {p: c for p, c in made.files.items() if p not in (MANIFEST, STATEMENT)}
    proven = json.loads(text_of(PROVEN, about[PROVEN]))
    about[PROVEN] = compressed(json.dumps({**proven, "cases": proven["cases"][:3]}).encode())
    said = statement(about, opened(made.files[STATEMENT])["predicate"])
    commit = json.loads(made.files[MANIFEST])["commit"]
    about[STATEMENT] = enveloped(said, made.key.private)
    path = tmp_path_factory.mktemp("sparse") / "pack"
    write_pack(path, about, commit)
    return made._replace(path=path, files=with_manifest(about, commit))
