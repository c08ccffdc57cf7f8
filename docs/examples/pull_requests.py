"""Five pull requests on the worked repository, and what a reviewer sees of each.

`make examples` writes, for each, the plan as text, Markdown and HTML to `build/examples/`.
The branches are made in a clone, from the commit that is checked out: nothing here changes.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]
FORMATS: Final = {"text": "txt", "markdown": "md", "html": "html"}

Files = dict[str, str | None]
"""Path → new text; None removes it."""


class PullRequest(NamedTuple):
    """A branch, what it is meant to do, and the edit that it makes of the repository."""

    branch: str
    title: str
    edit: Callable[[Path], Files]


def _replaced(path: str, old: str, new: str) -> Callable[[Path], Files]:
    def edit(root: Path) -> Files:
        text = (root / path).read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise SystemExit(f"{path} has {text.count(old)} times, not once: {old}")
        return {path: text.replace(old, new)}

    return edit


def _without_mfa(root: Path) -> Files:
    """Neither the organization's floor nor the role asks for it."""
    role = "roles/quantum-developer.yaml"
    return {
        **_replaced("qgov.yaml", "    mfa: true\n    maxTokenAge", "    maxTokenAge")(root),
        **_replaced(role, "requires: {mfa: true, ", "requires: {")(root),
    }


def _tripled(root: Path) -> Files:
    """The budget of a tenant and that of its project."""
    return {
        **_replaced("budgets/aurora.yaml", "limit: 22000.00", "limit: 66000.00")(root),
        **_replaced("budgets/aurora-chemistry.yaml", "limit: 20000.00", "limit: 60000.00")(root),
    }


def _without_meridian(root: Path) -> Files:
    """Everything of the tenant `meridian`, and what only it used."""
    tenant = [*(root / "tenants" / "meridian").rglob("*.yaml"), *(root / "budgets").glob("m*.yaml")]
    gone = [*tenant, root / "tests" / "access" / "meridian.yaml"]
    organization = (root / "qgov.yaml").read_text(encoding="utf-8")
    own = r"(?m)^    meridian-.*\n|^      - name: partners-stay-at-home\n(?:        .*\n)+"
    kept = re.sub(own, "", organization).replace(", meridian]", "]")
    return {**{path.relative_to(root).as_posix(): None for path in gone}, "qgov.yaml": kept}


def _reformatted(root: Path) -> Files:
    """Other quotes, other spaces, a comment less: the same meaning."""
    path = "tenants/aurora/tenant.yaml"
    lines = (root / path).read_text(encoding="utf-8").splitlines()
    written = [
        line.replace('on: "*"', "on: '*'").replace(", ", ",  ")
        for line in lines
        if not line.lstrip().startswith("# ") or "yaml-language-server" in line
    ]
    return {path: "\n".join(written) + "\n"}


IN_TEST: Final = "    - {group: aurora-researchers, role: researcher, on: test/chemistry}\n"
IN_PRODUCTION: Final = (
    "    - {group: aurora-researchers, role: researcher, on: production, eligible: "
    "{approvers: aurora-leads, maxDuration: 8h, ticket: optional}}\n"
)

PULL_REQUESTS: Final = (
    PullRequest(
        "researchers-in-production",
        "A group of researchers works in production",
        _replaced("tenants/aurora/tenant.yaml", IN_TEST, IN_TEST + IN_PRODUCTION),
    ),
    PullRequest("without-a-second-factor", "Developers need no MFA", _without_mfa),
    PullRequest("without-meridian", "The collaboration has ended", _without_meridian),
    PullRequest(
        "three-times-the-budget",
        "Aurora may spend three times as much",
        _tripled,
    ),
    PullRequest("reformatted", "The same, written otherwise", _reformatted),
)


def branches(root: Path, clone: Path) -> None:
    """Clone a repository and make every branch in it, each one commit from `main`."""
    _git(root, "clone", "--quiet", "--no-hardlinks", ".", str(clone))
    _git(clone, "checkout", "--quiet", "-B", "main")
    when = _git(clone, "show", "--no-patch", "--format=%cI", "main").strip()
    for request in PULL_REQUESTS:
        _git(clone, "checkout", "--quiet", "-B", request.branch, "main")
        for path, text in request.edit(clone).items():
            if text is None:
                (clone / path).unlink()
            else:
                (clone / path).write_text(text, encoding="utf-8")
        _git(clone, "add", "--all")
        _git(clone, "commit", "--quiet", f"--message={request.title}", when=when)


def rendered(clone: Path, branch: str, format_: str) -> bytes:
    """The plan of a branch. Raises SystemExit where there is none."""
    plan = [sys.executable, "-m", "qgov", "plan", "--root", str(clone), "--witness"]
    done = subprocess.run(
        [*plan, "--base", "main", "--head", branch, "--format", format_],
        check=False,
        capture_output=True,
    )
    if not done.stdout:
        raise SystemExit(done.stderr.decode())
    return done.stdout


def _git(clone: Path, *arguments: str, when: str = "") -> str:
    environment: Mapping[str, str] = {
        **{k: v for k, v in os.environ.items() if not k.startswith("GIT_")},
        **{f"GIT_{who}_NAME": "example" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "example@northwind.example" for who in ("AUTHOR", "COMMITTER")},
        **({f"GIT_{who}_DATE": when for who in ("AUTHOR", "COMMITTER")} if when else {}),
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    done = subprocess.run(
        ["git", "-C", str(clone), *arguments],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    )
    return done.stdout


def main(out: Path = ROOT / "build" / "examples") -> None:
    """Render every branch in every format."""
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="qgov-examples-") as folder:
        clone = Path(folder) / "northwind"
        branches(ROOT, clone)
        for request in PULL_REQUESTS:
            for format_, ending in FORMATS.items():
                plan = rendered(clone, request.branch, format_)
                (out / f"{request.branch}.{ending}").write_bytes(plan)
            sys.stderr.write(f"{out / request.branch}.*  {request.title}\n")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
