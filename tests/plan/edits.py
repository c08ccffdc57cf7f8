"""Edits of a repository, field by field, and what each of them moves.

The repository is `RICH`, which says every field of the language, one document a file. `values`
gives each leaf other valid values, `removals` takes parts away; `Edited` is what comes of one or
several, made in memory: the base is read, understood and compiled once. What moved is found by
comparing artifacts and findings as they are, and knows nothing of what a plan rests on.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Final, Literal, NamedTuple, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from qgov.finding import Finding, Severity, has_errors
from qgov.language.concerns import Concern, declared, parts_of
from qgov.language.documents import Document, Documents, Text, read_documents
from qgov.language.kinds import KINDS
from qgov.model.access_model import AccessModel
from qgov.pipeline import understand
from qgov.plan import make
from qgov.plan.plan import Plan
from qgov.plan.reach import Reach
from qgov.plan.sides import Side
from qgov.records import replace
from qgov.targets import emit
from tests.plan.worlds import NOW, RICH, snapshot

__all__ = ["Edit", "Edited", "Step", "at", "documents", "edited", "leaf_of", "removals", "values"]

Step = str | int
Path = tuple[Step, ...]

_CRN: Final = "crn:v1:bluemix:public:quantum-computing:eu-de:a/00000000000000000000000000000011"
_POOL: Final = (
    *("2h", "45d", "7.00 EUR", "0.50 EUR", "9.00 USD", "12%", "3000"),
    *("https://other.example", "XX", "FR", "other", "other@acme.example", "2026-10-02"),
    *("2026-11-30T10:00:00Z", "2026-11-02T10:00:00Z", "secret://vault/other", "410000000199"),
    *("admins", "atlas-leads", "finance", "reader", "developer", "auditor", "partners"),
    *("corporate", "minute", "garnet", "logs", "audit-vault", "spare-vault", "spare", "iqm"),
    *("*", "sandbox", "test", "atlas/test", "borealis", "borealis/sandbox/chemistry", "everything"),
    *("job:submit", "policy:read", "usage:read", "group:admins", "uk", "us", "on-premises"),
    *("QG602", "Tenant/borealis", "Budget/atlas", "CC-2", "other-quantum", "USD", "0.97", "9 QCU"),
    *(
        "atlas/legacy",
        f"{_CRN}:00000000-0000-4000-8000-000000000011::",
        "203.0.113.0/24",
        "100000000002",
    ),
    *("00000000-0000-0000-0000-000000000002", "eu-west-2", "aws_s3_bucket.results_older"),
    *("https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db48/", "api://other-quantum"),
)
"""Words that some field or other takes."""

MOST_TRIED: Final = 160


class Leaf(NamedTuple):
    """A field of a kind of document: its names without those of entries, what it is about,
    whether it tells an entry of a list from others, and its type."""

    field: str
    concern: Concern
    is_key: bool
    annotation: Any


class Edit(NamedTuple):
    """A document as it becomes, what was done to it, and the concerns of what changed."""

    document: Document
    path: Path
    field: str
    did: str
    concerns: frozenset[Concern]
    is_key: bool

    def __str__(self) -> str:
        return f"{self.document.id} {'.'.join(map(str, self.path))} {self.did}"


@cache
def documents() -> Mapping[str, Document]:
    """The documents of the base by `Kind/name`, one value a line."""
    read, findings = read_documents({path: text.encode() for path, text in RICH.items()})
    assert not findings
    files = {f"{d.id}.yaml": _text(d.raw) for d in read.valid}
    apart, findings = read_documents(files)
    assert not findings
    return {d.id: d for d in apart.valid}


def _text(raw: Mapping[str, Any]) -> bytes:
    return json.dumps(raw, indent=1, ensure_ascii=False).encode()


@cache
def _base() -> Side:
    return _side(tuple(documents().values()))


def _side(found: tuple[Document, ...]) -> Side:
    loaded = understand(Documents(found))
    return Side(
        snapshot({d.path: d.id for d in found}),
        loaded,
        {(d.kind, d.name): d for d in found},
        loaded.model is not None,
        NOW,
    )


class Compiled(NamedTuple):
    """The files of all targets, and what cannot be compiled."""

    files: Mapping[str, bytes]
    findings: tuple[Finding, ...]


def _compiled(side: Side) -> Compiled:
    """Once for a model: the way back has the same two sides."""
    assert side.model is not None
    return side.model.once(_emitted)


def _emitted(model: AccessModel) -> Compiled:
    files, findings = emit(model)
    return Compiled(files, tuple(findings))


@dataclass(frozen=True)
class Edited:
    """What comes of edits: the head, the plan, and what moved."""

    edits: tuple[Edit, ...]
    head: Side
    undone: bool = False
    """Whether the plan is that of taking the edits back: what was removed is added."""

    @cached_property
    def plan(self) -> Plan:
        """The plan, as it is made now."""
        reach = Reach(frozenset(edit.document.path for edit in self.edits), None, 0)
        sides = (self.head, _base()) if self.undone else (_base(), self.head)
        return make.make_plan(*sides, reach, now=NOW)

    @property
    def reviewed(self) -> bool:
        """Whether the base of the plan names anybody who reviews changes."""
        model = (self.head if self.undone else _base()).model
        return model is not None and bool(model.organization.spec.review.model_fields_set)

    @cached_property
    def back(self) -> Edited:
        """The way back."""
        edits = tuple(edit._replace(did=f"{edit.did}, undone") for edit in self.edits)
        return Edited(edits, self.head, not self.undone)

    @cached_property
    def compiles(self) -> bool:
        """Whether the targets can express the head."""
        return not has_errors(_compiled(self.head).findings)

    @cached_property
    def files(self) -> frozenset[str]:
        """The paths of the artifacts that differ."""
        old, new = _compiled(_base()).files, _compiled(self.head).files
        return frozenset(p for p in {*old, *new} if old.get(p) != new.get(p))

    def resources(self, path: str) -> frozenset[str]:
        """What differs inside of a file of Terraform or of a directory."""
        old, new = (
            _resources(path, side.files.get(path))
            for side in (_compiled(_base()), _compiled(self.head))
        )
        return frozenset(n for n in {*old, *new} if old.get(n) != new.get(n))

    @cached_property
    def findings(self) -> frozenset[tuple[str, str, str]]:
        """The findings, notes left out, that one side has oftener."""
        old = _counted([*_base().findings, *_compiled(_base()).findings])
        new = _counted([*self.head.findings, *_compiled(self.head).findings])
        return frozenset((old - new) + (new - old))


def _counted(findings: list[Finding]) -> Counter[tuple[str, str, str]]:
    return Counter(
        (f.code, f.document, f.message) for f in findings if f.severity is not Severity.INFO
    )


_BLOCK: Final = re.compile(r'^(\w+)((?: "[^"]+")*) \{\n(.*?)^\}$', re.MULTILINE | re.DOTALL)


def _resources(path: str, content: bytes | None) -> dict[str, Any]:
    """The resources of a file by name, or the statements of a policy, from its text."""
    if content is None:
        return {}
    if path.endswith(".tf"):
        blocks = _BLOCK.finditer(content.decode())
        return {_address(b[1], re.findall(r'"([^"]+)"', b[2]), b[3]): b[3] for b in blocks}
    if path.endswith("/setup.md"):
        found = re.split(r"^## (.+)$", content.decode(), flags=re.MULTILINE)[1:]
        return dict(zip(found[::2], found[1::2], strict=True))
    if path.endswith(".md"):
        return {"steps": content}
    if path.endswith(".yaml"):
        data = yaml.safe_load(content)
        inside = {f"qauvern.{each['name']}": each for each in data.pop("instances")}
        return {"qauvern": data, **inside}
    data = json.loads(content)
    if "Statement" in data:
        return {each["Sid"]: each for each in data["Statement"]}
    if "realm" in data:
        return dict(_entries({**data, "roles": data["roles"]["realm"]}))
    if "Resources" in data:
        return {each["externalId"]: each for each in data["Resources"]}
    if path.endswith("Patches.json"):
        return dict(data)
    entries = {f"{part}.{n}": v for part in ("groups", "workloads") for n, v in data[part].items()}
    return {**entries, **{n: v for n, v in data.items() if n not in ("groups", "workloads")}}


def _entries(realm: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for field, value in realm.items():
        if isinstance(value, list) and all(isinstance(each, dict) for each in value):
            for entry in value:
                keys = (k for k in ("clientId", "username", "alias", "name") if k in entry)
                yield f"{field}.{entry[next(keys)]}", entry
        else:
            yield field, value


def _address(block: str, labels: list[str], body: str) -> str:
    of = {"import": "to", "moved": "from", "removed": "from"}.get(block)
    said = re.findall(rf"{of} += (\S+)", body) if of else []
    return ".".join([*([] if block == "resource" else [block]), *labels, *said])


def edited(*edits: Edit) -> Edited | None:
    """What comes of edits of different documents; None where it cannot be understood."""
    changed = {edit.document.id: edit.document for edit in edits}
    head = _side(tuple({**documents(), **changed}.values()))
    return Edited(edits, head) if head.readable else None


# ------------------------------------------------------------------------------------ edits


def values(document: Document, path: Path) -> Iterator[Edit]:
    """The leaf with each other value that it may have."""
    leaf = leaf_of(document.kind, path)
    before = at(document.raw, path)
    for after in list(_others(before, leaf))[:MOST_TRIED]:
        if (edit := edit_of(document, path, after)) is not None:
            yield edit


def edit_of(document: Document, path: Path, after: Any) -> Edit | None:
    """A leaf with another value; None where it may not have it, or means the same."""
    leaf = leaf_of(document.kind, path)
    raw = deepcopy(document.raw)
    at(raw, path[:-1])[path[-1]] = after
    return _edit(document, path, raw, f"→ {after!r}", frozenset({leaf.concern}), leaf)


def removals(document: Document) -> Iterator[Edit]:
    """The document without each of its fields and entries that it can do without."""
    for path, value in _nodes(document.raw, ()):
        if len(path) < 2 or path[0] not in ("metadata", "spec"):
            continue
        raw = deepcopy(document.raw)
        del at(raw, path[:-1])[path[-1]]
        leaf = leaf_of(document.kind, path)
        below = {leaf_of(document.kind, (*path, *deep)).concern for deep, _ in leaves_of(value)}
        edit = _edit(document, path, raw, "removed", frozenset(below or {leaf.concern}), leaf)
        if edit is not None:
            yield edit._replace(is_key=True) if isinstance(value, dict | list) else edit


def _edit(
    document: Document,
    path: Path,
    raw: dict[str, Any],
    did: str,
    concerns: frozenset[Concern],
    leaf: Leaf,
) -> Edit | None:
    try:
        typed: Any = KINDS[document.kind].model_validate(
            {name: raw[name] for name in ("metadata", "spec")}
        )
    except (ValidationError, KeyError):
        return None
    if (typed.metadata, typed.spec) == (document.metadata, document.spec):
        return None
    text = Text(document.path, _text(raw))
    after = replace(document, metadata=typed.metadata, spec=typed.spec, raw=raw, text=text)
    return Edit(after, path, leaf.field, did, concerns, leaf.is_key)


def _others(value: Any, leaf: Leaf) -> Iterator[Any]:
    """Values that may be valid instead, the likeliest first."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, max(0, value - 1), value * 2, 1, 0)
    else:
        alike = dict.fromkeys(map(str, _known().get(leaf.field, ())))
        for word in dict.fromkeys((*_words(leaf.annotation), *alike, *_POOL, f"{value}x")):
            if word != value:
                yield word


