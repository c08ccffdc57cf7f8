"""`qgov conform`: does the compiled policy decide as the documents say?"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from qgov.cli.common import Root, choose, say, wants_colour, write
from qgov.cli.loading import model_at

if TYPE_CHECKING:
    from qgov.conformance.run import Compiled
    from qgov.decision.engine import EngineKind, Settings
    from qgov.model.access_model import AccessModel

__all__ = ["TARBALL", "TARGETS", "conform", "has_library", "progress"]

TARBALL: Final = "policy/opa/bundle.tar.gz"
TARGETS: Final = ("opa", "cedar")
ALL: Final = "all"
LIBRARIES: Final = {"rego": "regopy", "cedar": "cedarpy"}
"""Engines that are a library, by its name."""


def conform(
    root: Root = Path(),
    engine: Annotated[
        str,
        typer.Option(metavar="reference|rego|opa|cedar|all", help="What answers the requests."),
    ] = "rego",
    bundle: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Judge this bundle.tar.gz, or folder written by `qgov compile`.",
            show_default="a fresh one",
        ),
    ] = None,
    format_: Annotated[
        str, typer.Option("--format", metavar="text|json|junit", help="How to print.")
    ] = "text",
    shard: Annotated[
        str | None, typer.Option(metavar="I/N", help="Ask only this part of the cases.")
    ] = None,
    merge: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="Put JSON reports of shards together instead; repeat for each."
        ),
    ] = None,
    opa_url: Annotated[
        str | None,
        typer.Option("--opa-url", metavar="URL", help="An OPA server that holds the bundle."),
    ] = None,
) -> int:
    """Prove a compiled bundle: derived cases, and circuits that run or do not."""
    from qgov.conformance.report import failed
    from qgov.decision.engine import EngineError, Settings
    from qgov.decision.engines import engines
    from qgov.render.conformance import FORMATS, as_text

    choose(format_, tuple(FORMATS), "--format")
    choose(engine, (*engines(), ALL), "--engine")
    if merge:
        document: Mapping[str, Any] | None = _merged(merge)
    else:
        try:
            document = _run(root, engine, bundle, _shard(shard), Settings(opa_url=opa_url))
        except EngineError as error:
            return _failed(str(error))
    if document is None:
        return 1
    write(as_text(document, wants_colour()) if format_ == "text" else FORMATS[format_](document))
    return 1 if failed(document) else 0


def _failed(why: str) -> int:
    from qgov.render.text import plain

    say(f"error: {plain(why)}")
    return 1


def _shard(text: str | None) -> tuple[int, int]:
    if text is None:
        return 1, 1
    index, _, of = text.partition("/")
    if index.isdecimal() and of.isdecimal() and len(text) < 16 and 1 <= int(index) <= int(of):
        return int(index), int(of)
    raise typer.BadParameter("write which of how many, like 2/4", param_hint="--shard")


def _merged(files: list[Path]) -> Mapping[str, Any]:
    import json

    from qgov.conformance.report import MergeError, merged

    documents = []
    for file in files:
        try:
            documents.append(json.loads(file.read_bytes()))
        except OSError as error:
            raise typer.BadParameter(f"{file}: {error.strerror}", param_hint="--merge") from error
        except (ValueError, RecursionError) as error:
            raise typer.BadParameter(f"{file} is not JSON", param_hint="--merge") from error
    try:
        return merged(documents)
    except MergeError as error:
        raise typer.BadParameter(str(error), param_hint="--merge") from error


def _run(
    root: Path, engine: str, bundle: Path | None, shard: tuple[int, int], settings: Settings
) -> Mapping[str, Any] | None:
    from qgov.conformance.prove import asked_of, prove
    from qgov.conformance.run import Compiled
    from qgov.conformance.table import in_force
    from qgov.decision.bundle import read_bundle

    if not has_library("cirq_google"):
        _failed("Cirq is not installed, and nothing can be submitted: install qgov[conform]")
        return None
    if (model := model_at(root, None)) is None:
        return None
    model = in_force(model)
    artifacts = _compiled(model) if bundle is None else _given(bundle)
    if artifacts is None:
        return None
    subject = Compiled(model, artifacts, read_bundle(artifacts[TARBALL]), settings)
    kinds = _kinds(engine, subject, fresh=bundle is None)
    began = time.monotonic()
    asked = asked_of(subject, shard)
    say(f"derived {len(asked):,} cases in {time.monotonic() - began:.1f} s")
    return prove(subject, kinds, asked, engine=engine, shard=shard, tell=progress)


def progress(name: str) -> Callable[[int, int], None]:
    """Says every tenth of an engine's way, and in the end how long it took."""
    said, began = 0, time.monotonic()

    def tell(done: int, of: int) -> None:
        nonlocal said
        if done * 10 // of > said:
            said = done * 10 // of
            say(f"{name}: {done:,} of {of:,}")
        if done == of:
            say(f"{name}: {of:,} cases in {time.monotonic() - began:.1f} s")

    return tell


