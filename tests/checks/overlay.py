"""Configurations for tests: a clean baseline, and documents laid over it.

An overlay is one or more YAML documents. A document that the baseline has is merged into
it (RFC 7396: mappings merge, null removes, anything else replaces); another is added.
Every document becomes a file of its own, so that a finding's place names its document.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from qgov.language.documents import read_documents
from qgov.language.kinds import API_VERSION
from qgov.language.reader import read
from qgov.model.access_model import AccessModel
from qgov.model.link import link

__all__ = ["laid", "model_of", "path_of"]

BASELINE = Path(__file__).parent / "baseline"

Name = tuple[str, str]


def documents(name: str, data: bytes) -> dict[Name, Any]:
    """The documents of one text by kind and name."""
    values, refused = read(name, data)
    assert not refused, refused
    return {(str(v["kind"]), str(v["metadata"]["name"])): v for v, _ in values}  # type: ignore[index, call-overload]


@cache
def _baseline() -> dict[Name, Any]:
    found: dict[Name, Any] = {}
    for path in sorted(BASELINE.glob("*.yaml")):
        found |= documents(path.name, path.read_bytes())
    return found


def merge(target: Any, patch: Any) -> Any:
    """RFC 7396, section 2."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


def path_of(name: Name) -> str:
    """The file of a document."""
    return f"{name[0]}/{name[1]}.yaml"


def laid(overlay: str = "") -> tuple[dict[str, bytes], set[str]]:
    """The files of the baseline with an overlay, and the paths that the overlay touches."""
    over = documents("overlay", overlay.encode()) if overlay.strip() else {}
    whole = dict(_baseline())
    for name, patch in over.items():
        whole[name] = merge(whole.get(name, {"apiVersion": API_VERSION}), patch)
    files = {
        path_of(name): json.dumps(value, indent=1, ensure_ascii=False).encode()
        for name, value in whole.items()
    }
    return files, {path_of(name) for name in over}


def model_of(files: dict[str, bytes]) -> AccessModel:
    """The model of files that must be well formed and well linked."""
    read_, findings = read_documents(files)
    assert not findings, findings
    model, findings = link(read_)
    assert not findings, findings
    assert model is not None
    return model
