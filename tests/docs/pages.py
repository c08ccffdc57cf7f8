"""The how-to pages, performed: their YAML is written, their commands are run.

A block of YAML begins with a comment that says where it goes. `# PATH` is a whole file;
`# in PATH` holds fields of the file's `spec`, each in place of what stood there. A block of
`console` holds commands and what they print. `python -m tests.docs.pages` writes what they
print into the pages. `docs/company.md` is performed where the example company is committed.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import BytesIO, TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from markdown_it import MarkdownIt

from qgov.cli import run

__all__ = [
    "BASE",
    "COMPANY",
    "COMPANY_PAGE",
    "FOLDER",
    "PAGES",
    "PATCH",
    "Performance",
    "perform",
    "perform_company",
]

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "how-to"
COMPANY_PAGE = ROOT / "docs" / "company.md"
COMPANY = Path("examples", "company")
PATCH = Path("docs", "examples", "contractors-stay.patch")
BASE = FOLDER / "base"
PAGES = sorted({path.name for path in FOLDER.glob("*.md")} - {"README.md", "add-a-cloud.md"})
NOW = "1795600800"  # 2026-11-25T10:00:00Z
_FIELD = re.compile(r"^  (?=\S)", re.MULTILINE)


@dataclass
class Performance:
    """What became of a page: its text with what was printed, and how often what was done."""

    text: str
    written: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)


def perform(page: str, root: Path) -> Performance:
    """Do what a page says, in a copy of the base at `root`."""
    shutil.copytree(BASE, root, dirs_exist_ok=True)
    return _told(FOLDER / page, root)


def perform_company(root: Path) -> Performance:
    """Do what the page about the example company says, in a repository at `root`."""
    shutil.copytree(ROOT / COMPANY, root / COMPANY)
    (root / PATCH).parent.mkdir(parents=True)
    shutil.copy(ROOT / PATCH, root / PATCH)
    # The page says the commit's name, so that nothing else may be in it.
    for words in ("init -q -b main", f"add {COMPANY}", "commit -q -m Begin"):
        subprocess.run(["git", *words.split()], cwd=root, env=_git(), check=True)
    return _told(COMPANY_PAGE, root)


def _git() -> dict[str, str]:
    """An environment in which the same commit has the same name."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    for who in ("AUTHOR", "COMMITTER"):
        kept |= {f"GIT_{who}_NAME": "Caldera", f"GIT_{who}_EMAIL": "platform@caldera.example"}
        kept |= {f"GIT_{who}_DATE": f"{NOW} +0000"}
    return {**kept, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def _told(page: Path, root: Path) -> Performance:
    done = Performance(page.read_text(encoding="utf-8"))
    lines = done.text.splitlines(keepends=True)
    shift = 0
    for token in MarkdownIt("commonmark").parse(done.text):
        if token.type != "fence":
            continue
        assert token.map is not None
        start, end = token.map[0] + 1 + shift, token.map[1] - 1 + shift
        if token.info == "yaml":
            done.written.append(_write(root, token.content))
        elif token.info == "console":
            printed = _performed(root, token.content, done.commands)
            lines[start:end] = printed
            shift += len(printed) - (end - start)
    done.text = "".join(lines)
    return done


def _write(root: Path, block: str) -> str:
    first, _, body = block.partition("\n")
    inside, path = re.fullmatch(r"# (in )?([a-z][a-z0-9/-]*\.yaml)", first).groups()  # type: ignore[union-attr]
    file = root / path
    if inside:
        text = file.read_text(encoding="utf-8")
        for part in _FIELD.split(body)[1:]:
            text = _replaced(text, f"  {part}")
        file.write_text(text, encoding="utf-8")
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block, encoding="utf-8")
    return path


def _replaced(text: str, part: str) -> str:
    """The file with one field of its `spec` written anew, or added at the end."""
    name = part.strip().partition(":")[0]
    old = re.compile(rf"^  {name}:.*\n(?:   .*\n|\n)*", re.MULTILINE)
    found = old.search(text)
    return text[: found.start()] + part + text[found.end() :] if found else text + part


def _performed(root: Path, block: str, commands: list[str]) -> list[str]:
    """The lines of a block, with what its commands print now."""
    lines: list[str] = []
    status = 0
    for call in re.findall(r"^\$ (?:.*\\\n)*.*\n", block, re.MULTILINE):
        lines += call.splitlines(keepends=True)
        words = shlex.split(call.removeprefix("$ ").replace("\\\n", " "))
        commands.append(" ".join(words[:2]))
        if words == ["echo", "$?"]:
            lines.append(f"{status}\n")
            continue
        if words[:2] == ["git", "apply"]:
            subprocess.run(words, cwd=root, env=_git(), check=True)
            continue
        assert words[0] == "qgov", call
        status, printed = _run(root, words[1:])
        lines += printed.splitlines(keepends=True)
    return lines


def _run(root: Path, arguments: list[str]) -> tuple[int, str]:
    out, err = TextIOWrapper(BytesIO(), "utf-8"), TextIOWrapper(BytesIO(), "utf-8")
    with (
        chdir(root),
        patch.dict(os.environ, {"SOURCE_DATE_EPOCH": NOW}),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        status = run(arguments)
    return status, "".join(s.buffer.getvalue().decode() for s in (out, err))


def main() -> None:
    """Write what the commands print into the pages."""
    for page in PAGES:
        with TemporaryDirectory() as folder:
            (FOLDER / page).write_text(perform(page, Path(folder)).text, encoding="utf-8")
            sys.stderr.write(f"{page}\n")
    with TemporaryDirectory() as folder:
        COMPANY_PAGE.write_text(perform_company(Path(folder)).text, encoding="utf-8")


if __name__ == "__main__":
    main()