def has_library(name: str) -> bool:
    """Whether a library that an engine needs is installed."""
    from importlib.util import find_spec

    return find_spec(name) is not None


def _compiled(model: AccessModel) -> Mapping[str, bytes] | None:
    from qgov.finding import has_errors
    from qgov.render.findings import as_text
    from qgov.targets import emit, targets

    artifacts, findings = emit(model, [name for name in TARGETS if name in targets()])
    if has_errors(findings):
        say(as_text(findings).rstrip())
        return None
    return artifacts


def _given(bundle: Path) -> Mapping[str, bytes]:
    """The bundle's file, or all policies of a folder that `qgov compile` wrote."""
    try:
        if not bundle.is_dir():
            return {TARBALL: bundle.read_bytes()}
        files = (file for file in (bundle / "policy").rglob("*") if file.is_file())
        found = {file.relative_to(bundle).as_posix(): file.read_bytes() for file in files}
    except OSError as error:
        raise typer.BadParameter(f"{bundle}: {error.strerror}", param_hint="--bundle") from error
    if TARBALL not in found:
        raise typer.BadParameter(
            f"{bundle} has no {TARBALL}: write it with `qgov compile --out`",
            param_hint="--bundle",
        )
    return found


def _kinds(engine: str, subject: Compiled, fresh: bool) -> list[EngineKind]:
    """The engines to ask. Of all those that cannot be asked are left out, and it is said.
    Raises EngineError where the one that was asked for cannot be."""
    from qgov.decision.engine import EngineError
    from qgov.decision.engines import engines

    found = []
    for kind in engines().values() if engine == ALL else [engines()[engine]]:
        if (why := _absent(kind, subject, fresh)) is None:
            found.append(kind)
        elif engine == ALL:
            say(f"{kind.name} is left out: {why}")
        else:
            raise EngineError(f"{kind.name} cannot be asked: {why}")
    if not found:
        raise EngineError("no engine is installed: install qgov[engines]")
    return found


def _absent(kind: EngineKind, subject: Compiled, fresh: bool) -> str | None:
    """Why an engine cannot be asked; None when it can."""
    from qgov.decision.engine import EngineError
    from qgov.decision.engines.opa.server import program_at

    if not fresh and not kind.needs:
        return "it answers from the documents, not from a bundle"
    if missing := sorted(set(kind.needs) - subject.artifacts.keys()):
        return f"there is no {missing[0]}; give the folder that `qgov compile --out` wrote"
    library = LIBRARIES.get(kind.name)
    if library is not None and not has_library(library):
        return f"{library} is not installed; install qgov[engines]"
    if kind.name == "opa" and subject.settings.opa_url is None:
        try:
            program_at(subject.settings.opa)
        except EngineError as error:
            return str(error)
    return None
