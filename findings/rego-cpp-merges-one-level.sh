#!/usr/bin/env bash
# regopy 1.5.2 (rego-cpp): object.union, and object.union_n, merge the outermost level alone.
#
# Guess: objects inside objects are merged too, as OPA documents it and does it. In fact what the
# left one holds under a key that both have is gone. Defaults that a policy completes with what a
# tenant says are lost by groups, and what is undefined after that denies, or does not deny.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check regopy==1.5.2

"$work/venv/bin/python" - <<'PY'
import json
from importlib.metadata import version

from regopy import Interpreter

print("regopy", version("regopy"))
defaults, tenant = '{"limits": {"shots": 1000, "hours": 8}}', '{"limits": {"hours": 4}}'
seen = []
for query in (f"object.union({defaults}, {tenant})", f"object.union_n([{defaults}, {tenant}])"):
    answer = json.loads(str(Interpreter().query(f"x := {query}")))["bindings"]["x"]
    seen.append(answer)
    print(f"{query}\n  gives {answer}")
assert seen == [{"limits": {"hours": 4}}] * 2, "it merges every level now: this finding is history"
PY
