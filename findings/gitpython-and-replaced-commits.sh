#!/usr/bin/env bash
# GitPython 3.2.1: a commit that is looked up by its id has the content of the one that replaces it,
# and a repository with SHA-256 ids cannot be read at all.
#
# Guess: an object asked for by its full id is that object: the id is the digest of its content. In
# fact `git replace` applies (as it does in git without --no-replace-objects), and the commit still
# says the old id. Who reviews by id reads something else than what the id is the digest of.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check GitPython==3.2.1
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.com GIT_CONFIG_GLOBAL=/dev/null
export GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.com
cd "$work"
git version

git init -q one && cd one
git commit -q --allow-empty -m first && one=$(git rev-parse HEAD)
git commit -q --allow-empty -m second && two=$(git rev-parse HEAD)
git replace "$one" "$two"
cd ..
git init -q --object-format=sha256 long && git -C long commit -q --allow-empty -m first

"$work/venv/bin/python" - "$one" <<'PY'
import sys
from importlib.metadata import version

from git import Repo

print("GitPython", version("GitPython"))
commit = Repo("one").commit(sys.argv[1])
print("asked for", sys.argv[1], "got", commit.hexsha, repr(commit.message))
try:
    long = repr(Repo("long").commit("HEAD").message)
except Exception as error:
    long = f"{type(error).__name__}"
print("SHA-256 repository:", long)
assert commit.hexsha == sys.argv[1], "it gives the id of the replacement: this finding is history"
assert commit.message.strip() == "second", "it reads the object asked for: this finding is history"
assert long == "BadName", "it reads SHA-256 repositories: this finding is history"
PY
