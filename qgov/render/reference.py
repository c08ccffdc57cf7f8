"""`docs/language.md`: the language as it is, written from its models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Final

from pydantic import BaseModel

from qgov.language.codes import CODES
from qgov.language.concerns import CONCERNS, declared, parts_of
from qgov.language.forms import BY_PATTERN
from qgov.language.kinds import API_VERSION, KINDS
from qgov.language.permissions import CATALOGUE, CATALOGUE_VERSION
from qgov.language.reader import MAX_DEPTH, MAX_INT, MAX_NODES, MAX_SCALAR
from qgov.language.text import MAX_BYTES
from qgov.render.schema import path_of, schemas

__all__ = ["language_markdown"]

# What it is, an example, and what there is to know.
_SCALARS: Final = (
    ("text", "Calibration run", "1 to 1000 characters for people, never interpreted"),
    ("name", "aurora-leads", "an RFC 1123 label: lower case, digits, inner hyphens, at most 63"),
    ("scope", "aurora/*/chemistry", "`*`, or up to three names joined by `/`"),
    ("duration", "8h", "`s` `m` `h` `d` `w` or `y` (365 days), whole, at most 100y"),
    ("money", "20000.00 EUR", "an exact decimal with up to six places, and an ISO 4217 code"),
    ("unit price", "0.0001645 USD", "as money, with up to twelve places"),
    ("share", "80%", "with up to two decimals"),
    ("rate", '"0.92"', "a decimal in quotes, more than zero"),
    ("instant", "2026-11-23T08:00:00+01:00", "RFC 3339 with an offset"),
    ("day", "2026-11-23", "a calendar date"),
    ("address", "https://id.northwind.example/realms/quantum", "https, no query or user part"),
    ("secret", "secret://vault/siem/token", "where a secret is kept, never the secret"),
    ("person", "mei@northwind.example", "a directory id; in exceptions only"),
    ("currency", "EUR", "an ISO 4217 code"),
    ("country", "DE", "an ISO 3166-1 alpha-2 code"),
    ("jurisdiction", "eu", "the organization's own name; `on-premises` lies inside every one"),
    ("mailbox", "aurora-leads@northwind.example", "an address that several people read"),
)


def language_markdown() -> str:
    """The whole page."""
    found = schemas(in_words=False)
    words = _pattern_words(found)
    parts = [
        "# The language\n",
        "<!-- Generated from the models by `make docs`; edit those instead. -->\n",
        _opening(),
        _concerns(),
        "## Scalars\n",
        _table(
            ("type", "example", "form"),
            ((word, f"`{example}`", form) for word, example, form in _SCALARS),
        ),
        "## Kinds\n",
    ]
    parts += [_kind(kind, schema, words) for kind, schema in found.items()]
    parts += ["## Shared parts\n", *_shared(found, words)]
    parts += [
        (
            f"## Permissions\n\nThe closed catalogue, version {CATALOGUE_VERSION}. `:own` "
            "narrows a permission to what its subject submitted. High risk is held just-in-time "
            "only.\n"
        ),
        _table(
            ("permission", "held at", "allows to", "high risk", "`:own`"),
            (
                (
                    f"`{p.name}`",
                    p.level.value,
                    p.about,
                    "yes" if p.high_risk else "",
                    "yes" if p.ownable else "",
                )
                for p in CATALOGUE.values()
            ),
        ),
        "## Codes\n\nEach is an error of the text or of its names, found before any check runs.\n",
        _table(("code", "meaning"), CODES.items()),
    ]
    return "\n".join(parts)


def _opening() -> str:
    return (
        f"A configuration is YAML documents of `apiVersion: {API_VERSION}`. Scalars follow the "
        "core schema of YAML 1.2; tags, anchors, aliases and merge keys are not part of the "
        "language, and a key appears once. A file is UTF-8 without a byte order mark, at most "
        f"{MAX_BYTES // 2**20} MiB, {MAX_DEPTH} levels and {MAX_NODES:,} values; a text has at "
        f"most {MAX_SCALAR:,} characters, a number is at most {MAX_INT:,}. Text shows what it "
        "says: control, invisible and direction-turning characters are refused.\n\n"
        "Editors complete and check a file that begins with the schema of its kind:\n\n"
        f"```yaml\n# yaml-language-server: $schema=../{path_of('Role')}\n```\n"
    )


def _concerns() -> str:
    return (
        "## What a field is about\n\nEach field is about one concern, in the column *about*, by "
        "which a change of it has its place in a plan; where it has a direction, the column says "
        "which value is looser. `words` are the only ones whose change may pass in silence. A "
        "bound that is absent is looser than any.\n\n"
        + _table(("concern", "what it is"), ((f"`{c}`", about) for c, about in CONCERNS.items()))
    )


def _kind(kind: str, schema: dict[str, Any], words: dict[str, str]) -> str:
    spec_name = _target(schema["properties"]["spec"])
    spec = schema["definitions"][spec_name]
    own = [name for name in _reachable(schema, spec) if name not in _everywhere()]
    parts = [
        (
            f"### {kind}\n\n{schema['description']} Schema: [`{path_of(kind)}`]"
            f"({path_of(kind).removeprefix('docs/')}).\n"
        ),
        f"`spec`: {spec['description']}\n",
        _fields(spec_name, schema["definitions"], words),
    ]
    for name in own:
        part = schema["definitions"][name]
        fields = _fields(name, schema["definitions"], words)
        parts.append(f"#### {name}\n\n{part['description']}\n\n{fields}")
    return "\n".join(parts)


def _everywhere() -> tuple[str, ...]:
    """The parts that several kinds share, described once."""
    return "Metadata", "Binding", "Eligibility", "Floor", "JobLimits"


def _shared(found: dict[str, dict[str, Any]], words: dict[str, str]) -> Iterator[str]:
    definitions: dict[str, Any] = {}
    for schema in found.values():
        definitions |= schema["definitions"]
    for name in _everywhere():
        part = definitions[name]
        yield f"### {name}\n\n{part['description']}\n\n{_fields(name, definitions, words)}"


def _fields(of: str, definitions: dict[str, Any], words: dict[str, str]) -> str:
    part = definitions[of]
    required = part.get("required", ())
    return _table(
        ("field", "type", "default", "about", "meaning"),
        (
            (
                f"`{name}`",
                _type(field, words),
                _default(name, field, required),
                _about(of, name),
                field.get("description") or definitions[_target(field)]["description"],
            )
            for name, field in part["properties"].items()
        ),
    )


def _about(of: str, alias: str) -> str:
    """A field's concern, and when a new value of it is looser."""
    part = _parts()[of]
    name = next(n for n, field in part.model_fields.items() if (field.alias or n) == alias)
    said = declared(part, name)
    inner = {
        getattr(each, "concern", None) for each in parts_of(part.model_fields[name].annotation)
    }
    about = str(said.concern or "") if not inner or inner == {said.concern} else ""
    return ": ".join(filter(None, (about, said.looser)))


