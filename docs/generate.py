"""Write the generated pages again: `make docs`. Tests keep them current."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from qgov.render.identity import with_reasons
from qgov.render.reference import language_markdown
from qgov.render.rules import rules_pages
from qgov.render.schema import path_of, schemas, written

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Write every page whose content comes from the code."""
    _write_rules(HERE / "rules", rules_pages())
    (HERE / "language.md").write_text(language_markdown(), encoding="utf-8")
    page = HERE / "identity.md"
    page.write_text(with_reasons(page.read_text(encoding="utf-8")), encoding="utf-8")
    for kind, schema in schemas().items():
        (HERE.parent / path_of(kind)).write_bytes(written(schema))


def _write_rules(folder: Path, pages: Mapping[str, str]) -> None:
    """Write a page for each concern, and remove those of concerns that are gone."""
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.md"):
        old.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
