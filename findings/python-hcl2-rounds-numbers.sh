#!/usr/bin/env bash
# python-hcl2 8.1.4: a number with a fraction loses digits, and one with an exponent is read as text.
#
# Guess: what `loads` reads and `dumps` writes is the same configuration. In fact a fraction becomes a
# float on the way, so it comes back rounded, while Terraform keeps far more digits; and 1e3 becomes
# the text '${1e3}', an expression, next to 1000, a number. Who edits a file changes numbers nobody
# touched; who asks whether a limit is at most 1000 gets a TypeError for a limit that is.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check python-hcl2==8.1.4

"$work/venv/bin/python" - <<'PY'
from importlib.metadata import version

import hcl2

print("python-hcl2", version("python-hcl2"))
numbers = "12345678901234567890 1000 0.5 0.1234567890123456789 12345678901234567.89 1e3"
seen = []
for number in numbers.split():
    read = hcl2.loads(f"limit = {number}\n")["limit"]
    written = hcl2.dumps({"limit": read}).split("=")[1].strip()
    seen.append((type(read).__name__, written == number))
    print(f"{number:22} read as {read!r:24} written as {written}")
assert seen == [
    ("int", True),
    ("int", True),
    ("float", True),
    ("float", False),
    ("float", False),
    ("str", True),
], "it reads numbers otherwise now: this finding is history"
PY
