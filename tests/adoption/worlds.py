"""What the tests of adoption share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

__all__ = ["NOW", "answered", "contents"]

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def answered(repository: Path, changed: Mapping[str, str | None] = MappingProxyType({})) -> Path:
    """The pilot's answers for the tenant corvus; `changed` are values as they stand in the
    text, None for an answer that is not given. Returns the file."""
    text = (repository / "onboarding/pilot.yaml").read_text().replace("pilot", "corvus")
    lines = [line for line in text.splitlines() if line.partition(":")[0] not in changed]
    lines += [f"{name}: {value}" for name, value in changed.items() if value is not None]
    file = repository.parent / "answers.yaml"
    file.write_text("\n".join(lines) + "\n")
    return file


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, those of git left out."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }
