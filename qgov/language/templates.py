"""What a template of a repository may do: write answers, choose and repeat them.

The author of a pull request may have written the template. It runs in Jinja's sandbox
(https://jinja.palletsprojects.com/en/stable/sandbox/), and may use only what cannot run for long:
text, answers, filters of a short list, `for` over an answer, `if`.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from jinja2 import nodes

__all__ = ["FILTERS", "MAX_LOOPS", "MAX_TEMPLATE", "Beyond", "beyond"]

MAX_TEMPLATE: Final = 64 * 1024
"""Bytes of one template."""

MAX_LOOPS: Final = 2
"""How deeply loops may nest."""

FILTERS: Final = frozenset({"join", "markdown", "tojson"})

_ALLOWED: Final = frozenset(
    {"And", "Compare", "Const", "Filter", "For", "Getitem", "If", "Name", "Not", "Operand"}
    | {"Or", "Output", "Template", "TemplateData"}
)


class Beyond(NamedTuple):
    """Something that a template may not do, and the line where it does."""

    line: int
    what: str


def beyond(tree: nodes.Template) -> Beyond | None:
    """The first thing in a parsed template that is not for templates of a repository."""
    pending: list[tuple[nodes.Node, int]] = [(tree, 0)]
    while pending:
        node, depth = pending.pop()
        depth += isinstance(node, nodes.For)
        if (what := _what(node, depth)) is not None:
            return Beyond(node.lineno, what)
        pending += ((child, depth) for child in reversed([*node.iter_child_nodes()]))
    return None


def _what(node: nodes.Node, depth: int) -> str | None:
    name = type(node).__name__
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        return f"the filter `{node.name}` is not for templates of a repository"
    if name not in _ALLOWED or (isinstance(node, nodes.Getitem) and not _by_number(node)):
        return f"`{name}` is not for templates of a repository"
    if depth > MAX_LOOPS:
        return f"more than {MAX_LOOPS} loops in one another"
    if isinstance(node, nodes.For) and not _answered(node.iter):
        return "a loop over something other than an answer"
    return None


def _by_number(node: nodes.Getitem) -> bool:
    """Jinja takes `x["a"]` for `x.a` too."""
    return isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, int)


def _answered(node: nodes.Node) -> bool:
    """Whether an expression is an answer or an item of one."""
    while isinstance(node, nodes.Getitem):
        node = node.node
    return isinstance(node, nodes.Name)
