"""The page about identity is what the code does."""

from __future__ import annotations

from pathlib import Path

import yaml

from qgov.identity.reasons import WORDS
from qgov.language.kinds.directory import IdentityProvider
from qgov.render.identity import with_reasons

PAGE = (Path(__file__).parents[2] / "docs" / "identity.md").read_text(encoding="utf-8")


def test_the_table_of_reasons_is_current() -> None:
    assert with_reasons(PAGE) == PAGE
    assert PAGE.count("\n| `") >= len(WORDS) > 20
    assert with_reasons(PAGE.replace("| `token-expired` |", "| `token-late` |")) == PAGE


def test_the_example_is_what_the_language_reads() -> None:
    text = PAGE.partition("```yaml\n")[2].partition("```")[0]
    given = yaml.safe_load(text)["identityProviders"]["workforce"]
    provider = IdentityProvider.model_validate(given)
    assert set(given["tokens"]) == {
        field.alias for name, field in type(provider.tokens).model_fields.items()
    }
