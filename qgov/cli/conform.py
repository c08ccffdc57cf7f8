"""`qgov conform`: does the compiled policy decide as the documents say?"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from qgov.cli.common import Root, about, choose, one_of, progress
from qgov.cli.loading import model_at
from qgov.cli.streams import say, wants_colour, write
from qgov.conformance.native.iam_simulate import FOLDER, installed
from qgov.conformance.native.prove import CLOUDS, prove_native
from qgov.conformance.prove import asked_of, prove
from qgov.conformance.report import failed, merged
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
    choose(engine, (*engines(), ALL), "--engine")
    if native is not None:
        return _native(root, native, format_)
    if merge:
        document = _merged(merge)
    else:
        document = _run(root, engine, bundle, _shard(shard), Settings(opa_url=opa_url))
    write(as_text(document, wants_colour()) if format_ == "text" else FORMATS[format_](document))
    return 1 if failed(document) else 0


def _native(root: Path, cloud: str, format_: str) -> int:
    choose(format_, tuple(NATIVE_FORMATS), "--format")
    folder = installed(os.environ.get(FOLDER))
    if folder is None:
        raise QgovError(
            "iam-simulate or node is missing: run .ci/install-iam-simulate of qgov's repository, "
            f"and name its folder in {FOLDER}"
        )
    document = prove_native(model_at(root), cloud, folder)
    if format_ == "text":
        write(as_native_text(document, wants_colour()))
    else:
        write(NATIVE_FORMATS[format_](document))
    return 0 if document["questions"] and not document["summary"]["failed"] else 1


def _shard(text: str | None) -> tuple[int, int]:
    if text is None:
        return 1, 1
    index, _, of = text.partition("/")
    if index.isdecimal() and of.isdecimal() and len(text) < 16 and 1 <= int(index) <= int(of):
        return int(index), int(of)
    raise typer.BadParameter("write which of how many, like 2/4", param_hint="--shard")


def _merged(files: list[Path]) -> Mapping[str, Any]:
    documents = []
    with about("--merge"):
        for file in files:
            try:
                documents.append(json.loads(file.read_bytes()))
            except (ValueError, RecursionError) as error:
                raise QgovError(f"{file} is not JSON") from error
        return merged(documents)


def _run(
    root: Path, engine: str, bundle: Path | None, shard: tuple[int, int], settings: Settings
) -> Mapping[str, Any]:
    if not has_library("cirq_google"):
        raise EngineError(
            "Cirq is not installed, and nothing can be submitted: install qgov[conform]"
        )
    held = in_force(model_at(root))
    if bundle is None:
        artifacts = compiled(held)
    else:
        with about("--bundle"):
            artifacts = read_compiled(bundle)
    subject = subject_of(held, artifacts, settings)
    kinds, left_out = able(engine, subject, fresh=bundle is None)
    for name, why in left_out.items():
        say(f"{name} is left out: {why}")
    if not kinds:
        raise EngineError("no engine is installed: install qgov[engines]")
    began = time.monotonic()
    asked = asked_of(subject, shard)
    say(f"derived {len(asked):,} cases in {time.monotonic() - began:.1f} s")
    return prove(subject, kinds, asked, engine=engine, shard=shard, tell=progress)