@cache
def _known() -> Mapping[str, tuple[Any, ...]]:
    """Field → the values that it has somewhere."""
    found: dict[str, tuple[Any, ...]] = {}
    for document in documents().values():
        for path, value in leaves_of(document.raw):
            if path[0] in ("metadata", "spec") and path != ("metadata", "name"):
                field = leaf_of(document.kind, path).field
                found[field] = (*found.get(field, ()), value)
    return found


def _words(annotation: Any) -> list[Any]:
    """The words of a closed list."""
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    return [word for each in get_args(annotation) for word in _words(each)]


# ----------------------------------------------------------------------------- the language


def at(value: Any, path: Path) -> Any:
    """What is at a path of a raw value."""
    for step in path:
        value = value[step]
    return value


def _nodes(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    steps = (
        value if isinstance(value, dict) else range(len(value) if isinstance(value, list) else 0)
    )
    for step in steps:
        yield (*path, step), value[step]
        yield from _nodes(value[step], (*path, step))


def leaves_of(value: Any) -> Iterator[tuple[Path, Any]]:
    """The values in a raw value that hold no others, and where."""
    if not isinstance(value, dict | list):
        yield (), value
    yield from ((p, v) for p, v in _nodes(value, ()) if not isinstance(v, dict | list))


def leaf_of(kind: str, path: Path) -> Leaf:
    """The field that a path of a document leads to."""
    return _leaf(kind, tuple(str(step) if isinstance(step, str) else 0 for step in path))


@cache
def _leaf(kind: str, path: Path) -> Leaf:
    part: type[BaseModel] = KINDS[kind]
    names, rest = list[str](), list(path)
    concern: Concern | None = None
    key: tuple[str, ...] = ()
    is_key, annotation = False, None
    while rest:
        alias = rest.pop(0)
        found = [n for n, i in part.model_fields.items() if alias in (i.alias, n)]
        if not found:
            break  # deeper than what the language names: counters of a test
        said, annotation = declared(part, found[0]), part.model_fields[found[0]].annotation
        is_key, key = found[0] in key, said.key
        concern = said.concern or concern
        names.append(str(alias))
        if rest and _collects(annotation):
            rest.pop(0)
        part = next(parts_of(annotation), part)
    return Leaf(".".join(names), concern or Concern.OPERATIONS, is_key, annotation)


def _collects(annotation: Any) -> bool:
    if get_origin(annotation) in (dict, list):
        return True
    return any(_collects(argument) for argument in get_args(annotation))
