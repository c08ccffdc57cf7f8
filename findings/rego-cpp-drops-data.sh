#!/usr/bin/env bash
# regopy 1.5.2 (rego-cpp): a second add_data under a key that is there already is dropped.
#
# Guess: data documents are merged, as OPA merges the files that it is given, or a conflict is an
# error. In fact the first one stays, and neither the call nor a later query says anything: policies
# run on half of their data.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check regopy==1.5.2

"$work/venv/bin/python" - <<'PY'
from importlib.metadata import version

from regopy import Interpreter

print("regopy", version("regopy"))
twice, once = Interpreter(), Interpreter()
twice.add_data({"grants": {"mei": "developer"}})
twice.add_data({"grants": {"tom": "auditor"}, "tenants": ["aurora"]})
once.add_data({"grants": {"mei": "developer", "tom": "auditor"}, "tenants": ["aurora"]})
seen = []
for name, interpreter in (("two calls", twice), ("one call", once)):
    for query in ("data.grants.mei", "data.grants.tom"):
        answer = str(interpreter.query(f"x := {query}"))
        seen.append("undefined" not in answer)
        print(f"{name:10} {query:16} {answer}")
assert seen == [True, False, True, True], "data is merged now: this finding is history"
PY
