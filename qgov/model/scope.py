"""Scopes: `*`, `tenant`, `tenant/environment` or `tenant/environment/project`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

__all__ = [
    "EVERYWHERE",
    "ancestors",
    "contains",
    "depth",
    "matches",
    "tenant_of",
    "under_other_names",
]

EVERYWHERE = "*"


def depth(scope: str) -> int:
    """How many labels a scope has; 0 for `*`."""
    return 0 if scope == EVERYWHERE else scope.count("/") + 1


def contains(outer: str, inner: str) -> bool:
    """Whether a grant on `outer` holds at `inner`."""
    return outer in (EVERYWHERE, inner) or inner.startswith(outer + "/")


def ancestors(scope: str) -> Iterator[str]:
    """The scope itself and everything that contains it, narrowest first, `*` last."""
    while scope != EVERYWHERE and scope:
        yield scope
        scope = scope.rpartition("/")[0]
    yield EVERYWHERE


def under_other_names(scope: str, names: Mapping[str, str]) -> str:
    """The scope where the longest part of it that has another name (`names`: scope → scope)
    has that."""
    part = next((part for part in ancestors(scope) if part in names), "")
    return f"{names[part]}{scope[len(part) :]}" if part else scope


def matches(pattern: str, scope: str) -> bool:
    """Whether `scope` lies in a pattern such as `aurora/*/chemistry`."""
    if pattern == EVERYWHERE:
        return True
    wanted, given = pattern.split("/"), scope.split("/")
    return len(given) >= len(wanted) and all(
        w in (EVERYWHERE, g) for w, g in zip(wanted, given, strict=False)
    )


def tenant_of(scope: str) -> str:
    """The first label, or an empty string for `*`."""
    return "" if scope.startswith(EVERYWHERE) else scope.partition("/")[0]
