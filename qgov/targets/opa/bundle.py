"""The bundle file: the same bytes for the same model, and read back without it.

The format is Open Policy Agent's (bundle tarball, Rego v1). The revision is a digest of
the canonical data and the policy, so that it names the content and not the time.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from importlib.resources import files as package_files
from typing import Any, Final

from qgov.finding import Finding
from qgov.model.access_model import AccessModel
from qgov.targets.opa.data import floors, others, pattern_parts, roles
from qgov.targets.opa.parts import data_of
from qgov.targets.sections import NO_PERMISSION, Section
from qgov.targets.target import Access, Files

__all__ = ["FOLDER", "SECTIONS", "canonical", "emit", "read_back", "tarball", "unsupported"]

FOLDER: Final = "policy/opa"
POLICY: Final = "qgov/authz.rego"
ROOTS: Final = ("qgov",)
MAX_WILDCARDS: Final = 4
"""How many `*` of a token's subject the policy can match (`in_order` in the Rego)."""


def emit(model: AccessModel) -> dict[str, bytes]:
    """`bundle.tar.gz`, and its content unpacked beside it."""
    policy = package_files(__package__).joinpath("policy", POLICY).read_bytes()
    data = canonical(data_of(model))
    digest = hashlib.sha256(data)
    digest.update(policy)
    revision = f"sha256:{digest.hexdigest()}"
    content = {
        ".manifest": canonical({"revision": revision, "roots": list(ROOTS), "rego_version": 1}),
        # Canonical as it stands: written once, because it is large.
        "data.json": b'{"qgov":{"model":' + data + b',"revision":"' + revision.encode() + b'"}}',
        POLICY: policy,
    }
    return {
        f"{FOLDER}/bundle.tar.gz": tarball(content),
        **{f"{FOLDER}/{name}": value for name, value in content.items()},
    }


def _outline(part: Callable[[AccessModel], Any]) -> Callable[[AccessModel], dict[str, object]]:
    """Of each file what a part of its content is made from."""

    def made_from(model: AccessModel) -> dict[str, object]:
        data = part(model)
        made = ("bundle.tar.gz", ".manifest", "data.json")
        return {f"{FOLDER}/{POLICY}": POLICY, **{f"{FOLDER}/{name}": data for name in made}}

    return made_from


SECTIONS: Final = (
    Section(_outline(roles), floors=False),
    Section(_outline(floors), NO_PERMISSION),
    Section(_outline(others), NO_PERMISSION, floors=False),
)


def canonical(value: Any) -> bytes:
    """The one JSON text that OPA's signatures are made over: sorted keys, no white space."""
    # No cycles in what was built from a model: not looking for them saves a fifth.
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False
    )
    if not text.isascii():
        text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return text.encode()


def tarball(content: Files) -> bytes:
    """A gzip tar without clock, owner or platform."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(content):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.mode = len(content[name]), 0, 0o644
            archive.addfile(entry, io.BytesIO(content[name]))
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=packed, mode="wb", mtime=0, compresslevel=6) as out:
        out.write(tar.getbuffer())
    return packed.getvalue()


def unsupported(model: AccessModel) -> list[Finding]:
    """Patterns with more `*` than the policy can match in a bounded number of steps."""
    return [
        Finding(
            "QG974",
            f"the token subject of `{workload.id}` has more than {MAX_WILDCARDS} `*`",
            workload.source.at("federation", "subject"),
            "name the token's subject more exactly",
            document=workload.source.document,
        )
        for workload in model.workloads.values()
        if workload.subject is not None and len(pattern_parts(workload.subject)) - 1 > MAX_WILDCARDS
    ]


def read_back(files: Files) -> frozenset[Access]:
    """The accesses that the bundle gives, from the bytes that are distributed."""
    packed = files[f"{FOLDER}/bundle.tar.gz"]
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as archive:
        entry = archive.extractfile("data.json")
        assert entry is not None
        data = json.load(entry)["qgov"]["model"]
    return frozenset(_accesses(data))


def _accesses(data: Any) -> Iterator[Access]:
    tenants = (tenant for shard in data["tenants"].values() for tenant in shard.values())
    for part in (data, *tenants):
        for principal, held in part["grants"].items():
            for scope, grants in held["at"].items():
                for grant in grants:
                    for permission, own in data["roles"][grant["role"]]["permissions"].items():
                        yield Access(principal, permission, scope, "eligible" in grant, own)
