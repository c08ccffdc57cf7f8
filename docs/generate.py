"""Write the generated pages again: `make docs`. Tests keep them current."""

from __future__ import annotations

from pathlib import Path

from qgov.render.reference import language_markdown
from qgov.render.rules import rules_markdown
from qgov.render.schema import path_of, schemas, written

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Write every page whose content comes from the code."""
    (HERE / "rules.md").write_text(rules_markdown(), encoding="utf-8")
    (HERE / "language.md").write_text(language_markdown(), encoding="utf-8")
    for kind, schema in schemas().items():
        (HERE.parent / path_of(kind)).write_bytes(written(schema))


if __name__ == "__main__":
    main()
