"""Which values of a document name something else, and that each of them is defined, once.

Kinds whose names decide what is linked (a binding's role, a scope) are resolved where they
are linked; everything else is a row of `REFERENCES`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from qgov.language.documents import Document
from qgov.language.quote import quoted
from qgov.model.resolve import Resolver

__all__ = ["NAMED", "REFERENCES", "resolve"]

_Path = tuple[str | int, ...]

REFERENCES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "Organization": (
        ("groups.*.identityProvider", "identity provider"),
        ("groups.*.includes.*", "group"),
        ("groups.*.requests.requestors", "group"),
        ("groups.*.requests.approvers", "group"),
        ("backends.*.vendor", "vendor"),
        ("auditSinks.*.store", "store"),
        ("auditSinks.*.credential", "secrets manager"),
        ("identityProviders.*.tokens.introspection.credential", "secrets manager"),
        ("guardrails.never.*.backends.*", "backend"),
        ("guardrails.always.*.backends.*", "backend"),
    ),
    "Tenant": (
        ("identityProvider", "identity provider"),
        ("frameworks.*", "framework"),
        ("retention.*.store", "store"),
        ("environments.*.backends.*", "backend"),
        ("environments.*.queue", "queue"),
        ("serviceAccounts.*.staticCredential.secret", "secrets manager"),
    ),
    "Role": (("conflictsWith.*", "role"),),
    "Budget": (
        ("owner", "group"),
        ("group", "group"),
        ("backends.*", "backend"),
        ("approval.approvers", "group"),
    ),
    "AccessReview": (("reviewers", "group"),),
    "AccessTest": (
        ("cases.*.subject.groups.*", "group"),
        ("cases.*.resource.backend", "backend"),
        ("cases.*.context.spent.#", "budget"),
        ("cases.*.context.used.#", "budget"),
        ("cases.*.context.approvals.*.group", "group"),
    ),
}
"""Kind → (path below `spec`, what is named there). `*` is every item or key, `#` every key
itself."""


NAMED: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "Organization": (("guardrails.never", "guardrail"), ("guardrails.always", "guardrail")),
    "Tenant": (("environments.*.projects", "project"), ("serviceAccounts", "service account")),
    "AccessTest": (("cases", "case"),),
}
"""Kind → (path of a list below `spec`, what its entries are); the entries are known by their names.
"""


def resolve(
    documents: Iterable[Document], known: Mapping[str, Collection[str]], names: Resolver
) -> None:
    """An error for each name of `REFERENCES` that is not among what is known of its sort, and for
    each that a list of `NAMED` has twice and not alike."""
    for document in documents:
        for steps, what in _STEPS.get(document.kind, ()):
            for place, text in _named(document.raw["spec"], steps, ("spec",)):
                # Of a `secret://manager/path`, the manager is what must be there.
                name = text.removeprefix("secret://").partition("/")[0]
                names.defined(what, name, known[what], document, *place)
        for path, what in NAMED.get(document.kind, ()):
            for place, entries in _named(document.raw["spec"], tuple(path.split(".")), ("spec",)):
                _each_once(what, entries, document, place, names)


_STEPS: Final = {
    kind: [(tuple(path.split(".")), what) for path, what in rows]
    for kind, rows in REFERENCES.items()
}


def _each_once(
    what: str, entries: list[Any], document: Document, at: _Path, names: Resolver
) -> None:
    """An error for each entry that has the name of one before it and says something else."""
    seen: dict[str, Any] = {}
    for index, entry in enumerate(entries):
        short = isinstance(entry, str)  # a name, and nothing more
        name = entry if short else entry["name"]
        if seen.setdefault(name, entry) != entry:
            place = (*at, index) if short else (*at, index, "name")
            message = f"the {what} {quoted(name)} is defined twice"
            names.refuse("QG217", message, document.at(*place), "rename or remove one", document.id)


def _named(value: Any, steps: tuple[str, ...], at: _Path) -> Iterator[tuple[_Path, Any]]:
    """(place, text or list) of every value at a path, as far as something is written there."""
    if not steps:
        if value is not None:
            yield at, value
        return
    step, rest = steps[0], steps[1:]
    if step == "#":
        yield from (((*at, key), key) for key in value or ())
    elif step != "*":
        if value and step in value:
            yield from _named(value[step], rest, (*at, step))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _named(item, rest, (*at, index))
    else:
        for key, item in (value or {}).items():
            yield from _named(item, rest, (*at, key))
