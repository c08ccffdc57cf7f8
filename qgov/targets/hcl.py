"""Values to HCL, the language of Terraform.

python-hcl2 lays out each *shape* of a block once (its type, attribute names and nesting)
and instances fill the shape: it copies texts verbatim and costs a millisecond a block, so
no text that a person wrote ever reaches it. A text is always a quoted, escaped literal;
only what `expressions` has is none. The layout is the one that `terraform fmt` keeps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, groupby
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from msgspec import Struct, field

from qgov.targets.expressions import Beside, Equal, Ref, code, expression, quote, unquote

if TYPE_CHECKING:
    import hcl2

__all__ = [
    "Beside",
    "Block",
    "Equal",
    "Outline",
    "Ref",
    "Value",
    "address",
    "outline",
    "parse",
    "quote",
    "render",
    "unquote",
]

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_LABEL: Final = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
_KEYWORDS: Final = frozenset(
    {"else", "endfor", "endif", "false", "for", "for_each", "if", "in", "null", "true"}
)
_HOLE: Final = "\ue000"  # stands for a value in a shape; names and escaped keys are ASCII
_MAP: Final = "_map"  # stands for the keys of a map; names begin with a letter


Value: TypeAlias = "str | Ref | Beside | Equal | bool | int | Sequence[Value] | Mapping[str, Value]"
"""What an attribute may hold; a `str` is a literal text."""

_Shape: TypeAlias = tuple[Any, ...]

Outline: TypeAlias = tuple[tuple[_Shape, tuple[str, ...]], ...]
"""Of each block the shape, and the texts of its values. Outlines are equal exactly when the
texts are that `render` makes of the blocks."""


class Block(Struct, frozen=True):
    """A block: `type "label" … { attributes, then blocks }`, in the order given."""

    type: str
    labels: tuple[str, ...] = ()
    attributes: Mapping[str, Value] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()


def render(blocks: Iterable[Block], comment: str = "") -> bytes:
    """The text of a `.tf` file, headed by a comment where one is given.

    Raises ValueError for a type, label or attribute that is not an identifier, TypeError for
    a value of another type than `Value`.
    """
    head = "".join(f"# {line}\n" for line in comment.splitlines())
    filled = (_fill(shape, values) for shape, values in outline(blocks))
    return "\n".join(chain([head] if head else [], filled)).encode()


def outline(blocks: Iterable[Block]) -> Outline:
    """What `render` would lay out, where it is only compared. Raises as `render` does."""
    return tuple(_outlined(block) for block in blocks)


def _outlined(block: Block) -> tuple[_Shape, tuple[str, ...]]:
    values: list[str] = []
    return _shape(block, values), tuple(values)


def address(kind: str, *names: str) -> str:
    """A Terraform name from metadata names and scopes: the same for the same names, and never the
    same for others. Raises ValueError for anything but RFC 1123 labels, joined by `/` or replaced
    by `*`.

    Labels have neither `_` nor capitals, so `/` becomes `_`, names are joined by `__`, and
    `*` becomes `ALL`. The kind makes it start with a letter.
    """
    for label in chain.from_iterable(name.split("/") for name in names):
        if label != "*" and not _LABEL.fullmatch(label):
            raise ValueError(f"not a name: {label!r}")
    joined = "__".join(names).replace("/", "_").replace("*", "ALL")
    return f"{kind}_{joined}"


def parse(content: bytes) -> tuple[Block, ...]:
    """The blocks of a `.tf` file such as `render` writes; nothing is evaluated. Blocks of
    one type stand together."""
    import hcl2  # noqa: PLC0415 - with a parser generator: a tenth of a plan, which lays out nothing

    options = hcl2.SerializationOptions(with_comments=False)
    return _body("", (), hcl2.loads(content.decode(), serialization_options=options)).blocks


def _body(kind: str, labels: tuple[str, ...], content: Mapping[str, Any]) -> Block:
    attributes: dict[str, Value] = {}
    blocks: list[Block] = []
    for key, value in content.items():
        if key == "__is_block__":
            continue
        if isinstance(value, list) and value and _is_block(value[0]):
            blocks += (_block(key, (), inner) for inner in value)
        else:
            attributes[key] = _value(value)
    return Block(kind, labels, attributes, tuple(blocks))


def _is_block(value: Any) -> bool:
    """Whether a value is the content of a block, or a label that leads to one."""
    while isinstance(value, dict):
        if "__is_block__" in value:
            return True
        value = next(iter(value.values()), None)
    return False


def _block(kind: str, labels: tuple[str, ...], content: Mapping[str, Any]) -> Block:
    if "__is_block__" in content:
        return _body(kind, labels, content)
    ((label, inner),) = content.items()
    return _block(kind, (*labels, unquote(label)), inner)


def _value(value: Any) -> Value:
    if isinstance(value, dict):
        return {unquote(k) if k.startswith('"') else k: _value(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_value(item) for item in value]
    if isinstance(value, str):
        if value.startswith('"'):
            return unquote(value)
        return expression(value.removeprefix("${").removesuffix("}"))
    if isinstance(value, int):
        return value
    raise ValueError(f"not a value that is written here: {value!r}")


def _fill(shape: _Shape, values: Sequence[str]) -> str:
    """A block as text: its shape with the values in the holes."""
    return "".join(chain.from_iterable(zip(_pieces(shape), [*values, ""], strict=True)))


def _shape(block: Block, values: list[str]) -> _Shape:
    """What decides the layout of a block; its values, as text, are appended to `values`."""
    values += [f'"{_identifier(label)}"' for label in block.labels]
    attributes = tuple(
        (_identifier(name), _hole(value, values)) for name, value in block.attributes.items()
    )
    types = [inner.type for inner in block.blocks]  # python-hcl2 puts those of one type together
    blocks = sorted(block.blocks, key=lambda inner: types.index(inner.type))
    return (
        _identifier(block.type),
        len(block.labels),
        attributes,
        tuple(_shape(inner, values) for inner in blocks),
    )


@lru_cache(maxsize=4096)
def _identifier(name: str) -> str:
    if _NAME.fullmatch(name):
        return name
    raise ValueError(f"not an identifier: {name!r}")


def _hole(value: Value, values: list[str]) -> _Shape | None:
    if isinstance(value, str):
        values.append(quote(value))
    elif isinstance(value, Ref | Beside | Equal):
        values.append(str(value))
    elif isinstance(value, bool):
        values.append("true" if value else "false")
    elif isinstance(value, int):
        values.append(str(value))
    elif isinstance(value, Mapping):
        return ("{}", tuple((_key(key), _hole(inner, values)) for key, inner in value.items()))
    elif isinstance(value, Sequence):
        return ("[]", tuple(_hole(inner, values) for inner in value))
    else:
        raise TypeError(f"not a value of HCL: {value!r}")
    return None


def _key(key: str) -> str:
    """A key of a map: a word where it is one, else a literal, in ASCII because `terraform fmt`
    aligns by its own idea of a character's width."""
    if _NAME.fullmatch(key) and key not in _KEYWORDS:
        return key
    return "".join(c if c.isascii() else code(c) for c in quote(key))


