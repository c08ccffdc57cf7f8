"""`qgov conform`: does the compiled policy decide as the documents say?"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from qgov.cli.common import Root, about, choose, one_of, progress, together
from qgov.cli.loading import model_at
from qgov.cli.streams import say, wants_colour, write
from qgov.conformance.native.iam_simulate import FOLDER, installed
from qgov.conformance.native.prove import CLOUDS, prove_native
from qgov.conformance.prove import asked_of, prove
from qgov.conformance.report import failed, merged
from qgov.conformance.run import Compiled
from qgov.conformance.subject import (
    ALL,
    able,
    compiled,
    has_library,
    read_compiled,
    subject_of,
)
from qgov.conformance.table import in_force
from qgov.decision.engine import EngineError, Settings
from qgov.decision.engines import engines
from qgov.errors import QgovError
from qgov.render.conformance import FORMATS, as_text
from qgov.render.native import NATIVE_FORMATS, as_native_text

__all__ = ["command"]


def command(
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
    format_: Annotated[str, one_of("--format", *FORMATS, help_="How to print.")] = "text",
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
    native: Annotated[
        str | None,
        one_of("--native", *CLOUDS, help_="Prove what this cloud itself enforces instead."),
    ] = None,
) -> int:
    """Prove a compiled bundle: derived cases, and circuits that run or do not."""
    if native is not None:
        return _native(root, native, format_)
    with together() as each:
        with each():
            choose(engine, (*engines(), ALL), "--engine")
        with each():
            part = _shard(shard)
        with each():
            document = _merged(merge) if merge else None
        with each():
            subject = None if merge else _subject(root, bundle, Settings(opa_url=opa_url))
    if subject is not None:
        document = _run(subject, engine, part, fresh=bundle is None)
    assert document is not None
    write(as_text(document, wants_colour()) if format_ == "text" else FORMATS[format_](document))
    return 1 if failed(document) else 0


def _native(root: Path, cloud: str, format_: str) -> int:
    with together() as each:
        with each():
            choose(format_, tuple(NATIVE_FORMATS), "--format")
        with each():
            folder = _evaluator()
        with each():
            model = model_at(root)
    document = prove_native(model, cloud, folder)
    if format_ == "text":
        write(as_native_text(document, wants_colour()))
    else:
        write(NATIVE_FORMATS[format_](document))
    return 0 if document["questions"] and not document["summary"]["failed"] else 1


def _evaluator() -> Path:
    folder = installed(os.environ.get(FOLDER))
    if folder is None:
        raise QgovError(
            "iam-simulate or node is missing: run .ci/install-iam-simulate of qgov's repository, "
            f"and name its folder in {FOLDER}"
        )
    return folder


def _shard(text: str | None) -> tuple[int, int]:
    if text is None:
        return 1, 1
    index, _, of = text.partition("/")
    if index.isdecimal() and of.isdecimal() and len(text) < 16 and 1 <= int(index) <= int(of):
        return int(index), int(of)
    raise typer.BadParameter("write which of how many, like 2/4", param_hint="--shard")


def _merged(files: list[Path]) -> Mapping[str, Any]:
    documents = []
    with together() as each:
        for file in files:
            with each(), about("--merge"):
                try:
                    documents.append(json.loads(file.read_bytes()))
                except (ValueError, RecursionError) as error:
                    raise QgovError(f"{file} is not JSON") from error
    with about("--merge"):
        return merged(documents)


def _subject(root: Path, bundle: Path | None, settings: Settings) -> Compiled:
    """What is judged: the model and the artifacts, which are its own without a bundle."""
    if not has_library("cirq_google"):
        raise EngineError(
            "Cirq is not installed, and nothing can be submitted: install qgov[conform]"
        )
    given = None
    with together() as each:
        with each():
            held = in_force(model_at(root))
        with each(), about("--bundle"):
            given = None if bundle is None else read_compiled(bundle)
    return subject_of(held, compiled(held) if given is None else given, settings)


def _run(
    subject: Compiled, engine: str, shard: tuple[int, int], *, fresh: bool
) -> Mapping[str, Any]:
    kinds, left_out = able(engine, subject, fresh=fresh)
    for name, why in left_out.items():
        say(f"{name} is left out: {why}")
    if not kinds:
        raise EngineError("no engine is installed: install qgov[engines]")
    began = time.monotonic()
    asked = asked_of(subject, shard)
    say(f"derived {len(asked):,} cases in {time.monotonic() - began:.1f} s")
    return prove(subject, kinds, asked, engine=engine, shard=shard, tell=progress)
