#!/usr/bin/env bash
# regopy 1.5.2 (rego-cpp): time.parse_rfc3339_ns finds no value for an instant that ends in `Z`.
#
# Guess: RFC 3339's most common form works, as it does in OPA. In fact only numeric offsets do, and
# because Rego takes a failed built-in for "undefined", nothing says so: a rule that compares the
# time just does not hold. `default allow := false` hides it as a denial, a negation as the reverse.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check regopy==1.5.2

"$work/venv/bin/python" - <<'PY'
from importlib.metadata import version

from regopy import Interpreter

print("regopy", version("regopy"))
seen = {}
for instant in ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00+00:00", "2026-01-01T01:00:00.5+01:00"):
    answer = str(Interpreter().query(f'x := time.parse_rfc3339_ns("{instant}")'))
    seen[instant] = "undefined" not in answer
    print(f"{instant:32} {answer}")
assert list(seen.values()) == [False, True, True], "it reads Z now: this finding is history"
PY