@lru_cache(maxsize=4096)
def _pieces(shape: _Shape) -> tuple[str, ...]:
    """The text of a shape, cut at its holes."""
    import hcl2  # noqa: PLC0415 - as above

    builder = hcl2.Builder()
    _build(builder, shape)
    plain = hcl2.FormatterOptions(
        vertically_align_attributes=False, vertically_align_object_elements=False
    )
    text = hcl2.dumps(builder.build(), formatter_options=plain)  # type: ignore[no-untyped-call]
    return tuple(_aligned(text, _maps(shape)).split(_HOLE))


def _maps(block: _Shape) -> Iterator[tuple[str, ...]]:
    """The keys of each map of a block that holds values alone, in the order of the text."""
    _, _, attributes, blocks = block
    for _, value in attributes:
        yield from _maps_in(value)
    for inner in blocks:
        yield from _maps(inner)


def _maps_in(value: _Shape | None) -> Iterator[tuple[str, ...]]:
    if value is None:
        return
    kind, inner = value
    if _is_map(value):
        yield tuple(key for key, _ in inner)
    else:
        for each in inner:
            yield from _maps_in(each[1] if kind == "{}" else each)


def _is_map(shape: _Shape) -> bool:
    """Whether a shape is that of a map that holds values alone. These may be long, and the
    time that python-hcl2 takes grows with the square of their length."""
    return shape[0] == "{}" and bool(shape[1]) and all(inner is None for _, inner in shape[1])


def _build(parent: hcl2.Builder, shape: _Shape) -> None:
    kind, labels, attributes, blocks = shape
    block = parent.block(kind, [_HOLE] * labels)
    block.attributes = {name: _tree(inner) for name, inner in attributes}
    for inner in blocks:
        _build(block, inner)


def _tree(shape: _Shape | None) -> Any:
    if shape is None:
        return _HOLE
    kind, inner = shape
    if _is_map(shape):
        return {_MAP: _HOLE}
    if kind == "{}":
        return {key: _tree(value) for key, value in inner}
    return [_tree(value) for value in inner]


def _aligned(text: str, maps: Iterator[tuple[str, ...]]) -> str:
    """The layout of `terraform fmt`: `=` in one column over each run of attributes that fit a
    line, no blank line doubled or after an opening, no commas after attributes. The keys of
    `maps` stand where these were left out."""
    lines: list[str] = []
    for line in map(str.rstrip, text.strip().splitlines()):
        if line.endswith(f"{_MAP} = {_HOLE},"):
            lines += (line.removesuffix(",").replace(_MAP, key) for key in next(maps))
        elif line:
            lines.append(line.removesuffix(",") if " = " in line else line)
        elif not lines[-1].endswith("{") and lines[-1]:
            lines.append(line)
    runs = groupby(lines, _run)
    return "\n".join(chain.from_iterable(_columns(run, list(group)) for run, group in runs)) + "\n"


def _run(line: str) -> int | None:
    """The depth of an attribute that fits a line; None for any other line."""
    if " = " in line and not line.endswith(("{", "[")):
        return len(line) - len(line.lstrip())
    return None


def _columns(run: int | None, lines: list[str]) -> Iterator[str]:
    if run is None:
        yield from lines
        return
    pairs = [line.rpartition(" = ") for line in lines]  # a key may hold " = ", a hole not
    width = max(len(name) for name, _, _ in pairs)
    for name, _, value in pairs:
        yield f"{name.ljust(width)} = {value}"
