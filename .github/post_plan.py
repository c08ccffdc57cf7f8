"""Post the plan of a finished run as the one comment of its pull request.

For a job that may write comments, with Python's own library and `gh` alone. What the run left
is what a stranger's pull request may have made. So its size is bounded before and while it is
read; nothing of it is unpacked or executed; the number in it counts only if that pull request
is at the very commit that was planned; and the plan only if the pull request does not change
the workflow that made it. A later run updates the comment in place.

The environment: RUN_ID and HEAD_SHA of the run, and what GitHub and `gh` need.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import zipfile
import zlib
from typing import Any, Final, NoReturn

MARKER: Final = "<!-- qgov-plan -->"  # qgov.render.plan_markdown.MARKER
ARTIFACT: Final = "qgov-plan-comment"
MOST_ZIP: Final = 1_000_000  # bytes
MOST_TEXT: Final = 262_144  # bytes: 65,536 characters of four
MOST_COMMENT: Final = 65_536  # characters, as GitHub counts them at the most: UTF-16 units
MOST_FILES: Final = 3_000  # GitHub lists no more
JOINER: Final = "\u2060"
NOT_PLANNED: Final = (
    f"{MARKER}\n### NOT PLANNED\n\nThis pull request changes `.github/`, and with it what makes "
    "the plan: read its run.\n"
)
AUTHOR: Final = "github-actions[bot]"


class Skipped(Exception):  # noqa: N818 - it is no error
    """There is nothing to post, which is nobody's fault."""


class Refused(Exception):  # noqa: N818
    """What the run left is not what it should be."""


def gh(path: str, *arguments: str, body: object = None) -> bytes:
    """What GitHub's API answers. Raises CalledProcessError when it refuses."""
    sent = [] if body is None else ["--input", "-"]
    return subprocess.run(  # noqa: S603
        ["gh", "api", *arguments, *sent, path],  # noqa: S607
        input=b"" if body is None else json.dumps(body).encode(),
        stdout=subprocess.PIPE,
        check=True,
    ).stdout


def listed(path: str) -> list[Any]:
    """Every element of a list of many pages."""
    pages: list[list[Any]] = json.loads(gh(path, "--paginate", "--slurp"))
    return [element for page in pages for element in page]


def artifact(repository: str, run: str) -> zipfile.ZipFile:
    """The run's own artifact, in memory."""
    found = json.loads(gh(f"repos/{repository}/actions/runs/{run}/artifacts?name={ARTIFACT}"))
    alive = [each for each in found["artifacts"] if not each["expired"]]
    if not alive:
        raise Skipped("the run left no plan")
    last = max(alive, key=lambda each: int(each["id"]))
    if int(last["size_in_bytes"]) > MOST_ZIP:
        raise Refused(f"the artifact has {int(last['size_in_bytes'])} bytes")
    data = gh(f"repos/{repository}/actions/artifacts/{int(last['id'])}/zip")
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile as error:
        raise Refused("the artifact is no archive") from error


def member(archive: zipfile.ZipFile, name: str, most: int) -> str:
    """A text of the archive, of at most so many bytes, whatever the archive says of itself."""
    try:
        with archive.open(name) as stream:
            data = stream.read(most + 1)
        if len(data) > most:
            raise Refused(f"{name} has more than {most} bytes")
        return data.decode()
    except (KeyError, ValueError, OSError, RuntimeError, NotImplementedError) as error:
        raise Refused(f"{name} cannot be read") from error
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise Refused(f"{name} is broken") from error


def text_of(repository: str, number: int, commit: str, plan: str) -> str:
    """What to say of a pull request that is still at the commit: the plan, or why not."""
    pull = json.loads(gh(f"repos/{repository}/pulls/{number}"))
    if pull["head"]["sha"] != commit:
        raise Skipped(f"pull request {number} is not, or no longer, at {commit}")
    if pull["state"] != "open":
        raise Skipped(f"pull request {number} is not open")
    if int(pull["changed_files"]) > MOST_FILES:
        return NOT_PLANNED
    files = listed(f"repos/{repository}/pulls/{number}/files?per_page=100")
    names = [name for file in files for name in (file["filename"], file.get("previous_filename"))]
    # A changed workflow may have made the plan by other rules than the base's.
    return NOT_PLANNED if any(n and n.startswith(".github/") for n in names) else plan


def post(repository: str, number: int, body: str) -> str:
    """Make the body the one comment of ours; says which."""
    comments = listed(f"repos/{repository}/issues/{number}/comments?per_page=100")
    ours = [
        int(each["id"])
        for each in comments
        if (each["user"] or {}).get("login") == AUTHOR and each["body"].startswith(MARKER)
    ]
    if ours:
        path = f"repos/{repository}/issues/comments/{ours[0]}"
        gh(path, "--method", "PATCH", body={"body": body})
        return f"updated comment {ours[0]} of pull request {number}"
    gh(f"repos/{repository}/issues/{number}/comments", "--method", "POST", body={"body": body})
    return f"posted to pull request {number}"


def run(server: str, repository: str, run_id: str, commit: str) -> str:
    """Everything; says what was done. Raises Skipped or Refused."""
    if not re.fullmatch("[0-9]{1,20}", run_id) or not re.fullmatch("[0-9a-f]{40,64}", commit):
        raise Refused("the run has no id or no commit")
    with artifact(repository, run_id) as archive:
        number = member(archive, "number", 20).strip()
        plan = member(archive, "plan.md", MOST_TEXT)
    if not re.fullmatch("[1-9][0-9]{0,9}", number, re.ASCII):
        raise Refused("the number of the pull request is none")
    if not plan.startswith(f"{MARKER}\n"):
        raise Refused("the plan does not begin as one")
    text = text_of(repository, int(number), commit, plan)
    # Nobody is called, even by a plan that qgov did not write.
    body = (
        text.replace("@", f"@{JOINER}")
        + f"\n<sub>[The run]({server}/{repository}/actions/runs/{run_id}) has `plan.json`.</sub>\n"
    )
    if len(body.encode("utf-16-le")) // 2 > MOST_COMMENT:
        raise Refused("the plan is longer than a comment")
    return post(repository, int(number), body)


def main() -> NoReturn:
    """The step of the workflow."""
    environment = os.environ  # noqa: TID251 - a step has no other input
    try:
        said = run(
            environment["GITHUB_SERVER_URL"],
            environment["GITHUB_REPOSITORY"],
            environment["RUN_ID"],
            environment["HEAD_SHA"],
        )
    except Skipped as reason:
        said = f"nothing posted: {reason}"
    except (Refused, subprocess.CalledProcessError) as reason:
        sys.exit(f"nothing posted: {reason}")
    sys.stdout.write(f"{said}\n")
    sys.exit(0)


if __name__ == "__main__":
    main()
