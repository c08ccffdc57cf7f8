"""A scope contains what lies below it, and nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qgov.model.scope import EVERYWHERE, ancestors, contains, depth, matches, tenant_of

_LABEL = st.sampled_from(["a", "aa", "a-a", "b"])
SCOPES = st.just(EVERYWHERE) | st.lists(_LABEL, min_size=1, max_size=3).map("/".join)
PATTERNS = st.lists(_LABEL | st.just("*"), min_size=1, max_size=3).map("/".join)


@given(SCOPES)
def test_a_scope_contains_itself_and_everywhere_contains_it(scope: str) -> None:
    assert contains(scope, scope)
    assert contains(EVERYWHERE, scope)
    assert contains(scope, EVERYWHERE) == (scope == EVERYWHERE)


@given(SCOPES, SCOPES)
def test_two_scopes_that_contain_each_other_are_one(a: str, b: str) -> None:
    if contains(a, b) and contains(b, a):
        assert a == b


@given(SCOPES, SCOPES, SCOPES)
def test_containing_is_transitive(a: str, b: str, c: str) -> None:
    if contains(a, b) and contains(b, c):
        assert contains(a, c)


@given(SCOPES, SCOPES)
def test_the_ancestors_are_what_contains_a_scope(a: str, b: str) -> None:
    assert (a in set(ancestors(b))) == contains(a, b)


@given(SCOPES)
def test_the_ancestors_go_from_the_narrowest_to_everywhere(scope: str) -> None:
    found = list(ancestors(scope))

    assert [depth(one) for one in found] == list(range(depth(scope), -1, -1))
    assert (found[0], found[-1]) == (scope, EVERYWHERE)


@given(SCOPES, SCOPES.filter(lambda scope: scope != EVERYWHERE))
def test_a_pattern_without_stars_matches_what_it_contains(pattern: str, scope: str) -> None:
    assert matches(pattern, scope) == contains(pattern, scope)


@given(PATTERNS, SCOPES.filter(lambda scope: scope != EVERYWHERE), _LABEL)
def test_a_pattern_that_matches_a_scope_matches_all_below(
    pattern: str, scope: str, label: str
) -> None:
    if matches(pattern, scope):
        assert matches(pattern, f"{scope}/{label}")


def test_a_star_stands_for_any_one_label() -> None:
    assert matches("a/*/c", "a/b/c")
    assert not matches("a/*/c", "a/b/d")
    assert not matches("a/*/c", "a/b")
    assert not matches("a/*", "b/b/c")
    assert not contains("a", "aa")


def test_the_tenant_is_the_first_label() -> None:
    assert [tenant_of(scope) for scope in ("*", "*/x", "a", "a/b", "a/b/c")] == ["", "", *"aaa"]