@cache
def _parts() -> dict[str, type[BaseModel]]:
    """Every part of the language by its name."""
    found: dict[str, type[BaseModel]] = {}
    pending: list[type[BaseModel]] = list(KINDS.values())
    while pending:
        part = pending.pop()
        if part.__name__ not in found:
            found[part.__name__] = part
            pending += [p for f in part.model_fields.values() for p in parts_of(f.annotation)]
    return found


def _default(name: str, field: dict[str, Any], required: Iterable[str]) -> str:
    if name in required:
        return "**required**"
    default = field.get("default")
    if default is None:
        return ""
    if isinstance(default, list):
        return f"`[{', '.join(map(str, default))}]`"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _type(node: dict[str, Any], words: dict[str, str]) -> str:
    """A node's type in the language's words."""
    if "anyOf" in node:
        parts = [part for part in node["anyOf"] if part != {"type": "null"}]
        return " or ".join(_type(part, words) for part in parts)
    if name := _target(node):
        return f"[{name}](#{name.lower()})"
    if "enum" in node or "const" in node:
        values = node.get("enum") or [node["const"]]
        return (
            "[permission](#permissions)"
            if "job:submit" in values
            else " ".join(f"`{value}`" for value in values)
        )
    if node["type"] == "array":
        return f"list of {_type(node['items'], words)}"
    if node["type"] == "object":
        return _mapping(node, words)
    if node["type"] != "string":
        return {"integer": "whole number", "boolean": "`true` or `false`"}[node["type"]]
    pattern = node.get("pattern")
    if "$comment" in node or pattern in words or pattern is None:
        return str(node.get("$comment") or words.get(str(pattern), "text"))
    return f"text: {_asked(pattern)}"


def _asked(pattern: str) -> str:
    form = BY_PATTERN[pattern]
    return f"{form.words}, such as `{form.example}`"


def _mapping(node: dict[str, Any], words: dict[str, str]) -> str:
    if "properties" in node:
        return f"`{{{', '.join(f'{name}: …' for name in node['properties'])}}}`"
    if "patternProperties" in node:
        ((pattern, value),) = node["patternProperties"].items()
        key = words.get(pattern) or _asked(pattern)
        return f"{key} → {_type(value, words)}"
    keys = _type(node["propertyNames"], words)
    return f"{keys} → {_type(node['additionalProperties'], words)}"


def _pattern_words(found: dict[str, dict[str, Any]]) -> dict[str, str]:
    """The patterns of the scalars that JSON Schema knows as text, by a field that has each."""
    tenant, organization = found["Tenant"]["definitions"], found["Organization"]["definitions"]
    binding, exception = tenant["Binding"]["properties"], found["Elevation"]["definitions"]
    witnesses = {
        "name": binding["role"],
        "scope": binding["on"],
        "person": exception["ElevationSpec"]["properties"]["subject"],
        "address": tenant["Federation"]["properties"]["issuer"],
        "secret": tenant["StaticCredential"]["properties"]["secret"],
        "currency": organization["OrganizationSpec"]["properties"]["currency"],
        "country": organization["Vendor"]["properties"]["country"],
        "jurisdiction": organization["StoreSpec"]["properties"]["jurisdiction"],
        "mailbox": tenant["Owner"]["properties"]["contact"],
    }
    return {node["pattern"]: word for word, node in witnesses.items()}


def _reachable(schema: dict[str, Any], part: dict[str, Any]) -> list[str]:
    """The names of the definitions below a part, in the order of the fields that use them."""
    found: list[str] = []

    def visit(node: Any) -> None:
        if isinstance(node, list):
            for item in node:
                visit(item)
        elif isinstance(node, dict):
            name = _target(node)
            if name and name not in found:
                found.append(name)
                visit(schema["definitions"][name])
            for value in node.values():
                visit(value)

    visit(part)
    return found


def _target(node: dict[str, Any]) -> str:
    """The definition that a node refers to, or an empty string."""
    if "allOf" in node:
        return _target(node["allOf"][0])
    return str(node.get("$ref", "")).rpartition("/")[2]


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
